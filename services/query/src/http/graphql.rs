//! `POST /graphql`

use axum::{
    Json,
    body::Body,
    extract::State as Extract,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};
use vedetta_api::Code;

use super::{App, graphql_refusal, guard};
use crate::{cookies, graphql::scope::Scope, session::SessionError};

/// Executes one operation.
pub async fn execute(Extract(app): Extract<App>, headers: HeaderMap, body: Body) -> Response {
    let refuse = |status, code, message: &str| {
        app.state.metrics.refused.inc();
        graphql_refusal(status, code, message)
    };
    if !guard::is_json(&headers) {
        return refuse(StatusCode::UNSUPPORTED_MEDIA_TYPE, Code::Invalid, "send JSON as application/json");
    }
    if !guard::is_same_origin(&headers) {
        return refuse(StatusCode::FORBIDDEN, Code::Forbidden, "another origin may not ask here");
    }
    let Ok(body) = axum::body::to_bytes(body, app.state.config.limits.body_bytes).await else {
        return refuse(StatusCode::PAYLOAD_TOO_LARGE, Code::Invalid, "the request is too large");
    };
    if body.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'[') {
        return refuse(StatusCode::BAD_REQUEST, Code::Invalid, "send one operation at a time, not a list");
    }
    let Ok(mut request) = serde_json::from_slice::<async_graphql::Request>(&body) else {
        return refuse(StatusCode::BAD_REQUEST, Code::Invalid, "expected an object with query and variables");
    };
    request = request.data(guard::secure(&headers));
    if let Some(token) = cookies::token(&headers) {
        match app.state.sessions.open(token).await {
            Ok(session) => request = request.data(Scope::of(session, app.state.clone())),
            // The answer says so by itself, field by field; `me` is null.
            Err(SessionError::NotSignedIn(_)) => {}
            Err(error @ SessionError::Unavailable(_)) => {
                tracing::error!(%error, "a session was not checked");
                let message = "sessions can't be checked just now; try again in a moment";
                return graphql_refusal(StatusCode::SERVICE_UNAVAILABLE, Code::Unavailable, message);
            }
        }
    }
    app.state.metrics.operations.inc();
    let answer = app.schema.execute(request).await;
    (answer.http_headers.clone(), Json(answer)).into_response()
}
