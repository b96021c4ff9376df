//! What people decide takes effect on the next event, is remembered with who and when, and can be asked for at any past time.

use serde_json::{Value, json};
use vedetta_tests::{Client, Form, Sandbox, attack::read_shadow, until};

/// Findings of credential access by a process of this name.
async fn by_process(client: &Client, name: &str) -> anyhow::Result<Vec<Value>> {
    let query = "query($text: String!) { tenant(id: \"default\") {
        findings(filter: { technique: \"T1003.008\", text: $text }, first: 100) { nodes { rule { name } } } } }";
    let data = client.ask(query, json!({ "text": name })).await?;
    Ok(data["tenant"]["findings"]["nodes"].as_array().cloned().unwrap_or_default())
}

async fn found(client: &Client, name: &str) -> anyhow::Result<Option<String>> {
    Ok(by_process(client, name)
        .await?
        .first()
        .map(|f| f["rule"]["name"].as_str().unwrap_or_default().to_owned()))
}

/// Whether the start of a program of this name was found, by the rule about programs in temporary folders.
async fn ran(client: &Client, name: &str) -> anyhow::Result<Option<()>> {
    let query = "query($text: String!) { tenant(id: \"default\") {
        findings(filter: { technique: \"T1204.002\", text: $text }, first: 1) { nodes { id } } } }";
    let data = client.ask(query, json!({ "text": name })).await?;
    Ok((!data["tenant"]["findings"]["nodes"][0].is_null()).then_some(()))
}

vedetta_tests::in_both_forms!(
    a_rule_turned_off_or_excepted_obeys_from_the_next_event_on_and_the_past_stays_known
);

async fn set_enabled(client: &Client, rule: &str, enabled: bool) -> anyhow::Result<()> {
    let mutation = "mutation($input: SetRuleEnabledInput!) { setRuleEnabled(input: $input) { rule { enabled } userErrors { message } } }";
    let input = json!({ "tenant": "default", "rule": rule, "enabled": enabled, "reason": "a test" });
    let data = client.ask(mutation, json!({ "input": input })).await?;
    assert_eq!(data["setRuleEnabled"]["rule"]["enabled"], json!(enabled), "{data}");
    Ok(())
}

async fn rule_set(client: &Client, as_of: Option<&str>) -> anyhow::Result<Value> {
    let query = "query($asOf: DateTime) { tenant(id: \"default\") { ruleSet(asOf: $asOf) {
        version lastChange { name actor time } rules { name enabled exceptions } } } }";
    Ok(client.ask(query, json!({ "asOf": as_of })).await?["tenant"]["ruleSet"].take())
}

fn in_force<'a>(set: &'a Value, rule: &str) -> &'a Value {
    set["rules"].as_array().into_iter().flatten().find(|r| r["name"] == rule).expect("the rule is in the set")
}

async fn a_rule_turned_off_or_excepted_obeys_from_the_next_event_on_and_the_past_stays_known(
    form: Form,
) -> anyhow::Result<()> {
    let sandbox = Sandbox::start(form).await?;
    let client = sandbox.admin().await?;
    let agent = sandbox.agent(&client, "this-machine", "kernel").await?;
    let scratch = tempfile::tempdir()?;

    let rule = until("the rule finds the first reader", || async {
        read_shadow(scratch.path(), "reader-one").await?;
        found(&client, "reader-one").await
    })
    .await?;
    let before = rule_set(&client, None).await?;
    let at = vedetta_model::Clock::now(&vedetta_model::SystemClock).to_string();

    set_enabled(&client, &rule, false).await?;
    read_shadow(scratch.path(), "reader-two").await?;
    // Another rule finds what runs after it: then the reader was judged, while its rule was off.
    read_shadow(scratch.path(), "marker").await?;
    until("a later event is judged", || ran(&client, "marker")).await?;
    set_enabled(&client, &rule, true).await?;
    read_shadow(scratch.path(), "reader-three").await?;
    until("the rule finds again once it is on", || found(&client, "reader-three")).await?;
    assert!(by_process(&client, "reader-two").await?.is_empty(), "found while the rule was off");

    let mutation = "mutation($input: AddRuleExceptionInput!) { addRuleException(input: $input) { rule { exceptions { name addedBy } } userErrors { message field } } }";
    let exception = json!({ "name": "known-reader", "fields": ["proc.name"], "comps": ["="], "values": [["reader-four"]] });
    let data = client.ask(mutation, json!({ "input": { "tenant": "default", "rule": rule, "exception": exception, "reason": "a test" } })).await?;
    assert_eq!(data["addRuleException"]["rule"]["exceptions"][0]["name"], "known-reader", "{data}");
    read_shadow(scratch.path(), "reader-four").await?;
    read_shadow(scratch.path(), "reader-five").await?;
    until("others are still found", || found(&client, "reader-five")).await?;
    assert!(by_process(&client, "reader-four").await?.is_empty(), "found in spite of the exception");

    let then = rule_set(&client, Some(&at)).await?;
    assert_eq!(then["version"], before["version"], "what was in force is known as of then");
    assert_eq!(in_force(&then, &rule)["exceptions"], json!([]));
    let now = rule_set(&client, None).await?;
    assert_eq!(in_force(&now, &rule)["exceptions"], json!(["known-reader"]));
    assert_eq!(now["lastChange"]["name"], "ExceptionAdded");
    assert_eq!(now["lastChange"]["actor"], "admin");

    agent.stop().await?;
    sandbox.stop().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_rule_file_is_refused_with_its_place_and_changes_nothing() -> anyhow::Result<()> {
    let sandbox = Sandbox::start(Form::One).await?;
    let client = sandbox.admin().await?;
    let before = rule_set(&client, None).await?;
    let mutation = "mutation($input: ImportRulesInput!) { importRules(input: $input) { ruleSet { version } userErrors { message line column } } }";
    let text =
        "- rule: Broken\n  desc: d\n  condition: evt.type = execve and (\n  output: o\n  priority: WARNING\n";
    let files = json!([{ "name": "broken.yaml", "text": text }]);
    let data = client.ask(mutation, json!({ "input": { "tenant": "default", "files": files } })).await?;
    let errors = data["importRules"]["userErrors"].as_array().unwrap();
    assert!(errors.iter().any(|e| e["line"].as_u64().is_some_and(|line| line >= 3)), "{data}");
    assert_eq!(rule_set(&client, None).await?["version"], before["version"]);
    sandbox.stop().await
}
