//! Puts each call of a log into a span.

use std::ops::Range;

use async_trait::async_trait;
use tracing::Instrument as _;

use crate::{
    AppendError, Appended, Batch, Delivery, Description, EventLog, Group, GroupError, Member, Offset,
    Offsets, Partition, Position, ReadError, ReadLimit, RecordStream, Topic, TopicOptions,
};

/// A log whose calls are spans at debug level. Payloads never stand in them.
#[derive(Debug, Clone)]
pub struct Traced<L> {
    inner: L,
}

impl<L> Traced<L> {
    /// Traces calls of `inner`.
    pub fn new(inner: L) -> Self {
        Self { inner }
    }
}

#[async_trait]
impl<L: EventLog> EventLog for Traced<L> {
    fn describe(&self) -> Description {
        self.inner.describe()
    }

    async fn create_topic(&self, topic: &Topic, options: TopicOptions) -> Result<u32, AppendError> {
        let span = tracing::debug_span!("log.create_topic", %topic, partitions = options.partitions);
        self.inner.create_topic(topic, options).instrument(span).await
    }

    async fn partitions(&self, topic: &Topic) -> Result<u32, ReadError> {
        self.inner.partitions(topic).await
    }

    async fn append(&self, topic: &Topic, batch: Batch) -> Result<Appended, AppendError> {
        let span = tracing::debug_span!("log.append", %topic, records = batch.len());
        self.inner.append(topic, batch).instrument(span).await
    }

    async fn bounds(&self, partition: &Partition) -> Result<Range<Offset>, ReadError> {
        self.inner.bounds(partition).instrument(tracing::debug_span!("log.bounds", %partition)).await
    }

    async fn read(&self, from: Position, limit: ReadLimit) -> Result<RecordStream, ReadError> {
        let span = tracing::debug_span!("log.read", partition = %from.partition, offset = %from.offset);
        self.inner.read(from, limit).instrument(span).await
    }

    async fn join(&self, group: &Group, topics: &[Topic]) -> Result<Box<dyn Member>, GroupError> {
        let span = tracing::debug_span!("log.join", %group);
        let inner = self.inner.join(group, topics).instrument(span).await?;
        Ok(Box::new(TracedMember { inner, group: group.clone() }))
    }

    async fn committed(&self, group: &Group, partition: &Partition) -> Result<Option<Offset>, GroupError> {
        let span = tracing::debug_span!("log.committed", %group, %partition);
        self.inner.committed(group, partition).instrument(span).await
    }

    async fn trim(&self, partition: &Partition, before: Offset) -> Result<(), ReadError> {
        let span = tracing::debug_span!("log.trim", %partition, %before);
        self.inner.trim(partition, before).instrument(span).await
    }

    async fn close(&self) {
        self.inner.close().instrument(tracing::debug_span!("log.close")).await;
    }
}

struct TracedMember {
    inner: Box<dyn Member>,
    group: Group,
}

#[async_trait]
impl Member for TracedMember {
    async fn next(&mut self) -> Result<Delivery, GroupError> {
        let delivery = self.inner.next().await;
        match &delivery {
            Ok(Delivery::Assigned(starts)) => tracing::debug!(group = %self.group, ?starts, "assigned"),
            Ok(Delivery::Revoked(partitions)) => tracing::debug!(group = %self.group, ?partitions, "revoked"),
            Ok(Delivery::Records(_)) | Err(_) => {}
        }
        delivery
    }

    async fn commit(&mut self, next: &Offsets) -> Result<(), GroupError> {
        let span = tracing::debug_span!("log.commit", group = %self.group, partitions = next.len());
        self.inner.commit(next).instrument(span).await
    }
}
