//! A record's stored body.
//!
//! ```text
//!   │ appended i64 │ tenant: length u8, text │ key: length u32, bytes │ headers: count u16,
//!   │ each: name length u16, name, value length u32, value │ payload: the rest │      (all LE)
//! ```

use bytes::{Buf as _, BufMut as _, Bytes};
use smol_str::SmolStr;
use vedetta_embedded::Draft;
use vedetta_log::{AppendError, Headers, Key, NewRecord, Position, Record};
use vedetta_model::{TenantId, Timestamp};

/// The stored body, or a refusal when a part does not fit its length field.
pub fn encode(index: usize, record: &NewRecord, appended: Timestamp) -> Result<Draft, AppendError> {
    let too_large = |size: usize, limit: usize| AppendError::TooLarge { index, size, limit };
    let short = |size: usize| u16::try_from(size).map_err(|_| too_large(size, usize::from(u16::MAX)));
    let long = |size: usize| u32::try_from(size).map_err(|_| too_large(size, u32::MAX as usize));

    let mut draft =
        Draft::with_capacity(32 + record.tenant.as_str().len() + record.size() + 6 * record.headers.len());
    let body = draft.body();
    body.put_i64_le(appended.as_nanos());
    // A tenant id has at most 40 bytes.
    body.put_u8(u8::try_from(record.tenant.as_str().len()).unwrap_or(u8::MAX));
    body.put_slice(record.tenant.as_str().as_bytes());
    body.put_u32_le(long(record.key.0.len())?);
    body.put_slice(&record.key.0);
    body.put_u16_le(short(record.headers.len())?);
    for (name, value) in &record.headers {
        body.put_u16_le(short(name.len())?);
        body.put_slice(name.as_bytes());
        body.put_u32_le(long(value.len())?);
        body.put_slice(value);
    }
    body.put_slice(&record.payload);
    Ok(draft)
}

/// What [`encode`] made; `None` when it is something else. Payload and values share `body`'s memory.
pub fn decode(position: Position, mut body: Bytes) -> Option<Record> {
    let appended = Timestamp::from_nanos(body.try_get_i64_le().ok()?);
    let tenant: TenantId = {
        let length = body.try_get_u8().ok()?;
        std::str::from_utf8(&take(&mut body, length.into())?).ok()?.parse().ok()?
    };
    let length = body.try_get_u32_le().ok()?;
    let key = Key(take(&mut body, length as usize)?);
    let mut headers = Headers::new();
    for _ in 0..body.try_get_u16_le().ok()? {
        let length = body.try_get_u16_le().ok()?;
        let name = SmolStr::new(std::str::from_utf8(&take(&mut body, length.into())?).ok()?);
        let length = body.try_get_u32_le().ok()?;
        headers.insert(name, take(&mut body, length as usize)?);
    }
    Some(Record { position, appended, tenant, key, headers, payload: body })
}

fn take(body: &mut Bytes, length: usize) -> Option<Bytes> {
    (length <= body.len()).then(|| body.split_to(length))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use vedetta_log::{Offset, Partition, Topic};

    fn encoded(record: &NewRecord, appended: Timestamp) -> Bytes {
        vedetta_embedded::unseal(b"", &encode(0, record, appended).unwrap().seal(b"")).unwrap()
    }

    fn position() -> Position {
        Position { partition: Partition { topic: Topic::TELEMETRY, index: 0 }, offset: Offset(7) }
    }

    prop_compose! {
        fn record()(
            tenant in "[a-z0-9]{1,40}",
            key: Vec<u8>,
            headers in prop::collection::btree_map("[a-z]{0,8}", any::<Vec<u8>>(), 0..4),
            payload: Vec<u8>,
        ) -> NewRecord {
            NewRecord {
                tenant: tenant.parse().unwrap(),
                key: Key(key.into()),
                headers: headers.into_iter().map(|(name, value)| (name.into(), value.into())).collect(),
                payload: payload.into(),
            }
        }
    }

    proptest! {
        #[test]
        fn a_record_comes_back_as_it_was(record in record(), nanos: i64) {
            let at = Timestamp::from_nanos(nanos);
            let back = decode(position(), encoded(&record, at)).unwrap();
            let NewRecord { tenant, key, headers, payload } = record;
            prop_assert_eq!(back, Record { position: position(), appended: at, tenant, key, headers, payload });
        }

        #[test]
        fn arbitrary_bytes_never_panic(bytes: Vec<u8>) {
            let _ = decode(position(), bytes.into());
        }

        #[test]
        fn a_cut_record_is_refused_or_shorter(record in record(), at: prop::sample::Index) {
            let body = encoded(&record, Timestamp::EPOCH);
            let cut = body.slice(..at.index(body.len()));
            if let Some(back) = decode(position(), cut) {
                prop_assert!(back.payload.len() < record.payload.len());
            }
        }
    }
}
