//! A log whose telemetry appends wait at a gate, or fail as told.

use std::{collections::VecDeque, ops::Range, sync::Mutex};

use async_trait::async_trait;
use tokio::sync::watch;
use vedetta_log::{
    AppendError, Appended, Batch, Description, EventLog, Group, GroupError, Member, MemoryLog, Offset,
    Partition, Position, ReadError, ReadLimit, RecordStream, Topic, TopicOptions,
};

#[derive(Debug)]
pub struct Gate {
    inner: MemoryLog,
    open: watch::Sender<bool>,
    waiting: watch::Sender<usize>,
    failures: Mutex<VecDeque<AppendError>>,
    letters: Mutex<VecDeque<AppendError>>,
}

impl Gate {
    pub fn new(inner: MemoryLog) -> Self {
        Self {
            inner,
            open: watch::Sender::new(true),
            waiting: watch::Sender::new(0),
            failures: Mutex::default(),
            letters: Mutex::default(),
        }
    }

    pub fn shut(&self) {
        self.open.send_replace(false);
    }

    pub fn open(&self) {
        self.open.send_replace(true);
    }

    /// The next append fails with this.
    pub fn fail_once(&self, error: AppendError) {
        self.failures.lock().unwrap().push_back(error);
    }

    /// The next dead letter fails with this.
    pub fn lose_letter(&self, error: AppendError) {
        self.letters.lock().unwrap().push_back(error);
    }

    /// Waits until that many appends stand at the gate.
    pub async fn until_waiting(&self, count: usize) {
        self.waiting.subscribe().wait_for(|waiting| *waiting == count).await.unwrap();
    }

    pub fn waiting(&self) -> usize {
        *self.waiting.borrow()
    }
}

#[async_trait]
impl EventLog for Gate {
    fn describe(&self) -> Description {
        self.inner.describe()
    }
    async fn create_topic(&self, topic: &Topic, options: TopicOptions) -> Result<u32, AppendError> {
        self.inner.create_topic(topic, options).await
    }
    async fn partitions(&self, topic: &Topic) -> Result<u32, ReadError> {
        self.inner.partitions(topic).await
    }
    async fn append(&self, topic: &Topic, batch: Batch) -> Result<Appended, AppendError> {
        if *topic == Topic::TELEMETRY {
            self.waiting.send_modify(|n| *n += 1);
            self.open.subscribe().wait_for(|open| *open).await.unwrap();
            self.waiting.send_modify(|n| *n -= 1);
            let failure = self.failures.lock().unwrap().pop_front();
            if let Some(error) = failure {
                return Err(error);
            }
        }
        if *topic == Topic::DEAD_LETTERS {
            let failure = self.letters.lock().unwrap().pop_front();
            if let Some(error) = failure {
                return Err(error);
            }
        }
        self.inner.append(topic, batch).await
    }
    async fn bounds(&self, partition: &Partition) -> Result<Range<Offset>, ReadError> {
        self.inner.bounds(partition).await
    }
    async fn read(&self, from: Position, limit: ReadLimit) -> Result<RecordStream, ReadError> {
        self.inner.read(from, limit).await
    }
    async fn join(&self, group: &Group, topics: &[Topic]) -> Result<Box<dyn Member>, GroupError> {
        self.inner.join(group, topics).await
    }
    async fn committed(&self, group: &Group, partition: &Partition) -> Result<Option<Offset>, GroupError> {
        self.inner.committed(group, partition).await
    }
    async fn trim(&self, partition: &Partition, before: Offset) -> Result<(), ReadError> {
        self.inner.trim(partition, before).await
    }
    async fn close(&self) {
        self.inner.close().await;
    }
}
