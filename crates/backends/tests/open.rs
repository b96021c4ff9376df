//! Opening by URL.

use std::{sync::Arc, time::Duration};

use prometheus_client::registry::Registry;
use uuid::Uuid;
use vedetta_backends::{Backends, OpenError};
use vedetta_log::{Headers, Key, NewRecord, Topic, TopicOptions};
use vedetta_model::{SystemClock, TenantId, Timestamp};
use vedetta_store::{Checkpoint, Expected, NewEvent, StreamId, Version, View, ViewChange, ViewKey};
use vedetta_store_scylla::testing::Keyspace;

async fn open(log: &str, store: &str) -> Result<Backends, OpenError> {
    Backends::open(log, store, &mut Registry::default(), Arc::new(SystemClock)).await
}

fn tenant() -> TenantId {
    "acme".parse().unwrap()
}

/// One write to each contract.
async fn write(backends: &Backends) {
    let tenant = tenant();
    backends.log.create_topic(&Topic::FINDINGS, TopicOptions { partitions: 1 }).await.unwrap();
    let key = Key::of(&tenant, "node");
    let record = NewRecord { tenant: tenant.clone(), key, headers: Headers::new(), payload: "hello".into() };
    backends.log.append(&Topic::FINDINGS, vec![record]).await.unwrap();
    let event = NewEvent { id: Uuid::from_u128(1), time: Timestamp::EPOCH, data: "decided".into() };
    let stream = StreamId::new(&tenant, "rule_set", "default");
    backends.events.append(&stream, Expected::Any, &[event]).await.unwrap();
    let change = ViewChange::Put { key: ViewKey::new(&tenant, View("findings"), "k"), value: "v".into() };
    let checkpoint = Checkpoint { projection: "findings".into(), source: "findings/0".into(), next: 1 };
    backends.views.apply(&[change], &checkpoint).await.unwrap();
}

async fn check(backends: &Backends) {
    let partition = vedetta_log::Partition { topic: Topic::FINDINGS, index: 0 };
    assert_eq!(backends.log.bounds(&partition).await.unwrap().end.0, 1);
    let stream = StreamId::new(&tenant(), "rule_set", "default");
    assert_eq!(backends.events.load(&stream, Version(0), 10).await.unwrap().len(), 1);
    let row = backends.views.get(&ViewKey::new(&tenant(), View("findings"), "k")).await.unwrap();
    assert_eq!(row.as_deref(), Some(b"v".as_slice()));
}

#[tokio::test]
async fn memory_works_and_is_metered() {
    let mut registry = Registry::default();
    let backends = Backends::open("memory:", "memory:", &mut registry, Arc::new(SystemClock)).await.unwrap();
    write(&backends).await;
    check(&backends).await;
    let mut text = String::new();
    prometheus_client::encoding::text::encode(&mut text, &registry).unwrap();
    for metric in [
        "vedetta_log_appended_records_total{topic=\"findings\"} 1",
        "vedetta_log_appended_bytes_total{topic=\"findings\"} 5",
        "vedetta_log_append_seconds_count 1",
        "vedetta_store_events_total 1",
        "vedetta_store_changes_total 1",
        "vedetta_store_operation_seconds_count{operation=\"append\"} 1",
    ] {
        assert!(text.contains(metric), "{metric} is not in\n{text}");
    }
}

#[tokio::test]
async fn log_and_store_at_the_same_path_share_a_database_and_survive_reopening() {
    let dir = tempfile::tempdir().unwrap();
    let url = format!("file:{}", dir.path().join("data").display());
    let same = format!("file://{}", dir.path().join("data/../data").display());
    let backends = open(&url, &same).await.unwrap();
    write(&backends).await;
    backends.close().await;
    let backends = open(&url, &url).await.unwrap();
    check(&backends).await;
    backends.close().await;
}

#[tokio::test]
async fn log_and_store_may_lie_apart() {
    let dir = tempfile::tempdir().unwrap();
    let url = |name| format!("file:{}?reserve_mib=1", dir.path().join(name).display());
    let backends = open(&url("log"), &url("store")).await.unwrap();
    write(&backends).await;
    check(&backends).await;
    backends.close().await;
}

#[tokio::test]
async fn a_second_process_is_told_who_is_there() {
    let dir = tempfile::tempdir().unwrap();
    let url = format!("file:{}", dir.path().display());
    let first = open(&url, "memory:").await.unwrap();
    let refused = open("memory:", &url).await.unwrap_err().to_string();
    assert!(refused.starts_with("another vedetta runs on "), "{refused}");
    first.close().await;
    open("memory:", &url).await.unwrap().close().await;
}

#[tokio::test]
async fn after_close_calls_are_refused_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let url = format!("file:{}", dir.path().display());
    let backends = open(&url, &url).await.unwrap();
    write(&backends).await;
    backends.close().await;
    let refused = async {
        assert!(backends.log.append(&Topic::FINDINGS, vec![]).await.is_err());
        assert!(backends.views.checkpoint("findings", "findings/0").await.is_err());
        assert!(backends.events.tenants().await.is_err());
    };
    tokio::time::timeout(Duration::from_secs(10), refused).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_on_a_cluster_beside_a_store_in_a_directory() {
    let server = vedetta_log_kafka::testing::Server::shared();
    let prefix = format!("t{:016x}.", rand::random::<u64>());
    let log = format!("kafka://{}/?topic_prefix={prefix}&replication=1", server.boot());
    let dir = tempfile::tempdir().unwrap();
    let store = format!("file:{}", dir.path().display());
    let backends = open(&log, &store).await.unwrap();
    assert_eq!(backends.log.describe().url, format!("kafka://{}/?topic_prefix={prefix}", server.boot()));
    write(&backends).await;
    check(&backends).await;
    backends.close().await;
    let backends = open(&log, &store).await.unwrap();
    check(&backends).await;
    backends.close().await;
    assert!(backends.log.append(&Topic::FINDINGS, vec![]).await.is_err());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cluster_that_does_not_answer_is_named() {
    let refused =
        open("kafka://127.0.0.1:1/?connect_timeout_ms=1000", "memory:").await.unwrap_err().to_string();
    assert!(refused.starts_with("kafka: no broker of 127.0.0.1:1 answers: "), "{refused}");
    assert!(refused.contains("Connection refused"), "{refused}");
}

#[tokio::test]
async fn a_store_in_a_database_opens_once_its_schema_was_made() {
    let (dir, keyspace) = (tempfile::tempdir().unwrap(), Keyspace::unmade());
    let log = format!("file:{}?reserve_mib=1", dir.path().join("log").display());
    let refused = open(&log, &keyspace.url()).await.unwrap_err().to_string();
    assert!(refused.contains("run `vedetta migrate --store scylla://"), "{refused}");
    let migrated = Backends::migrate(&keyspace.url(), &SystemClock).await.unwrap().unwrap();
    assert!(!migrated.applied.is_empty());
    let backends = open(&log, &keyspace.url()).await.unwrap();
    write(&backends).await;
    check(&backends).await;
    backends.close().await;
    assert!(backends.events.tenants().await.is_err(), "it is closed");
    let backends = open(&log, &keyspace.url()).await.unwrap();
    check(&backends).await;
    backends.close().await;
}

#[tokio::test]
async fn a_database_that_is_down_is_named() {
    let refused = open("memory:", "scylla://127.0.0.1:1/vedetta").await.unwrap_err().to_string();
    assert!(refused.starts_with("the database scylla://127.0.0.1:1/vedetta is unavailable"), "{refused}");
    assert_eq!(Backends::migrate("memory:", &SystemClock).await.unwrap(), None);
}
