//! Where readers go on in the target: a record lies at another place there.

use std::collections::BTreeMap;

use smol_str::SmolStr;
use vedetta_log::{Group, Offset, Partition, Position, Topic};

use crate::{Checkpoints, CopyError, Plan, Side, plan::partitions_of};

/// Whose place it is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reader {
    /// A consumer group's commit.
    Group(Group),
    /// A projection's checkpoint.
    Projection(SmolStr),
}

/// A topic's readers, with their places in the source by partition.
#[derive(Debug, Clone)]
pub struct Readers(Vec<(Reader, Vec<Option<Offset>>)>);

impl Readers {
    /// All that the plan knows of a topic.
    pub async fn of(source: &Side, plan: &Plan, topic: &Topic, partitions: u32) -> Result<Self, CopyError> {
        let mut readers = Vec::new();
        for (group, _) in plan.groups.iter().filter(|(_, of)| of == topic) {
            let mut places = Vec::new();
            for partition in partitions_of(topic, partitions) {
                places.push(committed(source, group, &partition).await?);
            }
            readers.push((Reader::Group(group.clone()), places));
        }
        for projection in &plan.projections {
            let (Checkpoints::Places(of) | Checkpoints::Offsets(of)) = &projection.checkpoints else {
                continue;
            };
            if of != topic {
                continue;
            }
            let mut places = Vec::new();
            for partition in partitions_of(topic, partitions) {
                let name = partition.to_string();
                let next = source.views.checkpoint(&projection.name, &name).await;
                let next = next.map_err(|error| source.store(error))?;
                places.push((next > 0).then_some(Offset(next)));
            }
            readers.push((Reader::Projection(projection.name.clone()), places));
        }
        Ok(Self(readers))
    }
}

pub async fn committed(
    side: &Side,
    group: &Group,
    partition: &Partition,
) -> Result<Option<Offset>, CopyError> {
    let failed = |source| CopyError::Group { group: group.to_string(), source };
    side.log.committed(group, partition).await.map_err(failed)
}

/// What is known of where the records of some partitions lie in the target.
#[derive(Debug, Clone, Default)]
pub struct Places {
    /// Some record lies at another place than in the source.
    pub moved: bool,
    /// By reader and partition of the target: the first record that it has not read.
    unread: BTreeMap<(usize, u32), Offset>,
    /// Where the partitions of the target end.
    ends: BTreeMap<u32, Offset>,
    /// From which partitions of the source those of the target were filled.
    filled: BTreeMap<u32, Vec<u32>>,
}

impl Places {
    /// Of partitions of the target that are filled from these of the source.
    pub fn filled_from(targets: &[u32], sources: &[u32]) -> Self {
        let filled = targets.iter().map(|target| (*target, sources.to_vec())).collect();
        Self { filled, ..Self::default() }
    }

    /// A record of the source lies there in the target.
    pub fn lies(&mut self, readers: &Readers, from: &Position, to: &Position) {
        self.moved |= from != to;
        for (at, (_, places)) in readers.0.iter().enumerate() {
            let place = places.get(from.partition.index as usize).copied().flatten();
            if place.is_none_or(|place| from.offset >= place) {
                let first = self.unread.entry((at, to.partition.index)).or_insert(to.offset);
                *first = (*first).min(to.offset);
            }
        }
    }

    /// A partition of the target ends there.
    pub fn ends(&mut self, target: u32, end: Offset) {
        self.ends.insert(target, end);
    }

    /// Takes in what is known of other partitions.
    pub fn join(&mut self, other: Self) {
        self.moved |= other.moved;
        self.unread.extend(other.unread);
        self.ends.extend(other.ends);
        self.filled.extend(other.filled);
    }

    /// Where each reader goes on, by partition of the target. Nothing for one that never had a place in what the partition
    /// was filled from. Where several partitions became one, a reader may see again what it has read, and misses nothing.
    pub fn of(&self, readers: &Readers) -> Vec<(Reader, BTreeMap<u32, Offset>)> {
        let mut all = Vec::new();
        for (at, (reader, places)) in readers.0.iter().enumerate() {
            let began = |source: &u32| places.get(*source as usize).copied().flatten().is_some();
            let begun = self.ends.iter().filter(|(target, _)| {
                self.filled.get(target).is_some_and(|sources| sources.iter().any(began))
            });
            let place = |(target, end): (&u32, &Offset)| {
                (*target, self.unread.get(&(at, *target)).copied().unwrap_or(*end))
            };
            all.push((reader.clone(), begun.map(place).collect()));
        }
        all
    }
}
