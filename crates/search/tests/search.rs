//! What a search finds is what trying every event finds, in order, whatever it passes over.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use bytes::Bytes;
use futures::{StreamExt as _, TryStreamExt as _};
use uuid::Uuid;
use vedetta_block::{Batch, Builder, Header, merge};
use vedetta_model::{BootId, Event, EventId, NodeId, TenantId, Timestamp, event::Loss, event::LossStage};
use vedetta_rules::{Catalogue, Condition, EventView, Filter, KindSet, samples};
use vedetta_search::{Lost, Place, Scanned, Search, Step};
use vedetta_store::{
    BlockId, BlockRange, BlockStore, HeadPage, Kept, MemoryStore, Replaced, StoreError, Usage,
};

const SECOND: i64 = 1_000_000_000;
const BASE: i64 = 1_760_000_000 * SECOND;

fn at(nanos: i64) -> Timestamp {
    Timestamp::from_nanos(BASE + nanos)
}

fn tenant() -> TenantId {
    "acme".parse().unwrap()
}

/// A node's events, so many in a block, one each millisecond from a time on.
fn blocks(on: u128, events: &[Event], each: usize, from: i64) -> Vec<Bytes> {
    let mut seq = 0;
    let block = |part: &[Event]| {
        let id = Uuid::from_u128(on);
        let mut builder = Builder::new(tenant(), NodeId::from_uuid(id), BootId::from_uuid(id));
        let places: Vec<u32> = samples::processes().into_iter().map(|p| builder.process(p)).collect();
        for event in part {
            seq += 1;
            let process = event.process.map(|process| places[process as usize]);
            let time = at(from + i64::try_from(seq).unwrap() * SECOND / 1000);
            builder.push(Event { seq, time, process, ..event.clone() });
        }
        builder.finish().unwrap()
    };
    events.chunks(each).map(block).collect()
}

/// Four nodes whose times overlap, in blocks of different sizes.
fn archive() -> Vec<Bytes> {
    let mut all = Vec::new();
    for (on, each, from) in [(1, 7, 0), (2, 50, SECOND / 3), (3, 333, -SECOND), (4, 64, 5 * SECOND)] {
        all.extend(blocks(on, &samples::events(u64::try_from(on).unwrap(), 1500), each, from));
    }
    all
}

async fn stored(blocks: &[Bytes]) -> Arc<dyn BlockStore> {
    let store = MemoryStore::new();
    store.keep(blocks).await.unwrap();
    Arc::new(store)
}

fn compile(text: &str) -> Condition {
    Condition::compile(&Filter::parse(text).unwrap(), Catalogue::standard()).unwrap()
}

fn search(store: &Arc<dyn BlockStore>, condition: &str) -> Search {
    Search {
        store: store.clone(),
        tenant: tenant(),
        since: at(-10 * SECOND),
        until: at(3600 * SECOND),
        kinds: KindSet::all(),
        condition: Some(condition).filter(|text| !text.is_empty()).map(compile),
        before: None,
        newest: Some(usize::MAX),
    }
}

/// Tries every event.
fn brute(blocks: &[Bytes], condition: &str) -> Vec<Place> {
    let condition = Some(condition).filter(|text| !text.is_empty()).map(compile);
    let mut places = Vec::new();
    for block in blocks {
        let batch = Batch::decode(block).unwrap();
        for event in &batch.events {
            let view = EventView { processes: &batch.processes, event };
            if condition.as_ref().is_none_or(|condition| condition.holds(&view)) {
                places.push(Place { time: event.time, event: batch.event_id(event) });
            }
        }
    }
    places.sort_unstable_by(|a, b| b.cmp(a));
    places
}

async fn steps(search: Search) -> Vec<Step<EventId>> {
    search.run(|batch: &Batch, event: &Event| batch.event_id(event)).try_collect().await.unwrap()
}

async fn found(search: Search) -> Vec<Place> {
    steps(search).await.into_iter().flat_map(|step| step.hits).map(|hit| hit.place).collect()
}

const CONDITIONS: &[&str] = &[
    "",
    "evt.type = execve",
    "proc.name = bash",
    "proc.name in (nc, bash) and not fd.name startswith /etc",
    "fd.name startswith /etc/",
    "fd.name contains passwd or proc.cmdline contains -e",
    "user.name = ann and evt.is_open_write = true",
    "container.id != host",
    "fd.rip = 192.0.2.7 or evt.type = ptrace",
    "proc.pid = 103",
    "proc.name = nobody",
    "evt.failed = true",
];

#[tokio::test]
async fn a_search_finds_what_trying_every_event_finds() {
    let blocks = archive();
    let store = stored(&blocks).await;
    for condition in CONDITIONS {
        assert_eq!(found(search(&store, condition)).await, brute(&blocks, condition), "{condition}");
        let mut unordered = found(Search { newest: None, ..search(&store, condition) }).await;
        unordered.sort_unstable_by(|a, b| b.cmp(a));
        assert_eq!(unordered, brute(&blocks, condition), "{condition}");
    }
}

#[tokio::test]
async fn a_time_and_a_place_to_go_on_narrow_it_exactly() {
    let blocks = archive();
    let store = stored(&blocks).await;
    for (since, until) in [(0, SECOND), (SECOND, 6 * SECOND), (-SECOND, 0), (2 * SECOND, 2 * SECOND)] {
        let mut wanted = brute(&blocks, "evt.type = openat");
        wanted.retain(|place| place.time >= at(since) && place.time < at(until));
        let narrowed = Search { since: at(since), until: at(until), ..search(&store, "evt.type = openat") };
        assert_eq!(found(narrowed).await, wanted);
        for from in [0, 1, 10, wanted.len() / 2].into_iter().filter(|from| *from < wanted.len()) {
            let before = Some(wanted[from]);
            let rest =
                Search { since: at(since), until: at(until), before, ..search(&store, "evt.type = openat") };
            assert_eq!(found(rest).await, wanted[from + 1..]);
        }
    }
}

#[tokio::test]
async fn what_was_given_out_is_final_at_each_step() {
    let blocks = archive();
    let store = stored(&blocks).await;
    let wanted = brute(&blocks, "evt.type = openat");
    let mut given = 0;
    let mut scanned = Scanned::default();
    for step in steps(search(&store, "evt.type = openat")).await {
        given += step.hits.len();
        scanned += step.scanned;
        let due = wanted.iter().filter(|place| place.time > step.reached).count();
        assert!(given >= due, "{given} of {due} that are newer than {}", step.reached);
    }
    assert_eq!(scanned.blocks, blocks.len() as u64);
    assert_eq!(scanned.events, 6000);
    assert_eq!(scanned.unreadable, 0);
}

#[tokio::test]
async fn most_blocks_are_passed_over_unread() {
    let blocks = archive();
    let store = stored(&blocks).await;
    let mut scanned = Scanned::default();
    for step in steps(search(&store, "fd.rip = 198.51.100.99")).await {
        scanned += step.scanned;
    }
    assert!(scanned.skipped * 10 > scanned.blocks * 9, "{scanned:?}");
    assert!(scanned.tried * 10 < scanned.events, "{scanned:?}");
}

#[tokio::test]
async fn losses_of_the_time_are_told_and_those_of_other_times_not() {
    let loss = |count, since: i64, until: i64| {
        let (since, until) = (at(since * SECOND), at(until * SECOND));
        Loss { stage: LossStage::Ring, cpu: Some(1), hook: "open".into(), count, since, until }
    };
    let id = Uuid::from_u128(7);
    let mut builder = Builder::new(tenant(), NodeId::from_uuid(id), BootId::from_uuid(id));
    for (seq, loss) in (1..).zip([loss(5, 0, 1), loss(7, 90, 91), loss(11, 200, 201)]) {
        let time = Timestamp::from_nanos(loss.until.as_nanos() + 10 * SECOND);
        builder.push(Event { seq, time, process: None, tid: 0, result: 0, payload: loss.into() });
    }
    let mut blocks = archive();
    blocks.push(builder.finish().unwrap());
    let store = stored(&blocks).await;
    let lost = async |since: i64, until: i64| {
        let mut lost = Lost::default();
        let range = Search {
            since: at(since * SECOND),
            until: at(until * SECOND),
            ..search(&store, "proc.name = nobody")
        };
        for step in steps(range).await {
            lost += step.lost;
        }
        lost
    };
    assert_eq!(lost(0, 100).await, Lost { reports: 2, events: 12 });
    assert_eq!(lost(89, 92).await, Lost { reports: 1, events: 7 }, "reported behind the end");
    assert_eq!(lost(300, 400).await, Lost::default());
}

#[tokio::test]
async fn the_newest_are_the_right_ones_when_no_more_are_asked_for() {
    let blocks = archive();
    let store = stored(&blocks).await;
    for most in [1, 10, 333] {
        let newest = Search { newest: Some(most), ..search(&store, "evt.type = openat") };
        let places = found(newest).await;
        assert_eq!(places[..most], brute(&blocks, "evt.type = openat")[..most]);
    }
}

#[tokio::test]
async fn a_damaged_block_is_counted_and_the_others_are_searched() {
    let mut blocks = archive();
    let mut spoilt = blocks[3].to_vec();
    *spoilt.last_mut().unwrap() ^= 1;
    blocks[3] = spoilt.into();
    let store = stored(&blocks).await;
    let good: Vec<_> =
        blocks.iter().enumerate().filter(|(n, _)| *n != 3).map(|(_, block)| block.clone()).collect();
    let steps = steps(search(&store, "evt.type = openat")).await;
    assert_eq!(steps.iter().map(|step| step.scanned.unreadable).sum::<u64>(), 1);
    let places: Vec<_> = steps.into_iter().flat_map(|step| step.hits).map(|hit| hit.place).collect();
    assert_eq!(places, brute(&good, "evt.type = openat"));
}

#[tokio::test]
async fn a_dropped_search_reads_no_further() {
    let blocks = archive();
    let store = stored(&blocks).await;
    let mut stream = Box::pin(search(&store, "").run(|_: &Batch, event: &Event| event.seq));
    let first = stream.next().await.unwrap().unwrap();
    assert!(!first.hits.is_empty());
    assert!(first.scanned.tried < 1000, "{:?}", first.scanned);
}

/// A store in which runs of blocks become one before some of the calls that a search makes.
#[derive(Debug)]
struct Moving {
    store: MemoryStore,
    /// What is merged, and before which call.
    moves: Vec<(usize, Vec<Bytes>)>,
    calls: AtomicUsize,
}

impl Moving {
    async fn called(&self) {
        let call = self.calls.fetch_add(1, Ordering::SeqCst);
        for (_, blocks) in self.moves.iter().filter(|(at, _)| *at == call) {
            let ids: Vec<BlockId> =
                blocks.iter().map(|block| BlockId::of(&Header::parse(block).unwrap().0)).collect();
            let replaced = self.store.replace(&tenant(), &ids, &merge(blocks).unwrap()).await.unwrap();
            assert_eq!(replaced, Replaced::Done);
        }
    }
}

#[async_trait::async_trait]
impl BlockStore for Moving {
    async fn keep(&self, blocks: &[Bytes]) -> Result<Vec<Kept>, StoreError> {
        self.store.keep(blocks).await
    }
    async fn replace(&self, tenant: &TenantId, old: &[BlockId], new: &Bytes) -> Result<Replaced, StoreError> {
        self.store.replace(tenant, old, new).await
    }
    async fn replacements(&self, tenant: &TenantId) -> Result<u64, StoreError> {
        self.called().await;
        self.store.replacements(tenant).await
    }
    async fn heads(
        &self,
        range: &BlockRange,
        after: Option<BlockId>,
        limit: usize,
    ) -> Result<HeadPage, StoreError> {
        self.called().await;
        self.store.heads(range, after, limit).await
    }
    async fn blocks(&self, tenant: &TenantId, ids: &[BlockId]) -> Result<Vec<Option<Bytes>>, StoreError> {
        self.called().await;
        self.store.blocks(tenant, ids).await
    }
    async fn holding(&self, tenant: &TenantId, event: &EventId) -> Result<Option<BlockId>, StoreError> {
        self.store.holding(tenant, event).await
    }
    async fn expire(&self, tenant: &TenantId, before: Timestamp) -> Result<Usage, StoreError> {
        self.store.expire(tenant, before).await
    }
    async fn usage(&self, tenant: &TenantId) -> Result<Vec<(i64, Usage)>, StoreError> {
        self.store.usage(tenant).await
    }
    async fn archived(&self) -> Result<Vec<TenantId>, StoreError> {
        self.store.archived().await
    }
}

#[tokio::test]
async fn blocks_that_move_meanwhile_are_neither_missed_nor_found_twice() {
    // Minutes apart, so that what is merged moves far.
    let mut blocks = Vec::new();
    for (on, each, from) in [(1, 10, 0), (2, 25, 200)] {
        let id = Uuid::from_u128(on);
        for at_block in 0..1000 / each {
            let mut builder = Builder::new(tenant(), NodeId::from_uuid(id), BootId::from_uuid(id));
            for seq in at_block * each + 1..=(at_block + 1) * each {
                let time = at((from + i64::try_from(seq).unwrap() * 7) * SECOND);
                let payload = if seq % 100 == 0 {
                    let (since, until) = (time, time);
                    Loss { stage: LossStage::Ring, cpu: None, hook: "open".into(), count: 1, since, until }
                        .into()
                } else {
                    vedetta_model::event::Unshare { flags: seq }.into()
                };
                builder.push(Event { seq, time, process: None, tid: 0, result: 0, payload });
            }
            blocks.push(builder.finish().unwrap());
        }
    }
    let wanted = brute(&blocks, "evt.type = unshare");
    assert_eq!(wanted.len(), 1980);
    let (first, second) = blocks.split_at(100);
    let runs: Vec<Vec<Bytes>> =
        first.chunks(40).chain(second.chunks(7)).filter(|run| run.len() > 1).map(<[Bytes]>::to_vec).collect();
    let mut most_calls = 0;
    for shift in 0..60 {
        for newest in [Some(usize::MAX), None] {
            let store = MemoryStore::new();
            store.keep(&blocks).await.unwrap();
            // All at one call, or spread over the search.
            let moves = runs.iter().enumerate().map(|(n, run)| (shift + (n * (shift % 4) * 3), run.clone()));
            let moving = Arc::new(Moving { store, moves: moves.collect(), calls: AtomicUsize::new(0) });
            let store: Arc<dyn BlockStore> = moving.clone();
            let until = at(20_000 * SECOND);
            let search = Search { newest, until, ..search(&store, "evt.type = unshare") };
            let steps = steps(search).await;
            most_calls = most_calls.max(moving.calls.load(Ordering::SeqCst));
            let (mut scanned, mut lost, mut reached) =
                (Scanned::default(), Lost::default(), at(i64::MAX / 8));
            let mut found = Vec::new();
            for step in steps {
                assert!(step.reached <= reached, "it goes back");
                reached = step.reached;
                scanned += step.scanned;
                lost += step.lost;
                found.extend(step.hits.into_iter().map(|hit| hit.place));
                let due = wanted.iter().filter(|place| place.time > reached).count();
                assert!(found.len() >= due, "{} of {due}, moved at {shift}", found.len());
            }
            if newest.is_none() {
                found.sort_unstable_by(|a, b| b.cmp(a));
            }
            assert!(found == wanted, "{} of {}, moved at {shift}", found.len(), wanted.len());
            assert_eq!((scanned.events, scanned.unreadable, lost.events), (2000, 0, 20), "moved at {shift}");
        }
    }
    assert!(most_calls > 20, "the moves come while it searches: {most_calls} calls");
}
