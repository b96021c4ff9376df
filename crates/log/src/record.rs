//! What lies in the log and how its places are named.

use std::{collections::BTreeMap, fmt, str::FromStr, sync::Arc};

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;
use vedetta_model::{TenantId, Timestamp};

/// A named sequence of records, cut into partitions.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Topic(SmolStr);

impl Topic {
    /// Blocks of kernel events, as the agents sent them.
    pub const TELEMETRY: Self = Self(SmolStr::new_static("telemetry"));
    /// Findings.
    pub const FINDINGS: Self = Self(SmolStr::new_static("findings"));
    /// Domain events of the tenant service.
    pub const CONTROL: Self = Self(SmolStr::new_static("control"));

    /// Records that could not be used, with the reason.
    pub const DEAD_LETTERS: Self = Self(SmolStr::new_static("dead-letters"));

    /// A topic of another name, `[a-z0-9._-]`.
    pub fn named(name: &str) -> Self {
        Self(name.into())
    }
    /// Its name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Topic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One partition of a topic.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Partition {
    /// The topic.
    pub topic: Topic,
    /// Its number, from 0.
    pub index: u32,
}

impl fmt::Display for Partition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.topic, self.index)
    }
}

/// A place in a partition. As a position to read or commit it always means the *next* record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct Offset(pub u64);

impl Offset {
    /// The place after this one.
    pub const fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

impl fmt::Display for Offset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A partition and a place in it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// The partition.
    pub partition: Partition,
    /// The place.
    pub offset: Offset,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.partition, self.offset)
    }
}

/// Not `topic/partition/offset`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no place in the log, which is topic/partition/offset")]
pub struct NoPosition(String);

impl FromStr for Position {
    type Err = NoPosition;
    fn from_str(text: &str) -> Result<Self, NoPosition> {
        let read = || {
            let mut parts = text.rsplitn(3, '/');
            let (offset, index, topic) = (parts.next()?, parts.next()?, parts.next()?);
            let partition = Partition { topic: Topic::named(topic), index: index.parse().ok()? };
            Some(Self { partition, offset: Offset(offset.parse().ok()?) })
        };
        // Only the one way in which it is written: a place names things.
        read().filter(|place| place.to_string() == text).ok_or_else(|| NoPosition(text.to_owned()))
    }
}

/// "Next to read" for several partitions.
pub type Offsets = BTreeMap<Partition, Offset>;

/// Decides the partition: records with equal keys keep their order.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Key(pub Bytes);

impl Key {
    /// The key of `tenant` and one of its things, such as a node or an aggregate.
    pub fn of(tenant: &TenantId, thing: impl fmt::Display) -> Self {
        Self(format!("{tenant}/{thing}").into())
    }
}

/// The partition of `partitions` that a key falls into. The same in every backend and for ever:
/// a change would break the order of keys that are in flight.
pub fn partition_of(key: &Key, partitions: u32) -> u32 {
    let mut word = [0; 8];
    word.copy_from_slice(&blake3::hash(&key.0).as_bytes()[..8]);
    u32::try_from(u64::from_le_bytes(word) % u64::from(partitions.max(1))).unwrap_or(0)
}

/// Small named values beside the payload; names are unique.
pub type Headers = BTreeMap<SmolStr, Bytes>;

/// A record to append.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewRecord {
    /// Whose.
    pub tenant: TenantId,
    /// Decides partition and order.
    pub key: Key,
    /// Small named values.
    pub headers: Headers,
    /// The bytes.
    pub payload: Bytes,
}

/// Records that are appended by one call: each becomes durable on its own, those of a key in their order, or none of it does,
/// and `Ok` says that all did.
pub type Batch = Vec<NewRecord>;

impl NewRecord {
    /// What counts against the size limit: payload, key, headers.
    pub fn size(&self) -> usize {
        let headers: usize = self.headers.iter().map(|(name, value)| name.len() + value.len()).sum();
        self.payload.len() + self.key.0.len() + headers
    }
}

/// A record that lies in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Where it lies.
    pub position: Position,
    /// When the log took it, by the log's clock.
    pub appended: Timestamp,
    /// Whose.
    pub tenant: TenantId,
    /// Its key.
    pub key: Key,
    /// Small named values.
    pub headers: Headers,
    /// The bytes.
    pub payload: Bytes,
}

/// Where the records of an append lie now, in the order given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Appended {
    /// One place per record.
    pub positions: Vec<Position>,
}

/// How much one read may return. At least one record comes even when it is larger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReadLimit {
    /// Most records in one batch of the stream.
    pub records: usize,
    /// Most payload bytes in one batch of the stream.
    pub bytes: usize,
}

impl Default for ReadLimit {
    fn default() -> Self {
        Self { records: 1024, bytes: 4 << 20 }
    }
}

impl ReadLimit {
    /// What a member takes of one partition before the next one has its turn. Blocks of events are some seven bytes an event: detection
    /// is busy with this for a twentieth of a second, and that is how long those on other partitions wait for a full one.
    pub const TURN: Self = Self { records: 1024, bytes: 512 << 10 };
}

/// A consumer group's name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Group(pub Arc<str>);

impl Group {
    /// The group of that name.
    pub fn named(name: &str) -> Self {
        Self(name.into())
    }
}

impl fmt::Display for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_always_falls_into_the_same_partition() {
        let key = |text: &'static str| Key(Bytes::from_static(text.as_bytes()));
        assert_eq!(["a/1", "a/2", "b/1"].map(|k| partition_of(&key(k), 16)), PINNED);
        assert!((0..100).all(|n| partition_of(&Key(n.to_string().into()), 7) < 7));
        assert_eq!(partition_of(&key("a/1"), 0), 0);
    }
    const PINNED: [u32; 3] = [4, 11, 1];

    #[test]
    fn a_place_reads_back_and_only_in_the_way_it_is_written() {
        let partition = Partition { topic: Topic::TELEMETRY, index: 3 };
        let place = Position { partition, offset: Offset(u64::MAX) };
        assert_eq!(place.to_string().parse(), Ok(place));
        for bad in ["", "telemetry/3", "telemetry/3/x", "telemetry/-1/7", "telemetry/03/7", "telemetry/3/+7"]
        {
            assert!(bad.parse::<Position>().is_err(), "{bad}");
        }
    }
}
