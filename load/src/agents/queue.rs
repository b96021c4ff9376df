//! Blocks of one agent between being made and being answered.

use std::{collections::VecDeque, time::Instant};

use bytes::Bytes;
use vedetta_node_agent::ship::Numbers;

/// Blocks that may be on their way, as those of a real agent.
const WINDOW: usize = 32;

/// A finished block.
#[derive(Debug, Clone)]
pub(super) struct Block {
    pub first: u64,
    pub last: u64,
    pub events: u64,
    pub bytes: Bytes,
    /// Marked events in it.
    pub planted: Vec<Planted>,
}

/// A marked event.
#[derive(Debug, Clone)]
pub struct Planted {
    /// What its finding will show.
    pub text: String,
    /// When it was made.
    pub at: Instant,
}

/// See the module.
#[derive(Debug)]
pub(super) struct Queue {
    waiting: VecDeque<Block>,
    sent: VecDeque<Block>,
    most: usize,
    paused: Option<Instant>,
}

impl Queue {
    pub(super) const fn new(most: usize) -> Self {
        Self { waiting: VecDeque::new(), sent: VecDeque::new(), most, paused: None }
    }

    /// Keeps a block; gives the events that had to go for it, the oldest first.
    pub(super) fn push(&mut self, block: Block) -> u64 {
        self.waiting.push_back(block);
        let mut shed = 0;
        while self.waiting.len() > self.most {
            shed += self.waiting.pop_front().map_or(0, |block| block.events);
        }
        shed
    }

    /// What is to be sent now.
    pub(super) fn next(&self) -> Option<Bytes> {
        let may = self.paused.is_none() && self.sent.len() < WINDOW;
        self.waiting.front().filter(|_| may).map(|block| block.bytes.clone())
    }

    /// What [`Self::next`] gave is on its way.
    pub(super) fn sent(&mut self) {
        self.sent.extend(self.waiting.pop_front());
    }

    /// Takes out what is durable.
    pub(super) fn acknowledged(&mut self, numbers: &Numbers) -> Vec<Block> {
        let (done, rest) = std::mem::take(&mut self.sent)
            .into_iter()
            .partition(|block| block.first >= numbers.first && block.last <= numbers.last);
        self.sent = rest;
        done.into()
    }

    /// Puts what was not taken back to its place; gives how many events it has. A refusal without
    /// numbers is about the block that has waited longest.
    pub(super) fn refused(&mut self, numbers: Option<&Numbers>, until: Instant) -> u64 {
        let is_it = |block: &Block| numbers.is_none_or(|n| block.first >= n.first && block.last <= n.last);
        let Some(block) = self.sent.iter().position(is_it).and_then(|at| self.sent.remove(at)) else {
            return 0;
        };
        let events = block.events;
        let place = self.waiting.partition_point(|waiting| waiting.first < block.first);
        self.waiting.insert(place, block);
        self.paused = self.paused.max(Some(until));
        events
    }

    /// The connection broke: what was on its way and not answered is to be sent again.
    pub(super) fn broken(&mut self) {
        let mut again = std::mem::take(&mut self.sent);
        again.append(&mut self.waiting);
        // A refused block may stand behind younger ones that were on their way.
        again.make_contiguous().sort_by_key(|block| block.first);
        self.waiting = again;
        self.paused = None;
    }

    /// Whether another block would push one out.
    pub(super) fn is_full(&self) -> bool {
        self.waiting.len() >= self.most
    }

    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty() && self.sent.is_empty()
    }

    /// When to go on, if something asked to wait.
    pub(super) const fn paused_until(&self) -> Option<Instant> {
        self.paused
    }

    pub(super) const fn resume(&mut self) {
        self.paused = None;
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use vedetta_model::BootId;

    use super::*;

    fn block(first: u64) -> Block {
        Block { first, last: first + 9, events: 10, bytes: Bytes::from(vec![0; 8]), planted: Vec::new() }
    }

    fn numbers(first: u64, last: u64) -> Numbers {
        Numbers { boot: BootId::from_uuid(uuid::Uuid::nil()), first, last }
    }

    #[test]
    fn what_was_refused_is_sent_again_first_and_not_before_its_time() {
        let mut queue = Queue::new(8);
        for first in [1, 11, 21] {
            assert_eq!(queue.push(block(first)), 0);
        }
        queue.sent();
        queue.sent();
        let later = Instant::now() + Duration::from_secs(1);
        assert_eq!(queue.refused(Some(&numbers(1, 10)), later), 10);
        assert!(queue.next().is_none());
        assert_eq!(queue.paused_until(), Some(later));
        queue.resume();
        queue.sent();
        assert_eq!(queue.acknowledged(&numbers(1, 20)).len(), 2);
        queue.sent();
        assert_eq!(queue.acknowledged(&numbers(21, 30)).len(), 1);
        assert!(queue.is_empty());
    }

    #[test]
    fn what_was_on_its_way_when_the_connection_broke_is_sent_again_in_order() {
        let mut queue = Queue::new(3);
        for first in [1, 11, 21] {
            queue.push(block(first));
        }
        assert!(queue.is_full());
        queue.sent();
        queue.sent();
        queue.refused(Some(&numbers(1, 10)), Instant::now() + Duration::from_secs(60));
        queue.broken();
        assert_eq!(queue.waiting.iter().map(|block| block.first).collect::<Vec<_>>(), [1, 11, 21]);
        assert!(queue.next().is_some(), "a new connection need not wait");
    }

    #[test]
    fn beyond_its_bound_the_oldest_goes_and_is_counted() {
        let mut queue = Queue::new(2);
        assert_eq!((1..=40).step_by(10).map(|first| queue.push(block(first))).sum::<u64>(), 20);
        assert_eq!(queue.waiting.front().map(|block| block.first), Some(21));
    }
}
