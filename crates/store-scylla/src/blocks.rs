//! Blocks of events.
//!
//! Who has which numbers is decided in one place: the partition of an agent run in `block_runs`, by a conditional batch. It holds a
//! row for each block of the run, the sums of each hour, and, beside them, what the last batch leaves to be done elsewhere. That
//! is made from it, as often as need be, at the batch's own stamp:
//!
//! ```text
//!   block_chunks        the bytes             put before the batch; dropped after it
//!   block_runs          ranges, sums, work    IF token is as it was read            decided
//!   block_heads         head by time          for scans
//!   block_usage         sums of the run       for accounting
//!   block_slots         (hour, slot)          where there are heads
//! ```
//!
//! A block is there once its range is: `holding` and `blocks` ask the run. Scans go by the heads, which follow before the
//! call returns; whoever comes to a run whose last work he does not know to be done does it first.

mod bytes;
mod expire;
mod heads;
mod names;
mod replace;
mod run;
mod work;

use std::collections::{BTreeMap, HashMap};

use ::bytes::Bytes;
use async_trait::async_trait;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use vedetta_block::Header;
use vedetta_model::{EventId, TenantId, Timestamp};
use vedetta_store::{BlockId, BlockRange, BlockStore, HeadPage, Kept, Replaced, StoreError, Usage, compare};

use self::run::{Plan, Range};
pub use self::{names::Run, run::RunState};
use crate::{
    ScyllaStore,
    cql::SIDE_BY_SIDE,
    events::tenant as parse_tenant,
    store::{Shared, TRIES, contended},
};

/// Blocks of a run that one conditional batch takes.
const TOGETHER: usize = 200;

/// A block that is to be kept, and its place in the call.
struct Candidate<'a> {
    at: usize,
    block: &'a Bytes,
    header: Header,
}

impl Shared {
    async fn keep_run(&self, run: &Run, blocks: &[Candidate<'_>]) -> Result<Vec<(usize, Kept)>, StoreError> {
        let _alone = self.alone(run).await;
        let mut answers = Vec::with_capacity(blocks.len());
        for some in blocks.chunks(TOGETHER) {
            let kept = Box::pin(self.keep_some(run, some)).await;
            if kept.is_err() {
                self.remember(run, None);
            }
            answers.extend(some.iter().map(|candidate| candidate.at).zip(kept?));
        }
        Ok(answers)
    }

    async fn keep_some(&self, run: &Run, blocks: &[Candidate<'_>]) -> Result<Vec<Kept>, StoreError> {
        let mut put: Vec<&Candidate<'_>> = Vec::new();
        for tries in 0..TRIES {
            let mut state = self.state(run, tries > 0).await?;
            let mut present = self.beside(run, &mut state, blocks).await?;
            let (mut kept, mut new) = (Vec::with_capacity(blocks.len()), Vec::new());
            for candidate in blocks {
                let header = &candidate.header;
                let next = present.range(header.first..).next().map(|(_, range)| &range.header);
                let comes_to = compare(header, next);
                if comes_to == Kept::New {
                    let range = Range { header: header.clone(), bytes: candidate.block.len() };
                    present.insert(header.last, range);
                    new.push(candidate);
                }
                kept.push(comes_to);
            }
            // What an earlier try put, and others made needless.
            let needless = put.iter().filter(|one| new.iter().all(|other| other.at != one.at));
            for candidate in needless {
                let there = present.get(&candidate.header.last).map(|range| &range.header);
                if there.is_none_or(|there| !bytes::are_shared(there, &candidate.header)) {
                    self.drop_bytes(run, &candidate.header, self.stamps.after(state.stamp)).await?;
                }
            }
            if new.is_empty() {
                self.remember(run, Some(state));
                return Ok(kept);
            }
            let stamp = self.stamps.after(state.stamp);
            let puts: Vec<_> =
                new.iter().map(|one| self.put_bytes(run, &one.header, one.block, stamp)).collect();
            stream::iter(puts).buffer_unordered(SIDE_BY_SIDE).try_collect::<()>().await?;
            let added = new.iter().map(|one| (one.header.clone(), one.block.clone())).collect();
            let plan = Plan { added, removed: vec![], replaces: false };
            if self.commit(run, state, &plan, stamp).await? {
                return Ok(kept);
            }
            put = new;
            self.pause(tries).await;
        }
        Err(contended(run))
    }

    /// The ranges of the run that the blocks may meet, by their last numbers.
    async fn beside(
        &self,
        run: &Run,
        state: &mut RunState,
        blocks: &[Candidate<'_>],
    ) -> Result<BTreeMap<u64, Range>, StoreError> {
        let first = blocks.iter().map(|one| one.header.first).min().unwrap_or(0);
        let last = blocks.iter().map(|one| one.header.last).max().unwrap_or(0);
        self.ranges(run, state, first, last).await
    }
}

#[async_trait]
impl BlockStore for ScyllaStore {
    async fn keep(&self, blocks: &[Bytes]) -> Result<Vec<Kept>, StoreError> {
        let headers = blocks.iter().map(|block| Ok(Header::parse(block)?.0));
        let headers: Vec<Header> = headers.collect::<Result<_, StoreError>>()?;
        let shared = self.shared()?;
        let mut runs: HashMap<Run, Vec<Candidate<'_>>> = HashMap::new();
        for ((at, block), header) in blocks.iter().enumerate().zip(headers) {
            runs.entry(Run::of(&header)).or_default().push(Candidate { at, block, header });
        }
        let keeping: Vec<_> = runs.iter().map(|(run, blocks)| shared.keep_run(run, blocks)).collect();
        let answers: Vec<Vec<(usize, Kept)>> =
            stream::iter(keeping).buffer_unordered(SIDE_BY_SIDE).try_collect().await?;
        let answers: BTreeMap<usize, Kept> = answers.into_iter().flatten().collect();
        Ok(answers.into_values().collect())
    }

    async fn replace(&self, tenant: &TenantId, old: &[BlockId], new: &Bytes) -> Result<Replaced, StoreError> {
        let (header, _) = Header::parse(new)?;
        if header.tenant != *tenant {
            return Ok(Replaced::Differs);
        }
        Box::pin(self.shared()?.replace_blocks(old, new, header)).await
    }

    async fn replacements(&self, tenant: &TenantId) -> Result<u64, StoreError> {
        self.shared()?.count_replacements(tenant).await
    }

    async fn heads(
        &self,
        range: &BlockRange,
        after: Option<BlockId>,
        limit: usize,
    ) -> Result<HeadPage, StoreError> {
        Box::pin(self.shared()?.page_of_heads(range, after, limit)).await
    }

    async fn blocks(&self, tenant: &TenantId, ids: &[BlockId]) -> Result<Vec<Option<Bytes>>, StoreError> {
        let shared = self.shared()?;
        let found: Vec<_> = ids.iter().map(|id| shared.whole_block(tenant, id)).collect();
        stream::iter(found).buffered(SIDE_BY_SIDE).try_collect().await
    }

    async fn holding(&self, tenant: &TenantId, event: &EventId) -> Result<Option<BlockId>, StoreError> {
        let run = Run { tenant: tenant.clone(), node: event.node, boot: event.boot };
        let found = self.shared()?.range_at(&run, event.seq).await?;
        Ok(found.filter(|range| range.header.first <= event.seq).map(|range| BlockId::of(&range.header)))
    }

    async fn expire(&self, tenant: &TenantId, before: Timestamp) -> Result<Usage, StoreError> {
        Box::pin(self.shared()?.expire_buckets(tenant, before)).await
    }

    async fn usage(&self, tenant: &TenantId) -> Result<Vec<(i64, Usage)>, StoreError> {
        let shared = self.shared()?;
        let slots = shared.slots(tenant, i64::MIN, i64::MAX).await?;
        let sums: Vec<_> =
            slots.into_iter().map(|(bucket, slot)| shared.slot_usage(tenant, bucket, slot)).collect();
        let sums: Vec<(i64, Usage)> = stream::iter(sums).buffer_unordered(SIDE_BY_SIDE).try_collect().await?;
        let mut usage: BTreeMap<i64, Usage> = BTreeMap::new();
        for (bucket, sum) in sums.into_iter().filter(|(_, sum)| sum.blocks > 0) {
            *usage.entry(bucket).or_default() += sum;
        }
        Ok(usage.into_iter().collect())
    }

    async fn archived(&self) -> Result<Vec<TenantId>, StoreError> {
        let shared = self.shared()?;
        // Nobody is taken off this list, so that nobody new can be lost from it.
        let names = shared.cql.rows::<(String,)>(&shared.on.block_tenants, ()).await?;
        let has_some = names.into_iter().map(|(name,)| async move {
            let some = shared.cql.row::<(i64,)>(&shared.on.some_slot, (name.as_str(),)).await?;
            some.map(|_| parse_tenant("block_tenants", &name)).transpose()
        });
        let has_some: Vec<_> = has_some.collect();
        let tenants: Vec<Option<TenantId>> =
            stream::iter(has_some).buffered(SIDE_BY_SIDE).try_collect().await?;
        Ok(tenants.into_iter().flatten().collect())
    }
}
