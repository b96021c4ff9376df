//! Random operations on a store and on the memory store, side by side.

use bytes::Bytes;
use uuid::Uuid;
use vedetta_model::Timestamp;

use super::{Fixture, VIEW, load, tenant, unrelayed, walk};
use crate::{
    AppendError, Checkpoint, EventStore as _, Expected, MemoryStore, NewEvent, Shard, StreamId, Version,
    View, ViewChange, ViewKey, ViewRange, ViewStore as _,
};

const TENANTS: [&str; 3] = ["a", "a-b", "ab"];
const OTHER: View = View("ro");

/// Does what `steps` say to the fixture's store and to a memory store, and compares both after each.
/// A step is any three bytes: which operation, and two numbers for it.
pub async fn agrees_with_the_model(mut fixture: impl Fixture, steps: &[(u8, u8, u8)]) {
    let model = MemoryStore::new();
    for (number, &(what, a, b)) in steps.iter().enumerate() {
        let (events, views) = (fixture.events(), fixture.views());
        let stream = StreamId::new(&tenant(TENANTS[usize::from(a) % 3]), "s", a / 3 % 2);
        match what % 10 {
            0..=2 => {
                // Few ids, so that some are known, wholly or in part.
                let batch: Vec<_> = (0..b % 3)
                    .map(|n| NewEvent {
                        id: Uuid::from_u128(u128::from((b / 3).wrapping_add(n) % 32)),
                        time: Timestamp::from_millis(number as i64),
                        data: vec![n; usize::from(b)].into(),
                    })
                    .collect();
                let expected = match what % 10 {
                    0 => Expected::Any,
                    _ => Expected::Exactly(Version(u64::from(b % 4))),
                };
                let real = events.append(&stream, expected, &batch).await;
                match (real, model.append(&stream, expected, &batch).await) {
                    (Ok(real), Ok(modelled)) => assert_eq!(real, modelled, "step {number}"),
                    (
                        Err(AppendError::Conflict { actual: real, .. }),
                        Err(AppendError::Conflict { actual: modelled, .. }),
                    ) => assert_eq!(real, modelled, "step {number}"),
                    different => panic!("step {number}: {different:?}"),
                }
            }
            3 => {
                let shard = Shard::of(&stream, events.shards());
                let mut waiting = model.unrelayed(shard, usize::MAX).await.unwrap();
                waiting.retain(|stored| stored.version.0 % 3 != u64::from(b) % 3);
                events.relayed(shard, &waiting).await.unwrap();
                model.relayed(shard, &waiting).await.unwrap();
            }
            4..=6 => {
                let changes: Vec<_> = (0..b % 5)
                    .map(|n| {
                        let view = if n % 3 == 2 { OTHER } else { VIEW };
                        let key = Bytes::from(vec![
                            [0, 1, 0x7f, 0xff][usize::from(a.wrapping_add(n) % 4)];
                            usize::from(n)
                        ]);
                        let key = ViewKey::new(&stream.tenant, view, key);
                        if (a ^ b ^ n) % 4 == 0 {
                            ViewChange::Delete { key }
                        } else {
                            ViewChange::Put { key, value: vec![a, b, n].into() }
                        }
                    })
                    .collect();
                let checkpoint = Checkpoint {
                    projection: "p".into(),
                    source: "s".into(),
                    next: number as u64 / 2 + u64::from(b % 2),
                };
                views.apply(&changes, &checkpoint).await.unwrap();
                model.apply(&changes, &checkpoint).await.unwrap();
            }
            7 => {
                let dropped = &[VIEW, OTHER][..usize::from(a % 3).min(2)];
                let projection = if b % 2 == 0 { "p" } else { "q" };
                views.drop_views(projection, dropped).await.unwrap();
                model.drop_views(projection, dropped).await.unwrap();
            }
            8 if fixture.durable() => {
                drop((events, views));
                fixture.reopen().await;
            }
            9 if fixture.durable() => {
                drop((events, views));
                fixture.crash().await;
            }
            _ => {}
        }
        compare(&fixture, &model, number, usize::from(b) % 4 + 1).await;
    }
}

async fn compare(fixture: &impl Fixture, model: &MemoryStore, number: usize, limit: usize) {
    let (events, views) = (fixture.events(), fixture.views());
    assert_eq!(events.tenants().await.unwrap(), model.tenants().await.unwrap(), "step {number}");
    for of in TENANTS.map(tenant) {
        let streams = events.streams(&of, "s", None, 10).await.unwrap();
        assert_eq!(streams, model.streams(&of, "s", None, 10).await.unwrap(), "step {number}");
        for stream in streams {
            assert_eq!(load(&*events, &stream).await, load(model, &stream).await, "step {number}: {stream}");
        }
        for view in [VIEW, OTHER] {
            let all = ViewRange::all(&of, view);
            for range in [all.clone(), all.descending()] {
                let (real, modelled) = (walk(&*views, &range, limit).await, walk(model, &range, limit).await);
                assert_eq!(real, modelled, "step {number}: {range:?}");
            }
        }
    }
    if events.shards() == model.shards() {
        assert_eq!(unrelayed(&*events).await, unrelayed(model).await, "step {number}: outbox");
    }
    let real = views.checkpoint("p", "s").await.unwrap();
    assert_eq!(real, model.checkpoint("p", "s").await.unwrap(), "step {number}");
}
