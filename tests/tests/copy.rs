//! An installation moves from one machine to a cluster: people see the same, agents go on, nothing is found twice.

use std::{collections::BTreeMap, path::Path, process::Output, sync::Arc};

use anyhow::{Context as _, ensure};
use serde_json::{Value, json};
use vedetta_tests::{Client, Form, Sandbox, Servers, binary, letters, until};

/// Findings that bear a mark, by the mark with its number.
async fn marked(client: &Client, mark: &str) -> anyhow::Result<BTreeMap<String, Vec<Value>>> {
    let query = "query($text: String!) { tenant(id: \"default\") { findings(filter: { text: $text }, first: 200) { nodes {
        id time detected severity hostname rule { name version ruleSetVersion } event { id raw } case { id } lineage { commandLine } } } } }";
    let mut data = client.ask(query, json!({ "text": mark })).await?;
    let mut by_mark: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for finding in data["tenant"]["findings"]["nodes"].as_array_mut().context("findings")? {
        let line = finding["lineage"][0]["commandLine"].as_str().unwrap_or_default().to_owned();
        let own = line.split_whitespace().find(|word| word.starts_with(mark)).context("no mark")?;
        by_mark.entry(own.to_owned()).or_default().push(finding.take());
    }
    Ok(by_mark)
}

/// What people decided, and what there is beside findings.
async fn decided(client: &Client) -> anyhow::Result<Value> {
    let query = "query { tenant(id: \"default\") { name
        cases(first: 50) { nodes { id title state disposition assigneeName } }
        ruleSet { version lastChange { name actor time } rules { name enabled exceptions } }
        nodes { nodes { id hostname enrolled } }
        deadLetters { nodes { id place time stage why bytes state } }
        changes(first: 200) { nodes { id time actor aggregate stream version name summary before after } } } }";
    client.ask(query, json!({})).await
}

async fn decide(client: &Client, case: &Value) -> anyhow::Result<()> {
    for (mutation, input) in [
        ("assignCase(input: { caseId: $it, toMe: true })", &case["id"]),
        ("commentCase(input: { caseId: $it, text: \"seen before the move\" })", &case["id"]),
        ("setCaseState(input: { caseId: $it, state: IN_PROGRESS })", &case["id"]),
    ] {
        let text = format!("mutation($it: ID!) {{ done: {mutation} {{ userErrors {{ message }} }} }}");
        let data = client.ask(&text, json!({ "it": input })).await?;
        ensure!(data["done"]["userErrors"] == json!([]), "{data}");
    }
    let rules = client
        .ask("query { tenant(id: \"default\") { rules(first: 1) { nodes { name } } } }", json!({}))
        .await?;
    let rule = &rules["tenant"]["rules"]["nodes"][0]["name"];
    let text = "mutation($rule: String!) { done: setRuleEnabled(input: { tenant: \"default\", rule: $rule, enabled: false, reason: \"a test\" }) { userErrors { message } } }";
    let data = client.ask(text, json!({ "rule": rule })).await?;
    ensure!(data["done"]["userErrors"] == json!([]), "{data}");
    Ok(())
}

async fn copy(from: &str, to: &(String, String), more: &[&str]) -> anyhow::Result<Output> {
    let to = format!("{},{}", to.0, to.1);
    let mut command = tokio::process::Command::new(binary("vedetta")?);
    command.args(["copy", "--from", from, "--to", &to]).args(more).kill_on_drop(true);
    Ok(command.output().await?)
}

fn told(output: &Output) -> String {
    format!("{}\n{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

fn database(dir: &Path) -> String {
    format!("file:{}", dir.join("db").display())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_moves_to_a_cluster_is_the_same_and_goes_on() -> anyhow::Result<()> {
    let servers = Servers::start().await?;
    let to = servers.urls();
    let sandbox = Sandbox::start(Form::One).await?;
    let client = sandbox.admin().await?;
    let (name, password) = sandbox
        .credentials()
        .map(|(name, password)| (name.to_owned(), password.to_owned()))
        .context("new")?;
    let agent = sandbox.planting_agent(&client, "this-machine", "before", 300).await?;
    let before = until("some findings", || async {
        let found = marked(&client, "before").await?;
        Ok((found.len() >= 5).then_some(found))
    })
    .await?;
    letters::append_garbage(&sandbox).await?;
    until("garbage is put aside by all that read it, and shown so", || async {
        let letters = letters::all(&sandbox).await?;
        let last = letters.last().filter(|_| letters.len() == 2).map(|letter| letter.reason.stage.clone());
        let shown = &decided(&client).await?["tenant"]["deadLetters"]["nodes"][0]["stage"];
        Ok(last.filter(|stage| *shown == json!(stage)))
    })
    .await?;
    let cases = decided(&client).await?;
    decide(&client, &cases["tenant"]["cases"]["nodes"][0]).await?;

    let place = sandbox.place();
    let refused = copy(&database(place.dir()), &to, &[]).await?;
    ensure!(!refused.status.success() && told(&refused).contains("vedetta down"), "{}", told(&refused));
    agent.stop().await?;
    let as_it_was = decided(&client).await?;
    sandbox.stop().await?;

    let dry = copy(&database(place.dir()), &to, &["--dry-run"]).await?;
    ensure!(dry.status.success() && told(&dry).contains("nothing was written"), "{}", told(&dry));
    let copied = copy(&database(place.dir()), &to, &[]).await?;
    ensure!(
        copied.status.success() && told(&copied).contains("source and target are equal"),
        "{}",
        told(&copied)
    );
    let again = copy(&database(place.dir()), &to, &[]).await?;
    ensure!(again.status.success() && told(&again).contains("finished earlier"), "{}", told(&again));

    let place = Arc::into_inner(place).context("nobody else has it")?.moved_to(servers);
    let sandbox = Sandbox::start_in(Arc::new(place)).await?;
    ensure!(sandbox.credentials().is_none(), "an administrator was made anew");
    let client = Client::sign_in(sandbox.addresses().public, "default", &name, &password).await?;
    let now = decided(&client).await?;
    for part in ["name", "cases", "ruleSet", "nodes", "deadLetters", "changes"] {
        assert_eq!(now["tenant"][part], as_it_was["tenant"][part], "{part}");
    }
    let agent = sandbox.planting_agent(&client, "this-machine", "after", 3_600_000).await?;
    until("what happens now is found", || async {
        Ok(marked(&client, "after").await?.contains_key("after-1").then_some(()))
    })
    .await?;
    agent.stop().await?;

    // What the agent sent last before the move may have been judged behind it; nothing is missing between.
    let old = until("everything planted before the move is found", || async {
        let found = marked(&client, "before").await?;
        let all = (1..=found.len()).all(|n| found.contains_key(&format!("before-{n}")));
        Ok((all && found.len() >= before.len()).then_some(found))
    })
    .await?;
    for (mark, findings) in &before {
        assert_eq!(old.get(mark), Some(findings), "{mark} is another now");
    }
    let doubled: Vec<_> = old.iter().filter(|(_, findings)| findings.len() != 1).collect();
    assert!(doubled.is_empty(), "{doubled:?}");
    assert_eq!(marked(&client, "after").await?["after-1"].len(), 1);
    sandbox.stop().await
}
