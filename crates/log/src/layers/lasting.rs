//! Members that outlast what is wrong with a record or, for a while, with the backend.

use std::{ops::Range, time::Duration};

use async_trait::async_trait;

use crate::{
    AppendError, Appended, Batch, Delivery, Description, EventLog, Group, GroupError, Member, Offset,
    Offsets, Partition, Position, ReadError, ReadLimit, RecordStream, Topic, TopicOptions,
};

/// The first pause after the backend failed; each further one is twice as long.
const PAUSE: Duration = Duration::from_millis(100);
/// The longest.
const LONGEST: Duration = Duration::from_secs(5);

/// A log whose members go on behind a record that is damaged on disk, and read again after the backend failed. Both are
/// told in this process's log and counted by [`Metered`](super::Metered) beneath: a record that nobody can read must not
/// stop those behind it. Whoever reads a partition by itself sees the errors as before.
#[derive(Debug, Clone)]
pub struct Lasting<L> {
    inner: L,
}

impl<L> Lasting<L> {
    /// Members of `inner` last.
    pub const fn new(inner: L) -> Self {
        Self { inner }
    }
}

/// See [`Lasting`].
pub struct LastingMember {
    inner: Box<dyn Member>,
    group: Group,
    pause: Duration,
}

impl LastingMember {
    /// Makes a member last.
    pub fn of(inner: Box<dyn Member>, group: Group) -> Box<dyn Member> {
        Box::new(Self { inner, group, pause: PAUSE })
    }
}

#[async_trait]
impl Member for LastingMember {
    async fn next(&mut self) -> Result<Delivery, GroupError> {
        loop {
            match self.inner.next().await {
                Ok(delivery) => {
                    self.pause = PAUSE;
                    return Ok(delivery);
                }
                Err(GroupError::Read(error @ ReadError::Corrupt { .. })) => {
                    tracing::error!(group = %self.group, %error, "passed over a record that is lost");
                }
                Err(error) if error.is_transient() => {
                    tracing::warn!(group = %self.group, %error, pause = ?self.pause, "reading again");
                    tokio::time::sleep(self.pause).await;
                    self.pause = (self.pause * 2).min(LONGEST);
                }
                Err(error) => return Err(error),
            }
        }
    }

    async fn commit(&mut self, next: &Offsets) -> Result<(), GroupError> {
        self.inner.commit(next).await
    }
}

#[async_trait]
impl<L: EventLog> EventLog for Lasting<L> {
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
        self.inner.append(topic, batch).await
    }

    async fn bounds(&self, partition: &Partition) -> Result<Range<Offset>, ReadError> {
        self.inner.bounds(partition).await
    }

    async fn read(&self, from: Position, limit: ReadLimit) -> Result<RecordStream, ReadError> {
        self.inner.read(from, limit).await
    }

    async fn join(&self, group: &Group, topics: &[Topic]) -> Result<Box<dyn Member>, GroupError> {
        Ok(LastingMember::of(self.inner.join(group, topics).await?, group.clone()))
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
