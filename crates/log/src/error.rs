//! What can go wrong, per operation.

use crate::{Group, Offset, Partition, Topic};

/// Why an append did not happen. After any error the records may be in the log all the same only
/// for `Unknown`; a repeat is then harmless to consumers, which recognise it by id.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AppendError {
    /// One record is over the limit; nothing was written.
    #[error("record {index} has {size} bytes, over the limit of {limit}")]
    TooLarge {
        /// Which record of the batch.
        index: usize,
        /// Its size.
        size: usize,
        /// The limit.
        limit: usize,
    },
    /// The log can take no more just now, or its disk is full; nothing was written. Try again later.
    #[error("the log is full: {0}")]
    Full(String),
    /// The log is shutting down; nothing was written.
    #[error("the log is closed")]
    Closed,
    /// Nobody made the topic.
    #[error("topic {0} does not exist")]
    NoSuchTopic(Topic),
    /// The log can't take this before somebody changes how it is set up, for instance a right or a topic's settings; nothing
    /// was written. Says what to change.
    #[error("the log is not set up for this: {0}")]
    Misconfigured(String),
    /// It is not known whether the records were written.
    #[error("append failed in an unknown state: {0}")]
    Unknown(String),
}

impl AppendError {
    /// Whether the same call may succeed later.
    pub const fn is_transient(&self) -> bool {
        matches!(self, Self::Full(_) | Self::Unknown(_))
    }
}

/// Why a read gave nothing.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// The wanted place was trimmed away.
    #[error("{partition} begins at {low}; the wanted place is gone")]
    OutOfRange {
        /// Where.
        partition: Partition,
        /// The first place still there.
        low: Offset,
    },
    /// No such topic or partition.
    #[error("{0} does not exist")]
    NoSuchPartition(Partition),
    /// Bytes on disk are damaged.
    #[error("{partition} is damaged at {offset}: {what}")]
    Corrupt {
        /// Where.
        partition: Partition,
        /// At which record.
        offset: Offset,
        /// What was found.
        what: String,
    },
    /// The log is shutting down.
    #[error("the log is closed")]
    Closed,
    /// The backend failed; may succeed later.
    #[error("read failed: {0}")]
    Backend(String),
}

impl ReadError {
    /// Where to read on when a record is lost because it is damaged; `None` when the wanted place itself may still come.
    pub fn behind(&self) -> Option<Offset> {
        match self {
            Self::Corrupt { offset, .. } => Some(offset.next()),
            _ => None,
        }
    }

    /// Whether the same call may succeed later.
    pub const fn is_transient(&self) -> bool {
        matches!(self, Self::Backend(_))
    }
}

/// Why a group member can't go on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GroupError {
    /// Reading failed.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// A commit names a partition that this member does not hold (any more).
    #[error("{group} does not hold {partition} here")]
    NotAssigned {
        /// The group.
        group: Group,
        /// The partition.
        partition: Partition,
    },
    /// The log is shutting down.
    #[error("the log is closed")]
    Closed,
    /// The backend failed; may succeed later.
    #[error("group operation failed: {0}")]
    Backend(String),
}

impl GroupError {
    /// Whether the same call may succeed later.
    pub const fn is_transient(&self) -> bool {
        matches!(self, Self::Backend(_) | Self::Read(ReadError::Backend(_)))
    }
}
