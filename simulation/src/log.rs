//! The log as one process sees it: it takes time, fails, and is gone for whoever was killed.
//!
//! The records lie in a memory log that outlives every process: what is appended there is durable. A process that dies on
//! the way to it has not appended, and one that dies on the way back does not know.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use futures::StreamExt as _;
use rand::Rng as _;
use tokio_util::sync::CancellationToken;
use vedetta_log::{
    AppendError, Appended, Batch, Delivery, Description, EventLog, Group, GroupError, Member, MemoryLog,
    Offset, Offsets, Partition, Position, ReadError, ReadLimit, Record, RecordStream, Topic, TopicOptions,
};

use crate::{
    fault::Fault,
    world::{World, lock},
};

/// What log and store share: how their device fares.
#[derive(Debug)]
pub struct Device {
    world: Arc<World>,
    state: Mutex<DeviceState>,
}

#[derive(Debug, Default)]
struct DeviceState {
    slow: bool,
    full: bool,
    /// Places in the log where a bit has turned, and which.
    damage: BTreeMap<(Partition, Offset), (usize, u8)>,
    /// Places in the log that were looked at.
    looked_at: BTreeMap<(Partition, Offset), bool>,
}

impl Device {
    /// One without faults.
    pub fn new(world: &Arc<World>) -> Arc<Self> {
        Arc::new(Self { world: world.clone(), state: Mutex::default() })
    }

    /// Whether everything takes long, from now on.
    pub fn set_slow(&self, slow: bool) {
        lock(&self.state).slow = slow;
    }

    /// Whether there is no room, from now on.
    pub fn set_full(&self, full: bool) {
        lock(&self.state).full = full;
    }

    /// Whether there is no room.
    pub fn is_full(&self) -> bool {
        lock(&self.state).full
    }

    /// The records as the device gives them back. A bit that has turned stays so.
    fn give(&self, records: Vec<Record>) -> Vec<Record> {
        records.into_iter().map(|record| self.give_one(record)).collect()
    }

    fn give_one(&self, mut record: Record) -> Record {
        if record.position.partition.topic != Topic::TELEMETRY || record.payload.is_empty() {
            return record;
        }
        let at = (record.position.partition.clone(), record.position.offset);
        let mut state = lock(&self.state);
        if !state.looked_at.contains_key(&at) {
            let strikes = self.world.strikes(Fault::LogBitFlip);
            state.looked_at.insert(at.clone(), strikes);
            if strikes {
                let place = self
                    .world
                    .dice(|rng| (rng.random_range(0..record.payload.len()), rng.random_range(0..8)));
                state.damage.insert(at.clone(), place);
            }
        }
        if let Some((byte, bit)) = state.damage.get(&at) {
            let mut bytes = record.payload.to_vec();
            bytes[*byte] ^= 1 << bit;
            record.payload = bytes.into();
        }
        record
    }

    /// Whether the record at that place is damaged.
    pub fn is_damaged(&self, partition: &Partition, offset: Offset) -> bool {
        lock(&self.state).damage.contains_key(&(partition.clone(), offset))
    }
}

/// One process's way to log and store.
#[derive(Debug, Clone)]
pub struct Way {
    /// The device.
    pub device: Arc<Device>,
    /// Whether the process has died.
    pub dead: CancellationToken,
}

/// What one call will suffer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// Nothing.
    Fine,
    /// It fails and nothing is done.
    Failed,
    /// It fails although it is done.
    HalfDone,
}

impl Way {
    /// The world.
    pub fn world(&self) -> &Arc<World> {
        &self.device.world
    }

    /// Takes some time. Whoever has died never comes back from here.
    pub async fn travel(&self) {
        let slow = lock(&self.device.state).slow && !self.world().is_calm();
        let most = Duration::from_millis(if slow { 300 } else { 3 });
        let time = self.world().between(Duration::ZERO, most);
        tokio::time::sleep(time).await;
        if self.dead.is_cancelled() {
            std::future::pending().await
        }
    }

    /// Goes there for a write.
    pub async fn write(&self) -> Fate {
        self.travel().await;
        if self.world().strikes(Fault::CallFailed) {
            Fate::Failed
        } else if self.world().strikes(Fault::CallHalfDone) {
            Fate::HalfDone
        } else {
            Fate::Fine
        }
    }

    /// Goes there for a read. `Err` when it fails.
    pub async fn read(&self) -> Result<(), String> {
        self.travel().await;
        if self.world().strikes(Fault::ReadFailed) { Err("injected".to_owned()) } else { Ok(()) }
    }
}

/// See the module.
#[derive(Debug, Clone)]
pub struct SimLog {
    /// What outlives the process.
    pub inner: MemoryLog,
    /// The way there.
    pub way: Way,
}

#[async_trait]
impl EventLog for SimLog {
    fn describe(&self) -> Description {
        self.inner.describe()
    }

    async fn create_topic(&self, topic: &Topic, options: TopicOptions) -> Result<u32, AppendError> {
        self.inner.create_topic(topic, options).await
    }

    async fn partitions(&self, topic: &Topic) -> Result<u32, ReadError> {
        self.inner.partitions(topic).await
    }

    async fn append(&self, topic: &Topic, mut batch: Batch) -> Result<Appended, AppendError> {
        let fate = self.way.write().await;
        if self.way.device.is_full() {
            return Err(AppendError::Full("injected".to_owned()));
        }
        if fate == Fate::Failed {
            return Err(AppendError::Unknown("injected: nothing was done".to_owned()));
        }
        if batch.len() > 1 && self.way.world().strikes(Fault::TornAppend) {
            // Each becomes durable on its own, but none without those of its key before it.
            let mut ended = BTreeSet::new();
            self.way.world().dice(|rng| {
                batch.retain(|record| {
                    let ends = ended.contains(&record.key.0) || rng.random_bool(0.5);
                    if ends {
                        ended.insert(record.key.0.clone());
                    }
                    !ends
                });
            });
            self.inner.append(topic, batch).await?;
            return Err(AppendError::Unknown("injected: some of it was done".to_owned()));
        }
        let appended = self.inner.append(topic, batch).await?;
        self.way.travel().await;
        if fate == Fate::HalfDone {
            return Err(AppendError::Unknown("injected: it was done all the same".to_owned()));
        }
        Ok(appended)
    }

    async fn bounds(&self, partition: &Partition) -> Result<Range<Offset>, ReadError> {
        self.way.read().await.map_err(ReadError::Backend)?;
        self.inner.bounds(partition).await
    }

    async fn read(&self, from: Position, limit: ReadLimit) -> Result<RecordStream, ReadError> {
        self.way.read().await.map_err(ReadError::Backend)?;
        let mut records = self.inner.read(from, limit).await?;
        let way = self.way.clone();
        Ok(Box::pin(async_stream::try_stream! {
            while let Some(batch) = records.next().await {
                way.read().await.map_err(ReadError::Backend)?;
                yield way.device.give(batch?);
            }
        }))
    }

    async fn join(&self, group: &Group, topics: &[Topic]) -> Result<Box<dyn Member>, GroupError> {
        self.way.read().await.map_err(GroupError::Backend)?;
        let inner = self.inner.join(group, topics).await?;
        Ok(Box::new(SimMember { inner, way: self.way.clone(), held: None }))
    }

    async fn committed(&self, group: &Group, partition: &Partition) -> Result<Option<Offset>, GroupError> {
        self.way.read().await.map_err(GroupError::Backend)?;
        self.inner.committed(group, partition).await
    }

    async fn trim(&self, partition: &Partition, before: Offset) -> Result<(), ReadError> {
        self.way.travel().await;
        self.inner.trim(partition, before).await
    }

    async fn close(&self) {}
}

struct SimMember {
    inner: Box<dyn Member>,
    way: Way,
    /// Taken from the log and still on its way.
    held: Option<Delivery>,
}

#[async_trait]
impl Member for SimMember {
    async fn next(&mut self) -> Result<Delivery, GroupError> {
        if self.held.is_none() {
            self.held = Some(self.inner.next().await?);
        }
        self.way.read().await.map_err(GroupError::Backend)?;
        match self.held.take() {
            Some(Delivery::Records(records)) => Ok(Delivery::Records(self.way.device.give(records))),
            Some(other) => Ok(other),
            None => Err(GroupError::Closed),
        }
    }

    async fn commit(&mut self, next: &Offsets) -> Result<(), GroupError> {
        let fate = self.way.write().await;
        if fate == Fate::Failed {
            return Err(GroupError::Backend("injected: nothing was done".to_owned()));
        }
        self.inner.commit(next).await?;
        self.way.travel().await;
        match fate {
            Fate::HalfDone => Err(GroupError::Backend("injected: it was done all the same".to_owned())),
            _ => Ok(()),
        }
    }
}
