//! Who should hold which partition: even per topic, and moving as few as possible.

use std::collections::{BTreeMap, BTreeSet};

use super::{MemberId, Slot};
use crate::{Partition, Topic};

/// Sets each slot's target. Equal input gives equal output.
pub fn assign(members: &BTreeMap<MemberId, BTreeSet<Topic>>, slots: &mut BTreeMap<Partition, Slot>) {
    let mut total: BTreeMap<MemberId, usize> = members.keys().map(|&id| (id, 0)).collect();
    let topics: BTreeSet<Topic> = slots.keys().map(|p| p.topic.clone()).collect();
    for topic in topics {
        let readers: Vec<MemberId> =
            members.iter().filter(|(_, topics)| topics.contains(&topic)).map(|(&id, _)| id).collect();
        let mine = || slots.keys().filter(|p| p.topic == topic);
        let (floor, mut extra) = match readers.len() {
            0 => (0, 0),
            n => (mine().count() / n, mine().count() % n),
        };
        let mut held: BTreeMap<MemberId, usize> = readers.iter().map(|&id| (id, 0)).collect();
        let mut free = Vec::new();

        // Who has a partition keeps it, up to an even share.
        for (partition, slot) in slots.iter_mut().filter(|(p, _)| p.topic == topic) {
            let keeps = slot.target.and_then(|id| held.get_mut(&id)).is_some_and(|count| {
                let share = *count < floor || (*count == floor && extra > 0);
                if share {
                    extra -= usize::from(*count == floor);
                    *count += 1;
                }
                share
            });
            if !keeps {
                slot.target = None;
                free.push(partition.clone());
            }
        }

        // The rest goes to whoever has least of this topic, then of all.
        for partition in free {
            let next =
                held.iter().min_by_key(|(id, count)| (**count, total[id] + **count, **id)).map(|(&id, _)| id);
            if let (Some(id), Some(slot)) = (next, slots.get_mut(&partition)) {
                slot.target = Some(id);
                *held.entry(id).or_default() += 1;
            }
        }
        for (id, count) in held {
            *total.entry(id).or_default() += count;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slots(topics: &[(&str, u32)]) -> BTreeMap<Partition, Slot> {
        let partitions = topics.iter().flat_map(|&(name, count)| {
            (0..count).map(move |index| Partition { topic: Topic::named(name), index })
        });
        partitions.map(|p| (p, Slot::default())).collect()
    }

    fn members(ids: &[MemberId], topics: &[&str]) -> BTreeMap<MemberId, BTreeSet<Topic>> {
        ids.iter().map(|&id| (id, topics.iter().map(|t| Topic::named(t)).collect())).collect()
    }

    fn count(slots: &BTreeMap<Partition, Slot>, id: MemberId) -> usize {
        slots.values().filter(|slot| slot.target == Some(id)).count()
    }

    #[test]
    fn shares_are_even_and_complete() {
        let mut slots = slots(&[("a", 7)]);
        assign(&members(&[1, 2, 3], &["a"]), &mut slots);
        let mut counts = [1, 2, 3].map(|id| count(&slots, id));
        counts.sort_unstable();
        assert_eq!(counts, [2, 2, 3]);
    }

    #[test]
    fn a_newcomer_takes_only_its_share_and_a_leaver_moves_only_its_own() {
        let mut slots = slots(&[("a", 6)]);
        assign(&members(&[1, 2], &["a"]), &mut slots);
        let before = slots.clone();
        assign(&members(&[1, 2, 3], &["a"]), &mut slots);
        let moved = slots.iter().filter(|(p, slot)| before[*p].target != slot.target).count();
        assert_eq!((moved, count(&slots, 3)), (2, 2));
        let before = slots.clone();
        assign(&members(&[1, 3], &["a"]), &mut slots);
        let kept = slots.iter().filter(|(p, slot)| before[*p].target == slot.target).count();
        assert_eq!(kept, 4);
    }

    #[test]
    fn single_partition_topics_spread_over_members() {
        let mut slots = slots(&[("a", 1), ("b", 1), ("c", 1), ("d", 1)]);
        assign(&members(&[1, 2], &["a", "b", "c", "d"]), &mut slots);
        assert_eq!((count(&slots, 1), count(&slots, 2)), (2, 2));
    }

    #[test]
    fn a_member_gets_only_topics_it_asked_for() {
        let mut slots = slots(&[("a", 2), ("b", 2)]);
        let mut all = members(&[1], &["a"]);
        all.extend(members(&[2], &["a", "b"]));
        assign(&all, &mut slots);
        assert!(slots.iter().all(|(p, slot)| p.topic.as_str() == "a" || slot.target == Some(2)));
        all.remove(&2);
        assign(&all, &mut slots);
        assert!(slots.iter().all(|(p, slot)| (p.topic.as_str() == "a") == (slot.target == Some(1))));
    }
}
