//! Blocks of events.
//!
//! ```text
//!   blocks, heads │ tenant │ 0 │ latest u64 BE │ node │ boot │ first u64 BE │ last u64 BE │   sorts by time
//!   ranges        │ tenant │ 0 │ node │ boot │ last u64 BE │  → latest │ first │            sorts by number
//!   usage         │ tenant │ 0 │ bucket u64 BE │             → blocks │ events │ bytes │   sorts by time
//!   replacements  │ tenant │ 0 │                             → how many
//! ```
//!
//! Times and buckets are shifted so that those before 1970 sort first. A head is the beginning of its
//! block, up to the body. All change in one commit.

mod heads;

use std::{collections::BTreeMap, ops::Range};

use async_trait::async_trait;
use bytes::Bytes;
use uuid::Uuid;
use vedetta_block::Header;
use vedetta_embedded::{Entry, Error, Growth, Txn, View};
use vedetta_model::{BootId, EventId, NodeId, TenantId, Timestamp};
use vedetta_store::{
    BUCKET_NANOS, BlockId, BlockRange, BlockStore, HeadPage, Kept, Order, Replaced, StoreError, Usage,
    bucket_of, compare, replaces,
};

use self::heads::{head, read_head, recount, recount_read};
use crate::{
    EmbeddedStore, errors, keys,
    store::{Spaces, number},
};

/// How many blocks one step of dropping takes, so that other writes get between.
const SWEEP_STEP: usize = 1024;
/// About what a block puts beside itself: its head and four keys.
const BLOCK_COST: usize = 1024;

/// Keeps the order of signed numbers.
const fn sortable(number: i64) -> [u8; 8] {
    (number.cast_unsigned() ^ 1 << 63).to_be_bytes()
}

const fn unsortable(bytes: [u8; 8]) -> i64 {
    (u64::from_be_bytes(bytes) ^ 1 << 63).cast_signed()
}

fn block_key(tenant: &TenantId, id: &BlockId) -> Vec<u8> {
    let mut key = keys::tenant(tenant);
    key.extend(sortable(id.latest.as_nanos()));
    key.extend(id.node.as_uuid().as_bytes());
    key.extend(id.boot.as_uuid().as_bytes());
    key.extend(id.first.to_be_bytes());
    key.extend(id.last.to_be_bytes());
    key
}

/// The block that stands at that key.
fn parse_block_key(key: &[u8]) -> Option<BlockId> {
    let place: &[u8; 56] = key.last_chunk()?;
    let (latest, rest) = place.split_first_chunk()?;
    let (run, numbers) = rest.split_at(32);
    let (first, last) = numbers.split_first_chunk()?;
    Some(BlockId {
        latest: Timestamp::from_nanos(unsortable(*latest)),
        node: NodeId::from_uuid(Uuid::from_slice(&run[..16]).ok()?),
        boot: BootId::from_uuid(Uuid::from_slice(&run[16..]).ok()?),
        first: u64::from_be_bytes(*first),
        last: u64::from_be_bytes(last.try_into().ok()?),
    })
}

/// The keys of a tenant's blocks from one time to before another.
fn times(tenant: &TenantId, since: Timestamp, until: Timestamp) -> Range<Vec<u8>> {
    let at = |time: Timestamp| [&keys::tenant(tenant)[..], &sortable(time.as_nanos())].concat();
    at(since)..at(until)
}

/// The keys of a tenant's blocks of a bucket.
fn times_of(tenant: &TenantId, bucket: i64) -> Range<Vec<u8>> {
    let start = |bucket: i64| Timestamp::from_nanos(bucket.saturating_mul(BUCKET_NANOS));
    times(tenant, start(bucket), start(bucket.saturating_add(1)))
}

fn run(tenant: &TenantId, node: NodeId, boot: BootId) -> Vec<u8> {
    [&keys::tenant(tenant)[..], node.as_uuid().as_bytes(), boot.as_uuid().as_bytes()].concat()
}

/// The keys of the ranges of an agent run that end at `seq` or behind it.
fn ranges_from(tenant: &TenantId, node: NodeId, boot: BootId, seq: u64) -> Range<Vec<u8>> {
    let run = run(tenant, node, boot);
    let from = [&run[..], &seq.to_be_bytes()].concat();
    from..keys::beginning_with(run).end
}

fn range_key(tenant: &TenantId, id: &BlockId) -> Vec<u8> {
    [&run(tenant, id.node, id.boot)[..], &id.last.to_be_bytes()].concat()
}

fn range_entry(id: &BlockId) -> Vec<u8> {
    [sortable(id.latest.as_nanos()), id.first.to_be_bytes()].concat()
}

/// The block whose range stands at that key.
fn parse_range(key: &[u8], value: &[u8]) -> Option<BlockId> {
    let (latest, first) = value.split_first_chunk()?;
    let place: &[u8; 40] = key.last_chunk()?;
    Some(BlockId {
        latest: Timestamp::from_nanos(unsortable(*latest)),
        node: NodeId::from_uuid(Uuid::from_slice(&place[..16]).ok()?),
        boot: BootId::from_uuid(Uuid::from_slice(&place[16..32]).ok()?),
        first: u64::from_be_bytes(first.try_into().ok()?),
        last: u64::from_be_bytes(*place.last_chunk()?),
    })
}

fn usage_key(tenant: &TenantId, bucket: i64) -> Vec<u8> {
    [&keys::tenant(tenant)[..], &sortable(bucket)].concat()
}

fn parse_usage(key: &[u8], value: &[u8]) -> Result<Usage, Error> {
    let (numbers, rest) = value.as_chunks::<8>();
    match numbers {
        [blocks, events, bytes] if rest.is_empty() => Ok(Usage {
            blocks: u64::from_le_bytes(*blocks),
            events: u64::from_le_bytes(*events),
            bytes: u64::from_le_bytes(*bytes),
        }),
        _ => Err(errors::not_a("count", "store.usage", key)),
    }
}

fn usage_entry(usage: Usage) -> Vec<u8> {
    [usage.blocks, usage.events, usage.bytes].map(u64::to_le_bytes).concat()
}

/// Runs on the writer: what is there can't change between looking and putting.
fn keep(txn: &mut Txn<'_>, spaces: &Spaces, block: Bytes, header: &Header) -> Result<Kept, Error> {
    let block_ranges = spaces.block_ranges;
    let tenant = &header.tenant;
    let id = BlockId::of(header);
    let beside = txn.first_key(block_ranges, ranges_from(tenant, id.node, id.boot, id.first))?;
    let present = match beside {
        None => None,
        Some(place) => {
            let damaged = || errors::not_a("range", "store.block_ranges", &place);
            let entry = txn.get(block_ranges, &place)?.ok_or_else(damaged)?;
            let key = block_key(tenant, &parse_range(&place, &entry).ok_or_else(damaged)?);
            let (header, _) = head(txn, spaces, &key)?.ok_or_else(damaged)?;
            Some(header)
        }
    };
    let kept = compare(header, present.as_ref());
    if kept != Kept::New {
        return Ok(kept);
    }
    put(txn, spaces, block, header)?;
    Ok(kept)
}

fn put(txn: &mut Txn<'_>, spaces: &Spaces, block: Bytes, header: &Header) -> Result<(), Error> {
    let Spaces { blocks, block_heads, block_ranges, .. } = *spaces;
    let (tenant, id) = (&header.tenant, BlockId::of(header));
    let key = block_key(tenant, &id);
    count(txn, spaces, tenant, bucket_of(id.latest), Usage::default(), Usage::of(header, block.len()))?;
    txn.put(block_ranges, range_key(tenant, &id), range_entry(&id));
    txn.put(block_heads, key.clone(), block.slice(..block.len() - header.body_bytes as usize));
    txn.put(blocks, key, block);
    Ok(())
}

fn remove(txn: &mut Txn<'_>, spaces: &Spaces, tenant: &TenantId, id: &BlockId) {
    let key = block_key(tenant, id);
    txn.remove(spaces.block_ranges, range_key(tenant, id));
    txn.remove(spaces.block_heads, key.clone());
    txn.remove(spaces.blocks, key);
}

/// Takes from what is counted of a bucket, and adds to it. Before either is done: a count that is damaged is made again.
fn count(
    txn: &mut Txn<'_>,
    spaces: &Spaces,
    tenant: &TenantId,
    bucket: i64,
    gone: Usage,
    more: Usage,
) -> Result<(), Error> {
    let key = usage_key(tenant, bucket);
    let stored = txn.get(spaces.usage, &key).and_then(|stored| match stored {
        Some(stored) => parse_usage(&key, &stored),
        None => Ok(Usage::default()),
    });
    let stored = match stored {
        Err(Error::Damaged { place, what }) => {
            tracing::warn!(place, what, "damaged: counted again");
            recount(txn, spaces, tenant, bucket)?
        }
        stored => stored?,
    };
    let mut sum = stored - gone;
    sum += more;
    if sum == Usage::default() {
        txn.remove(spaces.usage, key);
    } else {
        txn.put(spaces.usage, key, usage_entry(sum));
    }
    Ok(())
}

/// Runs on the writer, like [`keep`].
fn replace(
    txn: &mut Txn<'_>,
    spaces: &Spaces,
    old: &[BlockId],
    block: Bytes,
    header: &Header,
) -> Result<Replaced, Error> {
    let replacements = spaces.replacements;
    let tenant = &header.tenant;
    let present = head(txn, spaces, &block_key(tenant, &BlockId::of(header)))?;
    if present.is_some_and(|(present, _)| present.body_crc == header.body_crc) {
        return Ok(Replaced::Known);
    }
    let mut headers = Vec::with_capacity(old.len());
    let mut gone: BTreeMap<i64, Usage> = BTreeMap::new();
    for id in old {
        let Some((header, bytes)) = head(txn, spaces, &block_key(tenant, id))? else {
            return Ok(Replaced::Gone(*id));
        };
        *gone.entry(bucket_of(id.latest)).or_default() += Usage::of(&header, bytes);
        headers.push(header);
    }
    if !replaces(header, &headers) {
        return Ok(Replaced::Differs);
    }
    for (bucket, gone) in gone {
        count(txn, spaces, tenant, bucket, gone, Usage::default())?;
    }
    for id in old {
        remove(txn, spaces, tenant, id);
    }
    // After the removals: its range ends where the last of theirs does.
    put(txn, spaces, block, header)?;
    let key = keys::tenant(tenant);
    let before = number("store.block_replacements", &key, txn.get(replacements, &key)?)?;
    txn.put(replacements, key, (before.unwrap_or_default() + 1).to_le_bytes());
    Ok(Replaced::Done)
}

fn heads(
    view: View<'_>,
    spaces: &Spaces,
    range: &BlockRange,
    after: Option<BlockId>,
    limit: usize,
) -> Result<HeadPage, Error> {
    let mut keys = times(&range.tenant, range.since, range.end());
    if let Some(after) = after {
        let key = block_key(&range.tenant, &after);
        match range.order {
            Order::Ascending => keys.start = keys.start.max([&key[..], &[0]].concat()),
            Order::Descending => keys.end = keys.end.min(key),
        }
    }
    if keys.start >= keys.end {
        return Ok(HeadPage { heads: vec![], next: None });
    }
    let head = |entry: Result<Entry, Error>| Ok::<_, Error>(read_head(view, spaces, entry?)?.0);
    let mut entries = view.range(spaces.block_heads, keys)?;
    let (mut heads, more): (Vec<Header>, bool) = match range.order {
        Order::Ascending => {
            (entries.by_ref().take(limit).map(head).collect::<Result<_, _>>()?, entries.next().is_some())
        }
        Order::Descending => (
            entries.by_ref().rev().take(limit).map(head).collect::<Result<_, _>>()?,
            entries.next_back().is_some(),
        ),
    };
    let next = heads.last().map(BlockId::of).filter(|_| more);
    heads.retain(|header| range.overlaps(header));
    Ok(HeadPage { heads, next })
}

/// Drops some of the blocks before a bucket; `false` when none were left.
fn drop_some(
    txn: &mut Txn<'_>,
    spaces: &Spaces,
    tenant: &TenantId,
    before: i64,
) -> Result<Option<Usage>, Error> {
    let end = Timestamp::from_nanos(before.saturating_mul(BUCKET_NANOS));
    let old = txn.durable().keys(spaces.block_heads, times(tenant, Timestamp::from_nanos(i64::MIN), end))?;
    let old: Vec<_> = old.take(SWEEP_STEP).collect::<Result<_, _>>()?;
    if old.is_empty() {
        // What was counted of blocks that could not be read.
        for key in txn.keys(spaces.usage, usage_key(tenant, i64::MIN)..usage_key(tenant, before))? {
            txn.remove(spaces.usage, key);
        }
        return Ok(None);
    }
    let mut dropped: BTreeMap<i64, Usage> = BTreeMap::new();
    let mut ids = Vec::with_capacity(old.len());
    for key in old {
        match head(txn, spaces, &key) {
            Ok(None) => {}
            Ok(Some((header, bytes))) => {
                let id = BlockId::of(&header);
                *dropped.entry(bucket_of(id.latest)).or_default() += Usage::of(&header, bytes);
                ids.push(id);
            }
            // It goes all the same.
            Err(damaged @ Error::Damaged { .. }) => ids.push(parse_block_key(&key).ok_or(damaged)?),
            Err(error) => return Err(error),
        }
    }
    let mut sum = Usage::default();
    for (bucket, gone) in dropped {
        count(txn, spaces, tenant, bucket, gone, Usage::default())?;
        sum += gone;
    }
    for id in &ids {
        remove(txn, spaces, tenant, id);
    }
    Ok(Some(sum))
}

#[async_trait]
impl BlockStore for EmbeddedStore {
    async fn keep(&self, blocks: &[Bytes]) -> Result<Vec<Kept>, StoreError> {
        let headers = blocks.iter().map(|block| Ok(Header::parse(block)?.0));
        let headers: Vec<Header> = headers.collect::<Result<_, StoreError>>()?;
        let cost = blocks.iter().map(|block| block.len() + BLOCK_COST).sum();
        let blocks = blocks.to_vec();
        let kept = self.write(cost, Growth::Grows, move |txn, store| {
            let keep = |(block, header): (Bytes, &Header)| keep(txn, &store.shared.spaces, block, header);
            blocks.into_iter().zip(&headers).map(keep).collect()
        });
        kept.await.flatten().map_err(errors::store)
    }

    async fn replace(&self, tenant: &TenantId, old: &[BlockId], new: &Bytes) -> Result<Replaced, StoreError> {
        let (header, _) = Header::parse(new)?;
        if header.tenant != *tenant {
            return Ok(Replaced::Differs);
        }
        let (old, new) = (old.to_vec(), new.clone());
        let cost = new.len() + (old.len() + 1) * BLOCK_COST;
        let replaced = self.write(cost, Growth::Grows, move |txn, store| {
            replace(txn, &store.shared.spaces, &old, new, &header)
        });
        replaced.await.flatten().map_err(errors::store)
    }

    async fn replacements(&self, tenant: &TenantId) -> Result<u64, StoreError> {
        let (key, space) = (keys::tenant(tenant), self.shared.spaces.replacements);
        let stored = self.read(|view| number("store.block_replacements", &key, view.get(space, &key)?));
        Ok(stored.map_err(errors::store)?.unwrap_or_default())
    }

    async fn heads(
        &self,
        range: &BlockRange,
        after: Option<BlockId>,
        limit: usize,
    ) -> Result<HeadPage, StoreError> {
        let range = range.clone();
        let page =
            self.read_range(move |view, store| heads(view, &store.shared.spaces, &range, after, limit));
        page.await.map_err(errors::store)
    }

    async fn blocks(&self, tenant: &TenantId, ids: &[BlockId]) -> Result<Vec<Option<Bytes>>, StoreError> {
        let keys: Vec<_> = ids.iter().map(|id| block_key(tenant, id)).collect();
        let blocks = self.read_range(move |view, store| {
            keys.iter().map(|key| view.get(store.shared.spaces.blocks, key)).collect()
        });
        blocks.await.map_err(errors::store)
    }

    async fn holding(&self, tenant: &TenantId, event: &EventId) -> Result<Option<BlockId>, StoreError> {
        let (range, seq) = (ranges_from(tenant, event.node, event.boot, event.seq), event.seq);
        let space = self.shared.spaces.block_ranges;
        let found = self.read(|view| {
            let Some(entry) = view.range(space, range)?.next().transpose()? else { return Ok(None) };
            let id = parse_range(&entry.key, &entry.value?)
                .ok_or_else(|| errors::not_a("range", "store.block_ranges", &entry.key))?;
            Ok(Some(id).filter(|id| id.first <= seq))
        });
        found.map_err(errors::store)
    }

    async fn expire(&self, tenant: &TenantId, before: Timestamp) -> Result<Usage, StoreError> {
        let mut dropped = Usage::default();
        loop {
            let tenant = tenant.clone();
            let step = self.write(SWEEP_STEP * BLOCK_COST, Growth::Frees, move |txn, store| {
                drop_some(txn, &store.shared.spaces, &tenant, bucket_of(before))
            });
            match step.await.flatten().map_err(errors::store)? {
                Some(gone) => dropped += gone,
                None => break,
            }
        }
        if dropped.blocks > 0 {
            self.reclaim(self.shared.spaces.blocks).await;
        }
        Ok(dropped)
    }

    async fn usage(&self, tenant: &TenantId) -> Result<Vec<(i64, Usage)>, StoreError> {
        let range = keys::beginning_with(keys::tenant(tenant));
        let space = self.shared.spaces.usage;
        let tenant = tenant.clone();
        let usage = self.read_range(move |view, store| {
            let bucket = |entry: Result<Entry, Error>| {
                let Entry { key, value } = entry?;
                let bucket = *key.last_chunk().ok_or_else(|| errors::not_a("bucket", "store.usage", &key))?;
                let bucket = unsortable(bucket);
                let usage = match value.and_then(|value| parse_usage(&key, &value)) {
                    Err(Error::Damaged { .. }) => recount_read(view, &store.shared.spaces, &tenant, bucket),
                    usage => usage,
                };
                Ok((bucket, usage?))
            };
            view.range(space, range)?.map(bucket).collect()
        });
        usage.await.map_err(errors::store)
    }

    async fn archived(&self) -> Result<Vec<TenantId>, StoreError> {
        let space = self.shared.spaces.usage;
        self.read_range(move |view, _| keys::tenants(view, space, "store.usage")).await.map_err(errors::store)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    prop_compose! {
        fn block_id()(latest: i64, node in 0_u128..3, boot in 0_u128..3, first: u64, last: u64) -> BlockId {
            BlockId {
                latest: Timestamp::from_nanos(latest),
                node: NodeId::from_uuid(Uuid::from_u128(node)),
                boot: BootId::from_uuid(Uuid::from_u128(boot)),
                first,
                last,
            }
        }
    }

    proptest! {
        #[test]
        fn keys_sort_as_blocks_do_and_read_back(a in block_id(), b in block_id(), of in "[a-c0]{1,3}") {
            let tenant: TenantId = of.parse().unwrap();
            prop_assert_eq!(block_key(&tenant, &a).cmp(&block_key(&tenant, &b)), a.cmp(&b));
            let place = range_key(&tenant, &a);
            prop_assert_eq!(parse_range(&place, &range_entry(&a)), Some(a));
            prop_assert_eq!(parse_block_key(&block_key(&tenant, &a)), Some(a));
            let inside = ranges_from(&tenant, b.node, b.boot, b.first).contains(&place);
            prop_assert_eq!(inside, (a.node, a.boot) == (b.node, b.boot) && a.last >= b.first);
        }

        #[test]
        fn arbitrary_bytes_never_panic(key: Vec<u8>, value: Vec<u8>) {
            let _ = (parse_range(&key, &value), parse_usage(&key, &value));
            let _ = (heads::parse_head(&key, &value), parse_block_key(&key));
        }
    }
}
