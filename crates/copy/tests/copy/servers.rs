//! From one machine to real servers and back: the same.

use std::sync::Arc;

use prometheus_client::registry::Registry;
use vedetta_backends::Backends;
use vedetta_copy::{Line, Side, State};
use vedetta_log::Topic;
use vedetta_log_kafka::testing as kafka;
use vedetta_model::SystemClock;
use vedetta_store_scylla::testing::Keyspace;

use crate::support::{by_key, copy_of, group, plan, settle, unread, whole};

async fn open(log: &str, store: &str, name: &'static str) -> (Backends, Side) {
    let backends = Backends::open_appending_once(log, store, &mut Registry::default(), Arc::new(SystemClock))
        .await
        .unwrap();
    let side = Side {
        name,
        log: backends.log.clone(),
        events: backends.events.clone(),
        views: backends.views.clone(),
        blocks: backends.blocks.clone(),
    };
    (backends, side)
}

async fn copied(source: &Side, target: &Side) -> Vec<Line> {
    let copy = copy_of(source.clone(), target.clone(), plan());
    assert_eq!(whole(&copy).await.unwrap(), State::New);
    let lines = copy.verify().await.unwrap();
    for topic in [Topic::TELEMETRY, Topic::FINDINGS, Topic::CONTROL] {
        assert_eq!(by_key(&*source.log, &topic).await, by_key(&*target.log, &topic).await);
    }
    let detect = group("detect");
    let left = unread(&*source.log, &detect, &Topic::TELEMETRY).await;
    assert!(!left.is_empty());
    assert_eq!(left, unread(&*target.log, &detect, &Topic::TELEMETRY).await);
    lines
}

#[tokio::test(flavor = "multi_thread")]
async fn to_kafka_and_a_cql_database_and_back_it_is_the_same() {
    let (server, keyspace) = tokio::task::block_in_place(|| (kafka::Server::shared(), Keyspace::unmade()));
    Backends::migrate(&keyspace.url(), &SystemClock).await.unwrap();
    let kafka = format!("kafka://{}/?topic_prefix={}&replication=1", server.boot(), kafka::prefix());
    let dirs = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let [first, last] = dirs.each_ref().map(|dir| format!("file:{}", dir.path().join("db").display()));

    let (small, source) = open(&first, &first, "source").await;
    settle(&source, 3).await;
    let (large, middle) = open(&kafka, &keyspace.url(), "target").await;
    let up = copied(&source, &middle).await;
    let (back, end) = open(&last, &last, "target").await;
    let down = copied(&Side { name: "source", ..middle }, &end).await;

    // Findings and decisions were never trimmed, so all that is carried is the same to the byte; telemetry begins at 0 now.
    let contents = |lines: &[Line]| {
        let places = |line: &Line| line.unit == "places";
        lines.iter().filter(|line| !places(line)).cloned().collect::<Vec<_>>()
    };
    assert_eq!(contents(&up), contents(&down));
    assert!(up.iter().any(|line| line.what == "views of found" && line.count > 300), "{up:#?}");
    for backends in [small, large, back] {
        backends.close().await;
    }
}
