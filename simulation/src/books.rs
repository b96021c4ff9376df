//! The truth that answers are held against: what nodes made, and what they were told of it.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use vedetta_model::{BootId, NodeId, TenantId};

/// What begins the marks of planted events; the tenant and the node stand behind it.
pub const MARK: &str = "planted-";

/// One run of an agent.
pub type Run = (TenantId, NodeId, BootId);

/// What a node knows of its own blocks: the truth that answers are held against.
#[derive(Debug, Default)]
pub struct Books {
    /// Blocks that were sealed, by their first number.
    pub sealed: BTreeMap<(Run, u64), SealedBlock>,
    /// Numbers that the server has said to be durable, first to last.
    pub acknowledged: BTreeMap<Run, Vec<(u64, u64)>>,
    /// Blocks as they arrived at the server.
    pub arrived: Vec<(NodeId, Bytes)>,
    /// Nodes of which events were lost without a trace, as happens when they are killed.
    pub shaken: BTreeSet<NodeId>,
}

/// What is known of a block.
#[derive(Debug, Clone)]
pub struct SealedBlock {
    /// Its last number.
    pub last: u64,
    /// Events in it.
    pub count: u64,
    /// Marks planted in it.
    pub marks: Vec<String>,
    /// The spool said that it survives a power cut.
    pub kept: bool,
    /// It was counted as lost.
    pub lost: bool,
}

impl Books {
    /// The disk of a node has lost something by itself: nothing that was on it is promised any more.
    pub fn damaged(&mut self, node: NodeId) {
        self.shaken.insert(node);
        self.sealed
            .iter_mut()
            .filter(|((run, _), _)| run.1 == node)
            .for_each(|(_, block)| block.kept = false);
    }

    /// Whether a number was said to be durable.
    pub fn is_acknowledged(&self, run: &Run, number: u64) -> bool {
        let ranges = self.acknowledged.get(run);
        ranges.is_some_and(|ranges| ranges.iter().any(|(first, last)| (*first..=*last).contains(&number)))
    }
}
