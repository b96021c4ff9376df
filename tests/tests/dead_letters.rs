//! A record that was put aside comes back when an operator says so, through the real stages.

use anyhow::Context as _;
use serde_json::{Value, json};
use vedetta_block::Builder;
use vedetta_log::{Headers, Key, Record};
use vedetta_model::{BootId, Clock as _, Event, NodeId, SystemClock, TenantId, event::Open};
use vedetta_runtime::{DeadLetters, Drain};
use vedetta_tests::{Client, Form, Sandbox, letters, until};

async fn listed(client: &Client, open: bool) -> anyhow::Result<Vec<Value>> {
    let query = "query($open: Boolean) { tenant(id: \"default\") { deadLetters(open: $open) {
        nodes { id place state attempts unreadable resubmitted { by } failedAgain { place } resubmissionOf { place } } } } }";
    let data = client.ask(query, json!({ "open": open })).await?;
    Ok(data["tenant"]["deadLetters"]["nodes"].as_array().cloned().unwrap_or_default())
}

async fn resubmit(client: &Client, letter: &Value) -> anyhow::Result<Value> {
    let mutation = "mutation($ids: [ID!]!) { it: resubmitDeadLetters(input: { deadLetterIds: $ids }) {
        deadLetters { state resubmitted { by } } userErrors { message } } }";
    let mut data = client.ask(mutation, json!({ "ids": [letter["id"]] })).await?;
    Ok(data["it"].take())
}

vedetta_tests::in_both_forms!(
    a_record_that_can_be_used_the_second_time_is_found_and_one_that_cannot_comes_back
);

async fn a_record_that_can_be_used_the_second_time_is_found_and_one_that_cannot_comes_back(
    form: Form,
) -> anyhow::Result<()> {
    let sandbox = Sandbox::start(form).await?;
    let client = sandbox.admin().await?;

    // Put aside by a stage with a fault: the block itself is whole, and nobody else has seen it.
    let tenant: TenantId = "default".parse()?;
    let (node, boot) = (NodeId::random(&mut rand::rng()), BootId::random(&mut rand::rng()));
    let mut builder = Builder::new(tenant.clone(), node, boot);
    let payload = Open { path: "/srv/seen-at-last".into(), flags: 0, mode: 0 }.into();
    builder.push(Event { seq: 1, time: SystemClock.now(), process: None, tid: 1, result: 3, payload });
    let block = builder.finish()?;
    letters::append_garbage(&sandbox).await?;
    let garbage = until("garbage is put aside", || async {
        Ok(listed(&client, true).await?.into_iter().find(|letter| !letter["unreadable"].is_null()))
    })
    .await?;
    let all = letters::all(&sandbox).await?;
    let mut position = all.first().context("a letter")?.reason.from.clone();
    position.offset.0 += 1_000_000;
    let record = Record {
        position: position.clone(),
        appended: SystemClock.now(),
        key: Key::of(&tenant, node),
        headers: Headers::new(),
        payload: block,
        tenant,
    };
    let dead = DeadLetters::new(sandbox.context().log.clone());
    assert!(dead.bury(&record, "detect", "a fault", &Drain::new()).await?);
    let whole = until("the whole block is listed", || async {
        let place = position.to_string();
        Ok(listed(&client, true).await?.into_iter().find(|letter| letter["place"] == place.as_str()))
    })
    .await?;
    let search = "query { tenant(id: \"default\") { activity(query: \"/srv/seen-at-last\") { events { event { summary } } } } }";
    let found =
        async || anyhow::Ok(client.ask(search, json!({})).await?["tenant"]["activity"]["events"].take());
    assert_eq!(found().await?, json!([]), "it is nowhere yet");

    let answer = resubmit(&client, &whole).await?;
    assert_eq!(answer["deadLetters"], json!([{ "state": "RESUBMITTED", "resubmitted": { "by": "admin" } }]));
    assert_eq!(resubmit(&client, &whole).await?, answer, "a second click changes nothing");
    until("its event is found", || async { Ok(found().await?[0].is_object().then_some(())) }).await?;

    resubmit(&client, &garbage).await?;
    let back = until("garbage comes back as another letter", || async {
        Ok(listed(&client, true).await?.into_iter().find(|letter| letter["attempts"] == 1))
    })
    .await?;
    assert_eq!(back["resubmissionOf"]["place"], garbage["place"]);
    let done = listed(&client, false).await?;
    let was = done.iter().find(|letter| letter["id"] == garbage["id"]).context("the first letter")?;
    assert_eq!((&was["failedAgain"]["place"], &was["state"]), (&back["place"], &json!("RESUBMITTED")));
    sandbox.stop().await
}
