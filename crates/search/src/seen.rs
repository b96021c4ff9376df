//! Which event numbers a search has been over, so that events whose block moved meanwhile are neither missed nor given
//! out twice.

use std::collections::{BTreeMap, HashMap};

use vedetta_block::Header;
use vedetta_model::{BootId, NodeId};

/// First to last number.
pub type Numbers = (u64, u64);

/// By agent run. Blocks that follow each other take one entry.
#[derive(Debug, Default)]
pub struct Seen(HashMap<(NodeId, BootId), BTreeMap<u64, u64>>);

impl Seen {
    /// What of a block's numbers is behind, in order; nothing mostly.
    pub fn of(&self, header: &Header) -> Vec<Numbers> {
        let Some(run) = self.0.get(&(header.node, header.boot)) else { return Vec::new() };
        let behind = run.range(..=header.last).rev().take_while(|(_, last)| **last >= header.first);
        let mut parts: Vec<Numbers> =
            behind.map(|(first, last)| (*first.max(&header.first), *last.min(&header.last))).collect();
        parts.reverse();
        parts
    }

    /// All numbers of a block are behind.
    pub fn add(&mut self, header: &Header) {
        let run = self.0.entry((header.node, header.boot)).or_default();
        let (mut first, mut last) = (header.first, header.last);
        while let Some((&start, &end)) = run.range(..=last.saturating_add(1)).next_back() {
            if end.saturating_add(1) < first {
                break;
            }
            run.remove(&start);
            (first, last) = (first.min(start), last.max(end));
        }
        run.insert(first, last);
    }
}

/// Whether all of a block's numbers are in such parts.
pub fn is_all(parts: &[Numbers], header: &Header) -> bool {
    // Parts never touch each other: all is in one.
    parts.iter().any(|(first, last)| *first <= header.first && header.last <= *last)
}

/// Whether a number is in one of the parts.
pub fn is_in(parts: &[Numbers], seq: u64) -> bool {
    parts.iter().any(|(first, last)| (*first..=*last).contains(&seq))
}
