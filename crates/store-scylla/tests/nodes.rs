//! Nodes that die: what was acknowledged is there, nothing is there twice, and the store goes on by itself.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use backon::ExponentialBuilder;
use bytes::Bytes;
use tokio::sync::Mutex;
use uuid::Uuid;
use vedetta_block::Builder;
use vedetta_model::{BootId, Event, NodeId, SystemClock, TenantId, Timestamp, event::Unshare};
use vedetta_store::{
    BlockId, BlockRange, BlockStore as _, Checkpoint, EventStore as _, Expected, Kept, NewEvent, Order,
    Shard, StreamId, Version, View, ViewChange, ViewKey, ViewStore as _, layers::Retry,
};
use vedetta_store_scylla::{
    ScyllaStore, migrate,
    testing::{Keyspace, Nodes},
};

const VIEW: View = View("rows");
const KILLS: u64 = 2;
/// What each writer gets done between two kills.
const EACH: u64 = 15;

fn tenant() -> TenantId {
    "acme".parse().unwrap()
}

fn stream() -> StreamId {
    StreamId::new(&tenant(), "case", 1)
}

fn block(number: u64) -> Bytes {
    let mut builder =
        Builder::new(tenant(), NodeId::from_uuid(Uuid::from_u128(1)), BootId::from_uuid(Uuid::from_u128(2)));
    for seq in [number * 2 + 1, number * 2 + 2] {
        let payload = Unshare { flags: 0 }.into();
        let time = Timestamp::from_millis(seq.cast_signed() * 100_000);
        builder.push(Event { seq, time, process: None, tid: 0, result: 0, payload });
    }
    builder.finish().unwrap()
}

/// What was acknowledged, as it is heard.
#[derive(Debug, Default)]
struct Heard {
    events: BTreeMap<u64, Uuid>,
    checkpoint: u64,
    blocks: u64,
}

type Shared = Arc<Mutex<Heard>>;

/// A store that tries again until it is answered, with the same ids: a try that was done is found, and is no conflict.
fn patient(store: &ScyllaStore) -> Retry<ScyllaStore> {
    let backoff = ExponentialBuilder::new()
        .with_min_delay(Duration::from_millis(5))
        .with_max_delay(Duration::from_millis(100))
        .without_max_times();
    Retry::new(store.clone(), backoff)
}

async fn write_events(store: Retry<ScyllaStore>, heard: Shared, stop: Arc<AtomicBool>) {
    while !stop.load(Ordering::Acquire) {
        let head = heard.lock().await.events.len() as u64;
        let events: Vec<_> = (0..2)
            .map(|_| NewEvent { id: Uuid::new_v4(), time: Timestamp::EPOCH, data: vec![7; 300].into() })
            .collect();
        let expected = Expected::Exactly(Version(head));
        let version = store.append(&stream(), expected, &events).await.unwrap();
        assert_eq!(version, Version(head + 2));
        heard.lock().await.events.extend((head + 1..).zip(events.iter().map(|event| event.id)));
    }
}

async fn write_rows(store: Retry<ScyllaStore>, heard: Shared, stop: Arc<AtomicBool>) {
    while !stop.load(Ordering::Acquire) {
        let next = heard.lock().await.checkpoint + 1;
        // Rows of several partitions: they change together or not at all.
        let changes: Vec<_> = (0..6_u8)
            .map(|row| ViewChange::Put {
                key: ViewKey::new(&tenant(), VIEW, vec![row]),
                value: next.to_string().into(),
            })
            .collect();
        let checkpoint = Checkpoint { projection: "rows".into(), source: "s/0".into(), next };
        store.apply(&changes, &checkpoint).await.unwrap();
        heard.lock().await.checkpoint = next;
    }
}

async fn write_blocks(store: Retry<ScyllaStore>, heard: Shared, stop: Arc<AtomicBool>) {
    while !stop.load(Ordering::Acquire) {
        let number = heard.lock().await.blocks;
        let some = [block(number), block(number + 1)];
        let kept = store.keep(&some).await.unwrap();
        assert!(kept.iter().all(|kept| matches!(kept, Kept::New | Kept::Known)), "{kept:?}");
        heard.lock().await.blocks = number + 2;
    }
}

/// All of what was heard is there, once, and nothing else.
async fn check(store: &ScyllaStore, heard: &Heard) {
    let stored = store.load(&stream(), Version(0), usize::MAX).await.unwrap();
    let found: BTreeMap<u64, Uuid> = stored.iter().map(|stored| (stored.version.0, stored.id)).collect();
    assert_eq!(found, heard.events);
    let mut waiting: Vec<u64> = vec![];
    for shard in (0..store.shards()).map(Shard) {
        waiting
            .extend(store.unrelayed(shard, usize::MAX).await.unwrap().iter().map(|stored| stored.version.0));
    }
    assert!(waiting.iter().eq(heard.events.keys()), "each event waits once for the relay: {waiting:?}");
    assert_eq!(store.tenants().await.unwrap(), [tenant()]);

    assert_eq!(store.checkpoint("rows", "s/0").await.unwrap(), heard.checkpoint);
    for row in 0..6_u8 {
        let value = store.get(&ViewKey::new(&tenant(), VIEW, vec![row])).await.unwrap().unwrap();
        assert_eq!(value, heard.checkpoint.to_string(), "row {row}");
    }

    let (since, until) = (Timestamp::from_nanos(i64::MIN), Timestamp::from_nanos(i64::MAX));
    let range = BlockRange { tenant: tenant(), since, until, order: Order::Ascending };
    let (mut heads, mut after) = (vec![], None);
    loop {
        let page = store.heads(&range, after, 50).await.unwrap();
        heads.extend(page.heads);
        match page.next {
            Some(next) => after = Some(next),
            None => break,
        }
    }
    let firsts: Vec<u64> = heads.iter().map(|header| header.first).collect();
    assert_eq!(firsts, (0..heard.blocks).map(|number| number * 2 + 1).collect::<Vec<_>>());
    let ids: Vec<BlockId> = heads.iter().map(BlockId::of).collect();
    let bodies = store.blocks(&tenant(), &ids).await.unwrap();
    assert!(bodies.into_iter().zip(0..).all(|(found, number)| found == Some(block(number))));
    let usage = store.usage(&tenant()).await.unwrap();
    assert_eq!(usage.iter().map(|(_, usage)| usage.blocks).sum::<u64>(), heard.blocks);
    assert_eq!(usage.iter().map(|(_, usage)| usage.events).sum::<u64>(), heard.blocks * 2);
}

async fn open(keyspace: &Keyspace) -> ScyllaStore {
    ScyllaStore::open(&keyspace.url(), Arc::new(SystemClock)).await.unwrap()
}

/// Waits until every writer got that far.
async fn reached(heard: &Shared, round: u64) {
    let began = Instant::now();
    loop {
        {
            let heard = heard.lock().await;
            let least = (heard.events.len() as u64 / 2).min(heard.checkpoint).min(heard.blocks / 2);
            if least >= round * EACH {
                return;
            }
            assert!(began.elapsed() < Duration::from_secs(120), "nobody went on: {heard:?}");
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_killed_while_writing_keeps_what_it_acknowledged_and_the_store_goes_on() {
    let nodes = Nodes::start(1);
    let keyspace = Keyspace::unmade_on(nodes.endpoints(), 1);
    migrate(&keyspace.url(), &SystemClock).await.unwrap();
    let store = open(&keyspace).await;
    let (heard, stop) = (Shared::default(), Arc::new(AtomicBool::new(false)));
    let writers = [
        tokio::spawn(write_events(patient(&store), heard.clone(), stop.clone())),
        tokio::spawn(write_rows(patient(&store), heard.clone(), stop.clone())),
        tokio::spawn(write_blocks(patient(&store), heard.clone(), stop.clone())),
    ];
    for round in 1..=KILLS {
        reached(&heard, round).await;
        tokio::task::block_in_place(|| nodes.kill(1));
        if round == 1 {
            let down = store.get(&ViewKey::new(&tenant(), VIEW, "k")).await.unwrap_err();
            assert!(down.is_transient() && down.to_string().contains(nodes.endpoints()), "{down}");
        }
        tokio::task::block_in_place(|| nodes.restart(1));
    }
    reached(&heard, KILLS + 1).await;
    stop.store(true, Ordering::Release);
    for writer in writers {
        writer.await.unwrap();
    }
    let heard = heard.lock().await;
    check(&store, &heard).await;
    // And for one who knows nothing of what this process did.
    check(&open(&keyspace).await, &heard).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_three_nodes_one_may_die_and_nobody_waits_for_it() {
    let nodes = Nodes::start(3);
    let keyspace = Keyspace::unmade_on(nodes.endpoints(), 3);
    migrate(&keyspace.url(), &SystemClock).await.unwrap();
    let store = open(&keyspace).await;
    let (heard, stop) = (Shared::default(), Arc::new(AtomicBool::new(false)));
    let writers = [
        tokio::spawn(write_events(patient(&store), heard.clone(), stop.clone())),
        tokio::spawn(write_rows(patient(&store), heard.clone(), stop.clone())),
        tokio::spawn(write_blocks(patient(&store), heard.clone(), stop.clone())),
    ];
    reached(&heard, 1).await;
    tokio::task::block_in_place(|| nodes.kill(2));
    // Two are enough.
    reached(&heard, 3).await;
    tokio::task::block_in_place(|| nodes.restart(2));
    reached(&heard, 4).await;
    stop.store(true, Ordering::Release);
    for writer in writers {
        writer.await.unwrap();
    }
    check(&open(&keyspace).await, &*heard.lock().await).await;
}
