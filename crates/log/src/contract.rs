//! The contract itself.

use std::{fmt::Debug, ops::Range, pin::Pin};

use async_trait::async_trait;
use futures::Stream;

use crate::{
    AppendError, Appended, Batch, Group, GroupError, Offset, Offsets, Partition, Position, ReadError,
    ReadLimit, Record, Topic,
};

/// Records of one partition in order, a non-empty batch at a time. It never ends by itself: at
/// the tail it waits for the next append. After an error it ends.
pub type RecordStream = Pin<Box<dyn Stream<Item = Result<Vec<Record>, ReadError>> + Send>>;

/// What a log says of itself.
#[derive(Debug, Clone)]
pub struct Description {
    /// Where it lies, without secrets.
    pub url: String,
    /// What it can do.
    pub capabilities: Capabilities,
}

/// Where backends differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Capabilities {
    /// Members in different processes can share a group.
    pub cross_process_groups: bool,
    /// `trim` removes exactly what it is asked to, not a coarser piece.
    pub trim_is_exact: bool,
    /// Records survive the process.
    pub durable: bool,
    /// Largest record, in bytes: payload, key and headers together ([`NewRecord::size`](crate::NewRecord::size)).
    pub max_record_bytes: usize,
}

/// How a topic is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TopicOptions {
    /// How many partitions. Never changed afterwards: keys would move.
    pub partitions: u32,
}

/// An append-only log of records, cut into topics and partitions.
///
/// ```text
///            low watermark                    next
///                 │                            │
///   ── trimmed ──▶│ 7 │ 8 │ 10 │ 11 │ 12 │     ◀── appended here
///                       (offsets rise; gaps are allowed)
/// ```
///
/// * **`Ok` from [`append`](Self::append) means durable**: the record survives a crash of process
///   and machine. Without `Ok` it may or may not be there.
/// * Records with equal keys keep their order; offsets in a partition rise, gaps are allowed. Also of a batch whose append
///   failed: none of its records is there without those of its key before it.
/// * There is no conditional append. Decisions that need an expected version belong in the event
///   store.
/// * Every queue inside is bounded: a full one makes the caller wait; `AppendError::Full` is for
///   what waiting does not mend, such as a full disk.
/// * A record that was appended is delivered to each group at least once.
#[async_trait]
pub trait EventLog: Debug + Send + Sync {
    /// What and where this log is.
    fn describe(&self) -> Description;

    /// Makes a topic if it is not there. With a different number of partitions it stays as it is,
    /// and the present number is returned.
    async fn create_topic(&self, topic: &Topic, options: TopicOptions) -> Result<u32, AppendError>;

    /// How many partitions a topic has.
    async fn partitions(&self, topic: &Topic) -> Result<u32, ReadError>;

    /// Appends records. All are durable when this returns `Ok`; a refused batch leaves nothing.
    /// Dropping the future leaves it open whether they were appended.
    async fn append(&self, topic: &Topic, batch: Batch) -> Result<Appended, AppendError>;

    /// The low watermark (first record still there) and the next offset to be given.
    async fn bounds(&self, partition: &Partition) -> Result<Range<Offset>, ReadError>;

    /// Reads one partition from a place on, then waits at its tail for more.
    async fn read(&self, from: Position, limit: ReadLimit) -> Result<RecordStream, ReadError>;

    /// Joins a consumer group. Its members divide the partitions of `topics`; each partition starts
    /// at the group's last commit, or at the low watermark when there is none.
    async fn join(&self, group: &Group, topics: &[Topic]) -> Result<Box<dyn Member>, GroupError>;

    /// Where a group goes on in a partition: its last commit, `None` when there is none. Anybody may ask, a member or
    /// not. It sees every commit that returned before, and never falls.
    async fn committed(&self, group: &Group, partition: &Partition) -> Result<Option<Offset>, GroupError>;

    /// Lets go of records before an offset, whether or not any group has read them. Backends that are not exact keep some.
    async fn trim(&self, partition: &Partition, before: Offset) -> Result<(), ReadError>;

    /// Takes no more appends, finishes those under way and makes them durable.
    async fn close(&self);
}

/// What comes to a member of a group.
#[derive(Debug)]
pub enum Delivery {
    /// Records of one partition, in order, not empty.
    Records(Vec<Record>),
    /// These partitions are this member's now, each with the place it starts at.
    Assigned(Vec<Position>),
    /// These are no longer: commit what is finished, forget the rest. Their records go to others.
    Revoked(Vec<Partition>),
}

/// One member of a consumer group. Rebalances arrive as values, in line with records: after
/// `Revoked` no record of that partition comes. Dropping a member leaves the group; what it did
/// not commit comes again to the others.
#[async_trait]
pub trait Member: Send {
    /// The next delivery; waits until there is one. Safe to drop and call again: nothing is lost.
    async fn next(&mut self) -> Result<Delivery, GroupError>;

    /// Says where to go on after a restart: the *next* offset to read of each partition. Durable
    /// on `Ok`. A lower offset than the present one changes nothing.
    async fn commit(&mut self, next: &Offsets) -> Result<(), GroupError>;
}

/// A shared log is a log.
#[async_trait]
impl<L: EventLog + ?Sized> EventLog for std::sync::Arc<L> {
    fn describe(&self) -> Description {
        (**self).describe()
    }
    async fn create_topic(&self, topic: &Topic, options: TopicOptions) -> Result<u32, AppendError> {
        (**self).create_topic(topic, options).await
    }
    async fn partitions(&self, topic: &Topic) -> Result<u32, ReadError> {
        (**self).partitions(topic).await
    }
    async fn append(&self, topic: &Topic, batch: Batch) -> Result<Appended, AppendError> {
        (**self).append(topic, batch).await
    }
    async fn bounds(&self, partition: &Partition) -> Result<Range<Offset>, ReadError> {
        (**self).bounds(partition).await
    }
    async fn read(&self, from: Position, limit: ReadLimit) -> Result<RecordStream, ReadError> {
        (**self).read(from, limit).await
    }
    async fn join(&self, group: &Group, topics: &[Topic]) -> Result<Box<dyn Member>, GroupError> {
        (**self).join(group, topics).await
    }
    async fn committed(&self, group: &Group, partition: &Partition) -> Result<Option<Offset>, GroupError> {
        (**self).committed(group, partition).await
    }
    async fn trim(&self, partition: &Partition, before: Offset) -> Result<(), ReadError> {
        (**self).trim(partition, before).await
    }
    async fn close(&self) {
        (**self).close().await;
    }
}

#[async_trait]
impl<M: Member + ?Sized> Member for Box<M> {
    async fn next(&mut self) -> Result<Delivery, GroupError> {
        (**self).next().await
    }
    async fn commit(&mut self, next: &Offsets) -> Result<(), GroupError> {
        (**self).commit(next).await
    }
}
