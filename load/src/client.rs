//! A signed-in client of the API: queries and mutations over HTTP, subscriptions over a WebSocket.

use std::{net::SocketAddr, time::Duration};

use anyhow::{Context, bail, ensure};
use futures::{SinkExt as _, StreamExt as _};
use reqwest::header::{COOKIE, SET_COOKIE};
use serde_json::{Value, json};
use tokio::{net::TcpStream, time::timeout};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{Message, client::IntoClientRequest as _},
};

/// A server that says nothing for this long is asked whether it is there, and has as long to answer.
const SILENCE: Duration = Duration::from_secs(5);

/// Speaks GraphQL with a session cookie.
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

    /// Subscribes. What happens before this returns may be missed, what happens after it is not.
    pub async fn subscribe(&self, query: &str, variables: Value) -> anyhow::Result<Subscription> {
        let mut request = format!("ws://{}/graphql/ws", self.address).into_client_request()?;
        let headers = request.headers_mut();
        headers.insert("sec-websocket-protocol", "graphql-transport-ws".parse()?);
        headers.insert("origin", format!("http://{}", self.address).parse()?);
        headers.insert("cookie", self.cookie.parse()?);
        let mut subscription = Subscription(connect_async(request).await?.0);
        subscription.say(json!({ "type": "connection_init" })).await?;
        let welcome = subscription.hear().await?;
        ensure!(welcome["type"] == "connection_ack", "the socket was answered with {welcome}");
        let payload = json!({ "query": query, "variables": variables });
        subscription.say(json!({ "id": "1", "type": "subscribe", "payload": payload })).await?;
        // Messages are answered in order, so an answered ping means that the subscription stands.
        subscription.say(json!({ "type": "ping" })).await?;
        let pong = subscription.hear().await?;
        ensure!(pong["type"] == "pong", "the subscription was answered with {pong}");
        Ok(subscription)
    }

    /// The session cookie, for a browser.
    pub fn cookie(&self) -> &str {
        &self.cookie
    }

    /// Where it asks.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }
}

/// An open subscription.
#[derive(Debug)]
pub struct Subscription(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Subscription {
    /// The next value of the subscribed field's operation, `data` of the answer. Fails when the server does not even answer a
    /// ping.
    pub async fn next(&mut self) -> anyhow::Result<Value> {
        let mut was_asked = false;
        loop {
            let mut message = match timeout(SILENCE, self.hear()).await {
                Ok(heard) => heard?,
                Err(_) if was_asked => bail!("the server is silent"),
                Err(_) => {
                    self.say(json!({ "type": "ping" })).await?;
                    was_asked = true;
                    continue;
                }
            };
            was_asked = false;
            match message["type"].as_str() {
                Some("next") => {
                    let payload = &mut message["payload"];
                    ensure!(payload.get("errors").is_none(), "{}", payload["errors"]);
                    return Ok(payload["data"].take());
                }
                Some("ping") => self.say(json!({ "type": "pong" })).await?,
                Some("pong") => {}
                _ => bail!("the subscription ended with {message}"),
            }
        }
    }

    async fn say(&mut self, message: Value) -> anyhow::Result<()> {
        Ok(self.0.send(Message::text(message.to_string())).await?)
    }

    async fn hear(&mut self) -> anyhow::Result<Value> {
        loop {
            match self.0.next().await.context("the server closed the socket")?? {
                Message::Text(text) => return Ok(serde_json::from_str(&text)?),
                Message::Close(frame) => bail!("the server closed the socket: {frame:?}"),
                _ => {}
            }
        }
    }
}
