//! Events from the log to the store of blocks, and searches among them.

use std::{sync::Arc, time::Duration};

use async_graphql::Request;
use bytes::Bytes;
use futures::StreamExt as _;
use serde_json::{Value, json};
use vedetta_log::{EventLog, Group, NewRecord, Offset, Partition, Position, ReadLimit, Record, Topic};
use vedetta_model::TenantId;
use vedetta_query::{
    archive::{self, Archiver},
    graphql::scope::Scope,
};
use vedetta_runtime::{DeadLetters, Drain, Reason};
use vedetta_store::{BlockRange, BlockStore, Order};

use crate::support::{Bench, code, facts::*};

fn archiver(bench: &Bench, drain: &Drain) -> Archiver {
    Archiver {
        log: bench.log.clone(),
        blocks: bench.store.clone(),
        dead_letters: DeadLetters::new(bench.log.clone()),
        drain: drain.clone(),
        group: Group::named("archive"),
        linger: Duration::from_millis(5),
        metrics: bench.state.metrics.clone(),
    }
}

/// Archives until a condition holds, then stops.
pub async fn archive_until(bench: &Bench, done: impl AsyncFn() -> bool) {
    let drain = Drain::new();
    let running = tokio::spawn(archiver(bench, &drain).run());
    let waiting = async {
        while !done().await {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), waiting).await.expect("it was not archived");
    drain.call();
    running.await.unwrap().unwrap();
}

async fn stored(bench: &Bench, tenant: &TenantId) -> (u64, u64) {
    let usage = bench.store.usage(tenant).await.unwrap();
    (usage.iter().map(|(_, it)| it.blocks).sum(), usage.iter().map(|(_, it)| it.events).sum())
}

/// Blocks of `each` events, a second apart; the path of event 7 is `/data/7`.
async fn feed(bench: &Bench, tenant: &TenantId, n: u128, blocks: std::ops::Range<u64>, each: u64) {
    for at in blocks {
        let events: Vec<_> = (at * each + 1..=at * each + each)
            .map(|seq| (seq, bench.now().after(Duration::from_secs(seq)), open(&format!("/data/{seq}"))))
            .collect();
        bench.append(Topic::TELEMETRY, block(tenant, n, n, &events)).await;
    }
}

/// All dead letters.
pub async fn letters(bench: &Bench) -> Vec<Record> {
    let place = Partition { topic: Topic::DEAD_LETTERS, index: 0 };
    if bench.log.bounds(&place).await.unwrap().end == Offset(0) {
        return vec![];
    }
    let place = Position { partition: place, offset: Offset(0) };
    bench.log.read(place, ReadLimit::default()).await.unwrap().next().await.unwrap().unwrap()
}

#[tokio::test]
async fn small_blocks_that_follow_each_other_are_merged_and_none_is_kept_twice() {
    let (bench, acme) = (Bench::new().await, tenant("acme"));
    feed(&bench, &acme, 1, 0..20, 3).await;
    archive_until(&bench, async || stored(&bench, &acme).await.1 == 60).await;
    let (blocks, _) = stored(&bench, &acme).await;
    assert!(blocks < 20, "{blocks}");
    // A group that begins anew sees all of it again, with more behind it.
    feed(&bench, &acme, 1, 20..25, 3).await;
    let drain = Drain::new();
    let again = Archiver { group: Group::named("anew"), ..archiver(&bench, &drain) };
    let running = tokio::spawn(again.run());
    archive_until(&bench, async || stored(&bench, &acme).await.1 == 75).await;
    drain.call();
    running.await.unwrap().unwrap();
    assert_eq!(stored(&bench, &acme).await.1, 75);
    assert!(letters(&bench).await.is_empty());
}

#[tokio::test]
async fn what_cannot_be_kept_goes_to_the_dead_letters_and_stops_nothing() {
    let (bench, acme) = (Bench::new().await, tenant("acme"));
    let good = block(&acme, 1, 1, &[(5, bench.now(), open("/a"))]);
    let clash = block(&acme, 1, 1, &[(5, bench.now(), open("/b"))]);
    let stranger = NewRecord { tenant: tenant("other"), ..good.clone() };
    let garbage = NewRecord { payload: Bytes::from_static(b"no block"), ..good.clone() };
    let mut flipped = good.payload.to_vec();
    *flipped.last_mut().unwrap() ^= 1;
    let flipped = NewRecord { payload: flipped.into(), ..good.clone() };
    let last = block(&acme, 1, 1, &[(9, bench.now(), open("/c"))]);
    for record in [good, clash.clone(), stranger, garbage, flipped, last] {
        bench.append(Topic::TELEMETRY, record).await;
        archive_until(&bench, async || true).await;
    }
    archive_until(&bench, async || stored(&bench, &acme).await.1 == 2 && letters(&bench).await.len() == 4)
        .await;
    assert_eq!(stored(&bench, &tenant("other")).await, (0, 0));
    let letters = letters(&bench).await;
    let whys: Vec<String> = letters.iter().map(|letter| Reason::of(letter).unwrap().why).collect();
    for why in ["numbers", "another tenant", "begin like a block", "checksum"] {
        assert!(whys.iter().any(|given| given.contains(why)), "{why}: {whys:?}");
    }
    assert!(letters.iter().any(|letter| letter.payload == clash.payload), "a letter is whole");

    // People see them, each tenant its own.
    bench.project("query").await;
    let token = bench.tenants.sign_in(&acme, "ada");
    let query = "{ tenant(id: \"acme\") { deadLetters { nodes { place stage why header { events } } } } }";
    let data = bench.data(&token, query, json!({})).await;
    let rows = data["tenant"]["deadLetters"]["nodes"].as_array().unwrap();
    assert_eq!(rows.len(), 3, "{rows:?}");
    assert!(
        rows.iter().all(|row| row["stage"] == "archive" && row["place"].to_string().contains("telemetry/"))
    );
    let mut events: Vec<_> = rows.iter().map(|row| row["header"]["events"].as_u64()).collect();
    events.sort_unstable();
    assert_eq!(events, [None, Some(1), Some(1)]);
}

#[tokio::test]
async fn old_events_are_dropped() {
    let (bench, acme) = (Bench::new().await, tenant("acme"));
    feed(&bench, &acme, 1, 0..1, 3).await;
    archive_until(&bench, async || stored(&bench, &acme).await.1 == 3).await;
    let blocks: Arc<dyn BlockStore> = bench.store.clone();
    archive::expire(&*blocks, bench.now()).await.unwrap();
    assert_eq!(stored(&bench, &acme).await.1, 3);
    archive::expire(&*blocks, bench.now().after(Duration::from_secs(7200))).await.unwrap();
    assert_eq!(stored(&bench, &acme).await, (0, 0));
}

async fn searchable() -> (Bench, String) {
    let (bench, acme, other) = (Bench::new().await, tenant("acme"), tenant("other"));
    let token = bench.tenants.sign_in(&acme, "ada");
    bench.decide(&created(&acme, bench.now())).await;
    bench.decide(&enrolled(&acme, 1, bench.now())).await;
    feed(&bench, &acme, 1, 0..5, 10).await;
    feed(&bench, &other, 2, 0..5, 10).await;
    bench.append(Topic::TELEMETRY, block(&acme, 1, 9, &[(1, bench.now(), beat(1, 0))])).await;
    archive_until(&bench, async || {
        stored(&bench, &acme).await.1 == 51 && stored(&bench, &other).await.1 == 50
    })
    .await;
    bench.project("query").await;
    (bench, token)
}

const ACTIVITY: &str = "query($query: String, $first: Int, $after: String, $since: DateTime, $until: DateTime) {
    tenant(id: \"acme\") { activity(query: $query, first: $first, after: $after, since: $since, until: $until) {
        events { event { id summary } watchedNode { hostname } } next reached
        searched { blocks events unreadable } lost { events } } } }";

fn summaries(page: &Value) -> Vec<&str> {
    let events = page["events"].as_array().unwrap();
    events.iter().map(|event| event["event"]["summary"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_search_answers_newest_first_in_pages_with_what_it_looked_at() {
    let (bench, token) = searchable().await;
    let mut all = Vec::new();
    let mut after = Value::Null;
    loop {
        let data = bench.data(&token, ACTIVITY, json!({ "first": 7, "after": after })).await;
        let page = &data["tenant"]["activity"];
        all.extend(summaries(page).into_iter().map(str::to_owned));
        assert_eq!(page["searched"]["unreadable"], 0.0);
        after = page["next"].clone();
        if after.is_null() {
            break;
        }
    }
    let wanted: Vec<_> = (1..=50).rev().map(|seq| format!("/data/{seq} (read)")).collect();
    assert_eq!(all, wanted, "the agent's own reports are no activity");
    let data = bench.data(&token, ACTIVITY, json!({ "query": "fd.name endswith /7", "first": 5 })).await;
    let page = &data["tenant"]["activity"];
    assert_eq!(summaries(page), ["/data/7 (read)"]);
    assert_eq!(page["events"][0]["watchedNode"]["hostname"], "host-1");
    assert_eq!(page["next"], Value::Null);
    let word = bench.data(&token, ACTIVITY, json!({ "query": "/data/33" })).await;
    assert_eq!(summaries(&word["tenant"]["activity"]), ["/data/33 (read)"]);
    let (since, until) =
        (bench.now().after(Duration::from_secs(10)), bench.now().after(Duration::from_secs(12)));
    let times = json!({ "since": since.to_string(), "until": until.to_string() });
    let data = bench.data(&token, ACTIVITY, times).await;
    assert_eq!(summaries(&data["tenant"]["activity"]), ["/data/11 (read)", "/data/10 (read)"]);
}

#[tokio::test]
async fn a_wrong_search_says_where_and_a_foreign_event_is_not_there() {
    let (bench, token) = searchable().await;
    for (query, why) in [("proc.name = ", "line 1"), ("proc.nmae = x", "proc.nmae"), ("a and b", "macro")] {
        let answer = bench.ask(Some(&token), ACTIVITY, json!({ "query": query })).await;
        assert_eq!(code(&answer), "INVALID", "{query}: {answer}");
        let message = answer["errors"][0]["message"].as_str().unwrap();
        assert!(message.contains(why), "{query}: {message}");
    }
    let wrong = bench.ask(Some(&token), ACTIVITY, json!({ "after": "x" })).await;
    assert_eq!(code(&wrong), "INVALID");
    let one = "query($id: String!) { tenant(id: \"acme\") { activityEvent(id: $id) { event { summary } } } }";
    let id = |n: u128, seq: u64| vedetta_model::EventId { node: node(n), boot: boot(n), seq }.to_string();
    let own = bench.data(&token, one, json!({ "id": id(1, 7) })).await;
    assert_eq!(own["tenant"]["activityEvent"]["event"]["summary"], "/data/7 (read)");
    for missing in [id(2, 7), id(1, 70), "x".to_owned()] {
        let data = bench.data(&token, one, json!({ "id": missing })).await;
        assert_eq!(data["tenant"]["activityEvent"], Value::Null);
    }
}

#[tokio::test]
async fn events_are_counted_by_fields() {
    let (bench, token) = searchable().await;
    let counts =
        "query($by: [String!]!) { tenant(id: \"acme\") { activityCounts(by: $by, query: \"evt.num < 11\") {
        groups { values count } total complete } } }";
    let data = bench.data(&token, counts, json!({ "by": ["evt.type", "fd.directory"] })).await;
    let counted = json!({ "groups": [{ "values": ["openat", "/data"], "count": 10.0 }], "total": 10.0, "complete": true });
    assert_eq!(data["tenant"]["activityCounts"], counted);
    let wrong = bench.ask(Some(&token), counts, json!({ "by": ["nonsense"] })).await;
    assert_eq!(code(&wrong), "INVALID");
}

#[tokio::test]
async fn a_live_search_gives_pieces_and_ends_and_too_many_are_refused() {
    let (bench, token) = searchable().await;
    let session = bench.state.sessions.open(&token).await.unwrap();
    let request = "subscription { activitySearch(tenant: \"acme\", query: \"/data\", first: 20) {
        events { event { summary } } done searched { blocks } } }";
    let stream = || {
        let request = Request::new(request).data(Scope::of(session.clone(), bench.state.clone()));
        bench
            .schema
            .clone()
            .execute_stream(request)
            .map(|answer| serde_json::to_value(answer).unwrap())
            .boxed()
    };
    let steps: Vec<Value> = stream().collect().await;
    let events: Vec<&str> =
        steps.iter().flat_map(|step| summaries(&step["data"]["activitySearch"])).collect();
    assert_eq!(events.len(), 20);
    assert_eq!(events[0], "/data/50 (read)");
    assert_eq!(steps.last().unwrap()["data"]["activitySearch"]["done"], true);

    let held = bench.state.searches.clone().acquire_many_owned(8).await.unwrap();
    let refused: Vec<Value> = stream().collect().await;
    assert_eq!(code(&refused[0]), "EXHAUSTED");
    drop(held);
    assert_eq!(stream().collect::<Vec<_>>().await.len(), steps.len());
}

#[tokio::test]
async fn an_agents_clock_does_not_hide_its_events() {
    let (bench, acme) = (Bench::new().await, tenant("acme"));
    let late = bench.now().before(Duration::from_secs(3600 * 50));
    bench.append(Topic::TELEMETRY, block(&acme, 1, 1, &[(1, late, open("/old"))])).await;
    archive_until(&bench, async || stored(&bench, &acme).await.1 == 1).await;
    let range = BlockRange {
        tenant: acme,
        since: late,
        until: late.after(Duration::from_nanos(1)),
        order: Order::Ascending,
    };
    assert_eq!(bench.store.heads(&range, None, 10).await.unwrap().heads.len(), 1);
}
