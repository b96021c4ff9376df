//! One event goes the whole way: a decision of the system as its users see it, in every form.

use serde_json::{Value, json};
use vedetta_tests::{Client, Form, Sandbox, until};

const FINDINGS: &str = "query($tenant: String!) { tenant(id: $tenant) {
    findings(first: 200) { nodes { id message severity hostname rule { name version condition ruleSetVersion } techniques
        event { id kind raw summary } lineage { pid name commandLine user } case { id title } } } } }";

async fn findings(client: &Client) -> anyhow::Result<Vec<Value>> {
    let data = client.ask(FINDINGS, json!({ "tenant": "default" })).await?;
    Ok(data["tenant"]["findings"]["nodes"].as_array().cloned().unwrap_or_default())
}

async fn finding_of(client: &Client, technique: &str) -> anyhow::Result<Option<Value>> {
    let has = |finding: &Value| {
        finding["techniques"].as_array().is_some_and(|all| all.iter().any(|t| t == technique))
    };
    Ok(findings(client).await?.into_iter().find(has))
}

async fn healthy_node(client: &Client) -> anyhow::Result<Option<Value>> {
    let query = "query { tenant(id: \"default\") { nodes { nodes { id hostname health eventsRead ledger { stage count } } } } }";
    let data = client.ask(query, json!({})).await?;
    Ok(data["tenant"]["nodes"]["nodes"]
        .as_array()
        .into_iter()
        .flatten()
        .find(|n| n["health"] == "HEALTHY")
        .cloned())
}

async fn demo_becomes_findings_and_a_case(form: Form) -> anyhow::Result<()> {
    let sandbox = Sandbox::start(form).await?;
    let client = sandbox.admin().await?;
    let agent = sandbox.agent(&client, "this-machine", "kernel").await?;
    until("this machine is a healthy node", || healthy_node(&client)).await?;

    let demo = concat!(env!("CARGO_MANIFEST_DIR"), "/../scripts/demo.sh");
    let status = tokio::process::Command::new(demo).status().await?;
    anyhow::ensure!(status.success(), "the demo ended with {status}");

    let mut cases = std::collections::BTreeSet::new();
    for technique in
        ["T1003.008", "T1505.003", "T1543", "T1070.003", "T1059.004", "T1105", "T1055.008", "T1610"]
    {
        let finding = until(technique, || finding_of(&client, technique)).await?;
        assert!(!finding["lineage"].as_array().unwrap().is_empty(), "no ancestry: {finding}");
        assert!(finding["event"]["raw"].is_object(), "no raw event: {finding}");
        assert!(!finding["rule"]["condition"].as_str().unwrap().is_empty(), "no rule text: {finding}");
        cases.insert(finding["case"]["id"].to_string());
    }
    assert_eq!(cases.len(), 1, "all of one session is one case");

    agent.stop().await?;
    sandbox.stop().await
}

#[tokio::test(flavor = "multi_thread")]
async fn kernel_events_of_the_demo_become_findings_and_one_case_in_one_process() -> anyhow::Result<()> {
    demo_becomes_findings_and_a_case(Form::One).await
}

#[tokio::test(flavor = "multi_thread")]
async fn kernel_events_of_the_demo_become_findings_and_one_case_in_many_processes() -> anyhow::Result<()> {
    demo_becomes_findings_and_a_case(Form::Many).await
}

#[tokio::test(flavor = "multi_thread")]
async fn kernel_events_of_the_demo_become_findings_and_one_case_on_a_cluster() -> anyhow::Result<()> {
    demo_becomes_findings_and_a_case(Form::Cluster).await
}
