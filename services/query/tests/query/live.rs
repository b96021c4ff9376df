//! What comes by itself.

use std::time::Duration;

use async_graphql::Request;
use futures::{Stream, StreamExt};
use serde_json::{Value, json};
use vedetta_query::{graphql::scope::Scope, tail::Raised};

use crate::support::{Bench, code, facts::*};

async fn subscribe(bench: &Bench, token: &str, query: &str) -> impl Stream<Item = Value> + Unpin + use<> {
    let session = bench.state.sessions.open(token).await.unwrap();
    let request = Request::new(query).data(Scope::of(session, bench.state.clone()));
    let schema = bench.schema.clone();
    schema.execute_stream(request).map(|answer| serde_json::to_value(answer).unwrap()).boxed()
}

/// The next answer. A subscriber that waits in vain fails the test.
async fn next(stream: &mut (impl Stream<Item = Value> + Unpin)) -> Value {
    tokio::time::timeout(Duration::from_secs(20), stream.next())
        .await
        .expect("nothing came")
        .expect("it ended")
}

const RAISED: &str =
    "subscription { findingRaised(tenant: \"acme\") { message hostname case { findingCount } } }";

/// Polls the stream once so that it listens; nothing has happened yet.
async fn listen(stream: &mut (impl Stream<Item = Value> + Unpin)) {
    assert!(futures::poll!(stream.next()).is_pending());
}

#[tokio::test]
async fn findings_of_the_own_tenant_arrive_readable_and_foreign_ones_do_not() {
    let (bench, acme, other) = (Bench::new().await, tenant("acme"), tenant("other"));
    let token = bench.tenants.sign_in(&acme, "ada");
    bench.run();
    let mut all = subscribe(&bench, &token, RAISED).await;
    let filtered = RAISED.replace("\"acme\")", "\"acme\", filter: { rule: \"Wanted\" })");
    let mut wanted = subscribe(&bench, &token, &filtered).await;
    listen(&mut all).await;
    listen(&mut wanted).await;
    tailing(&bench).await;
    bench.find(&finding(&other, 1, "Rule", 1, "g", bench.now())).await;
    bench.find(&finding(&acme, 1, "Rule", 2, "g", bench.now())).await;
    bench.find(&finding(&acme, 1, "Wanted", 3, "g", bench.now())).await;
    let seen = [next(&mut all).await, next(&mut all).await];
    let messages = seen.map(|answer| answer["data"]["findingRaised"]["message"].clone());
    assert_eq!(messages, ["Rule by cat number 2", "Wanted by cat number 3"]);
    let one = next(&mut wanted).await;
    assert_eq!(one["data"]["findingRaised"]["message"], "Wanted by cat number 3");
    assert!(one["data"]["findingRaised"]["case"]["findingCount"].as_i64() >= Some(1), "{one}");
}

/// Waits until the tail follows the log: it begins at the end it finds, so what comes before is not told.
async fn tailing(bench: &Bench) {
    let probe = tenant("probe");
    let mut heard = bench.state.tail.listen();
    for seq in 0.. {
        bench.find(&finding(&probe, 1, "Probe", seq, "p", bench.now())).await;
        if tokio::time::timeout(Duration::from_millis(200), heard.recv()).await.is_ok() {
            return;
        }
    }
}

#[tokio::test]
async fn a_foreign_tenant_can_not_be_listened_to() {
    let (bench, acme) = (Bench::new().await, tenant("acme"));
    let token = bench.tenants.sign_in(&acme, "ada");
    for field in ["findingRaised", "caseChanged", "nodeChanged", "ruleChanged"] {
        for slug in ["other", "nobody"] {
            let query = format!("subscription {{ {field}(tenant: \"{slug}\") {{ id }} }}");
            let answer = next(&mut subscribe(&bench, &token, &query).await).await;
            assert_eq!(code(&answer), "NOT_FOUND", "{field}: {answer}");
        }
        let query = format!("subscription {{ {field}(tenant: \"acme\") {{ id }} }}");
        let answer = bench.schema.execute_stream(Request::new(query)).next().await.unwrap();
        assert_eq!(code(&serde_json::to_value(answer).unwrap()), "UNAUTHENTICATED");
    }
}

#[tokio::test]
async fn cases_nodes_and_rules_are_told_when_they_change() {
    let (bench, acme) = (Bench::new().await, tenant("acme"));
    let token = bench.tenants.sign_in(&acme, "ada");
    bench.run();
    let mut cases =
        subscribe(&bench, &token, "subscription { caseChanged(tenant: \"acme\") { title } }").await;
    let mut nodes =
        subscribe(&bench, &token, "subscription { nodeChanged(tenant: \"acme\") { hostname } }").await;
    let mut rules =
        subscribe(&bench, &token, "subscription { ruleChanged(tenant: \"acme\") { name } }").await;
    listen(&mut cases).await;
    listen(&mut nodes).await;
    listen(&mut rules).await;
    bench.decide(&enrolled(&tenant("other"), 2, bench.now())).await;
    bench.decide(&enrolled(&acme, 1, bench.now())).await;
    bench.decide(&imported(&acme, 1, bench.now())).await;
    bench.find(&finding(&acme, 1, "Rule", 1, "g", bench.now())).await;
    assert_eq!(next(&mut cases).await["data"]["caseChanged"]["title"], "Rule on host-1");
    assert_eq!(next(&mut nodes).await["data"]["nodeChanged"]["hostname"], "host-1");
    let names =
        [next(&mut rules).await, next(&mut rules).await].map(|a| a["data"]["ruleChanged"]["name"].clone());
    assert_eq!(names, [SHADOW, "Shell"]);
}

#[tokio::test]
async fn a_subscriber_that_lags_is_told_to_fetch_again_and_counted() {
    let acme = tenant("acme");
    let config = vedetta_query::Config { subscription_buffer: 2, ..vedetta_query::Config::default() };
    let bench = Bench::with(config).await;
    let token = bench.tenants.sign_in(&acme, "ada");
    bench.run();
    let mut slow = subscribe(&bench, &token, RAISED).await;
    listen(&mut slow).await;
    tailing(&bench).await;
    for seq in 0..20 {
        bench.find(&finding(&acme, 1, "Rule", seq, "g", bench.now())).await;
    }
    let mut heard = bench.state.tail.listen();
    bench.find(&finding(&acme, 1, "Last", 99, "g", bench.now())).await;
    let last = async {
        loop {
            match heard.recv().await {
                Ok(Raised::Finding(row)) if row.finding.rule.name == "Last" => return,
                _ => {}
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(20), last).await.unwrap();
    let answer = next(&mut slow).await;
    assert_eq!(code(&answer), "EXHAUSTED", "{answer}");
    assert!(bench.state.metrics.lagged.get() >= 1);
    assert_eq!(slow.next().await, None);
}

#[tokio::test]
async fn a_listener_whose_user_was_disabled_hears_no_more() {
    let (bench, acme) = (Bench::new().await, tenant("acme"));
    let token = bench.tenants.sign_in(&acme, "ada");
    bench.run();
    let mut nodes =
        subscribe(&bench, &token, "subscription { nodeChanged(tenant: \"acme\") { hostname } }").await;
    listen(&mut nodes).await;
    bench.tenants.disable("ada");
    bench.clock.advance(Duration::from_secs(6));
    bench.decide(&enrolled(&acme, 1, bench.now())).await;
    let answer = next(&mut nodes).await;
    assert_eq!((code(&answer), &answer["data"]), ("UNAUTHENTICATED", &json!(null)));
    assert_eq!(nodes.next().await, None);
}
