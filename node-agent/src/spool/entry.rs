//! The bytes in front of each block in a segment.
//!
//! ```text
//!  0        4      8        24     32    40      48      56     60      68       72       76
//!  ├ magic ─┼ len ─┼ boot ──┼ first ┼ last ┼ oldest ┼ newest ┼ count ┼ before ─┼ payload ┼ header ┤ block …
//!  │ "VSE1" │      │ 16 B   │       │      │ ns     │ ns     │       │         │ crc32   │ crc32  │
//! ```
//! Little-endian. The header's own checksum covers where it stands as well, so that bytes copied
//! from elsewhere are no entry. `before` counts the events of the same run that were spooled
//! earlier: after a damaged stretch it tells exactly how many were in it.

use uuid::Uuid;
use vedetta_model::{BootId, Timestamp};

/// Bytes in front of a block.
pub(super) const HEADER: usize = 76;
pub(super) const MAGIC: [u8; 4] = *b"VSE1";

/// What is known about a block without opening it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Meta {
    /// The agent run that numbered its events.
    pub boot: BootId,
    /// Number of its first event.
    pub first: u64,
    /// Number of its last event.
    pub last: u64,
    /// How many events it holds.
    pub count: u32,
    /// Time of its oldest event.
    pub oldest: Timestamp,
    /// Time of its newest event.
    pub newest: Timestamp,
}

/// A place in the spool.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(super) struct Position {
    pub segment: u64,
    pub offset: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Header {
    pub meta: Meta,
    pub len: u32,
    pub before: u64,
    pub payload_crc: u32,
}

impl Header {
    /// Bytes of header and block together.
    pub(super) const fn size(&self) -> u64 {
        HEADER as u64 + self.len as u64
    }

    /// The run, and what `before` of its next entry is.
    pub(super) fn after(&self) -> (BootId, u64) {
        (self.meta.boot, self.before + u64::from(self.meta.count))
    }

    pub(super) fn encode(&self, at: Position) -> [u8; HEADER] {
        let mut bytes = [0; HEADER];
        let mut rest = &mut bytes[..];
        let mut put = |part: &[u8]| {
            let (head, tail) = std::mem::take(&mut rest).split_at_mut(part.len());
            head.copy_from_slice(part);
            rest = tail;
        };
        put(&MAGIC);
        put(&self.len.to_le_bytes());
        put(self.meta.boot.as_uuid().as_bytes());
        put(&self.meta.first.to_le_bytes());
        put(&self.meta.last.to_le_bytes());
        put(&self.meta.oldest.as_nanos().to_le_bytes());
        put(&self.meta.newest.as_nanos().to_le_bytes());
        put(&self.meta.count.to_le_bytes());
        put(&self.before.to_le_bytes());
        put(&self.payload_crc.to_le_bytes());
        let crc = header_crc(&bytes, at);
        bytes[HEADER - 4..].copy_from_slice(&crc.to_le_bytes());
        bytes
    }

    /// `None` when these bytes are no header, or one of another place.
    pub(super) fn decode(bytes: &[u8; HEADER], at: Position) -> Option<Self> {
        let u32_at = |from: usize| u32::from_le_bytes(part(bytes, from));
        let u64_at = |from: usize| u64::from_le_bytes(part(bytes, from));
        let time_at = |from: usize| Timestamp::from_nanos(i64::from_le_bytes(part(bytes, from)));
        if bytes[..4] != MAGIC || u32_at(HEADER - 4) != header_crc(bytes, at) {
            return None;
        }
        Some(Self {
            len: u32_at(4),
            meta: Meta {
                boot: BootId::from_uuid(Uuid::from_bytes(part(bytes, 8))),
                first: u64_at(24),
                last: u64_at(32),
                oldest: time_at(40),
                newest: time_at(48),
                count: u32_at(56),
            },
            before: u64_at(60),
            payload_crc: u32_at(68),
        })
    }
}

fn part<const N: usize>(bytes: &[u8; HEADER], from: usize) -> [u8; N] {
    let mut part = [0; N];
    part.copy_from_slice(&bytes[from..from + N]);
    part
}

fn header_crc(bytes: &[u8; HEADER], at: Position) -> u32 {
    let mut crc = crc32fast::Hasher::new();
    crc.update(&at.segment.to_le_bytes());
    crc.update(&at.offset.to_le_bytes());
    crc.update(&bytes[..HEADER - 4]);
    crc.finalize()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_is_read_back_only_where_it_was_written() {
        let header = Header {
            meta: Meta {
                boot: BootId::from_uuid(Uuid::from_u128(5)),
                first: 1,
                last: 9,
                count: 9,
                oldest: Timestamp::from_nanos(-3),
                newest: Timestamp::from_nanos(4),
            },
            len: 17,
            before: 40,
            payload_crc: 0xdead_beef,
        };
        let here = Position { segment: 3, offset: 800 };
        let bytes = header.encode(here);
        assert_eq!(Header::decode(&bytes, here), Some(header));
        assert_eq!(Header::decode(&bytes, Position { offset: 801, ..here }), None);
        for bit in 0..bytes.len() * 8 {
            let mut flipped = bytes;
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(Header::decode(&flipped, here), None, "bit {bit}");
        }
    }
}
