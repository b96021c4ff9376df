//! Counts what goes through a log.

use std::{ops::Range, time::Instant};

use async_trait::async_trait;
use futures::StreamExt as _;
use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family, histogram::Histogram},
    registry::{Registry, Unit},
};

use crate::{
    AppendError, Appended, Batch, Delivery, Description, EventLog, Group, GroupError, Member, Offset,
    Offsets, Partition, Position, ReadError, ReadLimit, Record, RecordStream, Topic, TopicOptions,
};

/// A log whose traffic is counted.
#[derive(Debug, Clone)]
pub struct Metered<L> {
    inner: L,
    metrics: Metrics,
}

/// What is counted, by topic; never by tenant or key, whose number has no bound.
#[derive(Debug, Clone)]
pub struct Metrics {
    appended_records: Family<TopicLabel, Counter>,
    appended_bytes: Family<TopicLabel, Counter>,
    append_seconds: Histogram,
    read_records: Family<TopicLabel, Counter>,
    read_bytes: Family<TopicLabel, Counter>,
    commits: Counter,
    rebalances: Counter,
    errors: Family<ErrorLabel, Counter>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct TopicLabel {
    topic: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ErrorLabel {
    operation: &'static str,
    kind: &'static str,
}

impl Metrics {
    /// Registers the metrics, all named `vedetta_log_…`.
    pub fn register(registry: &mut Registry) -> Self {
        // 100 µs to 13 s: a local fsync at one end, a broker in trouble at the other.
        let seconds = (0..18).map(|power| 0.0001 * f64::from(1_u32 << power));
        let metrics = Self {
            appended_records: Family::default(),
            appended_bytes: Family::default(),
            append_seconds: Histogram::new(seconds),
            read_records: Family::default(),
            read_bytes: Family::default(),
            commits: Counter::default(),
            rebalances: Counter::default(),
            errors: Family::default(),
        };
        registry.register(
            "vedetta_log_appended_records",
            "Records the log confirmed as durable",
            metrics.appended_records.clone(),
        );
        registry.register_with_unit(
            "vedetta_log_appended",
            "Payload the log confirmed as durable",
            Unit::Bytes,
            metrics.appended_bytes.clone(),
        );
        registry.register_with_unit(
            "vedetta_log_append",
            "Time until an append was confirmed",
            Unit::Seconds,
            metrics.append_seconds.clone(),
        );
        registry.register("vedetta_log_read_records", "Records read", metrics.read_records.clone());
        registry.register_with_unit(
            "vedetta_log_read",
            "Payload read",
            Unit::Bytes,
            metrics.read_bytes.clone(),
        );
        registry.register("vedetta_log_commits", "Commits of consumer groups", metrics.commits.clone());
        registry.register(
            "vedetta_log_rebalances",
            "Partitions given to or taken from members, in batches",
            metrics.rebalances.clone(),
        );
        registry.register("vedetta_log_errors", "Failed operations", metrics.errors.clone());
        metrics
    }

    fn error(&self, operation: &'static str, kind: &'static str) {
        self.errors.get_or_create(&ErrorLabel { operation, kind }).inc();
    }

    fn read(&self, records: &[Record]) {
        let Some(first) = records.first() else { return };
        let topic = TopicLabel { topic: first.position.partition.topic.as_str().into() };
        self.read_records.get_or_create(&topic).inc_by(records.len() as u64);
        let bytes: usize = records.iter().map(|record| record.payload.len()).sum();
        self.read_bytes.get_or_create(&topic).inc_by(bytes as u64);
    }
}

impl<L> Metered<L> {
    /// Counts `inner`'s traffic in `metrics`.
    pub fn new(inner: L, metrics: Metrics) -> Self {
        Self { inner, metrics }
    }
}

#[async_trait]
impl<L: EventLog> EventLog for Metered<L> {
    fn describe(&self) -> Description {
        self.inner.describe()
    }

    async fn create_topic(&self, topic: &Topic, options: TopicOptions) -> Result<u32, AppendError> {
        let result = self.inner.create_topic(topic, options).await;
        result.inspect_err(|error| self.metrics.error("create_topic", append_kind(error)))
    }

    async fn partitions(&self, topic: &Topic) -> Result<u32, ReadError> {
        let result = self.inner.partitions(topic).await;
        result.inspect_err(|error| self.metrics.error("partitions", read_kind(error)))
    }

    async fn append(&self, topic: &Topic, batch: Batch) -> Result<Appended, AppendError> {
        let records = batch.len() as u64;
        let bytes: usize = batch.iter().map(|record| record.payload.len()).sum();
        let began = Instant::now();
        let result = self.inner.append(topic, batch).await;
        match &result {
            Ok(_) => {
                self.metrics.append_seconds.observe(began.elapsed().as_secs_f64());
                let topic = TopicLabel { topic: topic.as_str().into() };
                self.metrics.appended_records.get_or_create(&topic).inc_by(records);
                self.metrics.appended_bytes.get_or_create(&topic).inc_by(bytes as u64);
            }
            Err(error) => self.metrics.error("append", append_kind(error)),
        }
        result
    }

    async fn bounds(&self, partition: &Partition) -> Result<Range<Offset>, ReadError> {
        let result = self.inner.bounds(partition).await;
        result.inspect_err(|error| self.metrics.error("bounds", read_kind(error)))
    }

    async fn read(&self, from: Position, limit: ReadLimit) -> Result<RecordStream, ReadError> {
        let stream = self.inner.read(from, limit).await;
        let stream = stream.inspect_err(|error| self.metrics.error("read", read_kind(error)))?;
        let metrics = self.metrics.clone();
        Ok(Box::pin(stream.inspect(move |item| match item {
            Ok(records) => metrics.read(records),
            Err(error) => metrics.error("read", read_kind(error)),
        })))
    }

    async fn join(&self, group: &Group, topics: &[Topic]) -> Result<Box<dyn Member>, GroupError> {
        let member = self.inner.join(group, topics).await;
        let inner = member.inspect_err(|error| self.metrics.error("join", group_kind(error)))?;
        Ok(Box::new(MeteredMember { inner, metrics: self.metrics.clone() }))
    }

    async fn committed(&self, group: &Group, partition: &Partition) -> Result<Option<Offset>, GroupError> {
        let result = self.inner.committed(group, partition).await;
        result.inspect_err(|error| self.metrics.error("committed", group_kind(error)))
    }

    async fn trim(&self, partition: &Partition, before: Offset) -> Result<(), ReadError> {
        let result = self.inner.trim(partition, before).await;
        result.inspect_err(|error| self.metrics.error("trim", read_kind(error)))
    }

    async fn close(&self) {
        self.inner.close().await;
    }
}

struct MeteredMember {
    inner: Box<dyn Member>,
    metrics: Metrics,
}

#[async_trait]
impl Member for MeteredMember {
    async fn next(&mut self) -> Result<Delivery, GroupError> {
        let result = self.inner.next().await;
        match &result {
            Ok(Delivery::Records(records)) => self.metrics.read(records),
            Ok(Delivery::Assigned(_) | Delivery::Revoked(_)) => {
                self.metrics.rebalances.inc();
            }
            Err(error) => self.metrics.error("next", group_kind(error)),
        }
        result
    }

    async fn commit(&mut self, next: &Offsets) -> Result<(), GroupError> {
        let result = self.inner.commit(next).await;
        match &result {
            Ok(()) => {
                self.metrics.commits.inc();
            }
            Err(error) => self.metrics.error("commit", group_kind(error)),
        }
        result
    }
}

fn append_kind(error: &AppendError) -> &'static str {
    match error {
        AppendError::TooLarge { .. } => "too_large",
        AppendError::Full(_) => "full",
        AppendError::Closed => "closed",
        AppendError::NoSuchTopic(_) => "no_such_topic",
        AppendError::Misconfigured(_) => "misconfigured",
        AppendError::Unknown(_) => "unknown",
    }
}

fn read_kind(error: &ReadError) -> &'static str {
    match error {
        ReadError::OutOfRange { .. } => "out_of_range",
        ReadError::NoSuchPartition(_) => "no_such_partition",
        ReadError::Corrupt { .. } => "corrupt",
        ReadError::Closed => "closed",
        ReadError::Backend(_) => "backend",
    }
}

fn group_kind(error: &GroupError) -> &'static str {
    match error {
        GroupError::Read(error) => read_kind(error),
        GroupError::NotAssigned { .. } => "not_assigned",
        GroupError::Closed => "closed",
        GroupError::Backend(_) => "backend",
    }
}
