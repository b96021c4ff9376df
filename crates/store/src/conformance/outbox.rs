//! The outbox.

use std::collections::BTreeMap;

use futures::FutureExt as _;

use super::{Fixture, event, soon, stream, unrelayed};
use crate::{Expected, Shard, StreamId, Version};

/// Each event stands in its shard, in stream order, until it is confirmed, and then no more.
pub async fn the_relay_sees_each_event_in_stream_order_until_confirmed(fixture: impl Fixture) {
    let events = fixture.events();
    let mut id = 0;
    for _ in 0..5 {
        for name in ["1", "2", "3", "4", "5", "6"] {
            id += 2;
            let batch = [event(id, "x"), event(id + 1, "y")];
            events.append(&stream(name), Expected::Any, &batch).await.unwrap();
        }
    }
    let mut seen: BTreeMap<StreamId, Vec<Version>> = BTreeMap::new();
    for shard in (0..events.shards()).map(Shard) {
        loop {
            let waiting = events.unrelayed(shard, 7).await.unwrap();
            assert_eq!(events.unrelayed(shard, 7).await.unwrap(), waiting, "unconfirmed events come again");
            if waiting.is_empty() {
                break;
            }
            for stored in &waiting {
                assert_eq!(Shard::of(&stored.stream, events.shards()), shard);
                seen.entry(stored.stream.clone()).or_default().push(stored.version);
            }
            events.relayed(shard, &waiting).await.unwrap();
            events.relayed(shard, &waiting).await.unwrap();
        }
    }
    assert_eq!(seen.len(), 6);
    for (stream, versions) in seen {
        assert_eq!(versions, (1..=10).map(Version).collect::<Vec<_>>(), "{stream}");
    }
    events.append(&stream("1"), Expected::Any, &[event(999, "later")]).await.unwrap();
    let waiting = unrelayed(&*events).await;
    assert_eq!(waiting.iter().map(|stored| stored.version).collect::<Vec<_>>(), [Version(11)]);
}

/// The relay can wait for work: it is woken by an append, and does not wait when there is some.
pub async fn an_append_wakes_the_relay(fixture: impl Fixture) {
    let events = fixture.events();
    for id in 0..5 {
        let (mut waiting, before) = (Box::pin(events.outbox_changed()), unrelayed(&*events).await);
        assert_eq!(before, []);
        // It may look into the store first, and may return without cause.
        let _ = (&mut waiting).now_or_never();
        events.append(&stream("1"), Expected::Any, &[event(id, "x")]).await.unwrap();
        soon("waking", events.outbox_changed()).await;
        let waiting = unrelayed(&*events).await;
        assert_eq!(waiting.len(), 1);
        events.relayed(Shard::of(&stream("1"), events.shards()), &waiting).await.unwrap();
    }
    let (woken, appended) = tokio::join!(
        soon("waking", async {
            while unrelayed(&*events).await.is_empty() {
                events.outbox_changed().await;
            }
        }),
        async {
            tokio::task::yield_now().await;
            events.append(&stream("2"), Expected::Any, &[event(100, "x")]).await
        }
    );
    assert_eq!((woken, appended.unwrap()), ((), Version(1)));
}

/// After a crash the relay gets what it had not confirmed, and not what it had.
pub async fn what_is_unconfirmed_survives_a_crash(mut fixture: impl Fixture) {
    if !fixture.durable() {
        return;
    }
    for round in 0..3_u64 {
        let events = fixture.events();
        let ids = [u128::from(round) * 2, u128::from(round) * 2 + 1];
        events.append(&stream("1"), Expected::Any, &ids.map(|id| event(id, "x"))).await.unwrap();
        let waiting = unrelayed(&*events).await;
        let (done, left) = waiting.split_at(waiting.len() - 1);
        events.relayed(Shard::of(&stream("1"), events.shards()), done).await.unwrap();
        let left = left.to_vec();
        drop((events, waiting));
        if round == 1 {
            fixture.reopen().await
        } else {
            fixture.crash().await
        }
        assert_eq!(unrelayed(&*fixture.events()).await, left);
        assert_eq!(left[0].version, Version(round * 2 + 2));
    }
}
