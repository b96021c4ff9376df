//! A small installation, and what can be asked of one.

use std::{collections::BTreeMap, sync::Arc};

use bytes::Bytes;
use futures::StreamExt as _;
use uuid::Uuid;
use vedetta_block::Builder;
use vedetta_copy::{Checkpoints, Copy, CopyError, Meter, Plan, Projected, Side, State};
use vedetta_log::{
    Delivery, EventLog, Group, Key, MemoryLog, NewRecord, Offset, Offsets, Partition, Position, ReadLimit,
    Record, Topic, TopicOptions,
};
use vedetta_model::{BootId, Event, NodeId, SystemClock, TenantId, Timestamp, event::Unshare};
use vedetta_store::{
    BUCKET_NANOS, BlockStore, Checkpoint, EventStore, Expected, MemoryStore, NewEvent, Shard, StreamId,
    Version, View, ViewChange, ViewKey, ViewStore,
};

pub const FOUND: View = View("findings");
pub const STATUS: View = View("node_status");
pub const SEEN: View = View("detect_liveness");

pub fn tenant(name: &str) -> TenantId {
    name.parse().unwrap()
}

pub fn group(name: &str) -> Group {
    Group::named(name)
}

/// What the roles keep, in small.
pub fn plan() -> Plan {
    let projected =
        |name: &str, view, checkpoints| Projected { name: name.into(), views: vec![view], checkpoints };
    Plan {
        topics: vec![Topic::TELEMETRY, Topic::FINDINGS, Topic::CONTROL],
        partitions: BTreeMap::new(),
        groups: vec![
            (group("detect"), Topic::TELEMETRY),
            (group("nodes"), Topic::TELEMETRY),
            (group("never"), Topic::TELEMETRY),
            (group("found"), Topic::FINDINGS),
        ],
        aggregates: vec!["tenant", "case"],
        projections: vec![
            projected("found", FOUND, Checkpoints::Places(Topic::FINDINGS)),
            projected("nodes", STATUS, Checkpoints::Offsets(Topic::TELEMETRY)),
            projected("seen", SEEN, Checkpoints::Counts("seen/".into(), Topic::TELEMETRY)),
        ],
    }
}

pub fn side(name: &'static str, log: Arc<dyn EventLog>, store: &MemoryStore) -> Side {
    let store = Arc::new(store.clone());
    Side { name, log, events: store.clone(), views: store.clone(), blocks: store }
}

/// A log and a store in memory; clones are the same.
#[derive(Debug, Clone)]
pub struct Place {
    pub log: MemoryLog,
    pub store: MemoryStore,
}

impl Place {
    pub fn new() -> Self {
        Self { log: MemoryLog::new(Arc::new(SystemClock)), store: MemoryStore::new() }
    }

    pub fn side(&self, name: &'static str) -> Side {
        side(name, Arc::new(self.log.clone()), &self.store)
    }
}

pub fn copy_of(source: Side, target: Side, plan: Plan) -> Copy {
    Copy { source, target, plan, meter: Meter::default() }
}

/// Copies, compares, and says that it is done.
pub async fn whole(copy: &Copy) -> Result<State, CopyError> {
    let state = copy.run().await?;
    copy.verify().await?;
    copy.finish().await?;
    Ok(state)
}

pub fn record(of: &str, key: &str, payload: impl Into<Bytes>) -> NewRecord {
    let tenant = tenant(of);
    let headers = [("about".into(), Bytes::from(format!("header of {key}")))].into();
    NewRecord { key: Key::of(&tenant, key), tenant, headers, payload: payload.into() }
}

pub fn block(of: &str, on: u128, first: u64, hour: i64) -> Bytes {
    let (node, boot) = (NodeId::from_uuid(Uuid::from_u128(on)), BootId::from_uuid(Uuid::from_u128(on)));
    let mut builder = Builder::new(tenant(of), node, boot);
    for seq in first..first + 3 {
        let time = Timestamp::from_nanos((490_000 + hour) * BUCKET_NANOS + i64::try_from(seq).unwrap());
        builder.push(Event {
            seq,
            time,
            process: None,
            tid: 0,
            result: 0,
            payload: Unshare { flags: seq }.into(),
        });
    }
    builder.finish().unwrap()
}

/// Reads on as a member of a group would: so many of a topic's records are committed, of those that come first.
pub async fn commit(log: &dyn EventLog, group: &Group, places: &Offsets) {
    let topic = places.keys().next().unwrap().topic.clone();
    let mut member = log.join(group, &[topic]).await.unwrap();
    let mut held = Vec::new();
    while !places.keys().all(|partition| held.contains(partition)) {
        if let Delivery::Assigned(positions) = member.next().await.unwrap() {
            held.extend(positions.into_iter().map(|position| position.partition));
        }
    }
    member.commit(places).await.unwrap();
}

pub fn at(topic: &Topic, index: u32) -> Partition {
    Partition { topic: topic.clone(), index }
}

/// Streams of two tenants; the last event of one waits for the relay.
async fn decide(events: &dyn EventStore) {
    for (of, aggregate, id, count) in
        [("acme", "tenant", "acme", 1), ("acme", "case", "c1", 60), ("globex", "case", "c2", 3)]
    {
        let stream = StreamId::new(&tenant(of), aggregate, id);
        for n in 0..count {
            let event = NewEvent {
                id: Uuid::new_v5(&Uuid::NAMESPACE_OID, format!("{stream}/{n}").as_bytes()),
                time: Timestamp::from_millis(n),
                data: format!("decision {n} of {stream}").into(),
            };
            events.append(&stream, Expected::Any, &[event]).await.unwrap();
        }
    }
    for shard in (0..events.shards()).map(Shard) {
        let mut waiting = events.unrelayed(shard, 1000).await.unwrap();
        waiting.retain(|event| (event.stream.id.as_str(), event.version) != ("c2", Version(3)));
        events.relayed(shard, &waiting).await.unwrap();
    }
}

async fn project(views: &dyn ViewStore, log: &dyn EventLog) {
    for (projection, view, topic) in [("found", FOUND, Topic::FINDINGS), ("nodes", STATUS, Topic::TELEMETRY)]
    {
        for (of, rows) in [("acme", 100), ("globex", 2)] {
            for index in 0..log.partitions(&topic).await.unwrap() {
                let put = |n: usize| ViewChange::Put {
                    key: ViewKey::new(&tenant(of), view, format!("{index}/{n:04}")),
                    value: format!("{projection} {n} of {of}").into(),
                };
                let rows: Vec<_> = (0..rows).map(put).collect();
                let bounds = log.bounds(&at(&topic, index)).await.unwrap();
                let present = views.checkpoint(projection, &at(&topic, index).to_string()).await.unwrap();
                // Two of the last records are not in the views yet; each tenant's rows come on their own.
                let next = bounds.end.0.saturating_sub(3).max(present + 1);
                let source = at(&topic, index).to_string().into();
                views
                    .apply(&rows, &Checkpoint { projection: projection.into(), source, next })
                    .await
                    .unwrap();
            }
        }
    }
    let put = ViewChange::Put { key: ViewKey::new(&tenant("acme"), SEEN, "node"), value: "seen".into() };
    let checkpoint = Checkpoint { projection: "seen".into(), source: "seen/1".into(), next: 41 };
    views.apply(&[put], &checkpoint).await.unwrap();
}

/// An installation that ran for a while: telemetry was trimmed, groups are behind by different lengths.
pub async fn settle(side: &Side, partitions: u32) {
    for (topic, partitions) in
        [(Topic::TELEMETRY, partitions), (Topic::FINDINGS, partitions), (Topic::CONTROL, 1)]
    {
        side.log.create_topic(&topic, TopicOptions { partitions }).await.unwrap();
        for n in 0..60 {
            let of = ["acme", "globex"][n % 2];
            let record = record(of, &format!("node-{}", n % 7), format!("{topic} {n}"));
            side.log.append(&topic, vec![record]).await.unwrap();
        }
    }
    for index in 0..partitions {
        let telemetry = at(&Topic::TELEMETRY, index);
        let end = side.log.bounds(&telemetry).await.unwrap().end;
        side.log.trim(&telemetry, Offset(end.0 / 3)).await.unwrap();
    }
    for (name, topic, left) in
        [("detect", Topic::TELEMETRY, 5), ("nodes", Topic::TELEMETRY, 0), ("found", Topic::FINDINGS, 1)]
    {
        let mut places = Offsets::new();
        for index in 0..partitions {
            let end = side.log.bounds(&at(&topic, index)).await.unwrap().end;
            places.insert(at(&topic, index), Offset(end.0.saturating_sub(left)));
        }
        commit(&*side.log, &group(name), &places).await;
    }
    decide(&*side.events).await;
    for (of, on, first, hour) in
        [("acme", 1, 1, 0), ("acme", 1, 4, 0), ("acme", 2, 1, 1), ("globex", 3, 1, 0), ("acme", 1, 7, 5)]
    {
        side.blocks.keep(&[block(of, on, first, hour)]).await.unwrap();
    }
    project(&*side.views, &*side.log).await;
}

/// All records of a topic, by partition, without waiting for more.
pub async fn records(log: &dyn EventLog, topic: &Topic) -> Vec<Vec<Record>> {
    let mut all = Vec::new();
    for index in 0..log.partitions(topic).await.unwrap() {
        let bounds = log.bounds(&at(topic, index)).await.unwrap();
        let mut records: Vec<Record> = Vec::new();
        if bounds.start < bounds.end {
            let from = Position { partition: at(topic, index), offset: bounds.start };
            let mut stream = log.read(from, ReadLimit::default()).await.unwrap();
            while records.last().is_none_or(|last| last.position.offset.next() < bounds.end) {
                records.extend(stream.next().await.unwrap().unwrap());
            }
        }
        all.push(records);
    }
    all
}

/// What a group of a topic has still to read, by key.
pub async fn unread(log: &dyn EventLog, group: &Group, topic: &Topic) -> BTreeMap<Bytes, Vec<Bytes>> {
    let mut unread: BTreeMap<Bytes, Vec<Bytes>> = BTreeMap::new();
    for (index, records) in records(log, topic).await.into_iter().enumerate() {
        let partition = at(topic, u32::try_from(index).unwrap());
        let place = log.committed(group, &partition).await.unwrap().unwrap_or(Offset(0));
        for record in records.into_iter().filter(|record| record.position.offset >= place) {
            unread.entry(record.key.0).or_default().push(record.payload);
        }
    }
    unread
}

/// Payloads by key, in the order of the log.
pub async fn by_key(log: &dyn EventLog, topic: &Topic) -> BTreeMap<Bytes, Vec<Bytes>> {
    let mut all: BTreeMap<Bytes, Vec<Bytes>> = BTreeMap::new();
    for record in records(log, topic).await.into_iter().flatten() {
        all.entry(record.key.0).or_default().push(record.payload);
    }
    all
}
