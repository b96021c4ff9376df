//! Closing, opening, crashing.

use std::collections::BTreeSet;

use futures::StreamExt as _;

use super::{
    Fixture, Seen, TOPIC, all_contents, append, groups::start, join, partition, position, read_from, record,
    soon, texts, with_topic,
};
use crate::{AppendError, EventLog, Group, GroupError, Offset, ReadError, Topic};

/// After closing and opening everything acknowledged is there, and appending goes on behind it.
pub async fn acknowledged_records_survive_reopening(mut fixture: impl Fixture) {
    survive(&mut fixture, false).await;
}

/// The same when nothing was closed.
pub async fn acknowledged_records_survive_a_crash(mut fixture: impl Fixture) {
    survive(&mut fixture, true).await;
}

async fn survive(fixture: &mut impl Fixture, crash: bool) {
    let (log, topic) = with_topic(fixture, 3).await;
    if !log.describe().capabilities.durable {
        return;
    }
    drop(log);
    for round in 0..3 {
        let log = fixture.log();
        for n in 0..20 {
            append(&*log, &n.to_string(), format!("{round}/{n}")).await;
        }
        let before = all_contents(&*log).await;
        assert_eq!(before.len(), 20 * (round + 1));
        drop(log);
        if crash {
            fixture.crash().await
        } else {
            fixture.reopen().await
        }
        let log = fixture.log();
        assert_eq!(log.partitions(&topic).await.unwrap(), 3);
        assert_eq!(all_contents(&*log).await, before);
    }
}

/// A group goes on where it committed.
pub async fn commits_survive_reopening_and_a_crash(mut fixture: impl Fixture) {
    let (log, _) = with_topic(&fixture, 1).await;
    if !log.describe().capabilities.durable {
        return;
    }
    for n in 0..6 {
        append(&*log, "a", n).await;
    }
    drop(log);
    for (round, crash) in [false, true].into_iter().enumerate() {
        let log = fixture.log();
        let mut member = join(&*log, "g").await;
        let mut seen = Seen::default();
        while seen.records.len() < 2 {
            seen.step(&mut *member).await;
        }
        let next = seen.records[1].position.offset.next();
        member.commit(&[(partition(0), next)].into()).await.unwrap();
        assert!(texts(&seen.records).starts_with(&[(2 * round).to_string(), (2 * round + 1).to_string()]));
        drop((member, log));
        if crash {
            fixture.crash().await
        } else {
            fixture.reopen().await
        }
        let log = fixture.log();
        assert_eq!(log.committed(&Group::named("g"), &partition(0)).await.unwrap(), Some(next));
        assert_eq!(start(&*log, "g").await, next);
    }
}

/// Closing while many append: each call ends in `Ok` or `Err`, and each `Ok` is there afterwards.
pub async fn a_drain_during_appends_keeps_every_ok(mut fixture: impl Fixture) {
    let (log, _) = with_topic(&fixture, 2).await;
    let durable = log.describe().capabilities.durable;
    let writers: Vec<_> = (0..16)
        .map(|writer| {
            let log = log.clone();
            tokio::spawn(async move {
                let mut acknowledged = Vec::new();
                for n in 0.. {
                    let text = format!("{writer}/{n}");
                    match log.append(&Topic::named(TOPIC), vec![record(&text, text.clone())]).await {
                        Ok(_) => acknowledged.push(text),
                        Err(AppendError::Closed) => break,
                        Err(error) => panic!("expected Ok or Closed, got {error}"),
                    }
                }
                acknowledged
            })
        })
        .collect();
    let mut first = read_from(&*log, position(0, Offset(0))).await.unwrap();
    soon("the first record", first.next()).await.unwrap().unwrap();
    soon("closing", log.close()).await;
    let mut acknowledged = BTreeSet::new();
    for writer in writers {
        acknowledged.extend(soon("the end of an append", writer).await.unwrap());
    }
    assert!(!acknowledged.is_empty());
    drop((log, first));
    if durable {
        fixture.reopen().await;
        let there: BTreeSet<_> = texts(&all_contents(&*fixture.log()).await).into_iter().collect();
        let lost: Vec<_> = acknowledged.difference(&there).collect();
        assert!(lost.is_empty(), "lost {lost:?}");
    }
}

/// Readers at the tail and members end with `Closed`, and later calls are refused.
pub async fn closing_ends_readers_and_members(fixture: impl Fixture) {
    let (log, topic) = with_topic(&fixture, 1).await;
    let mut stream = read_from(&*log, position(0, Offset(0))).await.unwrap();
    let mut member = join(&*log, "g").await;
    let mut idle = join(&*log, "g").await;
    let mut seen = Seen::default();
    while seen.held.is_empty() {
        tokio::select! {
            () = seen.step(&mut *member) => {}
            delivery = idle.next() => drop(delivery.unwrap()),
        }
    }
    let closing = async {
        tokio::task::yield_now().await;
        log.close().await;
    };
    let ends = async { tokio::join!(stream.next(), member.next(), idle.next(), closing) };
    let (read, delivered, idled, ()) = soon("the end of all", ends).await;
    assert!(matches!(read, Some(Err(ReadError::Closed))), "{read:?}");
    assert!(matches!(delivered, Err(GroupError::Closed)), "{delivered:?}");
    assert!(matches!(idled, Err(GroupError::Closed)), "{idled:?}");
    let refused = log.committed(&Group::named("g"), &partition(0)).await;
    assert!(matches!(refused, Err(GroupError::Read(ReadError::Closed) | GroupError::Closed)), "{refused:?}");
    let refused = log.append(&topic, vec![record("a", "x")]).await;
    assert!(matches!(refused, Err(AppendError::Closed)), "{refused:?}");
    assert!(log.read(position(0, Offset(0)), Default::default()).await.is_err());
}
