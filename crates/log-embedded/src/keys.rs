//! How places become keys that sort by offset.
//!
//! ```text
//!   partition   │ name length u8 │ topic name │ number u32 BE │
//!   record      │ partition …                                 │ offset u64 BE │
//!   commit      │ group length u16 BE │ group │ partition …
//! ```

use vedetta_log::{Group, Offset, Partition, Topic};

/// Longest topic name.
pub const MAX_TOPIC: usize = u8::MAX as usize;

pub fn topic(topic: &Topic) -> Vec<u8> {
    topic.as_str().as_bytes().to_vec()
}

pub fn parse_topic(key: &[u8]) -> Option<Topic> {
    Some(Topic::named(std::str::from_utf8(key).ok()?))
}

pub fn partition(partition: &Partition) -> Vec<u8> {
    let name = partition.topic.as_str().as_bytes();
    let mut key = Vec::with_capacity(1 + name.len() + 12);
    key.push(u8::try_from(name.len()).unwrap_or(u8::MAX));
    key.extend_from_slice(name);
    key.extend_from_slice(&partition.index.to_be_bytes());
    key
}

pub fn record(partition: &Partition, offset: Offset) -> Vec<u8> {
    let mut key = self::partition(partition);
    key.extend_from_slice(&offset.0.to_be_bytes());
    key
}

/// The offset at the end of a record's key.
pub fn offset(key: &[u8]) -> Option<Offset> {
    key.last_chunk().map(|bytes| Offset(u64::from_be_bytes(*bytes)))
}

pub fn commit(group: &Group, partition: &Partition) -> Vec<u8> {
    let mut key = u16::try_from(group.0.len()).unwrap_or(u16::MAX).to_be_bytes().to_vec();
    key.extend_from_slice(group.0.as_bytes());
    key.extend(self::partition(partition));
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_sort_by_offset_and_no_partition_lies_inside_another() {
        let at = |name: &str, index, offset| {
            record(&Partition { topic: Topic::named(name), index }, Offset(offset))
        };
        assert!(at("a", 0, 255) < at("a", 0, 256));
        assert!(at("a", 0, u64::MAX) < at("a", 1, 0));
        let topic_a = Partition { topic: Topic::named("a"), index: 0 };
        assert!(!at("ab", 0, 0).starts_with(&partition(&topic_a)));
        assert_eq!(offset(&at("a", 3, 77)), Some(Offset(77)));
        assert_eq!(offset(b"short"), None);
    }
}
