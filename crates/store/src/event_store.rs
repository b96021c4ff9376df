//! Streams of decisions.

use std::fmt;

use async_trait::async_trait;
use bytes::Bytes;
use smol_str::SmolStr;
use uuid::Uuid;
use vedetta_model::{TenantId, Timestamp};

use crate::{AppendError, StoreError};

/// One aggregate's history.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StreamId {
    /// Whose.
    pub tenant: TenantId,
    /// The aggregate, such as `rule_set`.
    pub aggregate: SmolStr,
    /// Which one.
    pub id: SmolStr,
}

impl StreamId {
    /// Names a stream.
    pub fn new(tenant: &TenantId, aggregate: &str, id: impl fmt::Display) -> Self {
        Self { tenant: tenant.clone(), aggregate: aggregate.into(), id: SmolStr::from(id.to_string()) }
    }
}

impl Shard {
    /// Where a stream's events wait when the outbox has `shards` parts. Never changes: an event is
    /// confirmed in the part it was put into.
    pub fn of(stream: &StreamId, shards: u16) -> Self {
        let hash = blake3::hash(stream.to_string().as_bytes());
        let mut word = [0; 8];
        word.copy_from_slice(&hash.as_bytes()[..8]);
        Self(u16::try_from(u64::from_le_bytes(word) % u64::from(shards.max(1))).unwrap_or(0))
    }
}

impl fmt::Display for StreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.tenant, self.aggregate, self.id)
    }
}

/// How many events a stream has; the newest has this number. 0 is an empty stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Version(pub u64);

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What the writer believes of the stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// Anything.
    Any,
    /// It is at this version; `Exactly(Version(0))` means it does not exist yet.
    Exactly(Version),
}

/// An event to append.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEvent {
    /// Unique for ever: a retry with the same ids appends once.
    pub id: Uuid,
    /// When it was decided.
    pub time: Timestamp,
    /// Its bytes.
    pub data: Bytes,
}

/// An event that lies in a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// Its stream.
    pub stream: StreamId,
    /// Its number in the stream, from 1.
    pub version: Version,
    /// Its id.
    pub id: Uuid,
    /// When it was decided.
    pub time: Timestamp,
    /// Its bytes.
    pub data: Bytes,
}

/// What a store takes at most. The same in every backend, so that what fits here fits there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits;

impl Limits {
    /// Most events in one append.
    pub const EVENTS: usize = 1000;
    /// Most bytes in one event.
    pub const EVENT_BYTES: usize = 1 << 20;
    /// Longest aggregate name, in bytes.
    pub const AGGREGATE_BYTES: usize = 255;
    /// Longest stream id within an aggregate, in bytes.
    pub const ID_BYTES: usize = 1024;

    /// Refuses what is over a limit.
    pub fn check(stream: &StreamId, events: &[NewEvent]) -> Result<(), AppendError> {
        let over = |what: &str, size: usize, limit: usize| AppendError::TooLarge {
            stream: stream.clone(),
            what: format!("{what}: {size}, over the limit of {limit}"),
        };
        let parts = [
            ("events in one append", events.len(), Self::EVENTS),
            ("bytes of aggregate name", stream.aggregate.len(), Self::AGGREGATE_BYTES),
            ("bytes of stream id", stream.id.len(), Self::ID_BYTES),
        ];
        let events = events.iter().map(|event| ("bytes of one event", event.data.len(), Self::EVENT_BYTES));
        match parts.into_iter().chain(events).find(|(_, size, limit)| size > limit) {
            Some((what, size, limit)) => Err(over(what, size, limit)),
            None => Ok(()),
        }
    }
}

/// A part of the outbox; a stream's events always fall into the same one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Shard(pub u16);

/// Streams with an expected version, and an outbox that feeds the relay to the log.
///
/// * `append` is atomic: all events or none, with versions `head+1 …` and no holes.
/// * Of several writers with the same expectation exactly one wins; the others get
///   [`AppendError::Conflict`] with the present version.
/// * `Ok` means durable. A retry with the same event ids (all of the batch, in order) returns the
///   version of the first success and appends nothing, whatever was expected. Only some of them
///   known, or in another order, is a [`Conflict`](AppendError::Conflict). Ids are remembered per stream.
/// * Each appended event stands in the outbox until [`relayed`](Self::relayed) names it; it comes
///   out at least once, in stream order. One that is damaged is named in the process's log, holds back its stream, and
///   nothing else.
#[async_trait]
pub trait EventStore: fmt::Debug + Send + Sync {
    /// Appends events; returns the stream's new version. An empty slice checks the expectation only.
    async fn append(
        &self,
        stream: &StreamId,
        expected: Expected,
        events: &[NewEvent],
    ) -> Result<Version, AppendError>;

    /// Events with a number greater than `after`, in order, at most `limit`. A stream that does not
    /// exist has none.
    async fn load(&self, stream: &StreamId, after: Version, limit: usize) -> Result<Vec<Stored>, StoreError>;

    /// Ids of a tenant's streams of one aggregate, in order, after `after`, at most `limit`.
    async fn streams(
        &self,
        tenant: &TenantId,
        aggregate: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<StreamId>, StoreError>;

    /// Every tenant that has a stream, in order.
    async fn tenants(&self) -> Result<Vec<TenantId>, StoreError>;

    /// How many shards the outbox has: `Shard(0)` up to this number.
    fn shards(&self) -> u16;

    /// The oldest events of a shard that the relay has not confirmed, in stream order, at most `limit`.
    async fn unrelayed(&self, shard: Shard, limit: usize) -> Result<Vec<Stored>, StoreError>;

    /// Confirms that these events are in the log. Confirming twice changes nothing.
    async fn relayed(&self, shard: Shard, events: &[Stored]) -> Result<(), StoreError>;

    /// Waits until some event may wait in the outbox: returns at once when one does, may return
    /// without cause, and wakes on an append in this process.
    async fn outbox_changed(&self);
}

/// A shared store is a store.
#[async_trait]
impl<S: EventStore + ?Sized> EventStore for std::sync::Arc<S> {
    async fn append(
        &self,
        stream: &StreamId,
        expected: Expected,
        events: &[NewEvent],
    ) -> Result<Version, AppendError> {
        (**self).append(stream, expected, events).await
    }
    async fn load(&self, stream: &StreamId, after: Version, limit: usize) -> Result<Vec<Stored>, StoreError> {
        (**self).load(stream, after, limit).await
    }
    async fn streams(
        &self,
        tenant: &TenantId,
        aggregate: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<StreamId>, StoreError> {
        (**self).streams(tenant, aggregate, after, limit).await
    }
    async fn tenants(&self) -> Result<Vec<TenantId>, StoreError> {
        (**self).tenants().await
    }
    fn shards(&self) -> u16 {
        (**self).shards()
    }
    async fn unrelayed(&self, shard: Shard, limit: usize) -> Result<Vec<Stored>, StoreError> {
        (**self).unrelayed(shard, limit).await
    }
    async fn relayed(&self, shard: Shard, events: &[Stored]) -> Result<(), StoreError> {
        (**self).relayed(shard, events).await
    }
    async fn outbox_changed(&self) {
        (**self).outbox_changed().await;
    }
}
