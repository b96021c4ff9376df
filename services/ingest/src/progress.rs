//! Which events of each agent run are durable already: a repeated block is acknowledged without another append, and
//! numbers are not given twice.
//!
//! This is a memory, not a record: after a restart, or when much was seen since, a repeated block
//! is appended again. That is harmless: whoever reads the log recognises an event by its id. Other content under known
//! numbers then gets as far as the archiver, which puts it aside.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use vedetta_block::Header;
use vedetta_model::{BootId, NodeId, Numbers};

use crate::run::{Found, Run, Sent};

/// Nodes that are remembered; the ones first seen go first.
const NODES: usize = 20_000;
/// Runs of one node that are remembered; those that sent nothing for longest go first. A node has one run, and after a
/// restart what the runs before left in its spool.
const RUNS: usize = 4;

/// What is known of a block's numbers.
#[derive(Debug)]
pub enum Seen {
    /// Nothing: they are claimed until the claim is done with.
    New(Claim),
    /// They are durable, and as far as can be told with the same events.
    Repeated,
    /// Some of them are durable with other events; the numbers of the piece in the way.
    Overlaps(Numbers),
    /// Some of them are on their way with other events: only when those are durable can it be said what this block is.
    Undecided(Numbers),
}

/// Numbers of durable events, per agent run. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct Progress(Arc<Mutex<Nodes>>);

#[derive(Debug, Default)]
struct Nodes {
    /// Each node's runs, the one that sent last at the end.
    runs: HashMap<NodeId, Vec<(BootId, Run)>>,
    order: VecDeque<NodeId>,
}

/// Numbers that are on their way to the log. Dropped, they are free again.
#[derive(Debug)]
pub struct Claim {
    progress: Progress,
    run: (NodeId, BootId),
    sent: Sent,
    is_durable: bool,
}

impl Claim {
    /// The block is durable.
    pub fn durable(mut self) {
        self.is_durable = true;
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        let mut nodes = self.progress.lock();
        if self.is_durable {
            nodes.run(self.run).durable(self.sent);
        }
        if let Some(run) = nodes.known(self.run) {
            run.arrived(self.sent);
        }
    }
}

impl Progress {
    /// Says what is known of a block's numbers, and claims them when that is nothing. The same block may be on its way
    /// twice: a node that lost its connection sends again what was not acknowledged.
    pub fn claim(&self, header: &Header) -> Seen {
        let (run, sent) = ((header.node, header.boot), Sent::of(header));
        let mut nodes = self.lock();
        let numbers = nodes.run(run);
        match numbers.look(sent) {
            Found::Nothing => {
                numbers.coming(sent);
                Seen::New(Claim { progress: self.clone(), run, sent, is_durable: false })
            }
            Found::Same => Seen::Repeated,
            Found::Other(with) => Seen::Overlaps(with),
            Found::Coming(with) => Seen::Undecided(with),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Nodes> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Nodes {
    fn known(&mut self, (node, boot): (NodeId, BootId)) -> Option<&mut Run> {
        let runs = self.runs.get_mut(&node)?;
        runs.iter_mut().find(|(known, _)| *known == boot).map(|(_, run)| run)
    }

    /// A run, as the one that sent last.
    fn run(&mut self, (node, boot): (NodeId, BootId)) -> &mut Run {
        if !self.runs.contains_key(&node) {
            self.order.push_back(node);
            if self.order.len() > NODES
                && let Some(oldest) = self.order.pop_front()
            {
                self.runs.remove(&oldest);
            }
        }
        let runs = self.runs.entry(node).or_default();
        match runs.iter().position(|(known, _)| *known == boot) {
            Some(at) => runs[at..].rotate_left(1),
            None => {
                if runs.len() >= RUNS {
                    runs.remove(0);
                }
                runs.push((boot, Run::default()));
            }
        }
        let last = runs.len() - 1;
        &mut runs[last].1
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn block(node: u128, boot: u128, first: u64, last: u64, body_crc: u32) -> Header {
        Header {
            version: 3,
            tenant: "a".parse().unwrap(),
            node: NodeId::from_uuid(Uuid::from_u128(node)),
            boot: BootId::from_uuid(Uuid::from_u128(boot)),
            first,
            last,
            count: 1,
            earliest: vedetta_model::Timestamp::EPOCH,
            latest: vedetta_model::Timestamp::EPOCH,
            kinds: vec![1],
            digest: Default::default(),
            body_bytes: 1,
            decoded_bytes: 1,
            body_crc,
        }
    }

    fn keep(progress: &Progress, header: &Header) {
        let Seen::New(claim) = progress.claim(header) else { panic!("{header:?} is known") };
        claim.durable();
    }

    #[test]
    fn a_run_is_a_nodes_own() {
        let progress = Progress::default();
        keep(&progress, &block(1, 1, 1, 5, 7));
        assert!(matches!(progress.claim(&block(1, 1, 1, 5, 7)), Seen::Repeated));
        let Seen::Overlaps(with) = progress.claim(&block(1, 1, 5, 6, 7)) else { panic!("5 is given") };
        assert_eq!(with.to_string(), "1 to 5");
        keep(&progress, &block(1, 2, 1, 5, 8));
        keep(&progress, &block(2, 1, 1, 5, 8));
    }

    #[test]
    fn what_is_on_its_way_is_undecided_until_it_is_there_or_given_up() {
        let progress = Progress::default();
        let Seen::New(first) = progress.claim(&block(1, 1, 1, 5, 7)) else { panic!("nothing is known") };
        assert!(matches!(progress.claim(&block(1, 1, 1, 5, 8)), Seen::Undecided(_)));
        assert!(matches!(progress.claim(&block(1, 1, 3, 9, 8)), Seen::Undecided(_)));
        let Seen::New(again) = progress.claim(&block(1, 1, 1, 5, 7)) else { panic!("it is the same") };
        drop(first);
        assert!(matches!(progress.claim(&block(1, 1, 1, 5, 8)), Seen::Undecided(_)), "one is still coming");
        drop(again);
        let Seen::New(other) = progress.claim(&block(1, 1, 1, 5, 8)) else { panic!("none came") };
        other.durable();
        assert!(matches!(progress.claim(&block(1, 1, 1, 5, 7)), Seen::Overlaps(_)));
    }

    #[test]
    fn memory_is_bounded_by_forgetting_runs_and_nodes() {
        let progress = Progress::default();
        for boot in 0..RUNS as u128 {
            keep(&progress, &block(1, boot, 1, 1, 7));
        }
        // The first run sends again, so the second is the one that sent nothing for longest.
        assert!(matches!(progress.claim(&block(1, 0, 1, 1, 7)), Seen::Repeated));
        keep(&progress, &block(1, 100, 1, 1, 7));
        assert!(matches!(progress.claim(&block(1, 0, 1, 1, 7)), Seen::Repeated));
        keep(&progress, &block(1, 1, 1, 1, 7));
        assert_eq!(progress.lock().runs.values().next().unwrap().len(), RUNS);

        for node in 2..2 + NODES as u128 {
            keep(&progress, &block(node, 0, 1, 1, 7));
        }
        assert_eq!(progress.lock().runs.len(), NODES);
        keep(&progress, &block(1, 0, 1, 1, 7));
    }

    #[test]
    fn a_claim_of_a_forgotten_run_is_let_go() {
        let progress = Progress::default();
        let Seen::New(claim) = progress.claim(&block(1, 1, 1, 5, 7)) else { panic!("nothing is known") };
        for boot in 2..2 + RUNS as u128 {
            keep(&progress, &block(1, boot, 1, 1, 7));
        }
        drop(claim);
        keep(&progress, &block(1, 1, 1, 5, 8));
    }
}
