//! Which blocks are opened, in which order, and when a hit is given out.

use std::{
    collections::{BinaryHeap, VecDeque},
    sync::Arc,
};

use bytes::Bytes;
use futures::Stream;
use uuid::Uuid;
use vedetta_aside::aside;
use vedetta_block::{Header, MAX_SPAN_NANOS};
use vedetta_model::{BootId, EventId, NodeId, Numbers, TenantId, Timestamp};
use vedetta_rules::{Condition, KindSet};
use vedetta_store::{BlockId, BlockRange, BlockStore, Order, StoreError};

use crate::{
    chunk::{Found, Lost, Part, Scanned, Take, Wanted, search_blocks},
    seen::{self, Seen},
};

/// Heads fetched by one call to the store: few at first, because the newest events are asked for most.
const PAGE: (usize, usize) = (16, 512);
/// Blocks opened at a time, likewise.
const CHUNK: (usize, usize) = (2, 32);
/// Losses are reported a little later than they happen: so long behind the asked time reports count too.
const REPORT_NANOS: i64 = 120_000_000_000;

/// What is looked for, and where.
pub struct Search {
    /// The blocks.
    pub store: Arc<dyn BlockStore>,
    /// Whose.
    pub tenant: TenantId,
    /// Time of the first event asked for.
    pub since: Timestamp,
    /// Time behind the last event asked for.
    pub until: Timestamp,
    /// Kinds of event asked for.
    pub kinds: KindSet,
    /// What has to hold.
    pub condition: Option<Condition>,
    /// Goes on behind a place that an earlier search came to.
    pub before: Option<Place>,
    /// How many of the newest may be asked for. Hits come newest first, each only when nothing newer can come; without a
    /// limit all come, as they are found.
    pub newest: Option<usize>,
}

impl std::fmt::Debug for Search {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Search").field("tenant", &self.tenant).finish_non_exhaustive()
    }
}

/// Where an event stands in the order of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// When it happened.
    pub time: Timestamp,
    /// Which it is.
    pub event: EventId,
}

/// An event that was found.
#[derive(Debug, Clone)]
pub struct Hit<T> {
    /// Where it stands.
    pub place: Place,
    /// What was made of it.
    pub item: T,
}

/// A piece of a search.
#[derive(Debug)]
pub struct Step<T> {
    /// Found since the step before, newest first.
    pub hits: Vec<Hit<T>>,
    /// Everything asked for from this time on has been given out. `since` when the search is done.
    pub reached: Timestamp,
    /// Looked at since the step before.
    pub scanned: Scanned,
    /// Known to be missing, as told since the step before.
    pub lost: Lost,
}

/// Why a search ended early.
#[derive(Debug, thiserror::Error)]
pub enum SearchError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A block that was asked for by itself can't be read.
    #[error(transparent)]
    Block(#[from] vedetta_block::BlockError),
    /// The thread that searched is gone.
    #[error("the search was broken off: {0}")]
    Thread(#[from] tokio::task::JoinError),
}

/// By place, the newest on top.
struct Waiting<T>(Hit<T>);

impl<T> PartialEq for Waiting<T> {
    fn eq(&self, other: &Self) -> bool {
        self.0.place == other.0.place
    }
}
impl<T> Eq for Waiting<T> {}
impl<T> PartialOrd for Waiting<T> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl<T> Ord for Waiting<T> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.place.cmp(&other.0.place)
    }
}

impl Search {
    /// Runs it. `take` makes of each event found what the caller wants of it. The stream ends when everything was looked
    /// at; dropping it ends the search.
    pub fn run<T: Send + 'static>(
        self,
        take: impl Take<T>,
    ) -> impl Stream<Item = Result<Step<T>, SearchError>> + Send {
        let Self { store, tenant, since, until, kinds, condition, before, newest } = self;
        let in_order = newest.is_some();
        let end = before.map_or(until, |before| {
            until.min(Timestamp::from_nanos(before.time.as_nanos().saturating_add(1)))
        });
        let range = BlockRange {
            tenant: tenant.clone(),
            since,
            until: Timestamp::from_nanos(end.as_nanos().saturating_add(REPORT_NANOS)),
            order: Order::Descending,
        };
        let kinds = condition.as_ref().map_or(kinds, |condition| {
            condition.kinds().iter().filter(|kind| kinds.contains(*kind)).collect()
        });
        let most = newest.unwrap_or(usize::MAX);
        let wanted = Arc::new(Wanted { condition, kinds, since, until, before, most });
        let take = Arc::new(take);
        async_stream::try_stream! {
            let mut heap: BinaryHeap<Waiting<T>> = BinaryHeap::new();
            let mut after: Option<BlockId> = None;
            let (mut limit, mut size) = (PAGE.0, CHUNK.0);
            let mut seen = Seen::default();
            let mut moved = store.replacements(&tenant).await?;
            // Nothing later than this is to come, whatever is looked at again.
            let mut reached = Timestamp::from_nanos(i64::MAX);
            'pages: loop {
                let page = store.heads(&range, after, limit).await?;
                // Some blocks may lie before this page now, in one that holds more: what was seen is passed over.
                if has_moved(&*store, &tenant, &mut moved).await? && after.is_some() {
                    after = after.map(an_hour_back);
                    continue;
                }
                limit = (limit * 4).min(PAGE.1);
                let mut scanned = Scanned::default();
                let mut open: VecDeque<(Header, Vec<Numbers>)> = VecDeque::new();
                {
                    let need = wanted.need();
                    for header in page.heads {
                        let behind = seen.of(&header);
                        if seen::is_all(&behind, &header) {
                            continue;
                        }
                        if wanted.may_be_in(&need, &header) || wanted.tells_losses(&header) {
                            open.push_back((header, behind));
                        } else {
                            scanned.skipped += u64::from(considered(&mut scanned, &header, &behind, end));
                            seen.add(&header);
                        }
                    }
                }
                // No block behind this page has a later event.
                let behind = page.next.map_or(since, |next| next.latest);
                let mut lost = Lost::default();
                while !open.is_empty() {
                    let (headers, parts): (Vec<Header>, Vec<_>) = open.drain(..size.min(open.len())).unzip();
                    size = (size * 2).min(CHUNK.1);
                    let ids: Vec<BlockId> = headers.iter().map(BlockId::of).collect();
                    let blocks = fetch(&*store, &tenant, &ids).await?;
                    if blocks.contains(&None) && has_moved(&*store, &tenant, &mut moved).await? {
                        yield Step { hits: Vec::new(), reached: reached.max(since), scanned, lost };
                        after = after.map(an_hour_back);
                        continue 'pages;
                    }
                    for (header, behind) in headers.iter().zip(&parts) {
                        considered(&mut scanned, header, behind, end);
                        seen.add(header);
                    }
                    let parts: Vec<Part> = blocks.into_iter().zip(parts).collect();
                    let (for_thread, taking) = (wanted.clone(), take.clone());
                    let searched =
                        aside(move || search_blocks(&for_thread, &parts, &*taking));
                    let Found { hits, scanned: more, lost: more_lost } = searched.await?;
                    scanned += more;
                    lost += more_lost;
                    heap.extend(hits.into_iter().map(Waiting));
                    let Some((next, _)) = open.front() else { break };
                    reached = reached.min(next.latest);
                    let hits = given_out(&mut heap, reached, in_order);
                    yield Step { hits, reached: reached.max(since), scanned, lost };
                    (scanned, lost) = (Scanned::default(), Lost::default());
                }
                after = page.next;
                reached = reached.min(behind.max(since));
                let hits = if after.is_some() { given_out(&mut heap, reached, in_order) } else { all(&mut heap) };
                yield Step { hits, reached, scanned, lost };
                if after.is_none() {
                    return;
                }
            }
        }
    }
}

/// The blocks' bytes; `None` for one that is gone, or damaged.
async fn fetch(
    store: &dyn BlockStore,
    tenant: &TenantId,
    ids: &[BlockId],
) -> Result<Vec<Option<Bytes>>, StoreError> {
    match store.blocks(tenant, ids).await {
        Err(StoreError::Corrupt { .. }) => {}
        fetched => return fetched,
    }
    let mut blocks = Vec::with_capacity(ids.len());
    for id in ids {
        blocks.push(match store.blocks(tenant, std::slice::from_ref(id)).await {
            Ok(mut block) => block.pop().flatten(),
            Err(error @ StoreError::Corrupt { .. }) => {
                tracing::error!(%tenant, block = %id, %error, "a block can't be read");
                None
            }
            Err(error) => return Err(error),
        });
    }
    Ok(blocks)
}

/// A place so far before another that whatever was behind that one and moved is behind this one: a block's events lie
/// within an hour.
fn an_hour_back(place: BlockId) -> BlockId {
    let latest = Timestamp::from_nanos(place.latest.as_nanos().saturating_add(MAX_SPAN_NANOS));
    let last = Uuid::max();
    let (node, boot) = (NodeId::from_uuid(last), BootId::from_uuid(last));
    BlockId { latest, node, boot, first: u64::MAX, last: u64::MAX }
}

/// Counts a block of the time before `end`, without what was counted before; whether it is one.
fn considered(scanned: &mut Scanned, header: &Header, behind: &[Numbers], end: Timestamp) -> bool {
    let is_one = header.earliest < end;
    if is_one {
        let before: u64 = behind.iter().map(|part| part.last - part.first + 1).sum();
        scanned.blocks += 1;
        scanned.events += u64::from(header.count).saturating_sub(before);
    }
    is_one
}

/// Whether blocks were replaced since this was asked before.
async fn has_moved(store: &dyn BlockStore, tenant: &TenantId, known: &mut u64) -> Result<bool, StoreError> {
    let now = store.replacements(tenant).await?;
    Ok(std::mem::replace(known, now) != now)
}

/// The hits before which nothing can come any more: those later than `latest`, or all when order does not matter.
fn given_out<T>(heap: &mut BinaryHeap<Waiting<T>>, latest: Timestamp, in_order: bool) -> Vec<Hit<T>> {
    if !in_order {
        return all(heap);
    }
    let mut hits = Vec::new();
    while let Some(top) = heap.peek()
        && top.0.place.time > latest
    {
        hits.extend(heap.pop().map(|Waiting(hit)| hit));
    }
    hits
}

fn all<T>(heap: &mut BinaryHeap<Waiting<T>>) -> Vec<Hit<T>> {
    std::mem::take(heap).into_sorted_vec().into_iter().rev().map(|Waiting(hit)| hit).collect()
}
