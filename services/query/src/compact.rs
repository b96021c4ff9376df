//! Small blocks of hours that are over become larger ones.
//!
//! What a quiet node sends comes in small blocks, and the archiver waits only a moment before it keeps them. Later, when
//! an hour is closed, those that follow each other are merged and replaced: fewer heads to pass over, one table of processes
//! instead of many. A step takes one run of blocks; nothing is kept between steps but what was looked at, so any number of
//! these may run at once, and a crash leaves either the old blocks or the new one.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
    time::Duration,
};

use bytes::Bytes;
use tokio::time::Instant;
use vedetta_aside::aside;
use vedetta_block::{Header, MAX_SPAN_NANOS, merge};
use vedetta_model::{BootId, Clock, NodeId, TenantId, Timestamp};
use vedetta_runtime::{Drain, Drained};
use vedetta_store::{
    BUCKET_NANOS, BlockId, BlockRange, BlockStore, Order, Replaced, StoreError, Usage, bucket_of,
};

use crate::metrics::Metrics;

/// How often it is looked for what can be merged.
const SWEEP: Duration = Duration::from_secs(600);
/// Blocks with fewer events are small.
const SMALL: u32 = 1024;
/// A run is merged up to so many events.
const RUN_EVENTS: u32 = 4 * SMALL;
/// A run is merged up to so many bytes of its blocks.
const RUN_BYTES: u64 = 1 << 20;
/// A run is merged up to so many blocks.
const RUN_BLOCKS: usize = 256;
/// Heads that one call to the store looks at.
const PAGE: usize = 512;
/// Small blocks that are remembered at a time while an hour is looked through.
const GATHERED: usize = 50_000;

/// Merges blocks.
#[derive(Debug)]
pub struct Compactor {
    /// The blocks.
    pub blocks: Arc<dyn BlockStore>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// How long after its end an hour is taken to be closed.
    pub after: Duration,
    /// The order to stop.
    pub drain: Drain,
    /// Counters.
    pub metrics: Metrics,
}

/// What has to be known of a small block.
#[derive(Debug, Clone, Copy)]
struct Small {
    id: BlockId,
    earliest: Timestamp,
    events: u32,
    bytes: u64,
}

type Gathered = BTreeMap<(NodeId, BootId), Vec<Small>>;
/// What lay in each hour when nothing was found to merge there: it need not be looked through before that changes.
type Looked = HashMap<(TenantId, i64), Usage>;

impl Compactor {
    /// Merges again and again until the drain.
    pub async fn run(self) -> anyhow::Result<()> {
        let mut looked = Looked::new();
        loop {
            if let Err(error) = self.sweep(&mut looked).await {
                tracing::warn!(%error, "small blocks were not merged; trying again later");
            }
            if self.drain.or(tokio::time::sleep(SWEEP)).await == Drained::Called {
                return Ok(());
            }
        }
    }

    /// Looks through every closed hour once that changed since, or until the drain.
    async fn sweep(&self, looked: &mut Looked) -> Result<(), StoreError> {
        let closed = bucket_of(self.clock.now().before(self.after));
        let mut present = Looked::new();
        for tenant in self.blocks.archived().await? {
            for (bucket, usage) in self.blocks.usage(&tenant).await? {
                let place = (tenant.clone(), bucket);
                if bucket >= closed || looked.get(&place) == Some(&usage) {
                    present.extend(looked.get(&place).map(|usage| (place, *usage)));
                    continue;
                }
                match self.compact(&tenant, bucket).await? {
                    None => return Ok(()),
                    Some(0) => drop(present.insert(place, usage)),
                    Some(_) => {}
                }
            }
        }
        // Only those that are still there are remembered.
        *looked = present;
        Ok(())
    }

    /// Merges what can be merged in one hour, and says how many runs of blocks that was. `None` when the drain came first.
    pub async fn compact(&self, tenant: &TenantId, bucket: i64) -> Result<Option<usize>, StoreError> {
        let start = bucket.saturating_mul(BUCKET_NANOS);
        let range = BlockRange {
            tenant: tenant.clone(),
            since: Timestamp::from_nanos(start),
            until: Timestamp::from_nanos(start.saturating_add(BUCKET_NANOS)),
            order: Order::Ascending,
        };
        let (mut after, mut merged) = (None, 0);
        loop {
            let mut gathered = Gathered::new();
            let mut count = 0;
            loop {
                let page = self.blocks.heads(&range, after, PAGE).await?;
                let mine = page.heads.iter().filter(|header| bucket_of(header.latest) == bucket);
                for header in mine.filter(|header| header.count < SMALL) {
                    gathered.entry((header.node, header.boot)).or_default().push(Small::of(header));
                    count += 1;
                }
                after = page.next;
                if after.is_none() || count >= GATHERED {
                    break;
                }
            }
            for run in gathered.into_values().flat_map(runs) {
                let started = Instant::now();
                merged += usize::from(self.step(tenant, &run).await?);
                // As long a pause as it worked: others want the disk and the processor too.
                if self.drain.or(tokio::time::sleep(started.elapsed())).await == Drained::Called {
                    return Ok(None);
                }
            }
            if after.is_none() {
                return Ok(Some(merged));
            }
        }
    }

    /// Puts one block in the place of a run of them, if that can be.
    async fn step(&self, tenant: &TenantId, run: &[BlockId]) -> Result<bool, StoreError> {
        let found = self.blocks.blocks(tenant, run).await?;
        // One that is gone has expired, or somebody else was faster.
        let Some(old) = found.into_iter().collect::<Option<Vec<Bytes>>>() else { return Ok(false) };
        let before: usize = old.iter().map(Bytes::len).sum();
        let merged = aside(move || merge(&old)).await;
        let merged = match merged.map_err(|error| StoreError::Backend(format!("merging failed: {error}")))? {
            Ok(merged) => merged,
            Err(error) => {
                self.metrics.not_compacted.inc();
                tracing::debug!(%tenant, first = %run[0], %error, "small blocks stay as they are");
                return Ok(false);
            }
        };
        let replaced = self.blocks.replace(tenant, run, &merged).await?;
        match replaced {
            Replaced::Done => {
                self.metrics.compacted.inc_by(run.len() as u64);
                self.metrics.compacted_before.inc_by(before as u64);
                self.metrics.compacted_after.inc_by(merged.len() as u64);
            }
            Replaced::Known | Replaced::Gone(_) => {}
            Replaced::Differs => {
                self.metrics.not_compacted.inc();
                tracing::warn!(%tenant, first = %run[0], "small blocks and what they were merged to differ; they stay");
            }
        }
        Ok(replaced == Replaced::Done)
    }
}

impl Small {
    fn of(header: &Header) -> Self {
        Self {
            id: BlockId::of(header),
            earliest: header.earliest,
            events: header.count,
            bytes: header.body_bytes.into(),
        }
    }
}

/// Small blocks of one agent run that follow each other and fit into one.
fn runs(mut blocks: Vec<Small>) -> Vec<Vec<BlockId>> {
    blocks.sort_unstable_by_key(|block| block.id.first);
    let mut runs = Vec::new();
    let mut run: Vec<BlockId> = Vec::new();
    let mut sum: Option<Small> = None;
    for block in blocks {
        let longer = sum.filter(|_| run.len() < RUN_BLOCKS).and_then(|sum| sum.with(&block));
        if longer.is_none() {
            runs.push(std::mem::take(&mut run));
        }
        sum = longer.or(Some(block));
        run.push(block.id);
    }
    runs.push(run);
    runs.retain(|run| run.len() > 1);
    runs
}

impl Small {
    /// Both as one, when that can be.
    fn with(self, next: &Self) -> Option<Self> {
        let follows = self.id.last.checked_add(1) == Some(next.id.first);
        let (earliest, latest) = (self.earliest.min(next.earliest), self.id.latest.max(next.id.latest));
        let near = latest.as_nanos().saturating_sub(earliest.as_nanos()) <= MAX_SPAN_NANOS;
        let events = self.events.saturating_add(next.events);
        let bytes = self.bytes.saturating_add(next.bytes);
        let fits = events <= RUN_EVENTS && bytes <= RUN_BYTES;
        let id = BlockId { latest, last: next.id.last, ..self.id };
        (follows && near && fits).then_some(Self { id, earliest, events, bytes })
    }
}

#[cfg(test)]
mod tests {
    use futures::TryStreamExt as _;
    use uuid::Uuid;
    use vedetta_block::{Batch, Builder};
    use vedetta_model::{Event, ManualClock, event::Unshare};
    use vedetta_rules::KindSet;
    use vedetta_search::Search;
    use vedetta_store::{Kept, MemoryStore};

    use super::*;

    const SECOND: i64 = 1_000_000_000;
    /// The beginning of an hour.
    const BASE: i64 = 490_000 * BUCKET_NANOS;

    fn tenant() -> TenantId {
        "acme".parse().unwrap()
    }

    /// So many events from a number on, a second apart from a second on.
    fn block(on: u128, first: u64, count: u64, from: i64) -> Bytes {
        let id = Uuid::from_u128(on);
        let mut builder = Builder::new(tenant(), NodeId::from_uuid(id), BootId::from_uuid(id));
        for n in 0..count {
            let time = Timestamp::from_nanos(BASE + (from + i64::try_from(n).unwrap()) * SECOND);
            let payload = Unshare { flags: n }.into();
            builder.push(Event { seq: first + n, time, process: None, tid: 0, result: 0, payload });
        }
        builder.finish().unwrap()
    }

    fn compactor(store: &MemoryStore, now: i64) -> Compactor {
        Compactor {
            blocks: Arc::new(store.clone()),
            clock: Arc::new(ManualClock::at(Timestamp::from_nanos(BASE + now * SECOND))),
            after: Duration::from_secs(3600),
            drain: Drain::new(),
            metrics: Metrics::unregistered(),
        }
    }

    async fn sizes(store: &MemoryStore) -> Vec<(u64, u64)> {
        let (since, until) = (Timestamp::from_nanos(i64::MIN), Timestamp::from_nanos(i64::MAX));
        let range = BlockRange { tenant: tenant(), since, until, order: Order::Ascending };
        let heads = store.heads(&range, None, 10_000).await.unwrap().heads;
        let mut sizes: Vec<_> = heads.iter().map(|header| (header.first, header.last)).collect();
        sizes.sort_unstable();
        sizes
    }

    async fn events(store: &MemoryStore) -> Vec<(u128, u64)> {
        let search = Search {
            store: Arc::new(store.clone()),
            tenant: tenant(),
            since: Timestamp::from_nanos(0),
            until: Timestamp::from_nanos(i64::MAX / 2),
            kinds: KindSet::all(),
            condition: None,
            before: None,
            newest: None,
        };
        let take = |batch: &Batch, event: &Event| (batch.header.node.as_uuid().as_u128(), event.seq);
        let steps: Vec<_> = search.run(take).try_collect().await.unwrap();
        let mut found: Vec<_> = steps.into_iter().flat_map(|step| step.hits).map(|hit| hit.item).collect();
        found.sort_unstable();
        found
    }

    #[tokio::test]
    async fn small_blocks_of_a_closed_hour_become_one_and_hold_the_same() {
        let store = MemoryStore::new();
        // Two nodes by turns; a number is missing in the first one's; the last ones are of the next hour.
        let mut blocks = Vec::new();
        for n in 0..40 {
            let first = n * 5 + if n < 20 { 1 } else { 2 };
            blocks.push(block(1, first, 5, i64::try_from(n).unwrap() * 60));
            blocks.push(block(2, n * 7 + 1, 7, i64::try_from(n).unwrap() * 100));
        }
        store.keep(&blocks).await.unwrap();
        let before = events(&store).await;
        assert_eq!(before.len(), 40 * 12);

        let early = compactor(&store, 2 * 3600 - 1);
        early.sweep(&mut Looked::new()).await.unwrap();
        assert_eq!(sizes(&store).await.len(), 80, "the hour is not closed for long enough");

        let compactor = compactor(&store, 2 * 3600);
        let mut looked = Looked::new();
        compactor.sweep(&mut looked).await.unwrap();
        let of_second: Vec<_> = (36..40).map(|n| (n * 7 + 1, n * 7 + 7)).collect();
        let mut wanted = vec![(1, 100), (102, 201), (1, 252)];
        wanted.extend(of_second);
        wanted.sort_unstable();
        assert_eq!(sizes(&store).await, wanted);
        assert_eq!(events(&store).await, before);
        assert_eq!((compactor.metrics.compacted.get(), compactor.metrics.not_compacted.get()), (76, 0));
        assert!(compactor.metrics.compacted_after.get() * 2 < compactor.metrics.compacted_before.get());

        // What was archived comes again, as it was and merged otherwise.
        assert!(store.keep(&blocks).await.unwrap().iter().all(|kept| *kept == Kept::Known));
        let otherwise = merge(&[blocks[2].clone(), blocks[4].clone()]).unwrap();
        assert_eq!(store.keep(&[otherwise]).await.unwrap(), [Kept::Known]);

        compactor.sweep(&mut looked).await.unwrap();
        assert_eq!((sizes(&store).await, looked.len()), (wanted, 1), "there is nothing left to do");
        // A late block, from a spool, is looked for in its hour again.
        store.keep(&[block(1, 202, 3, 2500)]).await.unwrap();
        compactor.sweep(&mut looked).await.unwrap();
        assert!(sizes(&store).await.contains(&(102, 204)));
    }

    #[tokio::test]
    async fn runs_have_bounds_and_large_blocks_stay() {
        let store = MemoryStore::new();
        let mut blocks = vec![block(1, 1, 1024, 0), block(1, 1025, 10, 0), block(1, 1035, 2000, 0)];
        blocks.extend((0..50).map(|n| block(2, n * 500 + 1, 500, 0)));
        blocks.extend((0..600).map(|n| block(3, n + 1, 1, i64::try_from(n).unwrap())));
        store.keep(&blocks).await.unwrap();
        let before = events(&store).await;
        compactor(&store, 3 * 3600).compact(&tenant(), 490_000).await.unwrap();
        let sizes = sizes(&store).await;
        for stays in [(1, 1024), (1025, 1034), (1035, 3034)] {
            assert!(sizes.contains(&stays), "{stays:?}");
        }
        assert_eq!(sizes.len(), 3 + 50_usize.div_ceil(8) + 600_usize.div_ceil(RUN_BLOCKS));
        assert!(sizes.contains(&(1, 4000)) && sizes.contains(&(257, 512)));
        assert_eq!(events(&store).await, before);
    }

    #[tokio::test]
    async fn a_damaged_block_stays_with_its_neighbours() {
        let store = MemoryStore::new();
        let mut blocks: Vec<Bytes> = (0..4).map(|n| block(1, n * 5 + 1, 5, 0)).collect();
        let mut spoilt = blocks[1].to_vec();
        *spoilt.last_mut().unwrap() ^= 1;
        blocks[1] = spoilt.into();
        store.keep(&blocks).await.unwrap();
        let compactor = compactor(&store, 3 * 3600);
        assert_eq!(compactor.compact(&tenant(), 490_000).await.unwrap(), Some(0));
        assert_eq!((sizes(&store).await.len(), compactor.metrics.not_compacted.get()), (4, 1));
    }

    #[tokio::test]
    async fn several_at_once_and_a_reader_agree() {
        let store = MemoryStore::new();
        let blocks: Vec<Bytes> =
            (0..300).map(|n| block(1, n * 3 + 1, 3, i64::try_from(n).unwrap() * 10)).collect();
        store.keep(&blocks).await.unwrap();
        let before = events(&store).await;
        let work: Vec<_> = (0..3)
            .map(|_| {
                let compactor = compactor(&store, 3 * 3600);
                tokio::spawn(async move { compactor.compact(&tenant(), 490_000).await })
            })
            .collect();
        while !work.iter().all(tokio::task::JoinHandle::is_finished) {
            assert_eq!(events(&store).await, before);
            tokio::task::yield_now().await;
        }
        for work in work {
            work.await.unwrap().unwrap();
        }
        assert_eq!(events(&store).await, before);
        // The first run again, with the rest, when one came late.
        assert!(sizes(&store).await.len() <= 2);
    }
}
