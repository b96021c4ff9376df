//! Why a copy was not made.

use vedetta_log::{AppendError, GroupError, Partition, Position, ReadError};
use vedetta_store::{AppendError as EventError, StoreError};

/// Why a copy was not made, or is not equal.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CopyError {
    /// Somebody else's data, or what an installation made that runs there.
    #[error(
        "the target holds data that is no unfinished copy of this source: {0}; name an empty one (another topic_prefix, \
         keyspace or directory), or empty it first"
    )]
    Occupied(String),
    /// Nothing lies there.
    #[error("the source is empty: no topic of an installation is there; check what stands behind --from")]
    Empty,
    /// What was asked of a topic can't be.
    #[error("{0}")]
    Partitions(String),
    /// The source is not what it was when the copy began.
    #[error(
        "the source has changed while it was copied: something runs on it. Stop it, empty the target and copy again"
    )]
    Changed,
    /// Source and target are not equal.
    #[error("source and target differ at {place}: {what}")]
    Differs {
        /// The first place at which they do.
        place: String,
        /// How.
        what: String,
    },
    /// A record was sent and no answer came.
    #[error(
        "it is not known what of {partition} arrived: {source}. Run the same command again: it looks at what is there and \
         goes on behind it"
    )]
    Unknown {
        /// Where.
        partition: String,
        /// What the target says.
        source: AppendError,
    },
    /// The target does not take a record.
    #[error("the target does not take {position}: {source}")]
    Append {
        /// Where the record lies in the source.
        position: Position,
        /// What the target says.
        source: AppendError,
    },
    /// A topic can't be made.
    #[error("topic {topic} can't be made in the target: {source}")]
    Topic {
        /// Which.
        topic: String,
        /// What the target says.
        source: AppendError,
    },
    /// A read ended before what has to be there.
    #[error(
        "the {side}'s {partition} gave nothing for {seconds} s before its end; see whether it is healthy and run this again"
    )]
    Silent {
        /// Source or target.
        side: &'static str,
        /// Where.
        partition: Partition,
        /// How long it was waited for.
        seconds: u64,
    },
    /// A log can't be read.
    #[error("the {side}'s log: {source}")]
    Read {
        /// Source or target.
        side: &'static str,
        /// What it says.
        source: ReadError,
    },
    /// A consumer group's place can't be read or set.
    #[error("consumer group {group}: {source}")]
    Group {
        /// Which.
        group: String,
        /// What the log says.
        source: GroupError,
    },
    /// Others are members of a group in the target.
    #[error("consumer group {0} of the target is in use: stop what runs on the target and run this again")]
    InUse(String),
    /// A store refuses.
    #[error("the {side}'s store: {source}")]
    Store {
        /// Source or target.
        side: &'static str,
        /// What it says.
        source: StoreError,
    },
    /// An event was not taken.
    #[error("the target's store does not take a decision: {0}")]
    Events(#[from] EventError),
    /// The source's outbox is longer than is carried.
    #[error(
        "{0} decisions of the source wait for its log; start it once more until they are through, stop it, and copy then"
    )]
    Backlog(usize),
}

impl CopyError {
    pub(crate) fn differs(place: impl ToString, what: impl Into<String>) -> Self {
        Self::Differs { place: place.to_string(), what: what.into() }
    }
}
