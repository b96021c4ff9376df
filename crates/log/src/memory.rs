//! The memory log: the executable model of the contract, and a log for tests and demos.

use std::{
    collections::{BTreeMap, VecDeque},
    ops::Range,
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use tokio::sync::watch;
use vedetta_model::Clock;

use crate::{
    AppendError, Appended, Batch, Capabilities, Description, EventLog, Group, GroupError, Member, Offset,
    Offsets, Partition, Position, ReadError, ReadLimit, Record, RecordStream, Topic, TopicOptions,
    groups::{Commits, Coordinator},
    partition_of,
    shared::lock,
};

/// A log that lives as long as the process.
#[derive(Debug, Clone)]
pub struct MemoryLog {
    clock: Arc<dyn Clock>,
    max_record_bytes: usize,
    max_bytes: usize,
    state: Arc<Mutex<State>>,
    groups: Coordinator,
}

#[derive(Debug, Default)]
struct State {
    closed: bool,
    bytes: usize,
    topics: BTreeMap<Topic, Vec<Lane>>,
    commits: BTreeMap<(Group, Partition), Offset>,
}

/// One partition. `grown` tells readers at the tail to look again.
#[derive(Debug)]
struct Lane {
    low: Offset,
    next: Offset,
    records: VecDeque<Record>,
    grown: watch::Sender<()>,
}

impl Default for Lane {
    fn default() -> Self {
        let (grown, _) = watch::channel(());
        Self { low: Offset(0), next: Offset(0), records: VecDeque::new(), grown }
    }
}

impl MemoryLog {
    /// Largest record unless told otherwise.
    pub const MAX_RECORD_BYTES: usize = 4 << 20;
    /// How much it holds before it is full, unless told otherwise.
    pub const MAX_BYTES: usize = 1 << 30;

    /// An empty log that stamps records by `clock`.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            clock,
            max_record_bytes: Self::MAX_RECORD_BYTES,
            max_bytes: Self::MAX_BYTES,
            state: Arc::default(),
            groups: Coordinator::default(),
        }
    }

    /// The same log with room for `max_bytes`; an append beyond that is `Full` until something is trimmed.
    pub fn with_capacity(mut self, max_bytes: usize) -> Self {
        self.max_bytes = max_bytes;
        self
    }

    fn with_lane<T>(
        &self,
        partition: &Partition,
        work: impl FnOnce(&mut Lane) -> Result<T, ReadError>,
    ) -> Result<T, ReadError> {
        let mut state = lock(&self.state);
        if state.closed {
            return Err(ReadError::Closed);
        }
        let lane =
            state.topics.get_mut(&partition.topic).and_then(|lanes| lanes.get_mut(partition.index as usize));
        work(lane.ok_or_else(|| ReadError::NoSuchPartition(partition.clone()))?)
    }

    /// The records from a place on that fit the limit: none at the tail.
    fn take(&self, from: &Position, limit: ReadLimit) -> Result<Vec<Record>, ReadError> {
        self.with_lane(&from.partition, |lane| {
            if from.offset < lane.low {
                return Err(ReadError::OutOfRange { partition: from.partition.clone(), low: lane.low });
            }
            let start = lane.records.partition_point(|r| r.position.offset < from.offset);
            let mut bytes = 0;
            let fits = |record: &&Record| {
                bytes += record.payload.len();
                bytes <= limit.bytes || bytes == record.payload.len()
            };
            Ok(lane.records.range(start..).take(limit.records.max(1)).take_while(fits).cloned().collect())
        })
    }
}

#[async_trait]
impl EventLog for MemoryLog {
    fn describe(&self) -> Description {
        Description {
            url: "memory:".into(),
            capabilities: Capabilities {
                cross_process_groups: false,
                trim_is_exact: true,
                durable: false,
                max_record_bytes: self.max_record_bytes,
            },
        }
    }

    async fn create_topic(&self, topic: &Topic, options: TopicOptions) -> Result<u32, AppendError> {
        let mut state = lock(&self.state);
        if state.closed {
            return Err(AppendError::Closed);
        }
        let lanes = state
            .topics
            .entry(topic.clone())
            .or_insert_with(|| (0..options.partitions.max(1)).map(|_| Lane::default()).collect());
        Ok(u32::try_from(lanes.len()).unwrap_or(u32::MAX))
    }

    async fn partitions(&self, topic: &Topic) -> Result<u32, ReadError> {
        let state = lock(&self.state);
        let missing = || ReadError::NoSuchPartition(Partition { topic: topic.clone(), index: 0 });
        let lanes = state.topics.get(topic).ok_or_else(missing)?;
        Ok(u32::try_from(lanes.len()).unwrap_or(u32::MAX))
    }

    async fn append(&self, topic: &Topic, batch: Batch) -> Result<Appended, AppendError> {
        for (index, record) in batch.iter().enumerate() {
            let (size, limit) = (record.size(), self.max_record_bytes);
            if size > limit {
                return Err(AppendError::TooLarge { index, size, limit });
            }
        }
        let appended = self.clock.now();
        let mut state = lock(&self.state);
        let State { closed, bytes, topics, .. } = &mut *state;
        if *closed {
            return Err(AppendError::Closed);
        }
        let lanes = topics.get_mut(topic).ok_or_else(|| AppendError::NoSuchTopic(topic.clone()))?;
        let size: usize = batch.iter().map(|record| record.payload.len()).sum();
        if bytes.saturating_add(size) > self.max_bytes {
            return Err(AppendError::Full(format!(
                "{bytes} of {} bytes are used; trim a topic",
                self.max_bytes
            )));
        }
        *bytes += size;
        let count = u32::try_from(lanes.len()).unwrap_or(u32::MAX);
        let mut positions = Vec::with_capacity(batch.len());
        for record in batch {
            let partition = Partition { topic: topic.clone(), index: partition_of(&record.key, count) };
            let lane = &mut lanes[partition.index as usize];
            let position = Position { partition, offset: lane.next };
            lane.next = lane.next.next();
            lane.records.push_back(Record {
                position: position.clone(),
                appended,
                tenant: record.tenant,
                key: record.key,
                headers: record.headers,
                payload: record.payload,
            });
            lane.grown.send_replace(());
            positions.push(position);
        }
        Ok(Appended { positions })
    }

    async fn bounds(&self, partition: &Partition) -> Result<Range<Offset>, ReadError> {
        self.with_lane(partition, |lane| Ok(lane.low..lane.next))
    }

    async fn read(&self, mut from: Position, limit: ReadLimit) -> Result<RecordStream, ReadError> {
        let mut grown = self.with_lane(&from.partition, |lane| Ok(lane.grown.subscribe()))?;
        self.take(&from, ReadLimit { records: 1, bytes: 0 })?;
        let log = self.clone();
        Ok(Box::pin(async_stream::try_stream! {
            loop {
                grown.mark_unchanged();
                let records = log.take(&from, limit)?;
                if let Some(last) = records.last() {
                    from.offset = last.position.offset.next();
                    yield records;
                } else if grown.changed().await.is_err() {
                    Err(ReadError::Closed)?;
                }
            }
        }))
    }

    async fn join(&self, group: &Group, topics: &[Topic]) -> Result<Box<dyn Member>, GroupError> {
        self.groups.join(self.clone(), group, topics).await
    }

    async fn committed(&self, group: &Group, partition: &Partition) -> Result<Option<Offset>, GroupError> {
        self.with_lane(partition, |_| Ok(())).map_err(GroupError::from)?;
        Ok(lock(&self.state).commits.get(&(group.clone(), partition.clone())).copied())
    }

    async fn trim(&self, partition: &Partition, before: Offset) -> Result<(), ReadError> {
        let freed = self.with_lane(partition, |lane| {
            lane.low = lane.low.max(before.min(lane.next));
            let mut freed = 0;
            while let Some(record) = lane.records.pop_front_if(|r| r.position.offset < lane.low) {
                freed += record.payload.len();
            }
            Ok(freed)
        })?;
        lock(&self.state).bytes -= freed;
        Ok(())
    }

    async fn close(&self) {
        let mut state = lock(&self.state);
        state.closed = true;
        for lane in state.topics.values().flatten() {
            lane.grown.send_replace(());
        }
        drop(state);
        self.groups.close();
    }
}

#[async_trait]
impl Commits for MemoryLog {
    async fn commit(&self, group: &Group, next: &Offsets) -> Result<(), GroupError> {
        let mut state = lock(&self.state);
        if state.closed {
            return Err(GroupError::Closed);
        }
        for (partition, offset) in next {
            let present = state.commits.entry((group.clone(), partition.clone())).or_default();
            *present = (*present).max(*offset);
        }
        Ok(())
    }
}
