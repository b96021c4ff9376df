//! What dies, what is noticed, and what is still there afterwards.

use serde_json::{Value, json};
use vedetta_tests::{Client, Form, Sandbox, attack::read_shadow, until};

async fn node(client: &Client) -> anyhow::Result<Option<Value>> {
    let query = "query { tenant(id: \"default\") { nodes { nodes { id hostname health eventsRead eventsLost
        ledger { stage count hook } coverage { watched from until } } } } }";
    let data = client.ask(query, json!({})).await?;
    Ok(data["tenant"]["nodes"]["nodes"].get(0).cloned())
}

async fn node_is(client: &Client, health: &str) -> anyhow::Result<Option<Value>> {
    Ok(node(client).await?.filter(|n| n["health"] == health))
}

async fn findings(client: &Client, text: &str) -> anyhow::Result<Vec<Value>> {
    let query = "query($text: String!) { tenant(id: \"default\") { findings(filter: { text: $text }, first: 100) { nodes { id message rule { name } } } } }";
    let data = client.ask(query, json!({ "text": text })).await?;
    Ok(data["tenant"]["findings"]["nodes"].as_array().cloned().unwrap_or_default())
}

vedetta_tests::in_both_forms!(
    a_killed_agent_is_a_finding_and_a_new_run_closes_the_gap,
    what_happens_while_the_server_is_away_is_spooled_and_found_later_and_the_rest_is_still_there
);

async fn a_killed_agent_is_a_finding_and_a_new_run_closes_the_gap(form: Form) -> anyhow::Result<()> {
    let sandbox = Sandbox::start(form).await?;
    let client = sandbox.admin().await?;
    let agent = sandbox.agent(&client, "this-machine", "kernel").await?;
    let healthy = until("the node is healthy", || node_is(&client, "HEALTHY")).await?;
    agent.kill().await?;
    until("the node is silent", || node_is(&client, "SILENT")).await?;
    until("silence is a finding of its own", || async {
        Ok(findings(&client, "has sent nothing").await?.into_iter().next())
    })
    .await?;

    let agent = sandbox.agent(&client, "this-machine", "kernel").await?;
    let again = until("the node is healthy again", || node_is(&client, "HEALTHY")).await?;
    assert_eq!(again["id"], healthy["id"], "it keeps its id");
    let silences = findings(&client, "has sent nothing").await?;
    assert_eq!(silences.len(), 1, "one silence, one finding: {silences:#?}");
    let gap = until("the gap is on the record", || async {
        let node = node(&client).await?;
        Ok(node.filter(|n| {
            n["coverage"].as_array().is_some_and(|spans| spans.iter().any(|s| s["watched"] == json!(false)))
        }))
    })
    .await?;
    assert!(gap["coverage"].as_array().unwrap().len() >= 3, "watched, gap, watched: {gap}");
    agent.stop().await?;
    sandbox.stop().await
}

fn spooled_bytes(state: &std::path::Path) -> u64 {
    let files = std::fs::read_dir(state.join("spool")).into_iter().flatten().flatten();
    files.filter_map(|file| file.metadata().ok()).map(|meta| meta.len()).sum()
}

async fn what_happens_while_the_server_is_away_is_spooled_and_found_later_and_the_rest_is_still_there(
    form: Form,
) -> anyhow::Result<()> {
    let sandbox = Sandbox::start(form).await?;
    let client = sandbox.admin().await?;
    let (name, password) =
        sandbox.credentials().map(|(n, p)| (n.to_owned(), p.to_owned())).expect("a new system");
    let agent = sandbox.agent(&client, "this-machine", "kernel").await?;
    let scratch = tempfile::tempdir()?;
    until("the node is healthy", || node_is(&client, "HEALTHY")).await?;
    read_shadow(scratch.path(), "reader-before").await?;
    until("the first reader is found", || async {
        Ok(findings(&client, "reader-before").await?.into_iter().next())
    })
    .await?;
    agent.stop().await?;
    let known = findings(&client, "reader-before").await?;
    let (place, listened) = (sandbox.place(), sandbox.addresses().agents);
    sandbox.stop().await?;

    let state = place.dir().join("agents/this-machine");
    let pin = {
        let authority =
            vedetta_auth::Authority::open_or_create(&place.dir().join("pki"), &vedetta_model::SystemClock)?;
        authority.pin()
    };
    let before = spooled_bytes(&state);
    let agent = vedetta_tests::Agent::start(&format!("https://{listened}"), &pin, None, &state, "kernel")?;
    until("the agent watches and spools though nobody answers", || async {
        read_shadow(scratch.path(), "reader-while-away").await?;
        // The first block tells that the agent has started; more than that are events.
        Ok((spooled_bytes(&state) > before + 16 * 1024).then_some(()))
    })
    .await?;

    let sandbox = Sandbox::start_at(place, listened).await?;
    let client = Client::sign_in(sandbox.addresses().public, "default", &name, &password).await?;
    let now = findings(&client, "reader-before").await?;
    for finding in &known {
        assert_eq!(
            now.iter().filter(|f| f["id"] == finding["id"]).count(),
            1,
            "still there, once: {finding}; there are {now:#?}"
        );
    }
    until("what was spooled is found", || async {
        Ok(findings(&client, "reader-while-away").await?.into_iter().next())
    })
    .await?;
    agent.stop().await?;
    sandbox.stop().await
}
