//! How streams, rows and the rest become keys.
//!
//! ```text
//!   stream      │ tenant │ 0 │ aggregate length u8 │ aggregate │ id │        sorts by tenant, then id
//!   event       │ stream length u16 BE │ stream │ version u64 BE │           sorts by version
//!   event id    │ stream length u16 BE │ stream │ uuid │
//!   waiting     │ shard u16 BE │ number u64 BE │                             sorts by age
//!   table       │ view length u8 │ view │ generation u32 BE │
//!   row         │ table │ tenant │ 0 │ key │                                sorts by key
//!   checkpoint  │ projection length u8 │ projection │ source │
//! ```
//!
//! A tenant's name holds no zero byte, so what begins with `tenant 0` is that tenant's and nobody
//! else's: no range over rows or streams can reach across.

use std::ops::Range;

use uuid::Uuid;
use vedetta_embedded::{Error, Space, View};
use vedetta_model::TenantId;
use vedetta_store::{Shard, StreamId, Version};

use crate::errors;

fn short(text: &str) -> impl Iterator<Item = u8> {
    [u8::try_from(text.len()).unwrap_or(u8::MAX)].into_iter().chain(text.bytes())
}

/// All keys that begin with `prefix`. It never consists of 0xff alone.
pub fn beginning_with(prefix: Vec<u8>) -> Range<Vec<u8>> {
    let mut end = prefix.clone();
    while let Some(last) = end.pop() {
        if last < u8::MAX {
            end.push(last + 1);
            break;
        }
    }
    prefix..end
}

pub fn tenant(tenant: &TenantId) -> Vec<u8> {
    let mut key = tenant.as_str().as_bytes().to_vec();
    key.push(0);
    key
}

/// The tenant at the beginning of a stream's key, and where its streams end.
pub fn parse_tenant(key: &[u8]) -> Option<(TenantId, Vec<u8>)> {
    let end = key.iter().position(|&b| b == 0)?;
    let tenant = std::str::from_utf8(&key[..end]).ok()?.parse().ok()?;
    let mut after = key[..end].to_vec();
    after.push(1);
    Some((tenant, after))
}

/// The tenants with which the keys of a space begin, in order.
pub fn tenants(view: View<'_>, space: Space, name: &str) -> Result<Vec<TenantId>, Error> {
    let mut tenants = Vec::new();
    let mut from = Vec::new();
    // One step per tenant: from its first key behind its last.
    while let Some(key) = view.keys(space, from..)?.next().transpose()? {
        let (tenant, after) = parse_tenant(&key).ok_or_else(|| errors::not_a("tenant's key", name, &key))?;
        tenants.push(tenant);
        from = after;
    }
    Ok(tenants)
}

pub fn aggregate(of: &TenantId, aggregate: &str) -> Vec<u8> {
    let mut key = tenant(of);
    key.extend(short(aggregate));
    key
}

pub fn stream(stream: &StreamId) -> Vec<u8> {
    let mut key = aggregate(&stream.tenant, &stream.aggregate);
    key.extend_from_slice(stream.id.as_bytes());
    key
}

pub fn parse_stream(key: &[u8]) -> Option<StreamId> {
    let (tenant, _) = parse_tenant(key)?;
    let rest = key.get(tenant.as_str().len() + 1..)?;
    let (&length, rest) = rest.split_first()?;
    let (aggregate, id) = rest.split_at_checked(length.into())?;
    let (aggregate, id) = (std::str::from_utf8(aggregate).ok()?, std::str::from_utf8(id).ok()?);
    Some(StreamId { tenant, aggregate: aggregate.into(), id: id.into() })
}

fn in_stream(stream: &StreamId, rest: &[u8]) -> Vec<u8> {
    let stream = self::stream(stream);
    let mut key = u16::try_from(stream.len()).unwrap_or(u16::MAX).to_be_bytes().to_vec();
    key.extend(stream);
    key.extend_from_slice(rest);
    key
}

pub fn event(stream: &StreamId, version: Version) -> Vec<u8> {
    in_stream(stream, &version.0.to_be_bytes())
}

pub fn event_id(stream: &StreamId, id: &Uuid) -> Vec<u8> {
    in_stream(stream, id.as_bytes())
}

pub fn waiting(shard: Shard, number: u64) -> Vec<u8> {
    let mut key = shard.0.to_be_bytes().to_vec();
    key.extend_from_slice(&number.to_be_bytes());
    key
}

/// The number at the end of a key.
pub fn number(key: &[u8]) -> Option<u64> {
    key.last_chunk().map(|bytes| u64::from_be_bytes(*bytes))
}

pub fn table(view: vedetta_store::View, generation: u32) -> Vec<u8> {
    let mut key: Vec<u8> = short(view.0).collect();
    key.extend_from_slice(&generation.to_be_bytes());
    key
}

/// What all keys of a tenant's rows begin with.
pub fn rows(view: vedetta_store::View, generation: u32, of: &TenantId) -> Vec<u8> {
    let mut key = table(view, generation);
    key.extend(tenant(of));
    key
}

pub fn projection(projection: &str) -> Vec<u8> {
    short(projection).collect()
}

pub fn checkpoint(projection: &str, source: &str) -> Vec<u8> {
    let mut key = self::projection(projection);
    key.extend_from_slice(source.as_bytes());
    key
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    prop_compose! {
        fn stream_id()(tenant in "[a-c0]{1,3}", aggregate in "[a-b\u{0}]{0,3}", id in "[a-b\u{0}\u{1}]{0,3}") -> StreamId {
            StreamId { tenant: tenant.parse().unwrap(), aggregate: aggregate.into(), id: id.into() }
        }
    }

    proptest! {
        #[test]
        fn a_stream_key_names_one_stream(a in stream_id(), b in stream_id()) {
            prop_assert_eq!(parse_stream(&stream(&a)), Some(a.clone()));
            prop_assert_eq!(stream(&a) == stream(&b), a == b);
            // Events of one stream never lie among those of another.
            let within = beginning_with(in_stream(&a, &[]));
            prop_assert_eq!(within.contains(&event(&b, Version(1))), a == b);
            if a.tenant == b.tenant && a.aggregate == b.aggregate {
                prop_assert_eq!(stream(&a).cmp(&stream(&b)), a.id.as_bytes().cmp(b.id.as_bytes()));
            }
        }

        #[test]
        fn a_tenants_rows_are_never_in_anothers_range(
            a in "[a-c0]{1,3}", b in "[a-c0]{1,3}", key: Vec<u8>, view in prop::sample::select(vec!["v", "vv", ""]),
        ) {
            let (a, b): (TenantId, TenantId) = (a.parse().unwrap(), b.parse().unwrap());
            let mut row = rows(vedetta_store::View(view), 1, &b);
            row.extend(&key);
            prop_assert_eq!(beginning_with(rows(vedetta_store::View(view), 1, &a)).contains(&row), a == b);
            prop_assert!(!beginning_with(rows(vedetta_store::View("w"), 1, &a)).contains(&row));
        }

        #[test]
        fn arbitrary_keys_never_panic(key: Vec<u8>) {
            let _ = (parse_stream(&key), parse_tenant(&key), number(&key));
        }
    }
}
