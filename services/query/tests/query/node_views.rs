//! How nodes fare.

use std::time::Duration;

use serde_json::json;
use vedetta_log::Topic;
use vedetta_model::{Payload, event::AgentStopping};

use crate::support::{Bench, facts::*};

const NODES: &str = "query($t: String!, $from: DateTime, $until: DateTime) { tenant(id: $t) { nodes { nodes {
    hostname health lastSeen agentVersion kernel hooks eventsRead eventsLost
    ledger { stage cpu hook count }
    coverage(from: $from, until: $until) { from until watched events lost }
} } } }";

#[tokio::test]
async fn a_node_is_never_seen_then_healthy_then_losing_then_silent_then_back_and_stopped() {
    let (bench, acme) = (Bench::new().await, tenant("acme"));
    let token = bench.tenants.sign_in(&acme, "ada");
    let start = bench.now();
    let at = |s: u64| start.after(Duration::from_secs(s));
    let health = async || {
        bench.project("query").await;
        let data = bench.data(&token, NODES, json!({ "t": "acme" })).await;
        data["tenant"]["nodes"]["nodes"][0].clone()
    };
    bench.decide(&enrolled(&acme, 1, start)).await;
    assert_eq!(health().await["health"], "NEVER_SEEN");

    bench
        .append(Topic::TELEMETRY, block(&acme, 1, 1, &[(1, start, started()), (2, start, beat(10, 0))]))
        .await;
    let node = health().await;
    assert_eq!(
        (&node["health"], &node["kernel"], &node["eventsRead"]),
        (&json!("HEALTHY"), &json!("6.1"), &json!(10.0))
    );

    bench.clock.set(at(5));
    let loss_then_beat = [(3, at(5), loss_at(4, at(5))), (4, at(5), beat(30, 4))];
    bench.append(Topic::TELEMETRY, block(&acme, 1, 1, &loss_then_beat)).await;
    let node = health().await;
    assert_eq!((&node["health"], &node["eventsLost"]), (&json!("LOSING"), &json!(4.0)));
    assert_eq!(node["ledger"], json!([{ "stage": "RING", "cpu": 1, "hook": "open", "count": 4.0 }]));

    bench.clock.set(at(16));
    assert_eq!(health().await["health"], "SILENT");

    // Another run of the agent counts from the beginning; the sum goes on.
    bench.clock.set(at(100));
    bench
        .append(Topic::TELEMETRY, block(&acme, 1, 2, &[(1, at(100), started()), (2, at(100), beat(7, 0))]))
        .await;
    let node = health().await;
    assert_eq!((&node["health"], &node["eventsRead"]), (&json!("HEALTHY"), &json!(37.0)));

    let bye = Payload::AgentStopping(AgentStopping { reason: "stop".into() });
    bench.append(Topic::TELEMETRY, block(&acme, 1, 2, &[(3, at(100), bye)])).await;
    // What the first run had spooled comes late and does not bring it back to life.
    bench.append(Topic::TELEMETRY, block(&acme, 1, 1, &[(5, at(10), beat(31, 4))])).await;
    let node = health().await;
    assert_eq!((&node["health"], &node["eventsRead"]), (&json!("STOPPED"), &json!(38.0)));
}

#[tokio::test]
async fn coverage_shows_watched_spans_and_the_gaps_between_them_and_nothing_before_enrollment() {
    let (bench, acme) = (Bench::new().await, tenant("acme"));
    let token = bench.tenants.sign_in(&acme, "ada");
    let start = bench.now();
    let at = |s: u64| start.after(Duration::from_secs(s));
    bench.decide(&enrolled(&acme, 1, start)).await;
    for (seq, s, read) in [(1, 0, 0), (2, 5, 10), (3, 10, 20), (4, 60, 25), (5, 65, 30)] {
        bench.append(Topic::TELEMETRY, block(&acme, 1, 1, &[(seq, at(s), beat(read, 0))])).await;
    }
    bench.project("query").await;
    let day_before = start.before(Duration::from_secs(24 * 3600));
    let variables = json!({ "t": "acme", "from": day_before.to_string(), "until": at(80).to_string() });
    let data = bench.data(&token, NODES, variables).await;
    let spans = data["tenant"]["nodes"]["nodes"][0]["coverage"].as_array().unwrap().clone();
    let seen: Vec<_> =
        spans.iter().map(|s| (s["watched"].clone(), s["until"].clone(), s["events"].clone())).collect();
    let expected = [(true, 10, 20.0), (false, 60, 0.0), (true, 65, 10.0), (false, 80, 0.0)];
    assert_eq!(
        seen,
        expected.map(|(w, until, events)| (json!(w), json!(at(until).to_string()), json!(events)))
    );
}

#[tokio::test]
async fn a_block_without_reports_is_a_sign_of_life_and_is_not_opened() {
    let (bench, acme) = (Bench::new().await, tenant("acme"));
    let token = bench.tenants.sign_in(&acme, "ada");
    bench.decide(&enrolled(&acme, 1, bench.now())).await;
    let exit = Payload::Exit(vedetta_model::event::Exit::default());
    bench.append(Topic::TELEMETRY, block(&acme, 1, 1, &[(1, bench.now(), exit)])).await;
    bench.project("query").await;
    let data = bench.data(&token, NODES, json!({ "t": "acme" })).await;
    assert_eq!(data["tenant"]["nodes"]["nodes"][0]["lastSeen"], json!(bench.now().to_string()));
}
