//! Tokens that must not enroll a node, against a whole system.

use anyhow::Context as _;
use serde_json::{Value, json};
use vedetta_auth::EnrollmentSecret;
use vedetta_load::agents::enroll;
use vedetta_tests::{Client, Form, Sandbox, until};

async fn token(client: &Client, valid_seconds: u32) -> anyhow::Result<(String, String)> {
    let query = "mutation($input: CreateEnrollmentTokenInput!) {
        createEnrollmentToken(input: $input) { secret token { id } userErrors { message } } }";
    let input = json!({ "tenant": "default", "label": "l", "validSeconds": valid_seconds, "maxUses": 1 });
    let made = client.ask(query, json!({ "input": input })).await?;
    let of = |pointer: &str| made.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
    let secret = of("/createEnrollmentToken/secret").with_context(|| made.to_string())?;
    Ok((secret, of("/createEnrollmentToken/token/id").with_context(|| made.to_string())?))
}

async fn is(client: &Client, id: &str, state: &str) -> anyhow::Result<Option<()>> {
    let query = "query($id: ID!) { node(id: $id) { ... on EnrollmentToken { state } } }";
    let data = client.ask(query, json!({ "id": id })).await?;
    Ok((data["node"]["state"] == state).then_some(()))
}

async fn nodes(client: &Client) -> anyhow::Result<usize> {
    let data = client.ask("query { tenant(id: \"default\") { nodes { nodes { id } } } }", json!({})).await?;
    Ok(data["tenant"]["nodes"]["nodes"].as_array().context("nodes")?.len())
}

#[tokio::test(flavor = "multi_thread")]
async fn each_bad_token_is_refused_with_its_own_reason_and_enrolls_nothing() -> anyhow::Result<()> {
    let sandbox = Sandbox::start(Form::One).await?;
    let client = sandbox.admin().await?;
    let (agents, pin) = (sandbox.addresses().agents, sandbox.context().authority.pin());
    let refusal = async |secret: &str| match enroll(agents, &pin, secret, "stranger").await {
        Ok(identity) => anyhow::bail!("{} was enrolled", identity.node()),
        Err(refused) => Ok(refused.to_string()),
    };

    let (used, id) = token(&client, 600).await?;
    enroll(agents, &pin, &used, "first").await?;
    until("the token is used up", || is(&client, &id, "USED_UP")).await?;
    assert!(refusal(&used).await?.contains("is used up"));

    let (revoked, id) = token(&client, 600).await?;
    let revoke = "mutation($input: RevokeEnrollmentTokenInput!) { revokeEnrollmentToken(input: $input) { userErrors { message } } }";
    client.ask(revoke, json!({ "input": { "tokenId": id } })).await?;
    assert!(refusal(&revoked).await?.contains("was revoked"));

    let (expired, id) = token(&client, 1).await?;
    until("the token's time is over", || is(&client, &id, "EXPIRED")).await?;
    assert!(refusal(&expired).await?.contains("has expired"));

    // Well formed, and nobody's.
    let unknown = EnrollmentSecret::generate(&mut rand::rng());
    assert!(refusal(unknown.expose()).await?.contains("is not known here"));

    assert_eq!(nodes(&client).await?, 1, "a refused token enrolled something");
    sandbox.stop().await
}
