//! Another tenant's things are as good as not there.

use serde_json::{Value, json};
use vedetta_log::Topic;
use vedetta_model::CaseId;

use crate::{
    dead_letters::put_aside,
    support::{Bench, code, facts::*},
};

/// Two tenants with one of everything; the session of one, and the global ids of the other.
async fn two_tenants() -> (Bench, String, Value) {
    let (bench, ours, theirs) = (Bench::new().await, tenant("ours"), tenant("theirs"));
    for (tenant, n) in [(&ours, 1), (&theirs, 2)] {
        bench.decide(&created(tenant, bench.now())).await;
        bench.decide(&imported(tenant, 1, bench.now())).await;
        bench.decide(&enrolled(tenant, n, bench.now())).await;
        bench.decide(&token_created(tenant, bench.now())).await;
        bench.append(Topic::TELEMETRY, block(tenant, n, n, &[(1, bench.now(), beat(1, 0))])).await;
        bench.find(&finding(tenant, n, SHADOW, 1, "g", bench.now())).await;
        put_aside(&bench, garbage(tenant, &node(n)), "no block").await;
    }
    bench.project("query").await;
    let their_token = bench.tenants.sign_in(&theirs, "eve");
    let query = "{ tenant(id: \"theirs\") { id findings { nodes { id } } cases { nodes { id } } nodes { nodes { id } } \
                 rules { nodes { id } } enrollmentTokens { nodes { id } } deadLetters { nodes { id } } changes { nodes { id } } } me { id } }";
    let ids = bench.data(&their_token, query, json!({})).await;
    let token = bench.tenants.sign_in(&ours, "ada");
    (bench, token, ids)
}

fn ids_of(list: &Value) -> impl Iterator<Item = &str> {
    list["nodes"].as_array().unwrap().iter().map(|node| node["id"].as_str().unwrap())
}

#[tokio::test]
async fn node_answers_null_for_every_kind_of_foreign_id_and_the_thing_for_ones_own() {
    let (bench, token, theirs) = two_tenants().await;
    let query = "query($id: ID!) { node(id: $id) { id __typename } }";
    let tenant = &theirs["tenant"];
    let lists = ["findings", "cases", "nodes", "rules", "enrollmentTokens", "deadLetters", "changes"];
    let mut ids: Vec<&str> = lists.iter().flat_map(|list| ids_of(&tenant[list])).collect();
    ids.extend([tenant["id"].as_str().unwrap(), theirs["me"]["id"].as_str().unwrap(), "", "x", "Rm9vOmJhcg"]);
    assert!(ids.len() > 10);
    for id in ids {
        assert_eq!(
            bench.ask(Some(&token), query, json!({ "id": id })).await,
            json!({ "data": { "node": null } })
        );
    }
    let own = "{ tenant(id: \"ours\") { id findings { nodes { id } } cases { nodes { id } } nodes { nodes { id } } \
               rules { nodes { id } } enrollmentTokens { nodes { id } } deadLetters { nodes { id } } } }";
    let own = bench.data(&token, own, json!({})).await;
    let expected = ["Finding", "Case", "WatchedNode", "Rule", "EnrollmentToken", "DeadLetter"];
    for (list, kind) in lists.iter().zip(expected) {
        for id in ids_of(&own["tenant"][list]) {
            let data = bench.data(&token, query, json!({ "id": id })).await;
            assert_eq!(data["node"], json!({ "id": id, "__typename": kind }));
        }
    }
}

#[tokio::test]
async fn a_foreign_tenant_is_null_like_one_that_does_not_exist() {
    let (bench, token, _) = two_tenants().await;
    for slug in ["theirs", "nobody", "", "No such slug!"] {
        let answer = bench
            .ask(Some(&token), "query($t: String!) { tenant(id: $t) { name } }", json!({ "t": slug }))
            .await;
        assert_eq!(answer, json!({ "data": { "tenant": null } }));
    }
    let data = bench.data(&token, "{ tenant(id: \"ours\") { name } }", json!({})).await;
    assert_eq!(data["tenant"]["name"], "The ours company");
}

#[tokio::test]
async fn lists_hold_only_ones_own_and_foreign_ids_in_filters_match_nothing() {
    let (bench, token, theirs) = two_tenants().await;
    let query = "query($node: ID, $case: ID) { tenant(id: \"ours\") {
        all: findings { nodes { hostname } } cases { nodes { hostname } } nodes { nodes { hostname } }
        byNode: findings(filter: { nodeId: $node }) { nodes { id } }
        byCase: findings(filter: { caseId: $case }) { nodes { id } }
        casesByNode: cases(filter: { nodeId: $node }) { nodes { id } } } }";
    let node = ids_of(&theirs["tenant"]["nodes"]).next().unwrap();
    let case = ids_of(&theirs["tenant"]["cases"]).next().unwrap();
    let data = bench.data(&token, query, json!({ "node": node, "case": case })).await;
    let data = &data["tenant"];
    for list in ["all", "cases", "nodes"] {
        assert_eq!(data[list], json!({ "nodes": [{ "hostname": "host-1" }] }), "{list}");
    }
    for list in ["byNode", "byCase", "casesByNode"] {
        assert_eq!(data[list], json!({ "nodes": [] }), "{list}");
    }
}

#[tokio::test]
async fn mutations_of_foreign_things_are_not_found_and_decide_nothing() {
    let (bench, token, theirs) = two_tenants().await;
    let first = |list: &str| ids_of(&theirs["tenant"][list]).next().unwrap().to_owned();
    let unknown =
        CaseId::of(&tenant("ours"), "no", &finding(&tenant("ours"), 9, "x", 9, "g", bench.now()).id);
    let (case, node, tok, letter) =
        (first("cases"), first("nodes"), first("enrollmentTokens"), first("deadLetters"));
    let before = bench.dump(&[&tenant("ours"), &tenant("theirs")]).await;
    let calls = [
        format!("setCaseState(input: {{ caseId: \"{case}\", state: CLOSED, disposition: BENIGN }})"),
        format!("assignCase(input: {{ caseId: \"{case}\", toMe: true }})"),
        format!("commentCase(input: {{ caseId: \"{case}\", text: \"x\" }})"),
        format!("commentCase(input: {{ caseId: \"{unknown}\", text: \"x\" }})"),
        format!("removeNode(input: {{ nodeId: \"{node}\" }})"),
        format!("resubmitDeadLetters(input: {{ deadLetterIds: [\"{letter}\"] }})"),
        format!("dismissDeadLetters(input: {{ deadLetterIds: [\"{letter}\"] }})"),
        format!("revokeEnrollmentToken(input: {{ tokenId: \"{tok}\" }})"),
        "setRuleEnabled(input: { tenant: \"theirs\", rule: \"Shell\", enabled: false })".to_owned(),
        "addRuleException(input: { tenant: \"theirs\", rule: \"Shell\", exception: { name: \"a\", fields: [], comps: [], values: [] } })".to_owned(),
        "removeRuleException(input: { tenant: \"theirs\", rule: \"Shell\", name: \"a\" })".to_owned(),
        "importRules(input: { tenant: \"theirs\", files: [] })".to_owned(),
        "createEnrollmentToken(input: { tenant: \"theirs\", label: \"x\", validSeconds: 60, maxUses: 1 })".to_owned(),
    ];
    for call in calls {
        let query = format!("mutation {{ it: {call} {{ userErrors {{ code }} }} }}");
        let data = bench.data(&token, &query, json!({})).await;
        assert_eq!(data["it"]["userErrors"], json!([{ "code": "NOT_FOUND" }]), "{call}");
    }
    bench.project("query").await;
    assert_eq!(bench.dump(&[&tenant("ours"), &tenant("theirs")]).await, before);
}

#[tokio::test]
async fn who_may_not_read_is_told_so() {
    let (bench, ours) = (Bench::new().await, tenant("ours"));
    let token = bench.tenants.sign_in_as(&ours, "blind", &[]);
    let answer = bench.ask(Some(&token), "{ tenant(id: \"ours\") { slug } }", json!({})).await;
    assert_eq!(code(&answer), "FORBIDDEN");
    let query = "mutation { setRuleEnabled(input: { tenant: \"ours\", rule: \"Shell\", enabled: false }) { userErrors { code } } }";
    let data = bench.data(&token, query, json!({})).await;
    assert_eq!(data["setRuleEnabled"]["userErrors"][0]["code"], "FORBIDDEN");
}
