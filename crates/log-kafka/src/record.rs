//! A record of ours as a record of Kafka.
//!
//! ```text
//!   key      the key                       value   the payload
//!   headers  vedetta.tenant = the tenant, first; then ours by name, in order
//! ```
//! A header's name in Kafka is a C string, so NUL in it becomes `%00`, and `%` becomes `%25`.

use std::panic::{AssertUnwindSafe, catch_unwind};

use bytes::Bytes;
use rdkafka::message::{BorrowedMessage, Header, Headers as _, Message as _, OwnedHeaders};
use smol_str::SmolStr;
use vedetta_log::{Headers, Key, NewRecord, Offset, Partition, Position, ReadError, Record, Topic};
use vedetta_model::Timestamp;

const TENANT: &str = "vedetta.tenant";

/// What a batch of Kafka adds to a record, at most: its own head, lengths, and each header's.
const OVERHEAD: usize = 512;
const HEADER_OVERHEAD: usize = 16;

/// What one record takes in the queue of the producer.
pub fn cost(record: &NewRecord) -> usize {
    record.size() + OVERHEAD + record.headers.len() * HEADER_OVERHEAD
}

/// How large a batch of Kafka must be allowed to be for a record of `most` bytes.
pub const fn batch_bytes(most: usize) -> usize {
    // Headers are a small part: as many as fit in a quarter of it, each with its own cost.
    most + most / 4 + (64 << 10)
}

pub fn headers(record: &NewRecord) -> OwnedHeaders {
    let mut headers = OwnedHeaders::new_with_capacity(record.headers.len() + 1);
    headers = headers.insert(Header { key: TENANT, value: Some(record.tenant.as_str().as_bytes()) });
    for (name, value) in &record.headers {
        headers = headers.insert(Header { key: &escaped(name), value: Some(value.as_ref()) });
    }
    headers
}

/// The record that a message is, or why it is none.
pub fn decode(topic: &Topic, message: &BorrowedMessage<'_>) -> Result<Record, ReadError> {
    let partition = Partition { topic: topic.clone(), index: message.partition().unsigned_abs() };
    let offset = Offset(message.offset().unsigned_abs());
    let corrupt = |what: &str| ReadError::Corrupt { partition: partition.clone(), offset, what: what.into() };
    let own = message.headers().ok_or_else(|| corrupt("not a record of Vedetta: it has no headers"))?;
    // The library takes names to be UTF-8; who else may write to the topic need not.
    let own: Vec<Header<'_, &[u8]>> = catch_unwind(AssertUnwindSafe(|| own.iter().collect()))
        .map_err(|_| corrupt("not a record of Vedetta: a header's name is no text"))?;
    let mut own = own.into_iter();
    let tenant = own.next().filter(|first| first.key == TENANT).and_then(|first| first.value);
    let tenant = tenant.and_then(|text| std::str::from_utf8(text).ok()?.parse().ok());
    let tenant = tenant.ok_or_else(|| corrupt("not a record of Vedetta: its first header is no tenant"))?;
    let mut headers = Headers::new();
    for header in own {
        let value = Bytes::copy_from_slice(header.value.unwrap_or_default());
        headers.insert(plain(header.key), value);
    }
    let millis = message.timestamp().to_millis().ok_or_else(|| corrupt("it has no time"))?;
    Ok(Record {
        appended: Timestamp::from_millis(millis),
        tenant,
        key: Key(Bytes::copy_from_slice(message.key().unwrap_or_default())),
        headers,
        payload: Bytes::copy_from_slice(message.payload().unwrap_or_default()),
        position: Position { partition, offset },
    })
}

fn escaped(name: &str) -> String {
    name.replace('%', "%25").replace('\0', "%00")
}

fn plain(name: &str) -> SmolStr {
    if name.contains('%') { name.replace("%00", "\0").replace("%25", "%").into() } else { name.into() }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_name_comes_back_as_it_was(name in "[a%025\\x00é]{0,12}") {
            let escaped = escaped(&name);
            prop_assert!(!escaped.contains('\0'));
            let back = plain(&escaped);
            prop_assert_eq!(back.as_str(), name.as_str());
        }
    }
}
