//! A signed-in API client.

use std::net::SocketAddr;

use anyhow::{Context, ensure};
use reqwest::header::{COOKIE, SET_COOKIE};
use serde_json::{Value, json};

/// Speaks GraphQL over HTTP with a session cookie.
#[derive(Debug, Clone)]
pub struct Client {
    http: reqwest::Client,
    address: SocketAddr,
    cookie: String,
}

impl Client {
    /// Signs in.
    pub async fn sign_in(
        address: SocketAddr,
        tenant: &str,
        name: &str,
        password: &str,
    ) -> anyhow::Result<Self> {
        let http = reqwest::Client::new();
        let answer = http
            .post(format!("http://{address}/api/login"))
            .json(&json!({ "tenant": tenant, "name": name, "password": password }))
            .send()
            .await?;
        ensure!(
            answer.status().is_success(),
            "sign-in of {name}: {} {}",
            answer.status(),
            answer.text().await?
        );
        let cookie = answer.headers().get(SET_COOKIE).context("no session cookie")?.to_str()?;
        let cookie = cookie.split(';').next().unwrap_or_default().to_owned();
        Ok(Self { http, address, cookie })
    }

    /// Asks; fails when the answer has errors.
    pub async fn ask(&self, query: &str, variables: Value) -> anyhow::Result<Value> {
        let mut answer = self.raw(query, variables).await?;
        ensure!(answer.get("errors").is_none(), "{}", answer["errors"]);
        Ok(answer["data"].take())
    }

    /// Asks; gives the whole answer, errors included.
    pub async fn raw(&self, query: &str, variables: Value) -> anyhow::Result<Value> {
        let answer = self
            .http
            .post(format!("http://{}/graphql", self.address))
            .header(COOKIE, &self.cookie)
            .json(&json!({ "query": query, "variables": variables }))
            .send()
            .await?;
        Ok(answer.json().await?)
    }

    /// The session cookie, for a WebSocket or a browser.
    pub fn cookie(&self) -> &str {
        &self.cookie
    }

    /// Where it asks.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }
}
