//! Random operations on a log and on the memory log, side by side.

use std::sync::Arc;

use vedetta_model::{ManualClock, Timestamp};

use super::{Fixture, Seen, TOPIC, contents, groups::start, join, partition, record, with_topic};
use crate::{EventLog as _, MemoryLog, Offset, Topic, TopicOptions};

const PARTITIONS: u32 = 2;

/// Does what `steps` say to the fixture's log and to a memory log, and compares both after each.
/// A step is any three bytes: which operation, and two numbers for it.
pub async fn agrees_with_the_model(mut fixture: impl Fixture, steps: &[(u8, u8, u8)]) {
    let topic = Topic::named(TOPIC);
    with_topic(&fixture, PARTITIONS).await;
    let model = MemoryLog::new(Arc::new(ManualClock::at(Timestamp::EPOCH)));
    model.create_topic(&topic, TopicOptions { partitions: PARTITIONS }).await.unwrap();
    let durable = fixture.log().describe().capabilities.durable;

    for (number, &(what, a, b)) in steps.iter().enumerate() {
        let log = fixture.log();
        let index = u32::from(a) % PARTITIONS;
        let bounds = model.bounds(&partition(index)).await.unwrap();
        // A place from a little below the partition to a little above.
        let place =
            Offset((bounds.start.0 + u64::from(b) % (bounds.end.0 - bounds.start.0 + 4)).saturating_sub(2));
        match what % 8 {
            0..=3 => {
                let batch: Vec<_> = (0..b % 4)
                    .map(|n| record(&(a.wrapping_add(n) % 5).to_string(), vec![n; usize::from(b) * 17]))
                    .collect();
                let (real, modelled) =
                    (log.append(&topic, batch.clone()).await, model.append(&topic, batch).await);
                assert_eq!(real.unwrap(), modelled.unwrap(), "step {number}: append");
            }
            4 => {
                log.trim(&partition(index), place).await.unwrap();
                model.trim(&partition(index), place).await.unwrap();
            }
            5 => {
                let next = Offset(place.0.min(bounds.end.0));
                for log in [&*log, &model] {
                    let mut member = join(log, "g").await;
                    let mut seen = Seen::default();
                    while seen.held.is_empty() {
                        seen.step(&mut *member).await;
                    }
                    member.commit(&[(partition(index), next)].into()).await.unwrap();
                }
            }
            6 if durable => {
                drop(log);
                fixture.reopen().await;
            }
            7 if durable => {
                drop(log);
                fixture.crash().await;
            }
            _ => {}
        }
        let log = fixture.log();
        for index in 0..PARTITIONS {
            let partition = partition(index);
            let (real, modelled) =
                (log.bounds(&partition).await.unwrap(), model.bounds(&partition).await.unwrap());
            assert_eq!(real, modelled, "step {number}: bounds of {partition}");
            let place = |record: crate::Record| (record.position, record.key, record.payload);
            let real: Vec<_> = contents(&*log, index).await.into_iter().map(place).collect();
            let modelled: Vec<_> = contents(&model, index).await.into_iter().map(place).collect();
            assert_eq!(real, modelled, "step {number}: contents of {partition}");
        }
        assert_eq!(start(&*log, "g").await, start(&model, "g").await, "step {number}: start of the group");
    }
}
