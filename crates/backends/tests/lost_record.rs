//! A record that is damaged on disk, among others.

use std::{path::Path, sync::Arc};

use futures::StreamExt as _;
use prometheus_client::{encoding::text::encode, registry::Registry};
use vedetta_backends::Backends;
use vedetta_log::{
    Delivery, Group, Headers, Key, NewRecord, Offset, Partition, Position, ReadError, ReadLimit, Topic,
    TopicOptions,
};
use vedetta_model::{SystemClock, TenantId};

async fn open(dir: &Path, registry: &mut Registry) -> Backends {
    let url = format!("file:{}", dir.display());
    Backends::open(&url, &url, registry, Arc::new(SystemClock)).await.unwrap()
}

/// Puts other bytes in the place of a record.
fn spoil(dir: &Path, nth: usize) {
    let db = fjall::Database::builder(dir).open().unwrap();
    let records = db.keyspace("log.records", Default::default).unwrap();
    let key = records.iter().nth(nth).unwrap().key().unwrap();
    records.insert(key, "not what was written").unwrap();
}

#[tokio::test]
async fn a_member_goes_on_behind_it_and_whoever_reads_by_place_is_told() {
    let root = tempfile::tempdir().unwrap();
    let dir = root.path().join("db");
    let tenant: TenantId = "acme".parse().unwrap();
    let backends = open(&dir, &mut Registry::default()).await;
    backends.log.create_topic(&Topic::FINDINGS, TopicOptions { partitions: 1 }).await.unwrap();
    for payload in ["a", "b", "c"] {
        let (key, headers) = (Key::of(&tenant, "n"), Headers::new());
        let record = NewRecord { tenant: tenant.clone(), key, headers, payload: payload.into() };
        backends.log.append(&Topic::FINDINGS, vec![record]).await.unwrap();
    }
    backends.close().await;
    drop(backends);
    spoil(&dir, 1);

    let mut registry = Registry::default();
    let backends = open(&dir, &mut registry).await;
    let mut member = backends.log.join(&Group::named("g"), &[Topic::FINDINGS]).await.unwrap();
    let mut heard = Vec::new();
    while heard.len() < 2 {
        if let Delivery::Records(records) = member.next().await.unwrap() {
            heard.extend(records.into_iter().map(|record| record.payload));
        }
    }
    assert_eq!(heard, ["a", "c"]);
    let mut text = String::new();
    encode(&mut text, &registry).unwrap();
    assert!(text.contains("kind=\"corrupt\"} 1"), "{text}");

    let partition = Partition { topic: Topic::FINDINGS, index: 0 };
    let from = Position { partition, offset: Offset(1) };
    let mut records = backends.log.read(from, ReadLimit::default()).await.unwrap();
    let told = records.next().await.unwrap().unwrap_err();
    assert!(matches!(told, ReadError::Corrupt { offset: Offset(1), .. }), "{told}");
    assert_eq!(told.behind(), Some(Offset(2)));
    drop(member);
    backends.close().await;
}
