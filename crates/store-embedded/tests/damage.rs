//! Stored values that are not what was written: each call that needs one names it, and the others
//! work on.

use std::path::Path;

use uuid::Uuid;
use vedetta_block::{Builder, Header};
use vedetta_embedded::{Database, Options};
use vedetta_model::{BootId, Event, NodeId, TenantId, Timestamp, event::Open};
use vedetta_store::{
    AppendError, BUCKET_NANOS, BlockRange, BlockStore as _, Checkpoint, EventStore as _, Expected, Kept,
    NewEvent, Order, Shard, StoreError, StreamId, Usage, Version, View, ViewChange, ViewKey, ViewRange,
    ViewStore as _,
};
use vedetta_store_embedded::EmbeddedStore;

const VIEW: View = View("rows");

fn tenant() -> TenantId {
    "acme".parse().unwrap()
}

fn stream(id: u8) -> StreamId {
    StreamId::new(&tenant(), "case", id)
}

fn event(id: u128) -> NewEvent {
    NewEvent { id: Uuid::from_u128(id), time: Timestamp::EPOCH, data: "data".into() }
}

async fn open(dir: &Path) -> (Database, EmbeddedStore) {
    let db = Database::open(dir, Options { reserve_bytes: 1 << 20, ..Options::default() }).unwrap();
    let store = EmbeddedStore::open(&db).await.unwrap();
    (db, store)
}

async fn write(dir: &Path) {
    let (db, store) = open(dir).await;
    for n in 0..3 {
        store.append(&stream(n), Expected::Any, &[event(u128::from(n))]).await.unwrap();
        let change = ViewChange::Put { key: ViewKey::new(&tenant(), VIEW, vec![n]), value: "row".into() };
        let checkpoint = Checkpoint { projection: "p".into(), source: format!("s/{n}").into(), next: 1 };
        store.apply(&[change], &checkpoint).await.unwrap();
    }
    store.close().await;
    db.close().await;
}

/// Puts `value` under the first key of a space, behind the store's back; tells the key.
fn spoil(dir: &Path, space: &str, value: &[u8]) -> Vec<u8> {
    let db = fjall::Database::builder(dir).open().unwrap();
    let space = db.keyspace(space, Default::default).unwrap();
    let key = space.first_key_value().unwrap().key().unwrap().to_vec();
    space.insert(key.clone(), value).unwrap();
    db.persist(fjall::PersistMode::SyncAll).unwrap();
    key
}

fn is_corrupt<T: std::fmt::Debug>(result: &Result<T, StoreError>) -> bool {
    matches!(result, Err(StoreError::Corrupt { place, what }) if !place.is_empty() && !what.is_empty())
}

/// Bytes without a seal, a seal of another key, a right seal around nonsense.
fn spoilt(key: &[u8]) -> [Vec<u8>; 4] {
    let nonsense = vedetta_embedded::Draft::from("nonsense that is long enough for every kind").seal(key);
    let elsewhere = vedetta_embedded::Draft::from(1_u64.to_le_bytes()).seal(b"another key");
    [vec![], b"garbage".to_vec(), elsewhere.to_vec(), nonsense.to_vec()]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn spoilt_values_are_named_and_the_others_served() {
    for space in
        ["store.heads", "store.events", "store.ids", "store.outbox", "store.rows", "store.checkpoints"]
    {
        for which in 0..4 {
            let dir = tempfile::tempdir().unwrap();
            write(dir.path()).await;
            let key = spoil(dir.path(), space, b"");
            let nonsense_has_meaning = which == 3 && space == "store.rows";
            spoil(dir.path(), space, &spoilt(&key)[which]);
            if nonsense_has_meaning {
                // A row is any bytes: with the right seal it is just another row.
                continue;
            }
            let (db, store) = open(dir.path()).await;
            let again = async |n: u8| store.append(&stream(n), Expected::Any, &[event(u128::from(n))]).await;
            let loaded = async |n: u8| store.load(&stream(n), Version(0), 10).await;
            let place = format!("{space} {which}");

            // Stream 0, row 0 and source 0 come first in their spaces; the others are untouched.
            assert_eq!(again(1).await.unwrap(), Version(1), "{place}");
            assert_eq!(loaded(1).await.unwrap().len(), 1, "{place}");
            assert_eq!(store.get(&ViewKey::new(&tenant(), VIEW, vec![1])).await.unwrap().unwrap(), "row");
            assert_eq!(store.checkpoint("p", "s/1").await.unwrap(), 1, "{place}");
            assert_eq!(store.tenants().await.unwrap(), [tenant()], "{place}");

            match space {
                "store.heads" | "store.ids" => {
                    let refused = again(0).await;
                    assert!(
                        matches!(&refused, Err(AppendError::Store(StoreError::Corrupt { .. }))),
                        "{refused:?}"
                    );
                    assert_eq!(loaded(0).await.unwrap().len(), 1);
                }
                // Nonsense that is long enough is an event's bytes, as far as the store can tell.
                "store.events" if which < 3 => assert!(is_corrupt(&loaded(0).await), "{place}"),
                "store.outbox" => {
                    let mut waiting = Vec::new();
                    for shard in (0..store.shards()).map(Shard) {
                        waiting.extend(store.unrelayed(shard, 10).await.unwrap());
                    }
                    assert_eq!(waiting.len(), 2, "{place}: {waiting:?}");
                }
                "store.rows" => {
                    assert!(is_corrupt(&store.get(&ViewKey::new(&tenant(), VIEW, vec![0])).await), "{place}");
                    let page = store.page(&ViewRange::all(&tenant(), VIEW), None, 10).await.unwrap();
                    assert_eq!(page.damaged, [vec![0]], "{place}");
                    assert!(page.rows.iter().any(|row| row.key == [1].as_slice()), "{place}");
                    // Views are disposable: dropping them helps.
                    store.drop_views("p", &[VIEW]).await.unwrap();
                    assert_eq!(
                        store.page(&ViewRange::all(&tenant(), VIEW), None, 10).await.unwrap().rows,
                        []
                    );
                }
                "store.checkpoints" => {
                    assert!(is_corrupt(&store.checkpoint("p", "s/0").await), "{place}");
                    let next = Checkpoint { projection: "p".into(), source: "s/0".into(), next: 7 };
                    store.apply(&[], &next).await.unwrap();
                    assert_eq!(store.checkpoint("p", "s/0").await.unwrap(), 7, "written over");
                    store.drop_views("p", &[VIEW]).await.unwrap();
                    assert_eq!(store.checkpoint("p", "s/0").await.unwrap(), 0);
                }
                _ => {}
            }
            store.close().await;
            db.close().await;
        }
    }
}

/// A block of one event, so late in an hour.
fn block(seq: u64) -> bytes::Bytes {
    let (node, boot) = (NodeId::from_uuid(Uuid::from_u128(1)), BootId::from_uuid(Uuid::from_u128(2)));
    let mut builder = Builder::new(tenant(), node, boot);
    builder.push(Event {
        seq,
        time: Timestamp::from_nanos(seq.cast_signed()),
        process: None,
        tid: 0,
        result: 0,
        payload: Open { path: "/etc/shadow".into(), flags: 0, mode: 0 }.into(),
    });
    builder.finish().unwrap()
}

fn all() -> BlockRange {
    let (since, until) = (Timestamp::from_nanos(i64::MIN), Timestamp::from_nanos(i64::MAX));
    BlockRange { tenant: tenant(), since, until, order: Order::Descending }
}

#[tokio::test]
async fn heads_and_counts_of_blocks_are_made_again_from_the_blocks() {
    let dir = tempfile::tempdir().unwrap();
    let (db, store) = open(dir.path()).await;
    store.keep(&[block(1), block(2), block(3)]).await.unwrap();
    let usage = store.usage(&tenant()).await.unwrap();
    store.close().await;
    db.close().await;
    spoil(dir.path(), "store.block_heads", b"garbage");
    spoil(dir.path(), "store.usage", b"garbage");

    let (db, store) = open(dir.path()).await;
    let page = store.heads(&all(), None, 10).await.unwrap();
    assert_eq!(page.heads.iter().map(|head| head.first).collect::<Vec<_>>(), [3, 2, 1]);
    assert_eq!(store.usage(&tenant()).await.unwrap(), usage);
    assert_eq!(store.keep(&[block(1), block(4)]).await.unwrap(), [Kept::Known, Kept::New]);
    let mut more = usage[0].1;
    more += Usage::of(&Header::parse(&block(4)).unwrap().0, block(4).len());
    assert_eq!(store.usage(&tenant()).await.unwrap(), [(0, more)]);
    store.close().await;
    db.close().await;
}

#[tokio::test]
async fn a_block_that_nobody_can_read_is_named_and_expires_like_the_others() {
    let dir = tempfile::tempdir().unwrap();
    let (db, store) = open(dir.path()).await;
    store.keep(&[block(1), block(2)]).await.unwrap();
    store.close().await;
    db.close().await;
    spoil(dir.path(), "store.block_heads", b"garbage");
    spoil(dir.path(), "store.blocks", b"garbage");

    let (db, store) = open(dir.path()).await;
    assert!(is_corrupt(&store.heads(&all(), None, 10).await));
    assert!(is_corrupt(&store.keep(&[block(1)]).await));
    assert_eq!(store.keep(&[block(2)]).await.unwrap(), [Kept::Known]);
    store.expire(&tenant(), Timestamp::from_nanos(2 * BUCKET_NANOS)).await.unwrap();
    assert_eq!(store.heads(&all(), None, 10).await.unwrap().heads, []);
    assert_eq!(store.usage(&tenant()).await.unwrap(), []);
    store.close().await;
    db.close().await;
}
