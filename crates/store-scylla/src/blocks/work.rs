//! What a conditional batch leaves to be done elsewhere, as bytes.
//!
//! Each entry is: 0 for a block that is there now or 1 for one that is not any more, latest i64, first u64, last u64, checksum of the
//! body u32, bytes u32. Numbers are little endian.

use vedetta_block::Header;
use vedetta_model::Timestamp;
use vedetta_store::BlockId;

use super::{names::Run, run::Plan};

const ENTRY: usize = 33;

/// A block that came or went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    pub is_gone: bool,
    pub latest: i64,
    pub first: u64,
    pub last: u64,
    pub crc: u32,
    /// Of the whole block.
    pub bytes: u32,
}

impl Entry {
    fn of(header: &Header, bytes: usize, is_gone: bool) -> Self {
        let (latest, crc) = (header.latest.as_nanos(), header.body_crc);
        Self { is_gone, latest, first: header.first, last: header.last, crc, bytes: bytes as u32 }
    }

    pub fn id(&self, run: &Run) -> BlockId {
        let latest = Timestamp::from_nanos(self.latest);
        BlockId { latest, node: run.node, boot: run.boot, first: self.first, last: self.last }
    }
}

pub fn of(plan: &Plan) -> Vec<Entry> {
    let came = plan.added.iter().map(|(header, block)| Entry::of(header, block.len(), false));
    came.chain(plan.removed.iter().map(|range| Entry::of(&range.header, range.bytes, true))).collect()
}

pub fn encode(entries: &[Entry]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(entries.len() * ENTRY);
    for entry in entries {
        bytes.push(u8::from(entry.is_gone));
        bytes.extend_from_slice(&entry.latest.to_le_bytes());
        bytes.extend_from_slice(&entry.first.to_le_bytes());
        bytes.extend_from_slice(&entry.last.to_le_bytes());
        bytes.extend_from_slice(&entry.crc.to_le_bytes());
        bytes.extend_from_slice(&entry.bytes.to_le_bytes());
    }
    bytes
}

/// `None` for bytes that [`encode`] never makes.
pub fn decode(bytes: &[u8]) -> Option<Vec<Entry>> {
    let (entries, rest) = bytes.as_chunks::<ENTRY>();
    let entry = |bytes: &[u8; ENTRY]| {
        let long = |at: usize| bytes[at..].first_chunk::<8>().copied();
        let short = |at: usize| bytes[at..].first_chunk::<4>().copied();
        Some(Entry {
            is_gone: match bytes[0] {
                0 => false,
                1 => true,
                _ => return None,
            },
            latest: i64::from_le_bytes(long(1)?),
            first: u64::from_le_bytes(long(9)?),
            last: u64::from_le_bytes(long(17)?),
            crc: u32::from_le_bytes(short(25)?),
            bytes: u32::from_le_bytes(short(29)?),
        })
    };
    if rest.is_empty() { entries.iter().map(entry).collect() } else { None }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_was_encoded_reads_back(entries: Vec<(bool, i64, u64, u64, u32, u32)>) {
            let entry = |&(is_gone, latest, first, last, crc, bytes)| Entry { is_gone, latest, first, last, crc, bytes };
            let entries: Vec<_> = entries.iter().map(entry).collect();
            prop_assert_eq!(decode(&encode(&entries)), Some(entries));
        }

        #[test]
        fn arbitrary_bytes_never_panic(bytes: Vec<u8>) {
            let _ = decode(&bytes);
        }
    }
}
