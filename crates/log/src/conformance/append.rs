//! Appending.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;

use super::{Fixture, TOPIC, all_contents, append, contents, record, soon, with_topic};
use crate::{AppendError, Key, NewRecord, Offset, Topic, TopicOptions, partition_of};

/// Tenant, key, headers and payload are what was appended; the time is set.
pub async fn appended_records_come_back_with_all_their_parts(fixture: impl Fixture) {
    let (log, topic) = with_topic(&fixture, 1).await;
    let new = NewRecord {
        tenant: "acme".parse().unwrap(),
        key: Key(Bytes::from_static(b"\x00key\xff")),
        headers: [("a".into(), Bytes::from_static(b"1")), ("b".into(), Bytes::new())].into(),
        payload: Bytes::from_static(b"\x00payload\xff"),
    };
    let empty = NewRecord { payload: Bytes::new(), headers: Default::default(), ..new.clone() };
    let appended = log.append(&topic, vec![new.clone(), empty.clone()]).await.unwrap();
    let records = contents(&*log, 0).await;
    assert_eq!(records.len(), 2);
    for ((record, expected), position) in records.iter().zip([new, empty]).zip(appended.positions) {
        assert_eq!(record.position, position);
        assert_eq!((&record.tenant, &record.key), (&expected.tenant, &expected.key));
        assert_eq!((&record.headers, &record.payload), (&expected.headers, &expected.payload));
    }
}

/// Offsets in a partition rise, gaps allowed; equal keys lie in one partition, in the order appended.
pub async fn offsets_rise_and_equal_keys_keep_their_order(fixture: impl Fixture) {
    let (log, topic) = with_topic(&fixture, 4).await;
    for n in 0..40 {
        let batch = ["a", "b", "c"].map(|key| record(key, format!("{key}{n:02}"))).to_vec();
        let appended = log.append(&topic, batch.clone()).await.unwrap();
        for (new, at) in batch.iter().zip(&appended.positions) {
            assert_eq!(
                at.partition.index,
                partition_of(&new.key, 4),
                "the partition is decided by the key alone"
            );
        }
    }
    let mut last: BTreeMap<u32, Offset> = BTreeMap::new();
    let mut by_key: BTreeMap<Bytes, Vec<Bytes>> = BTreeMap::new();
    for record in all_contents(&*log).await {
        let offset = record.position.offset;
        let before = last.insert(record.position.partition.index, offset);
        assert!(before.is_none_or(|before| before < offset));
        by_key.entry(record.key.0).or_default().push(record.payload);
    }
    assert_eq!(by_key.len(), 3);
    for payloads in by_key.values() {
        assert_eq!(payloads.len(), 40);
        assert!(payloads.is_sorted(), "equal keys keep their order");
    }
}

/// Making a topic again changes nothing and tells the present number of partitions.
pub async fn a_topic_keeps_its_number_of_partitions(fixture: impl Fixture) {
    let (log, topic) = with_topic(&fixture, 3).await;
    append(&*log, "a", "kept").await;
    assert_eq!(log.create_topic(&topic, TopicOptions { partitions: 5 }).await.unwrap(), 3);
    assert_eq!(log.partitions(&topic).await.unwrap(), 3);
    assert_eq!(all_contents(&*log).await.len(), 1);
}

/// Nothing works on a topic that nobody made, and no topic appears by using it.
pub async fn an_unknown_topic_is_refused(fixture: impl Fixture) {
    let (log, topic) = (fixture.log(), Topic::named("nobody-made-this"));
    let refused = log.append(&topic, vec![record("a", "x")]).await;
    assert!(matches!(refused, Err(AppendError::NoSuchTopic(t)) if t == topic));
    assert!(log.partitions(&topic).await.is_err());
    let (log, _) = with_topic(&fixture, 1).await;
    assert!(log.bounds(&super::partition(1)).await.is_err(), "partition 1 of one");
    assert!(super::read_from(&*log, super::position(1, Offset(0))).await.is_err());
}

/// One record over the limit refuses its batch, and nothing of it is written.
pub async fn a_too_large_record_refuses_the_whole_batch(fixture: impl Fixture) {
    let (log, topic) = with_topic(&fixture, 1).await;
    let limit = log.describe().capabilities.max_record_bytes;
    let batch = vec![record("a", "small"), record("a", vec![7; limit + 1])];
    match log.append(&topic, batch).await {
        Err(AppendError::TooLarge { index: 1, size, limit: said }) => {
            assert!(size > limit && said == limit);
        }
        other => panic!("expected TooLarge for record 1, got {other:?}"),
    }
    assert_eq!(contents(&*log, 0).await.len(), 0);
    append(&*log, "", vec!["x"; limit / 2].concat()).await;
    assert_eq!(contents(&*log, 0).await.len(), 1, "a large record below the limit is taken");
}

/// Many callers at once wait for room, and each acknowledged record is there exactly once.
pub async fn many_appends_at_once_push_back_and_lose_nothing(fixture: impl Fixture) {
    let (log, _) = with_topic(&fixture, 4).await;
    let writers = (0..64).map(|writer| {
        let log = log.clone();
        tokio::spawn(async move {
            for n in 0..8 {
                let payload = format!("{writer}/{n}/").repeat(4000);
                let batch = vec![record(&writer.to_string(), payload)];
                log.append(&Topic::named(TOPIC), batch).await.unwrap();
            }
        })
    });
    for writer in writers.collect::<Vec<_>>() {
        soon("all appends", writer).await.unwrap();
    }
    let records = all_contents(&*log).await;
    let distinct: BTreeSet<_> = records.iter().map(|record| record.payload.clone()).collect();
    assert_eq!((records.len(), distinct.len()), (512, 512));
}

/// A batch of nothing is fine and does nothing.
pub async fn an_empty_batch_appends_nothing(fixture: impl Fixture) {
    let (log, topic) = with_topic(&fixture, 1).await;
    assert_eq!(log.append(&topic, vec![]).await.unwrap().positions, []);
    assert_eq!(contents(&*log, 0).await.len(), 0);
}
