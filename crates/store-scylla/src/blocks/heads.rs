//! Heads in the order of time, merged from the partitions of each hour.

use std::{collections::BTreeMap, pin::Pin};

use futures::{
    StreamExt as _, TryStreamExt as _, stream,
    stream::{BoxStream, Peekable},
};
use vedetta_block::Header;
use vedetta_model::{TenantId, Timestamp};
use vedetta_store::{BlockId, BlockRange, HeadPage, Order, StoreError, Usage, bucket_of};

use super::names::{block_id, head_key};
use crate::{
    errors::corrupt,
    store::{Shared, TRIES},
};

/// Most heads of a partition that one answer brings; fewer when there are many partitions.
const PAGE_HEADS: usize = 1000;
const LEAST_HEADS: usize = 16;

type HeadRow = (i64, Vec<u8>, Vec<u8>, i64, i64, Vec<u8>);
type Heads = Peekable<BoxStream<'static, Result<(BlockId, Vec<u8>), StoreError>>>;

/// A page, and whether one answer of the database holds it.
struct Read {
    page: HeadPage,
    is_one_answer: bool,
}

impl Shared {
    /// The hours and slots in which there are heads, in order.
    pub async fn slots(&self, tenant: &TenantId, from: i64, to: i64) -> Result<Vec<(i64, i8)>, StoreError> {
        self.cql.rows(&self.on.slots, (tenant.as_str(), from, to)).await
    }

    pub async fn slot_usage(
        &self,
        tenant: &TenantId,
        bucket: i64,
        slot: i8,
    ) -> Result<(i64, Usage), StoreError> {
        let row = self
            .cql
            .row::<(Option<i64>, Option<i64>, Option<i64>)>(&self.on.usage, (tenant.as_str(), bucket, slot));
        let (blocks, events, bytes) = row.await?.unwrap_or_default();
        let number = |sum: Option<i64>| sum.unwrap_or(0).max(0).cast_unsigned();
        Ok((bucket, Usage { blocks: number(blocks), events: number(events), bytes: number(bytes) }))
    }

    /// A page of one moment: read again when a block took the place of others while it was gathered.
    pub async fn page_of_heads(
        &self,
        range: &BlockRange,
        after: Option<BlockId>,
        limit: usize,
    ) -> Result<HeadPage, StoreError> {
        let mut before = self.count_replacements(&range.tenant).await?;
        for _ in 0..TRIES {
            let read = self.read_heads(range, after, limit).await?;
            if read.is_one_answer {
                return Ok(read.page);
            }
            let now = self.count_replacements(&range.tenant).await?;
            if now == before {
                return Ok(read.page);
            }
            before = now;
        }
        Err(StoreError::Backend(format!(
            "the blocks of {} were replaced faster than they could be read; try again",
            range.tenant
        )))
    }

    async fn read_heads(
        &self,
        range: &BlockRange,
        after: Option<BlockId>,
        limit: usize,
    ) -> Result<Read, StoreError> {
        let nothing = HeadPage { heads: vec![], next: None };
        let (mut from, mut to) = (bucket_of(range.since), bucket_of(range.end()));
        match (after, range.order) {
            (Some(after), Order::Ascending) => from = from.max(bucket_of(after.latest)),
            (Some(after), Order::Descending) => to = to.min(bucket_of(after.latest)),
            (None, _) => {}
        }
        if from > to || limit == 0 {
            return Ok(Read { page: nothing, is_one_answer: true });
        }
        let mut hours: BTreeMap<i64, Vec<i8>> = BTreeMap::new();
        let slots = self.slots(&range.tenant, from, to).await?;
        let parts = slots.len();
        slots.into_iter().for_each(|(bucket, slot)| hours.entry(bucket).or_default().push(slot));
        let mut hours: Vec<(i64, Vec<i8>)> = hours.into_iter().collect();
        if range.order == Order::Descending {
            hours.reverse();
        }
        let mut page = nothing;
        let (mut looked, mut fits) = (0, true);
        for (bucket, slots) in hours {
            let most = (limit / slots.len() + 2).clamp(LEAST_HEADS, PAGE_HEADS);
            let opened: Vec<_> =
                slots.iter().map(|slot| self.slot_heads(range, after, bucket, *slot, most)).collect();
            let mut parts_of_hour: Vec<Heads> =
                stream::iter(opened).buffered(slots.len()).try_collect().await?;
            while let Some((id, head)) = next(&mut parts_of_hour, range.order).await? {
                let header = Header::parse_head(&head).map_err(|error| {
                    corrupt(format!("block_heads[{}/{id}]", range.tenant), error.to_string())
                })?;
                if range.overlaps(&header) {
                    page.heads.push(header);
                }
                looked += 1;
                fits = looked <= most;
                if looked == limit {
                    page.next = Some(id);
                    return Ok(Read { page, is_one_answer: parts == 1 && fits });
                }
            }
        }
        Ok(Read { page, is_one_answer: parts <= 1 && fits })
    }

    /// Heads of one partition, from the cursor on.
    async fn slot_heads(
        &self,
        range: &BlockRange,
        after: Option<BlockId>,
        bucket: i64,
        slot: i8,
        most: usize,
    ) -> Result<Heads, StoreError> {
        let tenant = range.tenant.as_str();
        // Before every block of a time: no name is smaller than an empty one.
        let begin = |time: Timestamp| (time.as_nanos(), vec![], vec![], i64::MIN, i64::MIN);
        let (statement, from, end) = match range.order {
            Order::Ascending => {
                let from =
                    after.map_or_else(|| begin(range.since), |id| head_key(&id).max(begin(range.since)));
                (&self.on.heads_up, from, range.end().as_nanos())
            }
            Order::Descending => {
                let from =
                    after.map_or_else(|| begin(range.end()), |id| head_key(&id).min(begin(range.end())));
                (&self.on.heads_down, from, range.since.as_nanos())
            }
        };
        let mut statement = statement.clone();
        statement.set_page_size(i32::try_from(most).unwrap_or(i32::MAX));
        let (latest, node, boot, first, last) = from;
        let values = (tenant, bucket, slot, latest, node, boot, first, last, end);
        let rows = self.cql.stream::<HeadRow>(&statement, values).await?;
        let head = |row: Result<HeadRow, StoreError>| {
            let (latest, node, boot, first, last, head) = row?;
            Ok((block_id((latest, node, boot, first, last))?, head))
        };
        Ok(rows.map(head).boxed().peekable())
    }
}

/// The next head of all of them.
async fn next(parts: &mut [Heads], order: Order) -> Result<Option<(BlockId, Vec<u8>)>, StoreError> {
    let mut best: Option<(usize, BlockId)> = None;
    for (at, part) in parts.iter_mut().enumerate() {
        match Pin::new(part).peek().await {
            Some(Ok((id, _))) => {
                let is_better = |than: BlockId| match order {
                    Order::Ascending => *id < than,
                    Order::Descending => *id > than,
                };
                if best.is_none_or(|(_, than)| is_better(than)) {
                    best = Some((at, *id));
                }
            }
            // Taken out below: an error can't be cloned.
            Some(Err(_)) => return parts[at].try_next().await,
            None => {}
        }
    }
    match best {
        Some((at, _)) => parts[at].try_next().await,
        None => Ok(None),
    }
}
