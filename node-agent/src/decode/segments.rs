//! The variable part of a record.

use vedetta_node_agent_common::{Segment, Slot, record};

const SLOTS: usize = 16;

/// The segments of a record by slot. What cannot be understood is left out; a segment that claims
/// more bytes than there are ends where the bytes do.
#[derive(Debug, Default)]
pub struct Segments<'a> {
    by_slot: [Option<(u8, &'a [u8])>; SLOTS],
}

impl<'a> Segments<'a> {
    /// Reads all segments of a tail.
    pub fn parse(mut tail: &'a [u8]) -> Self {
        let mut segments = Self::default();
        while let Some((segment, rest)) = record::take::<Segment>(tail) {
            let (bytes, next) = rest.split_at(usize::from(segment.len).min(rest.len()));
            if let Some(slot) = Slot::from_number(segment.slot) {
                segments.by_slot[slot as usize] = Some((segment.form, bytes));
            }
            tail = next;
        }
        segments
    }

    /// A segment's form and bytes.
    pub fn get(&self, slot: Slot) -> Option<(u8, &'a [u8])> {
        self.by_slot[slot as usize]
    }

    /// A segment's bytes; none when it is not there.
    pub fn bytes(&self, slot: Slot) -> &'a [u8] {
        self.get(slot).map_or(&[], |(_, bytes)| bytes)
    }

    /// A segment as text. Bytes that are no UTF-8 are replaced.
    pub fn text(&self, slot: Slot) -> String {
        String::from_utf8_lossy(self.bytes(slot)).into_owned()
    }
}
