//! The public listener: login, GraphQL, and the console, all under one origin.

mod console;
mod graphql;
mod guard;
mod login;
mod socket;

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::State as Extract,
    http::StatusCode,
    middleware,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde_json::{Value, json};
use tower_http::compression::CompressionLayer;
use vedetta_api::Code;

use crate::{graphql::Schema, state::State};

/// What handlers get.
#[derive(Clone)]
struct App {
    state: Arc<State>,
    schema: Schema,
    logins: Arc<tokio::sync::Semaphore>,
    sockets: Arc<tokio::sync::Semaphore>,
}

/// All public routes.
pub fn router(state: Arc<State>, schema: Schema) -> Router {
    let app = App {
        logins: Arc::new(tokio::sync::Semaphore::new(state.config.max_logins)),
        sockets: Arc::new(tokio::sync::Semaphore::new(state.config.max_connections)),
        state,
        schema,
    };
    // Only the console is compressed: answers that mix secrets with a caller's input are not.
    let console = Router::new().fallback(console::serve).layer(CompressionLayer::new());
    Router::new()
        .route("/api/login", post(login::login))
        .route("/api/logout", post(login::logout))
        .route("/api/{*rest}", get(not_here).post(not_here))
        .route("/graphql", post(graphql::execute))
        .route("/graphql/ws", get(socket::upgrade))
        .route("/healthz", get(async || "ok\n"))
        .route("/readyz", get(ready))
        .fallback_service(console)
        .layer(middleware::from_fn(guard::headers))
        .with_state(app)
}

async fn not_here() -> Response {
    refusal(StatusCode::NOT_FOUND, Code::NotFound, "no such path")
}

/// Ready when the views answer and nobody asked to stop.
async fn ready(Extract(app): Extract<App>) -> Response {
    if app.state.drain.is_called() {
        return (StatusCode::SERVICE_UNAVAILABLE, "stopping\n").into_response();
    }
    match app.state.store.checkpoint("control", "control/0").await {
        Ok(_) => "ok\n".into_response(),
        Err(error) => {
            tracing::warn!(%error, "not ready");
            (StatusCode::SERVICE_UNAVAILABLE, "the view store does not answer\n").into_response()
        }
    }
}

/// A refusal in the form of the REST paths.
fn refusal(status: StatusCode, code: Code, message: &str) -> Response {
    (status, Json(json!({ "code": code.as_str(), "message": message }))).into_response()
}

/// A refusal in the form of GraphQL.
fn graphql_refusal(status: StatusCode, code: Code, message: &str) -> Response {
    let error = json!({ "message": message, "extensions": { "code": code.as_str() } });
    (status, Json(json!({ "data": Value::Null, "errors": [error] }))).into_response()
}
