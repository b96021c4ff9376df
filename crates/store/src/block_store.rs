//! Where events lie: blocks as they came, by tenant and time.

use std::fmt;

use async_trait::async_trait;
use bytes::Bytes;
use vedetta_block::{Header, MAX_SPAN_NANOS};
use vedetta_model::{BootId, EventId, NodeId, TenantId, Timestamp};

use crate::{Order, StoreError};

/// Names a block of a tenant and says where it lies: blocks sort by the time of their latest event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BlockId {
    /// Time of its latest event.
    pub latest: Timestamp,
    /// Where its events happened.
    pub node: NodeId,
    /// The agent run that numbered them.
    pub boot: BootId,
    /// Number of its first event.
    pub first: u64,
    /// Number of its last event.
    pub last: u64,
}

impl BlockRange {
    /// Whether a block may hold events of the time.
    pub fn overlaps(&self, header: &Header) -> bool {
        header.earliest < self.until && header.latest >= self.since
    }

    /// No block whose latest event is from then on can overlap.
    pub const fn end(&self) -> Timestamp {
        Timestamp::from_nanos(self.until.as_nanos().saturating_add(MAX_SPAN_NANOS))
    }
}

impl BlockId {
    /// Of the block with that header.
    pub const fn of(header: &Header) -> Self {
        Self {
            latest: header.latest,
            node: header.node,
            boot: header.boot,
            first: header.first,
            last: header.last,
        }
    }
}

impl fmt::Display for BlockId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}-{}", self.node, self.boot, self.first, self.last)
    }
}

/// A tenant's blocks that may hold events of a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlockRange {
    /// Whose.
    pub tenant: TenantId,
    /// Time of the first event asked for.
    pub since: Timestamp,
    /// Time behind the last event asked for.
    pub until: Timestamp,
    /// By their latest events, which way.
    pub order: Order,
}

/// Headers in the asked order, and where to go on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeadPage {
    /// Of blocks that overlap the range.
    pub heads: Vec<Header>,
    /// `Some` when there may be more: pass it as `after`.
    pub next: Option<BlockId>,
}

/// What became of a block that was to be kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kept {
    /// It is there now.
    New,
    /// The block that has its whole range was there before; nothing was written.
    Known,
    /// It has the number of an event that is there, and is not a part of what is there: with the same range it has another
    /// body. Nothing was written.
    Overlaps(BlockId),
}

/// What became of blocks that one was to take the place of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Replaced {
    /// It stands in their place.
    Done,
    /// It stood there before; nothing was written.
    Known,
    /// This one of them is not there, or no longer; nothing was written.
    Gone(BlockId),
    /// It does not hold what they hold; nothing was written.
    Differs,
}

/// How much of a tenant is stored.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    /// Blocks.
    pub blocks: u64,
    /// Their events.
    pub events: u64,
    /// Their bytes, as they came.
    pub bytes: u64,
}

impl Usage {
    /// Of one block.
    pub fn of(header: &Header, bytes: usize) -> Self {
        Self { blocks: 1, events: header.count.into(), bytes: bytes as u64 }
    }
}

impl std::ops::AddAssign for Usage {
    fn add_assign(&mut self, other: Self) {
        self.blocks += other.blocks;
        self.events += other.events;
        self.bytes += other.bytes;
    }
}

/// Nanoseconds of a bucket, the least that retention drops.
pub const BUCKET_NANOS: i64 = 3_600_000_000_000;

impl std::ops::Sub for Usage {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self {
            blocks: self.blocks.saturating_sub(other.blocks),
            events: self.events.saturating_sub(other.events),
            bytes: self.bytes.saturating_sub(other.bytes),
        }
    }
}

/// What a new block comes to beside the one that has the smallest last number from its first on.
pub fn compare(new: &Header, present: Option<&Header>) -> Kept {
    match present.filter(|present| present.first <= new.last) {
        None => Kept::New,
        Some(present) if (present.first, present.last) == (new.first, new.last) => {
            if present.body_crc == new.body_crc { Kept::Known } else { Kept::Overlaps(BlockId::of(present)) }
        }
        Some(present) if present.first <= new.first && new.last <= present.last => Kept::Known,
        Some(present) => Kept::Overlaps(BlockId::of(present)),
    }
}

/// Whether a block can take the place of others, by what their headers say: at least two that are one after the other of
/// one agent run, without a number between them, and as many events in the same numbers and the same time.
pub fn replaces(new: &Header, old: &[Header]) -> bool {
    let (Some(first), Some(last)) = (old.first(), old.last()) else { return false };
    let run = |header: &Header| (header.node, header.boot);
    old.len() > 1
        && old.iter().all(|header| header.tenant == new.tenant && run(header) == run(new))
        && old.windows(2).all(|pair| pair[0].last.checked_add(1) == Some(pair[1].first))
        && (first.first, last.last) == (new.first, new.last)
        && old.iter().map(|header| u64::from(header.count)).sum::<u64>() == u64::from(new.count)
        && old.iter().map(|header| header.earliest).min() == Some(new.earliest)
        && old.iter().map(|header| header.latest).max() == Some(new.latest)
}

/// The bucket in which a time lies, counted from 1970.
pub const fn bucket_of(time: Timestamp) -> i64 {
    time.as_nanos().div_euclid(BUCKET_NANOS)
}

/// Blocks of events by tenant and time. Written by whoever archives the log, read by searches.
///
/// * `Ok` from `keep` means durable. Keeping what is there already changes nothing, so that a log may be read again from
///   anywhere: it needs no checkpoint.
/// * What was kept stays until it expires; several blocks may become one that holds the same, at once for every reader.
/// * Blocks are immutable and their bodies never opened: a store reads headers, and gives back the same bytes.
/// * Reads see every call that returned before. A block is there as a whole or not at all.
#[async_trait]
pub trait BlockStore: fmt::Debug + Send + Sync {
    /// Keeps blocks of any tenants, in order, all or none, and says of each what became of it. When one of them is no
    /// block, nothing is written and the error says why.
    async fn keep(&self, blocks: &[Bytes]) -> Result<Vec<Kept>, StoreError>;

    /// Puts a block in the place of several of the tenant's, given in the order of their numbers: all at once or not at all.
    /// It has to hold what they hold ([`replaces`], by the headers). Usage follows, an event's block is found as before, and
    /// keeping one of the old ones again changes nothing: it is a part of what is there. Doing it twice is doing it once.
    async fn replace(&self, tenant: &TenantId, old: &[BlockId], new: &Bytes) -> Result<Replaced, StoreError>;

    /// How often blocks of the tenant were replaced, ever. Who reads heads page by page, or blocks by heads read before, and
    /// sees it rise, may have missed some: they moved to the place of their latest event, where it may have been already.
    async fn replacements(&self, tenant: &TenantId) -> Result<u64, StoreError>;

    /// Heads of a range behind a block (exclusive, whether or not it is still there). Looks at `limit` blocks at most, so a
    /// page may be short or empty and yet have a next one.
    async fn heads(
        &self,
        range: &BlockRange,
        after: Option<BlockId>,
        limit: usize,
    ) -> Result<HeadPage, StoreError>;

    /// The blocks' bytes; `None` for one that is not there, or no longer.
    async fn blocks(&self, tenant: &TenantId, ids: &[BlockId]) -> Result<Vec<Option<Bytes>>, StoreError>;

    /// The block that has the number of an event in its range.
    async fn holding(&self, tenant: &TenantId, event: &EventId) -> Result<Option<BlockId>, StoreError>;

    /// Drops the blocks of all buckets before that of a time, and says how much it was.
    async fn expire(&self, tenant: &TenantId, before: Timestamp) -> Result<Usage, StoreError>;

    /// How much is stored, by bucket ([`bucket_of`] the blocks' latest events), in order.
    async fn usage(&self, tenant: &TenantId) -> Result<Vec<(i64, Usage)>, StoreError>;

    /// The tenants of which there is something, in order.
    async fn archived(&self) -> Result<Vec<TenantId>, StoreError>;
}

/// A shared store is a store.
#[async_trait]
impl<S: BlockStore + ?Sized> BlockStore for std::sync::Arc<S> {
    async fn keep(&self, blocks: &[Bytes]) -> Result<Vec<Kept>, StoreError> {
        (**self).keep(blocks).await
    }
    async fn replace(&self, tenant: &TenantId, old: &[BlockId], new: &Bytes) -> Result<Replaced, StoreError> {
        (**self).replace(tenant, old, new).await
    }
    async fn replacements(&self, tenant: &TenantId) -> Result<u64, StoreError> {
        (**self).replacements(tenant).await
    }
    async fn heads(
        &self,
        range: &BlockRange,
        after: Option<BlockId>,
        limit: usize,
    ) -> Result<HeadPage, StoreError> {
        (**self).heads(range, after, limit).await
    }
    async fn blocks(&self, tenant: &TenantId, ids: &[BlockId]) -> Result<Vec<Option<Bytes>>, StoreError> {
        (**self).blocks(tenant, ids).await
    }
    async fn holding(&self, tenant: &TenantId, event: &EventId) -> Result<Option<BlockId>, StoreError> {
        (**self).holding(tenant, event).await
    }
    async fn expire(&self, tenant: &TenantId, before: Timestamp) -> Result<Usage, StoreError> {
        (**self).expire(tenant, before).await
    }
    async fn usage(&self, tenant: &TenantId) -> Result<Vec<(i64, Usage)>, StoreError> {
        (**self).usage(tenant).await
    }
    async fn archived(&self) -> Result<Vec<TenantId>, StoreError> {
        (**self).archived().await
    }
}
