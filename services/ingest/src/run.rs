//! The numbers of one agent run's events, as far as they are remembered.

use std::collections::{BTreeMap, VecDeque};

use vedetta_block::Header;
use vedetta_model::{Numbers, Ranges};

/// Blocks of which the checksum is remembered: more than a node may have on its way at a time. The ones that came
/// first are joined to ranges first.
const EXACT: usize = 64;
/// Joined ranges that are remembered; the lowest go first.
const JOINED: usize = 128;

/// What a body is recognised by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Body {
    crc: u32,
    bytes: u32,
}

/// A block's numbers and body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sent {
    numbers: Numbers,
    body: Body,
}

impl Sent {
    /// Of the block with that header.
    pub const fn of(header: &Header) -> Self {
        Self {
            numbers: Numbers { first: header.first, last: header.last },
            body: Body { crc: header.body_crc, bytes: header.body_bytes },
        }
    }
}

/// What stands where a block's numbers are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    /// Nothing.
    Nothing,
    /// The same block; or numbers that cover its own and whose blocks can't be compared any more.
    Same,
    /// Another block, which is durable.
    Other(Numbers),
    /// Another block, which is on its way.
    Coming(Numbers),
}

/// What is known of one run. No number is known twice.
#[derive(Debug, Default)]
pub struct Run {
    /// By first number.
    exact: BTreeMap<u64, Sent>,
    /// The first numbers of those, as they came.
    arrival: VecDeque<u64>,
    joined: Ranges,
    coming: Vec<Sent>,
}

impl Run {
    /// What is known of a block's numbers.
    pub fn look(&self, new: Sent) -> Found {
        if let Some((_, known)) = self.exact.range(..=new.numbers.last).next_back()
            && known.numbers.overlap(&new.numbers)
        {
            return if *known == new { Found::Same } else { Found::Other(known.numbers) };
        }
        if self.joined.covers(new.numbers) {
            return Found::Same;
        }
        if let Some(with) = self.joined.overlapping(new.numbers) {
            return Found::Other(with);
        }
        let other = self.coming.iter().find(|it| it.numbers.overlap(&new.numbers) && **it != new);
        other.map_or(Found::Nothing, |it| Found::Coming(it.numbers))
    }

    /// A block goes to the log. Whoever says so says later that it arrived.
    pub fn coming(&mut self, block: Sent) {
        self.coming.push(block);
    }

    /// A block is no longer on its way.
    pub fn arrived(&mut self, block: Sent) {
        if let Some(at) = self.coming.iter().position(|it| *it == block) {
            self.coming.swap_remove(at);
        }
    }

    /// A block is durable.
    pub fn durable(&mut self, block: Sent) {
        // It may have been on its way twice. Nothing else can be there: others had to wait for it.
        if !matches!(self.look(block), Found::Nothing | Found::Coming(_)) {
            return;
        }
        self.exact.insert(block.numbers.first, block);
        self.arrival.push_back(block.numbers.first);
        if self.arrival.len() > EXACT
            && let Some(oldest) = self.arrival.pop_front().and_then(|first| self.exact.remove(&first))
        {
            self.joined.add(oldest.numbers);
            if self.joined.len() > JOINED {
                self.joined.forget_lowest();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sent(first: u64, last: u64, crc: u32) -> Sent {
        Sent { numbers: Numbers { first, last }, body: Body { crc, bytes: 1 } }
    }

    #[test]
    fn the_same_block_is_a_repeat_and_any_other_under_its_numbers_is_not() {
        let mut run = Run::default();
        run.durable(sent(10, 20, 7));
        let other = Found::Other(Numbers { first: 10, last: 20 });
        assert_eq!(run.look(sent(10, 20, 7)), Found::Same);
        assert_eq!(run.look(sent(10, 20, 8)), other);
        for (first, last) in [(5, 10), (20, 25), (5, 25), (12, 13), (10, 19), (11, 20)] {
            assert_eq!(run.look(sent(first, last, 7)), other, "{first} to {last}");
        }
        assert_eq!(run.look(sent(1, 9, 7)), Found::Nothing);
        assert_eq!(run.look(sent(21, u64::MAX, 7)), Found::Nothing);
    }

    #[test]
    fn of_older_blocks_only_the_numbers_are_remembered() {
        let mut run = Run::default();
        for n in 0..=EXACT as u64 {
            run.durable(sent(10 * n + 1, 10 * n + 10, 7));
        }
        assert_eq!(run.look(sent(1, 10, 8)), Found::Same, "its checksum is no longer known");
        assert_eq!(run.look(sent(2, 3, 8)), Found::Same);
        assert!(matches!(run.look(sent(11, 20, 8)), Found::Other(_)));
        let (first, last) = (10, 11);
        assert!(matches!(run.look(sent(first, last, 8)), Found::Other(_)), "a part of it is another block's");
    }

    #[test]
    fn memory_is_bounded_by_forgetting_the_lowest() {
        let mut run = Run::default();
        let count = (2 * JOINED + EXACT) as u64;
        for n in 0..count {
            run.durable(sent(1 + 10 * n, 2 + 10 * n, 7));
        }
        assert_eq!((run.exact.len(), run.arrival.len(), run.joined.len()), (EXACT, EXACT, JOINED));
        assert_eq!(run.look(sent(1, 2, 7)), Found::Nothing);
        let newest = 1 + 10 * (count - 1);
        assert_eq!(run.look(sent(newest, newest + 1, 7)), Found::Same);
    }

    /// The same by looking at everything that ever was.
    #[derive(Default)]
    struct Naive {
        durable: Vec<Sent>,
        coming: Vec<Sent>,
    }

    impl Naive {
        fn look(&self, new: Sent) -> std::mem::Discriminant<Found> {
            let numbers = |block: &Sent| block.numbers.first..=block.numbers.last;
            let shares = |block: &Sent| numbers(block).any(|n| numbers(&new).contains(&n));
            let (older, exact) = self.durable.split_at(self.durable.len().saturating_sub(EXACT));
            let known = |n| older.iter().any(|block| numbers(block).contains(&n));
            let nowhere = Numbers { first: 0, last: 0 };
            std::mem::discriminant(&if exact.contains(&new) {
                Found::Same
            } else if exact.iter().any(shares) {
                Found::Other(nowhere)
            } else if numbers(&new).all(known) {
                Found::Same
            } else if numbers(&new).any(known) {
                Found::Other(nowhere)
            } else if self.coming.iter().any(|block| shares(block) && *block != new) {
                Found::Coming(nowhere)
            } else {
                Found::Nothing
            })
        }
    }

    #[derive(Debug, Clone)]
    enum Step {
        Send(Sent),
        /// One of those that are on their way, with its end: durable or not.
        End(prop::sample::Index, bool),
        /// One that was sent before comes again.
        Again(prop::sample::Index),
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            3 => (1_u64..700, 0_u64..6, 0_u32..2).prop_map(|(first, more, crc)| Step::Send(sent(first, first + more, crc))),
            3 => (any::<prop::sample::Index>(), prop::bool::weighted(0.8)).prop_map(|(at, ok)| Step::End(at, ok)),
            1 => any::<prop::sample::Index>().prop_map(Step::Again),
        ]
    }

    proptest! {
        #[test]
        fn blocks_that_come_again_or_late_or_over_others_are_told_apart(steps in prop::collection::vec(step(), 1..600)) {
            let (mut run, mut naive, mut all) = (Run::default(), Naive::default(), Vec::new());
            for step in steps {
                let block = match step {
                    Step::Send(block) => block,
                    Step::Again(_) if all.is_empty() => continue,
                    Step::Again(at) => *at.get(&all),
                    Step::End(..) if naive.coming.is_empty() => continue,
                    Step::End(at, is_durable) => {
                        let block = naive.coming.swap_remove(at.index(naive.coming.len()));
                        if is_durable {
                            run.durable(block);
                            if naive.look(block) == std::mem::discriminant(&Found::Nothing) {
                                naive.durable.push(block);
                            }
                        }
                        run.arrived(block);
                        continue;
                    }
                };
                all.push(block);
                let found = run.look(block);
                prop_assert_eq!(std::mem::discriminant(&found), naive.look(block), "{:?} {:?}", block, found);
                if found == Found::Nothing {
                    run.coming(block);
                    naive.coming.push(block);
                }
            }
        }
    }
}
