//! Sets of event numbers that mostly follow each other.

use std::{collections::BTreeMap, fmt};

/// Event numbers, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Numbers {
    /// The first.
    pub first: u64,
    /// The last.
    pub last: u64,
}

impl Numbers {
    /// Whether they have a number in common.
    pub const fn overlap(&self, other: &Self) -> bool {
        self.first <= other.last && other.first <= self.last
    }

    /// Whether it is one of them.
    pub const fn contains(&self, number: u64) -> bool {
        self.first <= number && number <= self.last
    }
}

impl fmt::Display for Numbers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} to {}", self.first, self.last)
    }
}

/// A set of numbers as disjoint ranges, none touching another.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ranges(BTreeMap<u64, u64>);

impl Ranges {
    /// Adds numbers.
    pub fn add(&mut self, numbers: Numbers) {
        let Numbers { mut first, mut last } = numbers;
        // Whatever begins before the end and does not end before the start is joined, neighbours too.
        while let Some((&start, &end)) = self.0.range(..=last.saturating_add(1)).next_back() {
            if end.saturating_add(1) < first {
                break;
            }
            self.0.remove(&start);
            (first, last) = (first.min(start), last.max(end));
        }
        self.0.insert(first, last);
    }

    /// Whether all of these are in it.
    pub fn covers(&self, numbers: Numbers) -> bool {
        self.0.range(..=numbers.first).next_back().is_some_and(|(_, end)| *end >= numbers.last)
    }

    /// The highest range that has one of these.
    pub fn overlapping(&self, numbers: Numbers) -> Option<Numbers> {
        let (&first, &last) = self.0.range(..=numbers.last).next_back()?;
        Some(Numbers { first, last }).filter(|range| range.overlap(&numbers))
    }

    /// Those of these that are in it, in order.
    pub fn within(&self, numbers: Numbers) -> Vec<Numbers> {
        let ranges = self.0.range(..=numbers.last).rev().take_while(|(_, last)| **last >= numbers.first);
        let mut parts: Vec<Numbers> = ranges
            .map(|(first, last)| Numbers {
                first: *first.max(&numbers.first),
                last: *last.min(&numbers.last),
            })
            .collect();
        parts.reverse();
        parts
    }

    /// How many ranges it takes.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is no number in it.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Forgets the lowest range.
    pub fn forget_lowest(&mut self) {
        self.0.pop_first();
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn they_hold_exactly_what_was_added(added in prop::collection::vec((1_u64..60, 0_u64..8), 0..30)) {
            let mut ranges = Ranges::default();
            let mut model = [false; 80];
            for (first, more) in added {
                ranges.add(Numbers { first, last: first + more });
                model[first as usize..=(first + more) as usize].fill(true);
            }
            for first in 1..70_u64 {
                for last in first..70 {
                    let mine = &model[first as usize..=last as usize];
                    let numbers = Numbers { first, last };
                    prop_assert_eq!(ranges.covers(numbers), mine.iter().all(|it| *it), "{}", numbers);
                    prop_assert_eq!(ranges.overlapping(numbers).is_some(), mine.iter().any(|it| *it), "{}", numbers);
                    let within = ranges.within(numbers);
                    let held: Vec<u64> = within.iter().flat_map(|part| part.first..=part.last).collect();
                    let expected: Vec<u64> = (first..=last).filter(|n| model[*n as usize]).collect();
                    prop_assert_eq!(held, expected, "{}", numbers);
                }
            }
        }
    }
}
