//! Which events of each agent run are durable already, so that a repeated block is acknowledged
//! without another append.
//!
//! This is a memory, not a record: after a restart, or when much was seen since, a repeated block
//! is appended again. That is harmless: whoever reads the log recognises an event by its id.

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    sync::{Mutex, PoisonError},
};

use vedetta_model::{BootId, NodeId};

/// Agent runs that are remembered; the ones first seen go first.
const RUNS: usize = 20_000;
/// Pieces of one run that are remembered; the lowest go first.
const PIECES: usize = 256;

/// Numbers of durable events, per agent run.
#[derive(Debug, Default)]
pub struct Progress(Mutex<Runs>);

#[derive(Debug, Default)]
struct Runs {
    pieces: HashMap<(NodeId, BootId), Pieces>,
    order: VecDeque<(NodeId, BootId)>,
}

impl Progress {
    /// Whether all of `first` to `last` is known to be durable.
    pub fn covers(&self, node: NodeId, boot: BootId, first: u64, last: u64) -> bool {
        let runs = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        runs.pieces.get(&(node, boot)).is_some_and(|pieces| pieces.covers(first, last))
    }

    /// `first` to `last` is durable.
    pub fn add(&self, node: NodeId, boot: BootId, first: u64, last: u64) {
        let mut runs = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let run = (node, boot);
        if !runs.pieces.contains_key(&run) {
            runs.order.push_back(run);
            if runs.order.len() > RUNS
                && let Some(oldest) = runs.order.pop_front()
            {
                runs.pieces.remove(&oldest);
            }
        }
        runs.pieces.entry(run).or_default().add(first, last);
    }
}

/// Disjoint ranges, first number to last, none touching another.
#[derive(Debug, Default)]
struct Pieces(BTreeMap<u64, u64>);

impl Pieces {
    fn covers(&self, first: u64, last: u64) -> bool {
        self.0.range(..=first).next_back().is_some_and(|(_, end)| *end >= last)
    }

    fn add(&mut self, mut first: u64, mut last: u64) {
        // Whatever begins before the end and does not end before the start is joined, neighbours too.
        while let Some((&start, &end)) = self.0.range(..=last.saturating_add(1)).next_back() {
            if end.saturating_add(1) < first {
                break;
            }
            self.0.remove(&start);
            first = first.min(start);
            last = last.max(end);
        }
        self.0.insert(first, last);
        if self.0.len() > PIECES {
            self.0.pop_first();
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn ids() -> (NodeId, BootId) {
        (NodeId::from_uuid(uuid::Uuid::from_u128(1)), BootId::from_uuid(uuid::Uuid::from_u128(2)))
    }

    #[test]
    fn a_block_that_was_refused_between_others_is_not_taken_for_a_repeat() {
        let (node, boot) = ids();
        let progress = Progress::default();
        progress.add(node, boot, 1, 5);
        progress.add(node, boot, 9, 12);
        assert!(progress.covers(node, boot, 2, 5) && progress.covers(node, boot, 9, 12));
        assert!(!progress.covers(node, boot, 6, 8) && !progress.covers(node, boot, 5, 9));
        progress.add(node, boot, 6, 8);
        assert!(progress.covers(node, boot, 1, 12));
        assert!(!progress.covers(node, BootId::from_uuid(uuid::Uuid::from_u128(3)), 1, 5));
    }

    #[test]
    fn memory_is_bounded_by_forgetting_the_oldest() {
        let (node, boot) = ids();
        let progress = Progress::default();
        for n in 0..2 * PIECES as u64 {
            progress.add(node, boot, 1 + 10 * n, 2 + 10 * n);
        }
        assert!(!progress.covers(node, boot, 1, 2));
        assert!(progress.covers(
            node,
            boot,
            1 + 10 * (2 * PIECES as u64 - 1),
            2 + 10 * (2 * PIECES as u64 - 1)
        ));
        for n in 0..=RUNS as u128 {
            progress.add(node, BootId::from_uuid(uuid::Uuid::from_u128(100 + n)), 1, 1);
        }
        assert_eq!(progress.0.lock().unwrap().pieces.len(), RUNS);
        assert!(!progress.covers(node, boot, 5111, 5112));
    }

    proptest! {
        #[test]
        fn it_covers_exactly_what_was_added(ranges in proptest::collection::vec((1_u64..60, 0_u64..8), 0..30)) {
            let mut pieces = Pieces::default();
            let mut model = [false; 80];
            for (first, more) in ranges {
                pieces.add(first, first + more);
                model[first as usize..=(first + more) as usize].fill(true);
            }
            for first in 1..70_u64 {
                for last in first..70 {
                    let expected = model[first as usize..=last as usize].iter().all(|is_there| *is_there);
                    prop_assert_eq!(pieces.covers(first, last), expected, "{} to {}", first, last);
                }
            }
        }
    }
}
