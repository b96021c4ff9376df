//! What is refused before it costs anything.

use axum::body::Body;
use http::{Method, Request, StatusCode, header};
use serde_json::{Value, json};

use crate::support::{Bench, code, facts::*};

async fn post(bench: &Bench, body: String) -> (StatusCode, Value) {
    let request = Request::post("/graphql").header(header::CONTENT_TYPE, "application/json");
    let (status, _, body) = bench.send(request.body(Body::from(body)).unwrap()).await;
    (status, serde_json::from_slice(&body).unwrap_or_default())
}

#[tokio::test]
async fn documents_that_are_too_deep_too_wide_or_too_dear_are_refused() {
    let (bench, acme) = (Bench::new().await, tenant("acme"));
    let token = bench.tenants.sign_in(&acme, "ada");
    let nested = |n: usize| {
        let inner = "case { findings(first: 1) { nodes { ".repeat(n);
        format!(
            "{{ tenant(id: \"acme\") {{ findings(first: 1) {{ nodes {{ {inner} id {} }} }} }} }}",
            "} } }".repeat(n)
        )
    };
    let aliases =
        |n: usize| format!("{{ {} }}", (0..n).map(|i| format!("a{i}: me {{ name }} ")).collect::<String>());
    let directives = |n: usize| format!("{{ me {} {{ name }} }}", "@include(if: true) ".repeat(n));
    let ok = [nested(2), aliases(20), directives(1)];
    for query in &ok {
        let answer = bench.ask(Some(&token), query, json!({})).await;
        assert_eq!(answer.get("errors"), None, "{query}: {answer}");
    }
    let dear = "{ tenant(id: \"acme\") { findings(first: 500) { nodes { case { findings(first: 500) { nodes { id message } } } } } } }";
    for query in [nested(4), nested(500), aliases(21), aliases(5000), directives(21), dear.to_owned()] {
        let answer = bench.ask(Some(&token), &query, json!({})).await;
        assert_eq!((code(&answer), &answer["data"]), ("INVALID", &Value::Null));
    }
    assert_eq!(bench.state.metrics.refused.get(), 6);
}

#[tokio::test]
async fn a_page_has_1_to_500_items() {
    let (bench, acme) = (Bench::new().await, tenant("acme"));
    let token = bench.tenants.sign_in(&acme, "ada");
    for field in ["findings", "cases", "nodes", "rules", "changes", "enrollmentTokens"] {
        for first in [0, -1, 501, i32::MAX] {
            let query = format!(
                "{{ tenant(id: \"acme\") {{ {field}(first: {first}) {{ pageInfo {{ hasNextPage }} }} }} }}"
            );
            assert_eq!(code(&bench.ask(Some(&token), &query, json!({})).await), "INVALID", "{field} {first}");
        }
        for after in ["%%%", "AAAA"] {
            let query = format!(
                "{{ tenant(id: \"acme\") {{ {field}(after: \"{after}\") {{ pageInfo {{ hasNextPage }} }} }} }}"
            );
            let answer = bench.ask(Some(&token), &query, json!({})).await;
            assert!(after == "AAAA" || code(&answer) == "INVALID", "{answer}");
        }
    }
}

#[tokio::test]
async fn lists_of_operations_get_requests_and_large_bodies_are_refused() {
    let bench = Bench::new().await;
    assert_eq!(
        post(&bench, json!([{ "query": "{ me { name } }" }]).to_string()).await.0,
        StatusCode::BAD_REQUEST
    );
    assert_eq!(post(&bench, "{".to_owned()).await.0, StatusCode::BAD_REQUEST);
    let large = json!({ "query": format!("{{ me {{ name }} }} #{}", "x".repeat(256 << 10)) });
    assert_eq!(post(&bench, large.to_string()).await.0, StatusCode::PAYLOAD_TOO_LARGE);
    for method in [Method::GET, Method::PUT, Method::DELETE] {
        let request =
            Request::builder().method(method).uri("/graphql?query={me{name}}").body(Body::empty()).unwrap();
        assert_eq!(bench.send(request).await.0, StatusCode::METHOD_NOT_ALLOWED);
    }
}

#[tokio::test]
async fn paging_shows_each_finding_once_also_when_a_page_ends_at_the_scan_limit() {
    let (mut config, acme) = (vedetta_query::Config::default(), tenant("acme"));
    config.limits.scanned_rows = 7;
    let bench = Bench::with(config).await;
    let token = bench.tenants.sign_in(&acme, "ada");
    for seq in 0..60 {
        let rule = if seq % 10 == 0 { "Rare rule" } else { "Rule" };
        let time = bench.now().after(std::time::Duration::from_secs(seq / 3));
        bench.find(&finding(&acme, 1, rule, seq, "g", time)).await;
    }
    bench.project("query").await;
    let query = "query($after: String, $text: String) { tenant(id: \"acme\") { findings(first: 4, after: $after, \
                 filter: { text: $text }) { nodes { id } pageInfo { hasNextPage endCursor } } } }";
    for (text, expected) in [(Value::Null, 60), (json!("rare"), 6)] {
        let (mut seen, mut after, mut pages) = (std::collections::BTreeSet::new(), Value::Null, 0);
        loop {
            let data = bench.data(&token, query, json!({ "after": after, "text": text })).await;
            let page = &data["tenant"]["findings"];
            for node in page["nodes"].as_array().unwrap() {
                assert!(seen.insert(node["id"].as_str().unwrap().to_owned()), "twice");
            }
            pages += 1;
            after = page["pageInfo"]["endCursor"].clone();
            if page["pageInfo"]["hasNextPage"] == false {
                break;
            }
        }
        assert_eq!(seen.len(), expected);
        assert!(pages >= 8, "{pages}");
    }
}
