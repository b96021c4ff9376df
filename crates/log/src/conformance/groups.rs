//! Consumer groups.

use std::collections::BTreeSet;

use futures::FutureExt as _;

use super::{Fixture, Seen, append, join, partition, record, soon, texts, with_topic};
use crate::{Delivery, EventLog, Group, GroupError, Member, Offset, Offsets, ReadError, ReadLimit};

fn next_of(seen: &Seen) -> Offsets {
    seen.held.clone()
}

/// Steps both until each holds `count` partitions.
async fn settle(a: (&mut Seen, &mut dyn Member), b: (&mut Seen, &mut dyn Member), count: usize) {
    let ((seen_a, a), (seen_b, b)) = (a, b);
    while seen_a.held.len() != count || seen_b.held.len() != count {
        tokio::select! {
            () = seen_a.step(&mut *a) => {}
            () = seen_b.step(&mut *b) => {}
        }
    }
}

/// One delivery of a member, taken apart so that a second can be polled beside it.
async fn until_records(seen: &mut Seen, member: &mut dyn Member, count: usize) {
    while seen.records.len() < count {
        seen.step(member).await;
    }
}

/// Two members hold different partitions and together see each record once.
pub async fn a_group_splits_partitions(fixture: impl Fixture) {
    let (log, _) = with_topic(&fixture, 4).await;
    let (mut a, mut b) = (join(&*log, "g").await, join(&*log, "g").await);
    let (mut seen_a, mut seen_b) = (Seen::default(), Seen::default());
    settle((&mut seen_a, &mut *a), (&mut seen_b, &mut *b), 2).await;
    let held: BTreeSet<_> = seen_a.held.keys().chain(seen_b.held.keys()).cloned().collect();
    assert_eq!(held.len(), 4, "every partition has one holder");
    for n in 0..40 {
        append(&*log, &n.to_string(), n).await;
    }
    while seen_a.records.len() + seen_b.records.len() < 40 {
        tokio::select! {
            () = seen_a.step(&mut *a) => {}
            () = seen_b.step(&mut *b) => {}
        }
    }
    let seen: BTreeSet<_> = texts(&seen_a.records).into_iter().chain(texts(&seen_b.records)).collect();
    assert_eq!(seen.len(), 40);
}

/// What a member got and did not commit goes to those who stay; what it committed does not.
pub async fn a_dead_members_records_come_again(fixture: impl Fixture) {
    let (log, _) = with_topic(&fixture, 2).await;
    let (mut a, mut b) = (join(&*log, "g").await, join(&*log, "g").await);
    let (mut seen_a, mut seen_b) = (Seen::default(), Seen::default());
    settle((&mut seen_a, &mut *a), (&mut seen_b, &mut *b), 1).await;
    let of_a = seen_a.held.keys().next().unwrap().index;
    let key = (0..).map(|n: u32| n.to_string());
    let key = key.into_iter().find(|k| crate::partition_of(&super::record(k, "").key, 2) == of_a).unwrap();
    for n in 0..6 {
        append(&*log, &key, n).await;
    }
    until_records(&mut seen_a, &mut *a, 6).await;
    let committed = seen_a.records[3].position.clone();
    a.commit(&[(committed.partition, committed.offset)].into()).await.unwrap();
    drop(a);
    until_records(&mut seen_b, &mut *b, 3).await;
    assert_eq!(texts(&seen_b.records), ["3", "4", "5"]);
    assert_eq!(seen_b.held.len(), 2);
}

/// A commit names the next record to read; a lower one changes nothing.
pub async fn a_commit_is_the_next_to_read_and_never_goes_back(fixture: impl Fixture) {
    let (log, _) = with_topic(&fixture, 1).await;
    for n in 0..5 {
        append(&*log, "a", n).await;
    }
    let mut member = join(&*log, "g").await;
    let mut seen = Seen::default();
    until_records(&mut seen, &mut *member, 5).await;
    let offset = |n: usize| -> Offsets { [(partition(0), seen.records[n].position.offset)].into() };
    member.commit(&offset(3)).await.unwrap();
    member.commit(&offset(1)).await.unwrap();
    drop(member);
    assert_eq!(start(&*log, "g").await, seen.records[3].position.offset);
}

/// Anybody can ask how far a group has come.
pub async fn a_groups_commits_can_be_asked_for(fixture: impl Fixture) {
    let (log, _) = with_topic(&fixture, 2).await;
    for n in 0..5 {
        append(&*log, "a", n).await;
    }
    let committed =
        async |group: &str, index: u32| log.committed(&Group::named(group), &partition(index)).await.unwrap();
    assert_eq!(committed("g", 0).await, None, "of a group that never was");
    let mut member = join(&*log, "g").await;
    let mut seen = Seen::default();
    until_records(&mut seen, &mut *member, 5).await;
    let index = seen.records[0].position.partition.index;
    assert_eq!(committed("g", index).await, None, "of a group that committed nothing");
    for (at, wanted) in [(2, 2), (4, 4), (1, 4)] {
        member.commit(&[(partition(index), seen.records[at].position.offset)].into()).await.unwrap();
        assert_eq!(committed("g", index).await, Some(seen.records[wanted].position.offset));
    }
    assert_eq!((committed("g", 1 - index).await, committed("h", index).await), (None, None));
    drop(member);
    // Trimming takes records, not commits.
    let end = log.bounds(&partition(index)).await.unwrap().end;
    log.trim(&partition(index), end).await.unwrap();
    assert_eq!(committed("g", index).await, Some(seen.records[4].position.offset));
    let refused = log.committed(&Group::named("g"), &partition(2)).await;
    assert!(matches!(refused, Err(GroupError::Read(ReadError::NoSuchPartition(_)))), "{refused:?}");
}

/// Where a lone member of a group would begin in partition 0.
pub(super) async fn start(log: &dyn EventLog, group: &str) -> Offset {
    let mut member = join(log, group).await;
    let mut seen = Seen::default();
    while seen.held.is_empty() {
        seen.step(&mut *member).await;
    }
    seen.held[&partition(0)]
}

/// A revoked partition is still this member's to commit until it asks for more, and only then
/// somebody else's to read.
pub async fn what_is_revoked_may_be_committed_until_the_next_call(fixture: impl Fixture) {
    let (log, _) = with_topic(&fixture, 2).await;
    for n in 0..20 {
        append(&*log, &n.to_string(), n).await;
    }
    let mut a = join(&*log, "g").await;
    let mut seen_a = Seen::default();
    until_records(&mut seen_a, &mut *a, 20).await;
    let done = next_of(&seen_a);
    let mut b = join(&*log, "g").await;
    let mut seen_b = Seen::default();
    while seen_a.held.len() == 2 {
        tokio::select! {
            () = seen_a.step(&mut *a) => {}
            () = seen_b.step(&mut *b) => {}
        }
    }
    a.commit(&done).await.unwrap();
    settle((&mut seen_a, &mut *a), (&mut seen_b, &mut *b), 1).await;
    let (moved, start) = seen_b.held.first_key_value().unwrap();
    assert_eq!(done[moved], *start, "the new holder goes on where the old one ended");
    let refused = a.commit(&[(moved.clone(), *start)].into()).await;
    assert!(matches!(refused, Err(GroupError::NotAssigned { .. })), "{refused:?}");
}

/// Groups don't share: each sees all records.
pub async fn each_group_sees_everything(fixture: impl Fixture) {
    let (log, _) = with_topic(&fixture, 2).await;
    for n in 0..10 {
        append(&*log, &n.to_string(), n).await;
    }
    for group in ["g", "h"] {
        let mut member = join(&*log, group).await;
        let mut seen = Seen::default();
        until_records(&mut seen, &mut *member, 10).await;
        member.commit(&next_of(&seen)).await.unwrap();
        let distinct: BTreeSet<_> = texts(&seen.records).into_iter().collect();
        assert_eq!(distinct.len(), 10, "group {group}");
    }
}

/// A call of `next` that is given up takes nothing with it.
pub async fn a_dropped_next_loses_nothing(fixture: impl Fixture) {
    let (log, _) = with_topic(&fixture, 2).await;
    let mut member = join(&*log, "g").await;
    let mut seen = Seen::default();
    for n in 0..50 {
        append(&*log, &n.to_string(), n).await;
        for _ in 0..n % 4 {
            // Polled once and dropped; what is ready by then is a delivery like any other.
            match member.next().now_or_never().transpose().unwrap() {
                Some(Delivery::Records(records)) => seen.records.extend(records),
                Some(Delivery::Assigned(starts)) => {
                    seen.held.extend(starts.into_iter().map(|start| (start.partition, start.offset)));
                }
                Some(Delivery::Revoked(partitions)) => panic!("{partitions:?} of a lone member"),
                None => {}
            }
        }
    }
    while seen.records.len() < 50 {
        match super::soon("a delivery", member.next()).await.unwrap() {
            Delivery::Records(records) => seen.records.extend(records),
            Delivery::Assigned(_) | Delivery::Revoked(_) => {}
        }
    }
    let distinct: BTreeSet<_> = texts(&seen.records).into_iter().collect();
    assert_eq!((seen.records.len(), distinct.len()), (50, 50));
}

/// Only a holder commits.
pub async fn a_commit_of_a_partition_not_held_is_refused(fixture: impl Fixture) {
    let (log, _) = with_topic(&fixture, 1).await;
    let mut member = join(&*log, "g").await;
    let refused = member.commit(&[(partition(0), Offset(0))].into()).await;
    assert!(matches!(refused, Err(GroupError::NotAssigned { .. })), "not assigned yet: {refused:?}");
    let mut seen = Seen::default();
    while seen.held.is_empty() {
        seen.step(&mut *member).await;
    }
    member.commit(&[(partition(0), Offset(0))].into()).await.unwrap();
}

/// What lies in one partition comes in pieces, so that a member does not work for long on one that is full.
pub async fn a_full_partition_leaves_others_their_turn(fixture: impl Fixture) {
    const RECORD: usize = 100 << 10;
    const RECORDS: usize = 30;
    let (log, topic) = with_topic(&fixture, 1).await;
    for _ in 0..RECORDS {
        log.append(&topic, vec![record("k", vec![7; RECORD])]).await.unwrap();
    }
    let mut member = join(&*log, "g").await;
    let mut came = 0;
    while came < RECORDS {
        if let Delivery::Records(records) = soon("a record", member.next()).await.unwrap() {
            let bytes: usize = records.iter().map(|record| record.payload.len()).sum();
            // The one that goes over the limit may be the last.
            assert!(bytes < ReadLimit::TURN.bytes + RECORD, "{bytes} bytes at once");
            came += records.len();
        }
    }
}
