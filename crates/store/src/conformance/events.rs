//! Streams.

use super::{Fixture, data, event, load, soon, stream, tenant};
use crate::{AppendError, Expected, Limits, NewEvent, StreamId, Version};

/// An append at the expected version goes in; any other expectation is told the actual version.
pub async fn an_append_fits_the_expected_version_or_conflicts(fixture: impl Fixture) {
    let (events, stream) = (fixture.events(), stream("1"));
    let exactly = |version| Expected::Exactly(Version(version));
    assert_eq!(events.append(&stream, exactly(0), &[event(1, "a")]).await.unwrap(), Version(1));
    assert_eq!(
        events.append(&stream, exactly(1), &[event(2, "b"), event(3, "c")]).await.unwrap(),
        Version(3)
    );
    assert_eq!(events.append(&stream, Expected::Any, &[event(4, "d")]).await.unwrap(), Version(4));
    for wrong in [0, 3, 5] {
        match events.append(&stream, exactly(wrong), &[event(9, "x")]).await {
            Err(AppendError::Conflict { stream: of, actual }) => {
                assert_eq!((of, actual), (stream.clone(), Version(4)))
            }
            other => panic!("expected a conflict, got {other:?}"),
        }
    }
    assert_eq!(data(&*events, &stream).await, ["a", "b", "c", "d"]);
    assert_eq!(events.append(&stream, exactly(4), &[]).await.unwrap(), Version(4));
    assert!(matches!(events.append(&stream, exactly(3), &[]).await, Err(AppendError::Conflict { .. })));
    assert_eq!(events.append(&super::stream("2"), exactly(0), &[]).await.unwrap(), Version(0));
}

/// Many writers with the same expectation: one wins each version, and no number is left out.
pub async fn many_writers_of_a_stream_have_one_winner_per_version(fixture: impl Fixture) {
    const WRITERS: u128 = 8;
    const EACH: u128 = 8;
    let (events, stream) = (fixture.events(), stream("1"));
    let writers = (0..WRITERS).map(|writer| {
        let (events, stream) = (events.clone(), stream.clone());
        tokio::spawn(async move {
            let mut won = Vec::new();
            let mut head = Version(0);
            while won.len() < EACH as usize {
                let id = writer * 1000 + won.len() as u128;
                match events.append(&stream, Expected::Exactly(head), &[event(id, id.to_string())]).await {
                    Ok(version) => {
                        won.push(version);
                        head = version;
                    }
                    Err(AppendError::Conflict { actual, .. }) => {
                        assert!(actual > head, "a conflict tells of somebody else's success");
                        head = actual;
                    }
                    Err(error) => panic!("{error}"),
                }
            }
            won
        })
    });
    let mut won = Vec::new();
    for writer in writers.collect::<Vec<_>>() {
        won.extend(soon("all wins", writer).await.unwrap());
    }
    won.sort();
    let all: Vec<_> = (1..=(WRITERS * EACH) as u64).map(Version).collect();
    assert_eq!(won, all);
    assert_eq!(load(&*events, &stream).await.iter().map(|stored| stored.version).collect::<Vec<_>>(), all);
}

/// A reader beside the writer sees none or all of the events of an append.
pub async fn several_events_are_appended_all_or_none(fixture: impl Fixture) {
    let (events, stream) = (fixture.events(), stream("1"));
    let writer = {
        let (events, stream) = (events.clone(), stream.clone());
        tokio::spawn(async move {
            for round in 0..20 {
                let batch: Vec<_> = (0..5).map(|n| event(round * 5 + n, "x")).collect();
                events.append(&stream, Expected::Any, &batch).await.unwrap();
            }
        })
    };
    loop {
        let seen = load(&*events, &stream).await.len();
        assert_eq!(seen % 5, 0, "{seen} events of appends of 5");
        if seen == 100 {
            break;
        }
        tokio::task::yield_now().await;
    }
    soon("the writer's end", writer).await.unwrap();
    let refused =
        events.append(&stream, Expected::Exactly(Version(1)), &[event(901, "x"), event(902, "x")]).await;
    assert!(matches!(refused, Err(AppendError::Conflict { actual: Version(100), .. })));
    assert_eq!(load(&*events, &stream).await.len(), 100);
}

/// The same ids again, whatever is expected: the first answer, and nothing new.
pub async fn a_retry_with_the_same_ids_appends_once(fixture: impl Fixture) {
    let (events, stream) = (fixture.events(), stream("1"));
    let batch = [event(1, "a"), event(2, "b")];
    assert_eq!(events.append(&stream, Expected::Exactly(Version(0)), &batch).await.unwrap(), Version(2));
    events.append(&stream, Expected::Any, &[event(3, "c")]).await.unwrap();
    for expected in [Expected::Exactly(Version(0)), Expected::Exactly(Version(3)), Expected::Any] {
        assert_eq!(events.append(&stream, expected, &batch).await.unwrap(), Version(2));
    }
    assert_eq!(data(&*events, &stream).await, ["a", "b", "c"]);
    let retries = (0..8).map(|_| {
        let (events, stream) = (events.clone(), stream.clone());
        tokio::spawn(async move { events.append(&stream, Expected::Any, &[event(4, "d")]).await.unwrap() })
    });
    for retry in retries.collect::<Vec<_>>() {
        assert_eq!(soon("a retry", retry).await.unwrap(), Version(4));
    }
    assert_eq!(data(&*events, &stream).await, ["a", "b", "c", "d"]);
}

/// Ids of which only some are known, or in another order, are no retry: nothing is written.
pub async fn partly_known_ids_conflict(fixture: impl Fixture) {
    let (events, stream) = (fixture.events(), stream("1"));
    events.append(&stream, Expected::Any, &[event(1, "a"), event(2, "b")]).await.unwrap();
    for batch in [[1, 3], [3, 1], [2, 1], [2, 3]] {
        let refused = events.append(&stream, Expected::Any, &batch.map(|id| event(id, "x"))).await;
        assert!(
            matches!(refused, Err(AppendError::Conflict { actual: Version(2), .. })),
            "{batch:?}: {refused:?}"
        );
    }
    assert_eq!(data(&*events, &stream).await, ["a", "b"]);
}

/// Loading gives what lies behind a version, in order, up to a limit.
pub async fn events_load_in_order_behind_a_version(fixture: impl Fixture) {
    let (events, stream) = (fixture.events(), stream("1"));
    let batch: Vec<NewEvent> = (1..=30).map(|n| event(n, vec![n as u8; n as usize])).collect();
    events.append(&stream, Expected::Any, &batch).await.unwrap();
    let stored = load(&*events, &stream).await;
    for ((stored, new), version) in stored.iter().zip(&batch).zip(1..) {
        assert_eq!((&stored.stream, stored.version), (&stream, Version(version)));
        assert_eq!((stored.id, stored.time, &stored.data), (new.id, new.time, &new.data));
    }
    assert_eq!(stored.len(), 30);
    assert_eq!(events.load(&stream, Version(10), 5).await.unwrap(), stored[10..15]);
    assert_eq!(events.load(&stream, Version(28), 5).await.unwrap(), stored[28..]);
    assert_eq!(events.load(&stream, Version(30), 5).await.unwrap(), []);
    assert_eq!(events.load(&stream, Version(u64::MAX), 5).await.unwrap(), []);
    assert_eq!(load(&*events, &super::stream("nobody")).await, []);
}

/// What is too large is refused as a whole.
pub async fn over_the_limits_nothing_is_written(fixture: impl Fixture) {
    let (events, stream) = (fixture.events(), stream("1"));
    let too_large = [event(1, "small"), event(2, vec![0; Limits::EVENT_BYTES + 1])];
    let too_many: Vec<_> = (0..=Limits::EVENTS as u128).map(|id| event(id, "x")).collect();
    let too_long = StreamId::new(&tenant("acme"), "a", "x".repeat(Limits::ID_BYTES + 1));
    for (stream, batch) in [(&stream, &too_large[..]), (&stream, &too_many), (&too_long, &too_large[..1])] {
        let refused = events.append(stream, Expected::Any, batch).await;
        assert!(matches!(refused, Err(AppendError::TooLarge { .. })), "{refused:?}");
        assert_eq!(load(&*events, stream).await, []);
    }
    let longest =
        StreamId::new(&tenant("acme"), &"a".repeat(Limits::AGGREGATE_BYTES), "x".repeat(Limits::ID_BYTES));
    let largest = [event(1, vec![7; Limits::EVENT_BYTES])];
    assert_eq!(events.append(&longest, Expected::Any, &largest).await.unwrap(), Version(1));
    assert_eq!(load(&*events, &longest).await.len(), 1);
    let most = &too_many[..Limits::EVENTS];
    assert_eq!(events.append(&stream, Expected::Any, most).await.unwrap(), Version(Limits::EVENTS as u64));
}

/// Lists are in order, go on behind a name, and keep to tenant and aggregate.
pub async fn streams_and_tenants_are_listed_in_order(fixture: impl Fixture) {
    let events = fixture.events();
    let mut id = 0;
    for of in ["b", "a", "a-b", "ab"] {
        for aggregate in ["node", "nod", "node2"] {
            for name in ["2", "1", "10", "1\u{0}", "ä"] {
                id += 1;
                let stream = StreamId::new(&tenant(of), aggregate, name);
                events.append(&stream, Expected::Any, &[event(id, "x")]).await.unwrap();
            }
        }
    }
    let tenants = events.tenants().await.unwrap();
    assert_eq!(tenants, ["a", "a-b", "ab", "b"].map(tenant));
    let streams = async |after, limit| {
        let streams = events.streams(&tenant("a"), "node", after, limit).await.unwrap();
        assert!(streams.iter().all(|stream| stream.tenant == tenant("a") && stream.aggregate == "node"));
        streams.into_iter().map(|stream| stream.id.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(streams(None, 100).await, ["1", "1\u{0}", "10", "2", "ä"]);
    assert_eq!(streams(None, 2).await, ["1", "1\u{0}"]);
    assert_eq!(streams(Some("1"), 2).await, ["1\u{0}", "10"]);
    assert_eq!(streams(Some("15"), 100).await, ["2", "ä"]);
    assert_eq!(streams(Some("ä"), 100).await, [""; 0]);
}

/// After opening again, everything acknowledged is there and versions and ids go on.
pub async fn events_survive_reopening_and_a_crash(mut fixture: impl Fixture) {
    if !fixture.durable() {
        return;
    }
    let stream = stream("1");
    for round in 0..4_u64 {
        let batch = [event(u128::from(round) * 2, "a"), event(u128::from(round) * 2 + 1, "b")];
        let expected = Expected::Exactly(Version(round * 2));
        let version = fixture.events().append(&stream, expected, &batch).await.unwrap();
        assert_eq!(version, Version(round * 2 + 2));
        let before = load(&*fixture.events(), &stream).await;
        if round % 2 == 0 {
            fixture.reopen().await
        } else {
            fixture.crash().await
        }
        let events = fixture.events();
        assert_eq!(load(&*events, &stream).await, before);
        assert_eq!(
            events.append(&stream, expected, &batch).await.unwrap(),
            version,
            "a retry across the crash"
        );
    }
}
