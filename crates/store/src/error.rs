//! What can go wrong.

use crate::{StreamId, Version};

/// Why events were not appended to a stream.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AppendError {
    /// Somebody else was faster; nothing was written. Load, decide again, retry.
    #[error("{stream} is at version {actual}, not as expected")]
    Conflict {
        /// The stream.
        stream: StreamId,
        /// Its version.
        actual: Version,
    },
    /// The events are over a limit; nothing was written.
    #[error("{stream}: {what}")]
    TooLarge {
        /// The stream.
        stream: StreamId,
        /// Which limit.
        what: String,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why the store gave no answer.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The disk is full; nothing was written.
    #[error("the store is full: {0}")]
    Full(String),
    /// Bytes on disk are damaged.
    #[error("{place} is damaged: {what}")]
    Corrupt {
        /// Which key or file.
        place: String,
        /// What was found.
        what: String,
    },
    /// It is more than this backend takes; nothing was written.
    #[error("{0}")]
    TooLarge(String),
    /// A cursor is not one that this store gave for this range.
    #[error("the cursor does not belong to this list")]
    BadCursor,
    /// What was to be kept is no block.
    #[error(transparent)]
    Block(#[from] vedetta_block::BlockError),
    /// The store is shutting down.
    #[error("the store is closed")]
    Closed,
    /// The backend failed; may succeed later. A write may have happened: every write is idempotent.
    #[error("store operation failed: {0}")]
    Backend(String),
}

impl StoreError {
    /// Whether the same call may succeed later.
    pub const fn is_transient(&self) -> bool {
        matches!(self, Self::Full(_) | Self::Backend(_))
    }
}
