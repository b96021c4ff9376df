//! Several processes on one keyspace, and ones that died half way. A process is a store of its own here: it shares nothing
//! with the others but the database.

use std::sync::Arc;

use bytes::Bytes;
use futures::future::join_all;
use uuid::Uuid;
use vedetta_block::{Builder, Header, merge};
use vedetta_model::{BootId, Event, EventId, NodeId, SystemClock, TenantId, Timestamp, event::Unshare};
use vedetta_store::{
    AppendError, BlockId, BlockRange, BlockStore as _, Checkpoint, EventStore as _, Expected, Kept, NewEvent,
    Order, Replaced, Shard, StoreError, StreamId, Version, View, ViewChange, ViewKey, ViewStore as _,
};
use vedetta_store_scylla::{ScyllaStore, testing::Keyspace};

const VIEW: View = View("rows");

fn tenant() -> TenantId {
    "acme".parse().unwrap()
}

fn stream() -> StreamId {
    StreamId::new(&tenant(), "case", 1)
}

fn event(id: u128) -> NewEvent {
    NewEvent { id: Uuid::from_u128(id), time: Timestamp::EPOCH, data: "data".into() }
}

fn block(first: u64, last: u64) -> Bytes {
    let mut builder = Builder::new(tenant(), node(), boot());
    for seq in first..=last {
        let (time, payload) = (Timestamp::from_millis(seq.cast_signed()), Unshare { flags: 0 }.into());
        builder.push(Event { seq, time, process: None, tid: 0, result: 0, payload });
    }
    builder.finish().unwrap()
}

fn node() -> NodeId {
    NodeId::from_uuid(Uuid::from_u128(1))
}

fn boot() -> BootId {
    BootId::from_uuid(Uuid::from_u128(2))
}

fn id(block: &Bytes) -> BlockId {
    BlockId::of(&Header::parse(block).unwrap().0)
}

fn all() -> BlockRange {
    let (since, until) = (Timestamp::from_nanos(i64::MIN), Timestamp::from_nanos(i64::MAX));
    BlockRange { tenant: tenant(), since, until, order: Order::Ascending }
}

async fn open(keyspace: &Keyspace) -> ScyllaStore {
    ScyllaStore::open(&keyspace.url(), Arc::new(SystemClock)).await.unwrap()
}

async fn heads(store: &ScyllaStore) -> Vec<BlockId> {
    store.heads(&all(), None, 1000).await.unwrap().heads.iter().map(BlockId::of).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_processes_with_one_expectation_exactly_one_wins() {
    let keyspace = Keyspace::migrated().await;
    let stores = [open(&keyspace).await, open(&keyspace).await];
    for round in 0..20_u64 {
        let tries = stores.iter().zip(0_u128..).map(|(store, which)| {
            let events = [event(u128::from(round) * 10 + which)];
            async move { store.append(&stream(), Expected::Exactly(Version(round)), &events).await }
        });
        let results = join_all(tries).await;
        let wins = results
            .iter()
            .filter(|result| matches!(result, Ok(version) if *version == Version(round + 1)))
            .count();
        let conflicts = results.iter().filter(
            |result| matches!(result, Err(AppendError::Conflict { actual, .. }) if *actual == Version(round + 1)),
        );
        assert_eq!((wins, conflicts.count()), (1, 1), "{results:?}");
    }
    assert_eq!(stores[0].load(&stream(), Version(0), 100).await.unwrap().len(), 20);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_processes_never_keep_one_number_twice() {
    let keyspace = Keyspace::migrated().await;
    let stores = [open(&keyspace).await, open(&keyspace).await];
    for round in 0..10_u64 {
        let base = round * 100;
        // Cut differently, as by two archivers that merged in their own way.
        let cuts = [
            [block(base + 1, base + 10), block(base + 11, base + 20)],
            [block(base + 1, base + 15), block(base + 16, base + 20)],
        ];
        let keeping = stores.iter().zip(&cuts).map(|(store, blocks)| store.keep(blocks));
        let kept: Vec<Vec<Kept>> = join_all(keeping).await.into_iter().map(Result::unwrap).collect();
        assert!(kept.concat().contains(&Kept::New), "{kept:?}");
    }
    for store in &stores {
        let mut numbers: Vec<(u64, u64)> = heads(store).await.iter().map(|id| (id.first, id.last)).collect();
        numbers.sort_unstable();
        assert!(numbers.windows(2).all(|pair| pair[0].1 < pair[1].0), "{numbers:?}");
        let usage = store.usage(&tenant()).await.unwrap();
        assert_eq!(usage.iter().map(|(_, usage)| usage.blocks).sum::<u64>(), numbers.len() as u64);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_decision_whose_rows_never_came_is_finished_by_whoever_asks() {
    let keyspace = Keyspace::migrated().await;
    let (store, session, name) = (open(&keyspace).await, keyspace.session().await, keyspace.name());
    for (next, bytes) in [(1_u64, 10_usize), (2, 300_000)] {
        let value = Bytes::from(vec![b'v'; bytes]);
        let key = |row: u8| ViewKey::new(&tenant(), VIEW, vec![row]);
        let changes: Vec<_> =
            (0..9).map(|row| ViewChange::Put { key: key(row), value: value.clone() }).collect();
        let checkpoint = Checkpoint { projection: "p".into(), source: "s".into(), next };
        store.apply(&changes, &checkpoint).await.unwrap();
        // As a process that died behind its decision left it: no rows, and nobody said that they are there.
        for table in ["view_rows", "view_done"] {
            session.query_unpaged(format!("TRUNCATE {name}.{table}"), ()).await.unwrap();
        }
        assert_eq!(store.get(&key(0)).await.unwrap(), None);
        let other = open(&keyspace).await;
        assert_eq!(other.checkpoint("p", "s").await.unwrap(), next);
        for row in 0..9 {
            assert_eq!(other.get(&key(row)).await.unwrap(), Some(value.clone()), "row {row} of {next}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn blocks_whose_heads_never_came_are_put_by_whoever_comes_next() {
    let keyspace = Keyspace::migrated().await;
    let (store, session, name) = (open(&keyspace).await, keyspace.session().await, keyspace.name());
    let blocks = [block(1, 10), block(11, 20)];
    store.keep(&blocks).await.unwrap();
    for table in ["block_heads", "block_usage", "block_slots", "block_tenants"] {
        session.query_unpaged(format!("TRUNCATE {name}.{table}"), ()).await.unwrap();
    }
    let other = open(&keyspace).await;
    assert_eq!(heads(&other).await, []);
    // The log is read again from where nothing was committed.
    assert_eq!(other.keep(&blocks).await.unwrap(), [Kept::Known, Kept::Known]);
    assert_eq!(heads(&other).await, blocks.each_ref().map(id));
    assert_eq!(other.usage(&tenant()).await.unwrap().len(), 1);
    assert_eq!(other.archived().await.unwrap(), [tenant()]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replacing_that_was_cut_is_finished_before_it_is_counted() {
    let keyspace = Keyspace::migrated().await;
    let (store, session, name) = (open(&keyspace).await, keyspace.session().await, keyspace.name());
    let small = [block(1, 10), block(11, 20)];
    store.keep(&small).await.unwrap();
    let whole = merge(&small).unwrap();
    let ids = small.each_ref().map(id);
    assert_eq!(store.replace(&tenant(), &ids, &whole).await.unwrap(), Replaced::Done);
    // As if it had died once it was decided: its mark is there, and what follows is not.
    for table in ["block_heads", "block_replacements"] {
        session.query_unpaged(format!("TRUNCATE {name}.{table}"), ()).await.unwrap();
    }
    let mark =
        format!("INSERT INTO {name}.block_replacing (tenant, node, boot, id) VALUES (?, ?, ?, uuid())");
    let uuids = (node().as_uuid().as_bytes().to_vec(), boot().as_uuid().as_bytes().to_vec());
    session.query_unpaged(mark, (tenant().as_str(), uuids.0, uuids.1)).await.unwrap();
    let other = open(&keyspace).await;
    assert_eq!(other.replacements(&tenant()).await.unwrap(), 1);
    assert_eq!(heads(&other).await, [id(&whole)]);
    let event = EventId { node: node(), boot: boot(), seq: 5 };
    assert_eq!(other.holding(&tenant(), &event).await.unwrap(), Some(id(&whole)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_writer_left_in_the_outbox_that_died_does_no_harm_and_goes() {
    let keyspace = Keyspace::migrated().await;
    let (store, session, name) = (open(&keyspace).await, keyspace.session().await, keyspace.name());
    store.append(&stream(), Expected::Any, &[event(1)]).await.unwrap();
    let shard = Shard::of(&stream(), store.shards());
    // A mark of long ago whose append never was.
    let mark = format!(
        "INSERT INTO {name}.outbox (shard, made, append, tenant, aggregate, id) VALUES (?, 1, uuid(), ?, ?, ?) USING TIMESTAMP 1"
    );
    session.query_unpaged(mark, (i32::from(shard.0), "acme", "case", "1")).await.unwrap();
    let marks = async || {
        let cql = format!("SELECT COUNT(*) FROM {name}.outbox WHERE shard = ?");
        let result =
            session.query_unpaged(cql, (i32::from(shard.0),)).await.unwrap().into_rows_result().unwrap();
        result.first_row::<(i64,)>().unwrap().0
    };
    assert_eq!(marks().await, 2);
    let waiting = store.unrelayed(shard, 10).await.unwrap();
    assert_eq!(waiting.len(), 1);
    assert_eq!(marks().await, 1, "only what belongs to an event is left");
    store.append(&stream(), Expected::Exactly(Version(1)), &[event(2)]).await.unwrap();
    assert_eq!(store.unrelayed(shard, 10).await.unwrap().len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_events_at_one_version_are_noticed_and_named() {
    let keyspace = Keyspace::migrated().await;
    let (store, session, name) = (open(&keyspace).await, keyspace.session().await, keyspace.name());
    store.append(&stream(), Expected::Any, &[event(1), event(2)]).await.unwrap();
    // What a conditional write that let two through would leave behind: neither overwrites the other.
    let second = format!(
        "INSERT INTO {name}.streams (tenant, aggregate, id, kind, version, event, append, place, time, data) \
         VALUES ('acme', 'case', '1', 0, 2, 0x00000000000000000000000000000009, uuid(), 0, 0, 0x00)"
    );
    session.query_unpaged(second, ()).await.unwrap();
    let refused = store.load(&stream(), Version(0), 10).await;
    assert!(
        matches!(&refused, Err(StoreError::Corrupt { place, .. }) if place.contains("acme/case/1")),
        "{refused:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_row_that_is_too_large_is_refused_with_its_name() {
    let keyspace = Keyspace::migrated().await;
    let store = open(&keyspace).await;
    let change = ViewChange::Put { key: ViewKey::new(&tenant(), VIEW, "k"), value: vec![0; 9 << 20].into() };
    let checkpoint = Checkpoint { projection: "p".into(), source: "s".into(), next: 1 };
    let refused = store.apply(&[change], &checkpoint).await.unwrap_err();
    assert!(matches!(refused, StoreError::TooLarge(_)) && !refused.is_transient(), "{refused}");
    assert!(refused.to_string().contains("view rows of acme"), "{refused}");
    assert_eq!(store.checkpoint("p", "s").await.unwrap(), 0);
}
