//! Tries again what may succeed later.

use std::{fmt, ops::Range, time::Duration};

use async_trait::async_trait;
use backon::{ExponentialBuilder, Retryable as _};

use crate::{
    AppendError, Appended, Batch, Description, EventLog, Group, GroupError, Member, Offset, Partition,
    Position, ReadError, ReadLimit, RecordStream, Topic, TopicOptions,
};

/// A log that repeats failed calls a few times, with growing, jittered pauses, when the error says
/// that it may pass. A repeated append may write a record twice; consumers recognise it by id.
/// Streams and members are handed through: their callers know where to go on.
#[derive(Debug, Clone)]
pub struct Retry<L> {
    inner: L,
    backoff: ExponentialBuilder,
    appends: bool,
}

fn told(error: &impl fmt::Display, pause: Duration) {
    tracing::debug!(%error, ?pause, "trying again");
}

impl<L> Retry<L> {
    /// Repeats calls of `inner`.
    pub fn new(inner: L, backoff: ExponentialBuilder) -> Self {
        Self { inner, backoff, appends: true }
    }

    /// The same, but an append is tried once: for callers that count what arrived.
    pub fn appending_once(self) -> Self {
        Self { appends: false, ..self }
    }
}

#[async_trait]
impl<L: EventLog> EventLog for Retry<L> {
    fn describe(&self) -> Description {
        self.inner.describe()
    }

    async fn create_topic(&self, topic: &Topic, options: TopicOptions) -> Result<u32, AppendError> {
        (|| self.inner.create_topic(topic, options))
            .retry(self.backoff)
            .when(AppendError::is_transient)
            .notify(told)
            .await
    }

    async fn partitions(&self, topic: &Topic) -> Result<u32, ReadError> {
        (|| self.inner.partitions(topic)).retry(self.backoff).when(ReadError::is_transient).notify(told).await
    }

    async fn append(&self, topic: &Topic, batch: Batch) -> Result<Appended, AppendError> {
        (|| self.inner.append(topic, batch.clone()))
            .retry(self.backoff)
            .when(|error| self.appends && error.is_transient())
            .notify(told)
            .await
    }

    async fn bounds(&self, partition: &Partition) -> Result<Range<Offset>, ReadError> {
        (|| self.inner.bounds(partition)).retry(self.backoff).when(ReadError::is_transient).notify(told).await
    }

    async fn read(&self, from: Position, limit: ReadLimit) -> Result<RecordStream, ReadError> {
        (|| self.inner.read(from.clone(), limit))
            .retry(self.backoff)
            .when(ReadError::is_transient)
            .notify(told)
            .await
    }

    async fn join(&self, group: &Group, topics: &[Topic]) -> Result<Box<dyn Member>, GroupError> {
        (|| self.inner.join(group, topics))
            .retry(self.backoff)
            .when(GroupError::is_transient)
            .notify(told)
            .await
    }

    async fn committed(&self, group: &Group, partition: &Partition) -> Result<Option<Offset>, GroupError> {
        (|| self.inner.committed(group, partition))
            .retry(self.backoff)
            .when(GroupError::is_transient)
            .notify(told)
            .await
    }

    async fn trim(&self, partition: &Partition, before: Offset) -> Result<(), ReadError> {
        (|| self.inner.trim(partition, before))
            .retry(self.backoff)
            .when(ReadError::is_transient)
            .notify(told)
            .await
    }

    async fn close(&self) {
        self.inner.close().await;
    }
}
