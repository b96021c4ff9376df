//! Whatever differs is found and named.

use bytes::Bytes;
use uuid::Uuid;
use vedetta_log::{EventLog as _, Offset, Offsets, Topic};
use vedetta_model::Timestamp;
use vedetta_store::{
    BlockStore as _, Checkpoint, EventStore as _, Expected, NewEvent, Shard, StreamId, ViewChange, ViewKey,
    ViewStore as _,
};

use crate::support::{
    FOUND, Place, STATUS, at, block, commit, copy_of, group, plan, record, settle, tenant, whole,
};

async fn copied() -> (Place, Place) {
    let (source, target) = (Place::new(), Place::new());
    settle(&source.side("source"), 3).await;
    whole(&copy_of(source.side("source"), target.side("target"), plan())).await.unwrap();
    (source, target)
}

async fn found(source: &Place, target: &Place) -> String {
    copy_of(source.side("source"), target.side("target"), plan()).verify().await.unwrap_err().to_string()
}

#[tokio::test]
async fn records_too_many_or_too_few_are_named() {
    let (source, target) = copied().await;
    target.log.append(&Topic::FINDINGS, vec![record("acme", "node-1", "one more")]).await.unwrap();
    let told = found(&source, &target).await;
    assert!(told.contains("findings/") && told.contains("a record more"), "{told}");

    let (source, target) = copied().await;
    source.log.append(&Topic::FINDINGS, vec![record("acme", "node-1", "one more")]).await.unwrap();
    let told = found(&source, &target).await;
    assert!(told.contains("findings/") && told.contains("missing in the target"), "{told}");

    let (source, target) = copied().await;
    source.log.append(&Topic::FINDINGS, vec![record("acme", "node-1", "this")]).await.unwrap();
    target.log.append(&Topic::FINDINGS, vec![record("acme", "node-1", "that")]).await.unwrap();
    let told = found(&source, &target).await;
    assert!(told.contains("its payload is another one"), "{told}");
}

#[tokio::test]
async fn decisions_and_what_waits_for_the_relay_are_compared() {
    let (source, target) = copied().await;
    let event = NewEvent { id: Uuid::from_u128(9), time: Timestamp::EPOCH, data: "new".into() };
    let stream = StreamId::new(&tenant("acme"), "case", "c1");
    target.store.append(&stream, Expected::Any, std::slice::from_ref(&event)).await.unwrap();
    let told = found(&source, &target).await;
    assert!(told.contains("acme/case/c1, version 61"), "{told}");

    let (source, target) = copied().await;
    let stream = StreamId::new(&tenant("globex"), "case", "c2");
    let shard = Shard::of(&stream, target.store.shards());
    let waiting = target.store.unrelayed(shard, 10).await.unwrap();
    assert_eq!(waiting.len(), 1, "the one that waits in the source waits here");
    target.store.relayed(shard, &waiting).await.unwrap();
    let told = found(&source, &target).await;
    assert!(told.contains("globex/case/c2, version 3") && told.contains("waits for the relay"), "{told}");
}

#[tokio::test]
async fn blocks_rows_checkpoints_and_commits_are_compared() {
    let (source, target) = copied().await;
    target.store.keep(&[block("acme", 9, 1, 0)]).await.unwrap();
    let told = found(&source, &target).await;
    assert!(told.contains("blocks of acme") && told.contains("only the target has"), "{told}");

    let (source, target) = copied().await;
    let put = ViewChange::Put { key: ViewKey::new(&tenant("acme"), STATUS, "0/0003"), value: Bytes::new() };
    let checkpoint = Checkpoint { projection: "other".into(), source: "x".into(), next: 1 };
    target.store.apply(&[put], &checkpoint).await.unwrap();
    let told = found(&source, &target).await;
    assert!(told.contains("view node_status of acme") && told.contains("another value"), "{told}");

    let (source, target) = copied().await;
    let delete = ViewChange::Delete { key: ViewKey::new(&tenant("acme"), FOUND, "0/0099") };
    target.store.apply(&[delete], &checkpoint).await.unwrap();
    assert!(found(&source, &target).await.contains("missing in the target"));

    let (source, target) = copied().await;
    let ahead = Checkpoint { projection: "found".into(), source: "findings/0".into(), next: 10_000 };
    target.store.apply(&[], &ahead).await.unwrap();
    assert!(found(&source, &target).await.contains("checkpoint found of findings/0"));

    let (source, target) = copied().await;
    commit(&target.log, &group("detect"), &Offsets::from([(at(&Topic::TELEMETRY, 1), Offset(9_999))])).await;
    assert!(found(&source, &target).await.contains("group detect, telemetry/1"));
}
