//! Every service as a process of its own, set up by `vedetta bootstrap`: what people do who run the distributed form.

use std::{collections::BTreeMap, fs, path::Path};

use anyhow::{Context as _, ensure};
use serde_json::{Value, json};
use vedetta_auth::Authority;
use vedetta_load::{agents::enrollment_token, system::Tenant};
use vedetta_model::SystemClock;
use vedetta_tests::{
    Agent, Client,
    apart::{Apart, Ended, free_address},
    until,
};

/// What stands behind a word at the beginning of a line.
fn told(ended: &Ended, word: &str) -> Option<String> {
    let line = ended.out.lines().find_map(|line| line.strip_prefix(word))?;
    line.split_whitespace().next().map(str::to_owned)
}

fn files(dir: &Path, found: &mut BTreeMap<String, Vec<u8>>) -> anyhow::Result<()> {
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        if path.is_dir() {
            files(&path, found)?;
        } else {
            found.insert(path.display().to_string(), fs::read(&path)?);
        }
    }
    Ok(())
}

fn secrets(apart: &Apart) -> anyhow::Result<BTreeMap<String, Vec<u8>>> {
    let mut found = BTreeMap::new();
    files(&apart.secrets(), &mut found)?;
    Ok(found)
}

async fn healthy_node(client: &Client) -> anyhow::Result<Option<()>> {
    let query = "query { tenant(id: \"default\") { nodes { nodes { health eventsRead } } } }";
    let data = client.ask(query, json!({})).await?;
    let nodes = data["tenant"]["nodes"]["nodes"].as_array().cloned().unwrap_or_default();
    Ok(nodes.iter().any(|node| node["health"] == "HEALTHY").then_some(()))
}

/// Two at once and one after them: one password, one set of keys, and nothing that changes again.
async fn set_up(apart: &Apart) -> anyhow::Result<String> {
    let bootstrap = || apart.vedetta(&["bootstrap"], &[]);
    let (one, other) = tokio::try_join!(bootstrap(), bootstrap())?;
    for ended in [&one, &other] {
        ensure!(ended.code == Some(0), "{ended:?}");
    }
    let passwords: Vec<String> = [&one, &other].into_iter().filter_map(|it| told(it, "Password")).collect();
    ensure!(passwords.len() == 1, "one of them makes the administrator: {one:?} {other:?}");
    let keys = secrets(apart)?;
    ensure!(keys.len() == 2, "a session key and an authority: {:?}", keys.keys());
    let again = bootstrap().await?;
    ensure!(again.code == Some(0) && told(&again, "Password").is_none(), "{again:?}");
    ensure!(again.out.contains("is at version 1 already") && secrets(apart)? == keys, "{again:?}");
    Ok(passwords[0].clone())
}

#[tokio::test(flavor = "multi_thread")]
async fn services_apart_serve_what_bootstrap_set_up() -> anyhow::Result<()> {
    let apart = Apart::new()?;
    let password = set_up(&apart).await?;
    let keys = secrets(&apart)?;

    let (internal, public, agents) = (free_address()?, free_address()?, free_address()?);
    let called = ("clients.internal_url", format!("http://{internal}"));
    let advertised = ("agents.advertise", format!("https://{agents}"));
    let mut services = vec![
        apart.service("vedetta-tenant", 1, &[("listen.internal", internal.to_string())])?,
        apart.service(
            "vedetta-query",
            1,
            &[called.clone(), advertised.clone(), ("listen.public", public.to_string())],
        )?,
        apart.service(
            "vedetta-ingest",
            1,
            &[called.clone(), advertised, ("listen.agents", agents.to_string())],
        )?,
        apart.service("vedetta-detect", 1, std::slice::from_ref(&called))?,
        apart.service("vedetta-detect", 2, std::slice::from_ref(&called))?,
    ];
    for service in &mut services {
        service.ready().await?;
        ensure!(service.asked("/healthz").await?.0 == 200);
    }
    let admin = services[0].admin;
    let health = apart.vedetta(&["health"], &[("listen.admin", admin.to_string())]).await?;
    ensure!(health.code == Some(0) && health.out.trim() == "ready", "{health:?}");

    // The set-up goes through the running service as well.
    let through = apart.vedetta(&["bootstrap"], std::slice::from_ref(&called)).await?;
    ensure!(through.code == Some(0) && told(&through, "Password").is_none(), "{through:?}");

    let client = Client::sign_in(public, "default", "admin", &password).await?;
    let tenant = Tenant { name: "default".into(), client: client.clone() };
    let token = enrollment_token(&tenant, 1).await?;
    let pin = Authority::open(&apart.secrets().join("pki"), &SystemClock)?.pin();
    let server = format!("https://{agents}");
    let agent = Agent::start(&server, &pin, Some(&token), &apart.dir().join("agent"), "synthetic:200")?;
    until("the node is healthy", || healthy_node(&client)).await?;
    agent.stop().await?;

    // In the order of the drain: who takes in first, whom others call last.
    let mut lines = String::new();
    services.rotate_left(1);
    services.swap(0, 1);
    for service in services {
        lines += &service.stop().await?;
    }
    for line in lines.lines() {
        let object: Value = serde_json::from_str(line).with_context(|| format!("not JSON: {line}"))?;
        ensure!(object["level"] != "ERROR", "{line}");
    }
    for secret in keys.values().filter_map(|file| std::str::from_utf8(file).ok()).chain([password.as_str()]) {
        let secret = secret.lines().nth(1).unwrap_or(secret);
        ensure!(!lines.contains(secret), "a secret is in the lines");
    }
    ensure!(secrets(&apart)? == keys, "a service wrote to the secrets");
    Ok(())
}
