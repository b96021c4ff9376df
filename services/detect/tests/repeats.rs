//! A block that comes again: the same findings, and no sign of life.

use std::{path::Path, sync::Arc, time::Duration};

use futures::StreamExt as _;
use vedetta_auth::{Authority, Keys};
use vedetta_block::Builder;
use vedetta_detect::{ROLE, decode_finding};
use vedetta_log::{
    EventLog, Headers, Key, MemoryLog, NewRecord, Offset, Partition, Position, ReadLimit, Record, Topic,
    TopicOptions,
};
use vedetta_model::{
    BootId, Event, Finding, ManualClock, NodeId, TenantId, Timestamp,
    control::{Actor, ConfigFile, DomainEvent, Envelope, RuleSetEvent},
    event::Open,
};
use vedetta_runtime::{Clients, Context, DeadLetters, Drain};
use vedetta_store::{MemoryStore, View, ViewKey, ViewStore};

const RULE: &str = "- rule: Secret read\n  desc: d\n  condition: evt.type = openat and fd.name = /secret\n  output: o\n  priority: NOTICE\n";

fn acme() -> TenantId {
    "acme".parse().unwrap()
}

fn context(log: &Arc<MemoryLog>, store: &MemoryStore, clock: &Arc<ManualClock>, dir: &Path) -> Context {
    let store = Arc::new(store.clone());
    Context {
        log: log.clone(),
        events: store.clone(),
        views: store.clone(),
        blocks: store,
        clock: clock.clone(),
        keys: Arc::new(Keys::open_or_create(&dir.join("keys"), &mut rand::rng()).unwrap()),
        authority: Arc::new(Authority::open_or_create(&dir.join("pki"), &**clock).unwrap()),
        clients: Clients::default(),
        drain: Drain::new(),
        registry: Arc::default(),
        data_dir: dir.to_owned(),
        agents_url: String::new(),
        sections: Arc::default(),
    }
}

fn record(key: &str, payload: Vec<u8>) -> NewRecord {
    NewRecord { tenant: acme(), key: Key::of(&acme(), key), headers: Headers::new(), payload: payload.into() }
}

/// The first findings, as many as wanted.
async fn findings(log: &MemoryLog, want: usize) -> Vec<Finding> {
    let partition = Partition { topic: Topic::FINDINGS, index: 0 };
    let from = Position { partition, offset: Offset(0) };
    let mut stream = log.read(from, ReadLimit::default()).await.unwrap();
    let mut found = Vec::new();
    while found.len() < want {
        let next = tokio::time::timeout(Duration::from_secs(30), stream.next());
        let records = next.await.expect("no finding came").unwrap().unwrap();
        found.extend(records.iter().map(|record| decode_finding(&record.payload).unwrap()));
    }
    found
}

#[tokio::test]
async fn a_resubmitted_block_gives_the_same_findings_and_its_node_is_not_seen_anew() {
    let start = Timestamp::from_millis(1_800_000_000_000);
    let clock = Arc::new(ManualClock::at(start));
    let (log, store) = (Arc::new(MemoryLog::new(clock.clone())), MemoryStore::new());
    for topic in [Topic::TELEMETRY, Topic::FINDINGS, Topic::CONTROL, Topic::DEAD_LETTERS] {
        log.create_topic(&topic, TopicOptions { partitions: 1 }).await.unwrap();
    }
    let files = vec![ConfigFile { name: "own.yaml".into(), text: RULE.into() }];
    let rules = Envelope {
        id: uuid::Uuid::nil(),
        tenant: acme(),
        stream: "main".into(),
        version: 1,
        time: start,
        actor: Actor::System,
        event: DomainEvent::RuleSet(RuleSetEvent::RulesImported { files }),
    };
    log.append(&Topic::CONTROL, vec![record("rule_set/main", rules.encode())]).await.unwrap();
    let dir = tempfile::tempdir().unwrap();
    let context = context(&log, &store, &clock, dir.path());
    let running = (ROLE.build)(&context).await.unwrap();
    let tasks: Vec<_> = running.tasks.into_iter().map(|task| tokio::spawn(task.run)).collect();

    let node = NodeId::from_uuid(uuid::Uuid::from_u128(7));
    let mut builder = Builder::new(acme(), node, BootId::from_uuid(uuid::Uuid::from_u128(9)));
    let payload = Open { path: "/secret".into(), flags: 0, mode: 0 }.into();
    builder.push(Event { seq: 1, time: start, process: None, tid: 1, result: 3, payload });
    let sent = record(&node.to_string(), builder.finish().unwrap().to_vec());
    let position = log.append(&Topic::TELEMETRY, vec![sent.clone()]).await.unwrap().positions.remove(0);
    let first = findings(&log, 1).await.remove(0);

    // Another stage could not use it, and somebody resubmits it long after.
    clock.set(start.after(Duration::from_secs(3600)));
    let NewRecord { tenant, key, headers, payload } = sent;
    let lies = Record { position, appended: start, tenant, key, headers, payload };
    let dead = DeadLetters::new(log.clone());
    assert!(dead.bury(&lies, "archive", "a fault", &Drain::new()).await.unwrap());
    let letter = dead.at(&"dead-letters/0/0".parse().unwrap()).await.unwrap().unwrap();
    log.append(&Topic::TELEMETRY, vec![letter.again().unwrap()]).await.unwrap();
    let both = findings(&log, 2).await;
    assert_eq!((both[1].id, both[1].time), (first.id, first.time));

    context.drain.call();
    for task in tasks {
        task.await.unwrap().unwrap();
    }
    let key = ViewKey::new(&acme(), View("detect_liveness"), node.to_string());
    let seen = store.get(&key).await.unwrap().expect("the node was seen");
    let seen: serde_json::Value = serde_json::from_slice(&seen).unwrap();
    assert_eq!(seen["at"], serde_json::json!(start));
}
