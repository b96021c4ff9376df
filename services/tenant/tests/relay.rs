//! From the outbox to the control feed.

mod support;

use std::{collections::BTreeMap, sync::Arc};

use futures::StreamExt;
use support::World;
use vedetta_api::tenant::v1 as pb;
use vedetta_log::{
    EventLog, MemoryLog, Offset, Partition, Position, ReadLimit, Topic,
    layers::{Chaos, ChaosConfig},
};
use vedetta_model::{
    ManualClock, Timestamp,
    control::{Envelope, Permission},
};
use vedetta_store::{EventStore, Shard};

/// All that is in the control feed, partition by partition.
async fn feed(log: &dyn EventLog) -> Vec<Envelope> {
    let mut all = Vec::new();
    for index in 0..log.partitions(&Topic::CONTROL).await.unwrap() {
        let partition = Partition { topic: Topic::CONTROL, index };
        let bounds = log.bounds(&partition).await.unwrap();
        let mut next = bounds.start;
        let mut records = log.read(Position { partition, offset: Offset(0) }, ReadLimit::default()).await.unwrap();
        while next < bounds.end {
            for record in records.next().await.unwrap().unwrap() {
                next = record.position.offset.next();
                let envelope = Envelope::decode(&record.payload).unwrap();
                assert_eq!(record.headers["event_id"], envelope.id.to_string());
                assert_eq!(record.tenant, envelope.tenant);
                all.push(envelope);
            }
        }
    }
    all
}

#[tokio::test]
async fn every_decision_reaches_the_feed_in_stream_order_though_the_log_fails_often() {
    let clock = Arc::new(ManualClock::at(Timestamp::from_millis(1_800_000_000_000)));
    let log = MemoryLog::new(clock.clone());
    let chaos = chaos(log.clone());
    let world = World::on(clock, Arc::new(chaos)).await;
    let tenant = world.tenant("default").await;
    let ada = world.person(&tenant, "ada", &Permission::ALL).await;
    let cases = [world.case(&tenant).await.to_string(), world.case(&tenant).await.to_string()];
    for n in 0..40 {
        let case = cases[n % 2].clone();
        let message = pb::CommentCaseRequest { case, text: n.to_string() };
        world.client().comment_case(ada.ask(message)).await.unwrap();
    }
    let store = world.store.clone();
    // The relay is done when nothing waits any more.
    loop {
        let mut waiting = 0;
        for shard in 0..store.shards() {
            waiting += store.unrelayed(Shard(shard), 1000).await.unwrap().len();
        }
        if waiting == 0 {
            break;
        }
        tokio::task::yield_now().await;
    }
    world.stop().await;

    let mut streams: BTreeMap<String, u64> = BTreeMap::new();
    for envelope in feed(&log).await {
        let last = streams.entry(format!("{}/{}", envelope.event.aggregate(), envelope.stream)).or_default();
        assert!(envelope.version <= *last + 1, "{envelope:?} came before version {}", *last + 1);
        *last = (*last).max(envelope.version);
    }
    for case in &cases {
        assert_eq!(streams[&format!("case/{case}")], 20);
    }
    assert_eq!((streams["tenant/main"], streams["user/ada"]), (1, 1));
}

#[tokio::test]
async fn a_drain_hands_over_what_was_decided_before_it() {
    let world = World::new().await;
    let log = world.context.log.clone();
    let store = world.store.clone();
    let tenant = world.tenant("default").await;
    world.person(&tenant, "ada", &Permission::ALL).await;
    world.stop().await;
    assert_eq!(feed(&*log).await.len(), 2);
    for shard in 0..store.shards() {
        assert_eq!(store.unrelayed(Shard(shard), 10).await.unwrap(), []);
    }
}
