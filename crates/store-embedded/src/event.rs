//! An event's stored body.
//!
//! ```text
//!   │ id 16 bytes │ time i64 LE │ number in the outbox u64 LE │ data: the rest │
//! ```

use bytes::{Buf as _, BufMut as _, Bytes};
use uuid::Uuid;
use vedetta_model::Timestamp;
use vedetta_store::{NewEvent, Stored, StreamId, Version};

pub fn encode(event: &NewEvent, number: u64) -> Vec<u8> {
    let mut body = Vec::with_capacity(32 + event.data.len());
    body.put_slice(event.id.as_bytes());
    body.put_i64_le(event.time.as_nanos());
    body.put_u64_le(number);
    body.put_slice(&event.data);
    body
}

/// What [`encode`] made, with its number in the outbox; `None` when it is something else.
pub fn decode(stream: &StreamId, version: Version, mut body: Bytes) -> Option<(Stored, u64)> {
    let id = Uuid::from_u128(body.try_get_u128().ok()?);
    let time = Timestamp::from_nanos(body.try_get_i64_le().ok()?);
    let number = body.try_get_u64_le().ok()?;
    Some((Stored { stream: stream.clone(), version, id, time, data: body }, number))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn an_event_comes_back_as_it_was(id: u128, nanos: i64, number: u64, data: Vec<u8>) {
            let stream = StreamId::new(&"t".parse().unwrap(), "a", "1");
            let event =
                NewEvent { id: Uuid::from_u128(id), time: Timestamp::from_nanos(nanos), data: data.into() };
            let (stored, found) = decode(&stream, Version(3), encode(&event, number).into()).unwrap();
            prop_assert_eq!((stored.id, stored.time, &stored.data), (event.id, event.time, &event.data));
            prop_assert_eq!((stored.version, found), (Version(3), number));
        }

        #[test]
        fn arbitrary_bytes_never_panic(bytes: Vec<u8>) {
            let stream = StreamId::new(&"t".parse().unwrap(), "a", "1");
            prop_assert_eq!(decode(&stream, Version(1), bytes.clone().into()).is_some(), bytes.len() >= 32);
        }
    }
}
