//! Reading and deciding through the API.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{Bench, facts::*};

async fn running() -> (Bench, String) {
    let (bench, acme) = (Bench::new().await, tenant("acme"));
    let token = bench.tenants.sign_in(&acme, "ada");
    bench.decide(&created(&acme, bench.now())).await;
    bench.decide(&imported(&acme, 1, bench.now())).await;
    bench.decide(&enrolled(&acme, 1, bench.now())).await;
    bench.run();
    bench.applied().await;
    (bench, token)
}

#[tokio::test]
async fn a_finding_shows_its_rule_event_lineage_and_case() {
    let (bench, token) = running().await;
    bench.find(&finding(&tenant("acme"), 1, SHADOW, 1, "g", bench.now())).await;
    bench.applied().await;
    let query = "{ tenant(id: \"acme\") { findings { nodes { severity techniques fields { name value }
        rule { name ruleSetVersion } event { kind summary raw } lineage { pid commandLine loginuid }
        case { title state findingCount } watchedNode { hostname } } } } }";
    let data = bench.data(&token, query, json!({})).await;
    let found = &data["tenant"]["findings"]["nodes"][0];
    assert_eq!(found["event"]["kind"], "file.open");
    assert_eq!(found["event"]["summary"], "/etc/shadow (read)");
    assert_eq!(found["event"]["raw"]["payload"]["Open"]["path"], "/etc/shadow");
    assert_eq!(found["lineage"], json!([{ "pid": 100, "commandLine": "cat /etc/shadow", "loginuid": null }]));
    assert_eq!(
        found["case"],
        json!({ "title": format!("{SHADOW} on host-1"), "state": "OPEN", "findingCount": 1 })
    );
    assert_eq!(found["watchedNode"]["hostname"], "host-1");
    assert_eq!(found["techniques"], json!(["T1003.008"]));
}

#[tokio::test]
async fn turning_a_rule_off_is_readable_at_once_noted_and_answers_as_of() {
    let (bench, token) = running().await;
    let before = bench.now();
    bench.clock.advance(Duration::from_secs(60));
    let off =
        "mutation($rule: String!) { setRuleEnabled(input: { tenant: \"acme\", rule: $rule, enabled: false,
        reason: \"noise\" }) { rule { name enabled changes { nodes { actor name summary before after } } }
        userErrors { code message } } }";
    let data = bench.data(&token, off, json!({ "rule": SHADOW })).await;
    let payload = &data["setRuleEnabled"];
    assert_eq!((&payload["rule"]["enabled"], &payload["userErrors"]), (&json!(false), &json!([])));
    let change = &payload["rule"]["changes"]["nodes"][0];
    assert_eq!((&change["actor"], &change["name"]), (&json!("ada"), &json!("RuleDisabled")));
    assert_eq!(change["summary"], format!("turned off {SHADOW}: noise"));
    assert_eq!(change["before"]["rules"][SHADOW]["enabled"], true);
    assert_eq!(change["after"]["rules"][SHADOW]["enabled"], false);

    let as_of = "query($at: DateTime) { tenant(id: \"acme\") { ruleSet(asOf: $at) { version lastChange { name before }
        rules { name enabled severity } } } }";
    let enabled = |data: &Value| {
        let rules = data["tenant"]["ruleSet"]["rules"].as_array().unwrap().clone();
        rules.iter().find(|rule| rule["name"] == SHADOW).unwrap()["enabled"].clone()
    };
    let now = bench.data(&token, as_of, json!({})).await;
    assert_eq!(enabled(&now), false);
    assert_eq!(now["tenant"]["ruleSet"]["lastChange"]["before"]["rules"][SHADOW]["enabled"], true);
    assert_eq!(enabled(&bench.data(&token, as_of, json!({ "at": before.to_string() })).await), true);

    let data = bench.data(&token, off, json!({ "rule": "No such rule" })).await;
    let refused =
        json!({ "rule": null, "userErrors": [{ "code": "NOT_FOUND", "message": "no rule of that name" }] });
    assert_eq!(data["setRuleEnabled"], refused);
}

#[tokio::test]
async fn an_exception_says_who_added_it_and_why() {
    let (bench, token) = running().await;
    let add = "mutation { addRuleException(input: { tenant: \"acme\", rule: \"Shell\", reason: \"backup job\",
        exception: { name: \"backup\", fields: [\"proc.pname\"], comps: [\"=\"], values: [[\"backupd\"]] } }) {
        rule { text exceptions { name fields values reason addedBy added } } userErrors { message } } }";
    let data = bench.data(&token, add, json!({})).await;
    let rule = &data["addRuleException"]["rule"];
    let expected = json!([{ "name": "backup", "fields": ["proc.pname"], "values": [["backupd"]],
        "reason": "backup job", "addedBy": "ada", "added": bench.now().to_string() }]);
    assert_eq!(rule["exceptions"], expected, "{data}");
    assert!(rule["text"].as_str().unwrap().starts_with("- rule: Shell"));
}

#[tokio::test]
async fn a_bad_rule_file_is_refused_with_its_place() {
    let (bench, token) = running().await;
    let import =
        "mutation { importRules(input: { tenant: \"acme\", files: [{ name: \"bad.yaml\", text: \"x\" }] }) {
        ruleSet { version } userErrors { code message field line column } } }";
    let data = bench.data(&token, import, json!({})).await;
    let expected = json!([{ "code": "INVALID", "message": "expected a field", "field": ["files", "0", "text"],
        "line": 3, "column": 9 }]);
    assert_eq!(data["importRules"], json!({ "ruleSet": null, "userErrors": expected }));
}

#[tokio::test]
async fn a_case_is_worked_on_and_its_timeline_tells_the_story() {
    let (bench, token) = running().await;
    bench.find(&finding(&tenant("acme"), 1, SHADOW, 1, "g", bench.now())).await;
    bench.applied().await;
    let data = bench.data(&token, "{ tenant(id: \"acme\") { cases { nodes { id } } } }", json!({})).await;
    let id = data["tenant"]["cases"]["nodes"][0]["id"].clone();
    let mutate = async |call: &str| {
        bench.clock.advance(Duration::from_secs(1));
        let query = format!(
            "mutation($id: ID!) {{ it: {call} {{ case {{ state disposition assigneeName
            timeline {{ __typename ... on Comment {{ text author }} ... on Change {{ summary }} }} }} userErrors {{ code }} }} }}"
        );
        bench.data(&token, &query, json!({ "id": id })).await["it"].clone()
    };
    assert_eq!(mutate("assignCase(input: { caseId: $id, toMe: true })").await["case"]["assigneeName"], "ada");
    mutate("commentCase(input: { caseId: $id, text: \"looking\" })").await;
    let done =
        mutate("setCaseState(input: { caseId: $id, state: CLOSED, disposition: TRUE_POSITIVE })").await;
    assert_eq!(
        (&done["case"]["state"], &done["case"]["disposition"]),
        (&json!("CLOSED"), &json!("TRUE_POSITIVE"))
    );
    let expected = json!([
        { "__typename": "Finding" },
        { "__typename": "Change", "summary": "assigned to ada" },
        { "__typename": "Comment", "text": "looking", "author": "ada" },
        { "__typename": "Change", "summary": "closed as true positive" },
    ]);
    assert_eq!(done["case"]["timeline"], expected);
    let open =
        bench.data(&token, "{ tenant(id: \"acme\") { overview { openCases findings } } }", json!({})).await;
    assert_eq!(open["tenant"]["overview"], json!({ "openCases": 0, "findings": 1 }));
}

#[tokio::test]
async fn an_enrollment_token_is_shown_once_with_the_command_to_run() {
    let (bench, token) = running().await;
    let create = "mutation($n: Int!) { createEnrollmentToken(input: { tenant: \"acme\", label: \"web\",
        validSeconds: 600, maxUses: $n }) { token { label state uses maxUses } secret command userErrors { code field } } }";
    let data = bench.data(&token, create, json!({ "n": 2 })).await;
    let payload = &data["createEnrollmentToken"];
    assert_eq!(payload["token"], json!({ "label": "web", "state": "VALID", "uses": 0, "maxUses": 2 }));
    let command = payload["command"].as_str().unwrap();
    assert!(command.contains("s3cret") && command.contains("https://vedetta.example:7601"), "{command}");
    let data = bench.data(&token, create, json!({ "n": 0 })).await;
    let expected = json!([{ "code": "INVALID", "field": ["maxUses"] }]);
    assert_eq!(data["createEnrollmentToken"]["userErrors"], expected);
    bench.clock.advance(Duration::from_secs(601));
    let query = "{ tenant(id: \"acme\") { enrollmentTokens { nodes { state } } } }";
    let data = bench.data(&token, query, json!({})).await;
    assert_eq!(data["tenant"]["enrollmentTokens"]["nodes"], json!([{ "state": "EXPIRED" }]));
}

#[tokio::test]
async fn a_decision_that_is_not_shown_in_time_says_so() {
    let acme = tenant("acme");
    let config =
        vedetta_query::Config { read_your_writes_milliseconds: 20, ..vedetta_query::Config::default() };
    let bench = Bench::with(config).await;
    let token = bench.tenants.sign_in(&acme, "ada");
    // No projection runs.
    let query = "mutation { setRuleEnabled(input: { tenant: \"acme\", rule: \"Shell\", enabled: false }) {
        rule { name } userErrors { code } } }";
    let data = bench.data(&token, query, json!({})).await;
    assert_eq!(data["setRuleEnabled"], json!({ "rule": null, "userErrors": [{ "code": "UNAVAILABLE" }] }));
    assert_eq!(bench.state.metrics.stale_reads.get(), 1);
}

#[tokio::test]
async fn rules_count_their_findings_and_filter() {
    let (bench, token) = running().await;
    for seq in 0..3 {
        bench.find(&finding(&tenant("acme"), 1, SHADOW, seq, "g", bench.now())).await;
    }
    bench.applied().await;
    let query = "query($f: RuleFilter) { tenant(id: \"acme\") { rules(filter: $f) { nodes { name severity findingCount } } } }";
    let data = bench.data(&token, query, json!({})).await;
    let expected = json!([
        { "name": SHADOW, "severity": "CRITICAL", "findingCount": 3 },
        { "name": "Shell", "severity": "LOW", "findingCount": 0 },
    ]);
    assert_eq!(data["tenant"]["rules"]["nodes"], expected);
    for filter in [
        json!({ "text": "PASSWORD" }),
        json!({ "technique": "T1003.008" }),
        json!({ "severities": ["CRITICAL"] }),
    ] {
        let data = bench.data(&token, query, json!({ "f": filter })).await;
        assert_eq!(data["tenant"]["rules"]["nodes"], json!([expected[0]]), "{filter}");
    }
}
