//! Consumer groups within one process, for backends that have no broker to run them.
//!
//! A [`Coordinator`] says who should hold which partition; members move towards that by
//! themselves. A partition changes hands in three steps, so that two members never hold it at once:
//!
//! ```text
//!   old member   next() -> Revoked(p)     commit(p) still allowed     next() lets go of p
//!   new member                                                        next() -> Assigned(p at the commit)
//! ```

mod assignment;
mod member;

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    fmt::Debug,
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use tokio::sync::watch;

use self::member::LocalMember;
use crate::{EventLog, Group, GroupError, Member, Offsets, Partition, Topic, shared::lock};

/// Where a backend keeps what groups committed; [`EventLog::committed`] gives it back.
#[async_trait]
pub trait Commits: Debug + Send + Sync {
    /// Keeps commits; durable on `Ok`, and a lower offset than the present one changes nothing.
    async fn commit(&self, group: &Group, next: &Offsets) -> Result<(), GroupError>;
}

/// Divides partitions among the members of each group.
#[derive(Debug, Clone, Default)]
pub struct Coordinator {
    groups: Arc<Mutex<Groups>>,
}

#[derive(Debug, Default)]
struct Groups {
    closed: bool,
    next_member: MemberId,
    by_name: HashMap<Group, State>,
}

type MemberId = u64;

#[derive(Debug)]
struct State {
    members: BTreeMap<MemberId, BTreeSet<Topic>>,
    partitions: BTreeMap<Partition, Slot>,
    changed: watch::Sender<()>,
}

/// Who should hold a partition and who does. A new owner waits until the old one let go.
#[derive(Debug, Clone, Copy, Default)]
struct Slot {
    target: Option<MemberId>,
    owner: Option<MemberId>,
}

impl Coordinator {
    /// Makes a member of `group` that reads `topics` from `source`.
    pub async fn join<S>(
        &self,
        source: S,
        group: &Group,
        topics: &[Topic],
    ) -> Result<Box<dyn Member>, GroupError>
    where
        S: EventLog + Commits + 'static,
    {
        let mut partitions = Vec::new();
        for topic in topics {
            for index in 0..source.partitions(topic).await? {
                partitions.push(Partition { topic: topic.clone(), index });
            }
        }
        let mut groups = lock(&self.groups);
        if groups.closed {
            return Err(GroupError::Closed);
        }
        groups.next_member += 1;
        let id = groups.next_member;
        let state = groups.by_name.entry(group.clone()).or_insert_with(|| State {
            members: BTreeMap::new(),
            partitions: BTreeMap::new(),
            changed: watch::channel(()).0,
        });
        state.members.insert(id, topics.iter().cloned().collect());
        for partition in partitions {
            state.partitions.entry(partition).or_default();
        }
        state.rebalance();
        let seat = Seat { id, group: group.clone(), coordinator: self.clone() };
        let changes = state.changed.subscribe();
        Ok(Box::new(LocalMember::new(source, seat, changes)))
    }

    /// Ends all members: their next call answers `Closed`.
    pub fn close(&self) {
        let mut groups = lock(&self.groups);
        groups.closed = true;
        for state in groups.by_name.values() {
            state.changed.send_replace(());
        }
    }
}

impl State {
    fn rebalance(&mut self) {
        assignment::assign(&self.members, &mut self.partitions);
        self.changed.send_replace(());
    }
}

/// A member's place in its group; leaving it is dropping it.
#[derive(Debug)]
struct Seat {
    id: MemberId,
    group: Group,
    coordinator: Coordinator,
}

impl Seat {
    fn with<T>(&self, work: impl FnOnce(&mut State) -> T) -> Result<T, GroupError> {
        let mut groups = lock(&self.coordinator.groups);
        if groups.closed {
            return Err(GroupError::Closed);
        }
        groups.by_name.get_mut(&self.group).map(work).ok_or(GroupError::Closed)
    }

    /// Takes every free partition that should be this member's.
    fn claim(&self) -> Result<Vec<Partition>, GroupError> {
        self.with(|state| {
            let mut claimed = Vec::new();
            for (partition, slot) in &mut state.partitions {
                if slot.target == Some(self.id) && slot.owner.is_none() {
                    slot.owner = Some(self.id);
                    claimed.push(partition.clone());
                }
            }
            claimed
        })
    }

    /// What this member holds and should not.
    fn surplus(&self) -> Result<Vec<Partition>, GroupError> {
        self.with(|state| {
            let surplus = state
                .partitions
                .iter()
                .filter(|(_, slot)| slot.owner == Some(self.id) && slot.target != Some(self.id));
            surplus.map(|(partition, _)| partition.clone()).collect()
        })
    }

    fn release(&self, partitions: &[Partition]) -> Result<(), GroupError> {
        self.with(|state| {
            for partition in partitions {
                if let Some(slot) =
                    state.partitions.get_mut(partition).filter(|slot| slot.owner == Some(self.id))
                {
                    slot.owner = None;
                }
            }
            state.changed.send_replace(());
        })
    }

    fn check_holds<'a>(&self, mut partitions: impl Iterator<Item = &'a Partition>) -> Result<(), GroupError> {
        let stranger = self.with(|state| {
            partitions.find(|p| state.partitions.get(p).and_then(|slot| slot.owner) != Some(self.id)).cloned()
        })?;
        match stranger {
            Some(partition) => Err(GroupError::NotAssigned { group: self.group.clone(), partition }),
            None => Ok(()),
        }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut groups = lock(&self.coordinator.groups);
        let Some(state) = groups.by_name.get_mut(&self.group) else { return };
        state.members.remove(&self.id);
        if state.members.is_empty() {
            groups.by_name.remove(&self.group);
            return;
        }
        for slot in state.partitions.values_mut().filter(|slot| slot.owner == Some(self.id)) {
            slot.owner = None;
        }
        state.rebalance();
    }
}
