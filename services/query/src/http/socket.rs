//! `GET /graphql/ws`, the protocol graphql-transport-ws.

use std::{sync::Arc, time::Duration};

use async_graphql::{Data, Error};
use async_graphql_axum::{GraphQLProtocol, GraphQLWebSocket};
use axum::{
    extract::{State as Extract, WebSocketUpgrade},
    http::{HeaderMap, StatusCode},
    response::Response,
};
use serde_json::Value;
use vedetta_api::Code;

use super::{App, guard, refusal};
use crate::{
    cookies,
    graphql::{
        errors::{Failure, error},
        scope::Scope,
        subscription::Slots,
    },
    state::State,
};

const PROTOCOL: &str = "graphql-transport-ws";
/// A client that says nothing for this long, not even a ping, is gone. Browsers let hidden pages ping
/// once a minute only.
const KEEPALIVE: Duration = Duration::from_secs(150);

/// Opens a connection for subscriptions.
pub async fn upgrade(
    Extract(app): Extract<App>,
    headers: HeaderMap,
    protocol: GraphQLProtocol,
    upgrade: WebSocketUpgrade,
) -> Response {
    // Browsers send cookies along to any origin's sockets, and no preflight asks before.
    if !guard::is_same_origin(&headers) {
        return refusal(StatusCode::FORBIDDEN, Code::Forbidden, "another origin may not listen here");
    }
    let Ok(permit) = app.sockets.clone().try_acquire_owned() else {
        return refusal(
            StatusCode::SERVICE_UNAVAILABLE,
            Code::Exhausted,
            "too many connections; try again later",
        );
    };
    let cookie = cookies::token(&headers).map(str::to_owned);
    let limit = app.state.config.limits.body_bytes;
    upgrade.protocols([PROTOCOL]).max_message_size(limit).max_frame_size(limit).on_upgrade(
        async move |socket| {
            let _permit = permit;
            let state = app.state.clone();
            state.metrics.connections.inc();
            let init = {
                let state = state.clone();
                move |payload| begin(state, cookie, payload)
            };
            let connection = GraphQLWebSocket::new(socket, app.schema, protocol)
                .on_connection_init(init)
                .keepalive_timeout(KEEPALIVE)
                .serve();
            // A drain ends what would otherwise go on for ever.
            let _ = state.drain.or(connection).await;
            state.metrics.connections.dec();
        },
    )
}

/// Who listens: by the token in the payload, else by the cookie.
async fn begin(state: Arc<State>, cookie: Option<String>, payload: Value) -> Result<Data, Error> {
    let given = payload.get("token").and_then(Value::as_str).map(str::to_owned);
    let token = given.or(cookie).ok_or_else(|| error(Code::Unauthenticated, "sign in first"))?;
    let session = state.sessions.open(&token).await.map_err(|failure| Failure::from(failure).0)?;
    let mut data = Data::default();
    data.insert(Slots::new(state.config.max_subscriptions));
    data.insert(Scope::of(session, state));
    Ok(data)
}
