//! What was sent and not answered, and what has to be sent again.

use std::collections::VecDeque;

use tokio::time::Instant;

use super::Numbers;
use crate::spool::Entry;

/// Blocks on their way. Bounded by its owner, who asks [`Window::has_room`] first.
#[derive(Debug)]
pub(super) struct Window {
    most_blocks: usize,
    most_bytes: usize,
    /// Sent, in the order of their ids.
    flying: VecDeque<(Entry, Instant)>,
    /// To be sent again before anything new, in the order of their ids.
    again: VecDeque<Entry>,
}

impl Window {
    pub(super) const fn new(most_blocks: usize, most_bytes: usize) -> Self {
        Self { most_blocks, most_bytes, flying: VecDeque::new(), again: VecDeque::new() }
    }

    /// One block always fits, whatever its size.
    pub(super) fn has_room(&self) -> bool {
        let bytes: usize = self.flying.iter().map(|(entry, _)| entry.block.len()).sum();
        self.flying.is_empty() || self.flying.len() < self.most_blocks && bytes < self.most_bytes
    }

    /// The next one to send again.
    pub(super) fn next_again(&mut self) -> Option<Entry> {
        self.again.pop_front()
    }

    pub(super) fn sent(&mut self, entry: Entry, now: Instant) {
        let at = self.flying.partition_point(|(other, _)| other.id < entry.id);
        self.flying.insert(at, (entry, now));
    }

    /// When the longest waiting one was sent.
    pub(super) fn oldest(&self) -> Option<Instant> {
        self.flying.iter().map(|(_, sent)| *sent).min()
    }

    /// Takes out the blocks that lie within these numbers.
    pub(super) fn answered(&mut self, numbers: &Numbers) -> Vec<Entry> {
        let mut answered = Vec::new();
        self.flying.retain(|(entry, _)| {
            let meta = &entry.meta;
            let within =
                meta.boot == numbers.boot && meta.first >= numbers.first && meta.last <= numbers.last;
            if within {
                answered.push(entry.clone());
            }
            !within
        });
        answered
    }

    /// Takes out the block that has waited longest.
    pub(super) fn longest_waiting(&mut self) -> Option<Entry> {
        let (index, _) = self.flying.iter().enumerate().min_by_key(|(_, (_, sent))| *sent)?;
        self.flying.remove(index).map(|(entry, _)| entry)
    }

    /// To be sent again, in its place.
    pub(super) fn send_again(&mut self, entry: Entry) {
        let at = self.again.partition_point(|other| other.id < entry.id);
        self.again.insert(at, entry);
    }

    /// The stream has broken: everything unanswered is to be sent again.
    pub(super) fn broken(&mut self) {
        for (entry, _) in std::mem::take(&mut self.flying) {
            self.send_again(entry);
        }
    }
}
