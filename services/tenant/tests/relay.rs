//! From the outbox to the control feed.

mod support;

use std::{
    collections::BTreeMap,
    ops::Range,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use futures::StreamExt;
use support::World;
use vedetta_api::tenant::v1 as pb;
use vedetta_log::{
    AppendError, Appended, Batch, Description, EventLog, Group, GroupError, Member, MemoryLog, Offset,
    Partition, Position, ReadError, ReadLimit, RecordStream, Topic, TopicOptions,
};
use vedetta_model::{
    ManualClock, Timestamp,
    control::{Envelope, Permission},
};
use vedetta_store::{EventStore, Shard};

/// A log whose appends fail twice of three times: once undone, once though they were done.
#[derive(Debug)]
struct Flaky(MemoryLog, AtomicUsize);

#[async_trait::async_trait]
impl EventLog for Flaky {
    fn describe(&self) -> Description {
        self.0.describe()
    }
    async fn create_topic(&self, topic: &Topic, options: TopicOptions) -> Result<u32, AppendError> {
        self.0.create_topic(topic, options).await
    }
    async fn partitions(&self, topic: &Topic) -> Result<u32, ReadError> {
        self.0.partitions(topic).await
    }
    async fn append(&self, topic: &Topic, batch: Batch) -> Result<Appended, AppendError> {
        match self.1.fetch_add(1, Ordering::SeqCst) % 3 {
            0 => Err(AppendError::Full("not now".into())),
            1 => {
                self.0.append(topic, batch).await?;
                Err(AppendError::Unknown("the answer was lost".into()))
            }
            _ => self.0.append(topic, batch).await,
        }
    }
    async fn bounds(&self, partition: &Partition) -> Result<Range<Offset>, ReadError> {
        self.0.bounds(partition).await
    }
    async fn read(&self, from: Position, limit: ReadLimit) -> Result<RecordStream, ReadError> {
        self.0.read(from, limit).await
    }
    async fn join(&self, group: &Group, topics: &[Topic]) -> Result<Box<dyn Member>, GroupError> {
        self.0.join(group, topics).await
    }
    async fn committed(&self, group: &Group, partition: &Partition) -> Result<Option<Offset>, GroupError> {
        self.0.committed(group, partition).await
    }
    async fn trim(&self, partition: &Partition, before: Offset) -> Result<(), ReadError> {
        self.0.trim(partition, before).await
    }
    async fn close(&self) {
        self.0.close().await;
    }
}

/// All that is in the control feed, partition by partition.
async fn feed(log: &dyn EventLog) -> Vec<Envelope> {
    let mut all = Vec::new();
    for index in 0..log.partitions(&Topic::CONTROL).await.unwrap() {
        let partition = Partition { topic: Topic::CONTROL, index };
        let bounds = log.bounds(&partition).await.unwrap();
        let mut next = bounds.start;
        let mut records =
            log.read(Position { partition, offset: Offset(0) }, ReadLimit::default()).await.unwrap();
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

#[tokio::test(start_paused = true)]
async fn every_decision_reaches_the_feed_in_stream_order_though_the_log_fails_often() {
    let clock = Arc::new(ManualClock::at(Timestamp::from_millis(1_800_000_000_000)));
    let log = MemoryLog::new(clock.clone());
    let world = World::on(clock, Arc::new(Flaky(log.clone(), AtomicUsize::new(0)))).await;
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
        tokio::time::advance(std::time::Duration::from_secs(10)).await;
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
