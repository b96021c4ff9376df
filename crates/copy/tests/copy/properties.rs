//! Any installation, into any number of partitions, cut anywhere.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use proptest::prelude::*;
use vedetta_log::{EventLog as _, Group, Offset, Offsets, Topic, TopicOptions};

use crate::{
    interrupted::{Cut, slow},
    support::{Place, at, by_key, commit, copy_of, group, plan, record, unread, whole},
};

#[derive(Debug, Clone)]
struct Case {
    /// Keys of records, in the order of their appends.
    keys: Vec<u8>,
    from: u32,
    to: u32,
    /// Of a hundred: what of each partition was trimmed, and read.
    trimmed: u64,
    read: Vec<u64>,
    /// After how many polls it is cut, each time.
    cuts: Vec<usize>,
}

fn case() -> impl Strategy<Value = Case> {
    let keys = prop::collection::vec(0_u8..9, 0..120);
    let read = prop::collection::vec(0_u64..=100, 1..4);
    let cuts = prop::collection::vec(1_usize..400, 0..3);
    (keys, 1_u32..5, 1_u32..5, 0_u64..=100, read, cuts)
        .prop_map(|(keys, from, to, trimmed, read, cuts)| Case { keys, from, to, trimmed, read, cuts })
}

async fn prepare(case: &Case) -> Place {
    let source = Place::new();
    let topic = Topic::TELEMETRY;
    source.log.create_topic(&topic, TopicOptions { partitions: case.from }).await.unwrap();
    for (n, key) in case.keys.iter().enumerate() {
        source.log.append(&topic, vec![record("acme", &key.to_string(), format!("{n}"))]).await.unwrap();
    }
    let mut places = Offsets::new();
    for index in 0..case.from {
        let partition = at(&topic, index);
        let end = source.log.bounds(&partition).await.unwrap().end.0;
        source.log.trim(&partition, Offset(end * case.trimmed / 100)).await.unwrap();
        places.insert(partition, Offset(end * case.read[index as usize % case.read.len()] / 100));
    }
    commit(&source.log, &group("detect"), &places).await;
    source
}

/// Nothing that is unread in the source counts as read in the target, and of each key the rest comes from there on.
fn misses_nothing(from: &BTreeMap<Bytes, Vec<Bytes>>, to: &BTreeMap<Bytes, Vec<Bytes>>) -> bool {
    from.iter().all(|(key, left)| to.get(key).is_some_and(|there| there.ends_with(left)))
}

async fn hold(case: Case) {
    let source = prepare(&case).await;
    let target = Place::new();
    let mut plan = plan();
    plan.partitions.insert(Topic::TELEMETRY, case.to);
    for polls in &case.cuts {
        let copy = copy_of(source.side("source"), slow(&target, "target"), plan.clone());
        if let Some(done) = Cut::after(*polls, whole(&copy)).await {
            done.unwrap();
        }
    }
    let copy = copy_of(source.side("source"), target.side("target"), plan);
    whole(&copy).await.unwrap();

    let topic = Topic::TELEMETRY;
    assert_eq!(target.log.partitions(&topic).await.unwrap(), case.to);
    assert_eq!(by_key(&source.log, &topic).await, by_key(&target.log, &topic).await);
    let left = |place: &Place, name: &str| {
        let (log, group): (_, Group) = (place.log.clone(), group(name));
        async move { unread(&log, &group, &Topic::TELEMETRY).await }
    };
    let (from, to) = (left(&source, "detect").await, left(&target, "detect").await);
    if case.from == case.to {
        assert_eq!(from, to, "as many partitions, and another place");
    } else {
        assert!(misses_nothing(&from, &to), "{from:?} is to be read, and {to:?} would be");
    }
    let all: BTreeSet<_> = left(&target, "never").await.into_keys().collect();
    let there: BTreeSet<_> = by_key(&target.log, &topic).await.into_keys().collect();
    assert_eq!(all, there, "who never began begins at the first record");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]
    #[test]
    fn keys_keep_their_order_and_readers_miss_nothing(case in case()) {
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        runtime.block_on(hold(case));
    }
}
