//! Which event numbers a search has been over, so that events whose block moved meanwhile are neither missed nor given
//! out twice.

use std::collections::HashMap;

use vedetta_block::Header;
use vedetta_model::{BootId, NodeId, Numbers, Ranges};

/// By agent run. Blocks that follow each other take one entry.
#[derive(Debug, Default)]
pub struct Seen(HashMap<(NodeId, BootId), Ranges>);

impl Seen {
    /// What of a block's numbers is behind, in order; nothing mostly.
    pub fn of(&self, header: &Header) -> Vec<Numbers> {
        let run = self.0.get(&(header.node, header.boot));
        run.map(|run| run.within(numbers_of(header))).unwrap_or_default()
    }

    /// All numbers of a block are behind.
    pub fn add(&mut self, header: &Header) {
        self.0.entry((header.node, header.boot)).or_default().add(numbers_of(header));
    }
}

const fn numbers_of(header: &Header) -> Numbers {
    Numbers { first: header.first, last: header.last }
}

/// Whether all of a block's numbers are in such parts.
pub fn is_all(parts: &[Numbers], header: &Header) -> bool {
    // Parts never touch each other: all is in one.
    parts.iter().any(|part| part.contains(header.first) && part.contains(header.last))
}

/// Whether a number is in one of the parts.
pub fn is_in(parts: &[Numbers], seq: u64) -> bool {
    parts.iter().any(|part| part.contains(seq))
}
