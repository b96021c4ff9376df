//! Blocks of events, hour by hour of each tenant.

use std::collections::BTreeSet;

use bytes::Bytes;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use vedetta_model::{TenantId, Timestamp};
use vedetta_store::{BUCKET_NANOS, BlockId, BlockRange, Kept, Order, Usage, bucket_of};

use crate::{CopyError, Digest, Line, Meter, Side, lane::Mode};

/// Heads that are looked at by one call.
const HEADS: usize = 256;
/// Blocks that travel together: at most so many, and so many bytes.
const GROUP: usize = 64;
const GROUP_BYTES: u64 = 8 << 20;
/// Hours that are copied at a time.
const SIDE_BY_SIDE: usize = 4;

/// A block and how long it is.
type Sized = (BlockId, u64);

/// Copies all blocks, or compares them: one line for each tenant.
pub async fn run(source: &Side, target: &Side, meter: &Meter, mode: Mode) -> Result<Vec<Line>, CopyError> {
    let tenants = source.blocks.archived().await.map_err(|error| source.store(error))?;
    let there = target.blocks.archived().await.map_err(|error| target.store(error))?;
    if let Some(other) = there.iter().find(|tenant| !tenants.contains(tenant)) {
        return Err(CopyError::differs(format!("blocks of {other}"), "only the target has them"));
    }
    let mut lines = Vec::new();
    for tenant in &tenants {
        let hours = usage(source, tenant).await?;
        let there = usage(target, tenant).await?;
        if let Some((hour, _)) = there.iter().find(|(hour, _)| !hours.iter().any(|(other, _)| other == hour))
        {
            return Err(CopyError::differs(place(tenant, *hour), "only the target has blocks of it"));
        }
        let total = hours.iter().map(|(_, usage)| usage.blocks).sum();
        let doing = if mode == Mode::Copy { "copying" } else { "comparing" };
        meter.begin(format!("{doing} blocks of {tenant}"), "blocks", total);
        let hour = |(hour, _): (i64, Usage)| one(source, target, tenant, hour, meter, mode);
        let jobs: Vec<_> = hours.clone().into_iter().map(hour).collect();
        let digests: Vec<Digest> = stream::iter(jobs).buffered(SIDE_BY_SIDE).try_collect().await?;
        if mode == Mode::Verify && usage(target, tenant).await? != hours {
            return Err(CopyError::differs(
                format!("blocks of {tenant}"),
                "the usage by hour is another one",
            ));
        }
        let mut digest = Digest::default();
        digests.iter().for_each(|of| digest.join(of));
        lines.push(Line::of(format!("blocks of {tenant}"), "blocks", &digest));
    }
    Ok(lines)
}

async fn usage(side: &Side, tenant: &TenantId) -> Result<Vec<(i64, Usage)>, CopyError> {
    let mut usage = side.blocks.usage(tenant).await.map_err(|error| side.store(error))?;
    usage.retain(|(_, usage)| usage.blocks > 0);
    Ok(usage)
}

fn place(tenant: &TenantId, hour: i64) -> String {
    format!("blocks of {tenant}, hour of {}", Timestamp::from_nanos(hour.saturating_mul(BUCKET_NANOS)))
}

/// One hour: what is not there is kept, and then, or only, all of it is compared.
async fn one(
    source: &Side,
    target: &Side,
    tenant: &TenantId,
    hour: i64,
    meter: &Meter,
    mode: Mode,
) -> Result<Digest, CopyError> {
    let (from, to) = (heads(source, tenant, hour).await?, heads(target, tenant, hour).await?);
    if let Some((id, _)) = to.difference(&from).next() {
        return Err(CopyError::differs(place(tenant, hour), format!("only the target has block {id}")));
    }
    let missing: Vec<Sized> = from.difference(&to).copied().collect();
    if mode == Mode::Verify {
        if let Some((id, _)) = missing.first() {
            return Err(CopyError::differs(
                place(tenant, hour),
                format!("block {id} is missing in the target"),
            ));
        }
        return compare(source, target, tenant, hour, from, meter).await;
    }
    meter.add((from.len() - missing.len()) as u64, 0);
    for group in groups(&missing) {
        let blocks = fetch(source, tenant, hour, group).await?;
        let kept = target.blocks.keep(&blocks).await.map_err(|error| target.store(error))?;
        if let Some((kept, (id, _))) =
            kept.iter().zip(group).find(|(kept, _)| matches!(kept, Kept::Overlaps(_)))
        {
            return Err(CopyError::differs(
                place(tenant, hour),
                format!("the target refuses block {id}: {kept:?}"),
            ));
        }
        meter.add(group.len() as u64, blocks.iter().map(|block| block.len() as u64).sum());
    }
    Ok(Digest::default())
}

async fn compare(
    source: &Side,
    target: &Side,
    tenant: &TenantId,
    hour: i64,
    ids: BTreeSet<Sized>,
    meter: &Meter,
) -> Result<Digest, CopyError> {
    let mut digest = Digest::default();
    let ids: Vec<Sized> = ids.into_iter().collect();
    for group in groups(&ids) {
        let (from, to) =
            tokio::try_join!(fetch(source, tenant, hour, group), fetch(target, tenant, hour, group))?;
        for ((from, to), (id, _)) in from.iter().zip(&to).zip(group) {
            if from != to {
                return Err(CopyError::differs(place(tenant, hour), format!("block {id} has other bytes")));
            }
            digest.feed([&from[..]]);
        }
        meter.add(group.len() as u64, from.iter().map(|block| block.len() as u64).sum());
    }
    Ok(digest)
}

fn groups(ids: &[Sized]) -> impl Iterator<Item = &[Sized]> {
    let mut rest = ids;
    std::iter::from_fn(move || {
        let mut bytes = 0;
        let fits = rest.iter().take(GROUP).take_while(|(_, size)| {
            bytes += size;
            bytes <= GROUP_BYTES
        });
        let count = fits.count().max(1).min(rest.len());
        let (group, behind) = rest.split_at(count);
        rest = behind;
        (!group.is_empty()).then_some(group)
    })
}

/// The blocks of an hour, by the time of their latest event.
async fn heads(side: &Side, tenant: &TenantId, hour: i64) -> Result<BTreeSet<Sized>, CopyError> {
    let at = |hour: i64| Timestamp::from_nanos(hour.saturating_mul(BUCKET_NANOS));
    let range =
        BlockRange { tenant: tenant.clone(), since: at(hour), until: at(hour + 1), order: Order::Ascending };
    let mut ids = BTreeSet::new();
    let mut after = None;
    loop {
        let page = side.blocks.heads(&range, after, HEADS).await.map_err(|error| side.store(error))?;
        let of_hour = page.heads.iter().filter(|head| bucket_of(head.latest) == hour);
        ids.extend(of_hour.map(|head| (BlockId::of(head), u64::from(head.body_bytes))));
        after = page.next;
        if after.is_none_or(|next| bucket_of(next.latest) > hour) {
            return Ok(ids);
        }
    }
}

async fn fetch(side: &Side, tenant: &TenantId, hour: i64, group: &[Sized]) -> Result<Vec<Bytes>, CopyError> {
    let ids: Vec<BlockId> = group.iter().map(|(id, _)| *id).collect();
    let blocks = side.blocks.blocks(tenant, &ids).await.map_err(|error| side.store(error))?;
    let gone = |id: BlockId| {
        CopyError::differs(place(tenant, hour), format!("block {id} is gone from the {}", side.name))
    };
    blocks.into_iter().zip(ids).map(|(block, id)| block.ok_or_else(|| gone(id))).collect()
}

/// What the source has.
pub async fn survey(source: &Side) -> Result<Vec<Line>, CopyError> {
    let mut lines = Vec::new();
    for tenant in source.blocks.archived().await.map_err(|error| source.store(error))? {
        let mut digest = Digest::default();
        for (_, usage) in usage(source, &tenant).await? {
            digest.count += usage.blocks;
            digest.bytes += usage.bytes;
        }
        lines.push(Line::of(format!("blocks of {tenant}"), "blocks", &digest));
    }
    Ok(lines)
}
