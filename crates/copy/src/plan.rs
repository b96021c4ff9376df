//! What an installation consists of, as whoever knows its roles says it.

use std::{collections::BTreeMap, fmt, ops::Range, sync::Arc};

use smol_str::SmolStr;
use vedetta_log::{EventLog, Group, Offset, Partition, ReadError, Topic};
use vedetta_store::{BlockStore, EventStore, StoreError, View, ViewStore};

use crate::CopyError;

/// One end of a copy.
#[derive(Clone)]
pub struct Side {
    /// `source` or `target`, for messages.
    pub name: &'static str,
    /// The log. That of the target must not repeat appends by itself: a repeat would double what arrived.
    pub log: Arc<dyn EventLog>,
    /// Streams of decisions.
    pub events: Arc<dyn EventStore>,
    /// Rows and checkpoints.
    pub views: Arc<dyn ViewStore>,
    /// Blocks of events.
    pub blocks: Arc<dyn BlockStore>,
}

impl fmt::Debug for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Side").field("name", &self.name).field("log", &self.log).finish_non_exhaustive()
    }
}

impl Side {
    pub(crate) fn read(&self, source: ReadError) -> CopyError {
        CopyError::Read { side: self.name, source }
    }

    pub(crate) fn store(&self, source: StoreError) -> CopyError {
        CopyError::Store { side: self.name, source }
    }

    /// How many partitions a topic has; `None` when nobody made it.
    pub(crate) async fn partitions(&self, topic: &Topic) -> Result<Option<u32>, CopyError> {
        match self.log.partitions(topic).await {
            Ok(count) => Ok(Some(count)),
            Err(ReadError::NoSuchPartition(_)) => Ok(None),
            Err(error) => Err(self.read(error)),
        }
    }

    pub(crate) async fn bounds(&self, partition: &Partition) -> Result<Range<Offset>, CopyError> {
        self.log.bounds(partition).await.map_err(|error| self.read(error))
    }
}

/// What is to be copied.
#[derive(Debug, Clone, Default)]
pub struct Plan {
    /// Topics of the log.
    pub topics: Vec<Topic>,
    /// How many partitions topics get in the target that are not there yet; as many as in the source for the others.
    pub partitions: BTreeMap<Topic, u32>,
    /// Consumer groups whose places count, with the topic each reads.
    pub groups: Vec<(Group, Topic)>,
    /// Names of all aggregates.
    pub aggregates: Vec<&'static str>,
    /// Views and what makes them.
    pub projections: Vec<Projected>,
}

/// Views that are written together with checkpoints of one name.
#[derive(Debug, Clone)]
pub struct Projected {
    /// The checkpoints' name.
    pub name: SmolStr,
    /// The views.
    pub views: Vec<View>,
    /// What the checkpoints mean.
    pub checkpoints: Checkpoints,
}

/// What checkpoints mean, and with it what has to hold for rows to be carried over as they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Checkpoints {
    /// Each is a place in a partition of the topic, named `topic/partition`, and rows hold partitions or places: they are
    /// carried over when every record lies at the same place in the target, and else left to be made again from the topic.
    Places(Topic),
    /// Each is a place in a partition of the topic, and rows know nothing of places: they are always carried over.
    Offsets(Topic),
    /// Each counts saves, one for each partition of the topic, named by this and the partition's number. Always carried over.
    Counts(SmolStr, Topic),
}

impl Checkpoints {
    pub(crate) const fn topic(&self) -> &Topic {
        match self {
            Self::Places(topic) | Self::Offsets(topic) | Self::Counts(_, topic) => topic,
        }
    }
}

pub(crate) fn partitions_of(topic: &Topic, count: u32) -> impl Iterator<Item = Partition> {
    (0..count).map(|index| Partition { topic: topic.clone(), index })
}
