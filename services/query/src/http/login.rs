//! In and out.

use axum::{
    Json,
    body::Body,
    extract::State as Extract,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use serde_json::json;
use vedetta_api::{Code, tenant::v1};
use vedetta_model::TenantId;

use super::{App, guard, refusal};
use crate::{cookies, session};

/// Largest body of a login.
const BODY: usize = 4 << 10;
/// When to come back after too many tries, unless the tenant service says otherwise.
const RETRY_SECONDS: u64 = 30;
/// Asks for the token in the answer's body, for programs that keep no cookies.
const TOKEN_TYPE: &str = "application/vnd.vedetta.token+json";
/// The same words for a wrong name, a wrong password and a tenant that does not exist.
const WRONG: &str = "name or password is wrong";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Credentials {
    tenant: String,
    name: String,
    password: String,
}

/// `POST /api/login`
pub async fn login(Extract(app): Extract<App>, headers: HeaderMap, body: Body) -> Response {
    if !guard::is_json(&headers) {
        return refusal(StatusCode::UNSUPPORTED_MEDIA_TYPE, Code::Invalid, "send JSON as application/json");
    }
    if !guard::is_same_origin(&headers) {
        return refusal(StatusCode::FORBIDDEN, Code::Forbidden, "another origin may not sign in here");
    }
    let Ok(body) = axum::body::to_bytes(body, BODY).await else {
        return refusal(StatusCode::PAYLOAD_TOO_LARGE, Code::Invalid, "a login is at most 4 KiB");
    };
    let Ok(credentials) = serde_json::from_slice::<Credentials>(&body) else {
        return refusal(
            StatusCode::BAD_REQUEST,
            Code::Invalid,
            "expected an object with tenant, name and password",
        );
    };
    let Ok(_permit) = app.logins.try_acquire() else {
        return too_many("many people sign in just now", 1);
    };
    match verify(&app, &credentials).await {
        Ok((tenant, viewer)) => welcome(&app, &headers, &tenant, &viewer),
        Err(error) => {
            app.state.metrics.failed_logins.inc();
            match error.code {
                Code::Unauthenticated | Code::NotFound | Code::Invalid | Code::Forbidden => {
                    refusal(StatusCode::UNAUTHORIZED, Code::Unauthenticated, WRONG)
                }
                Code::Exhausted => too_many(&error.message, wait_of(&error.message).unwrap_or(RETRY_SECONDS)),
                code => {
                    tracing::error!(%error, "a login could not be checked");
                    refusal(code.http(), code, "logins can't be checked just now; try again in a moment")
                }
            }
        }
    }
}

/// `POST /api/logout`
pub async fn logout(headers: HeaderMap) -> Response {
    if !guard::is_same_origin(&headers) {
        return refusal(StatusCode::FORBIDDEN, Code::Forbidden, "another origin may not sign out here");
    }
    (StatusCode::NO_CONTENT, [(header::SET_COOKIE, cookies::cleared(guard::secure(&headers)))])
        .into_response()
}

async fn verify(
    app: &App,
    credentials: &Credentials,
) -> Result<(TenantId, session::Viewer), vedetta_api::Error> {
    let unavailable = |what: String| vedetta_api::Error::new(Code::Unavailable, what);
    // A tenant that can't be is as wrong as a password: whoever guesses learns nothing.
    let tenant: TenantId =
        credentials.tenant.parse().map_err(|_| vedetta_api::Error::new(Code::Unauthenticated, WRONG))?;
    let state = &app.state;
    let token = state.keys.service_token("query", None, state.clock.now());
    let request = v1::VerifyPasswordRequest {
        tenant: tenant.to_string(),
        name: credentials.name.clone(),
        password: credentials.password.clone(),
    };
    let mut client = state.clients.tenant().map_err(|error| unavailable(error.to_string()))?;
    let answer = client.verify_password(session::with_bearer(request, &token)?).await?.into_inner();
    Ok((tenant, session::viewer(&answer).map_err(unavailable)?))
}

fn welcome(app: &App, headers: &HeaderMap, tenant: &TenantId, viewer: &session::Viewer) -> Response {
    let token = app.state.session_token(tenant, viewer);
    let cookie = [(header::SET_COOKIE, cookies::session(&token, guard::secure(headers)))];
    if headers.get(header::ACCEPT).is_some_and(|accept| accept == TOKEN_TYPE) {
        let body = ([(header::CONTENT_TYPE, TOKEN_TYPE)], json!({ "token": token }).to_string());
        (StatusCode::OK, cookie, body).into_response()
    } else {
        (StatusCode::NO_CONTENT, cookie).into_response()
    }
}

/// The wait that a refusal names, as in `… try again in 7 s`.
fn wait_of(message: &str) -> Option<u64> {
    message.rsplit_once(" in ")?.1.strip_suffix(" s")?.parse().ok()
}

fn too_many(message: &str, retry: u64) -> Response {
    let body = json!({ "code": Code::Exhausted.as_str(), "message": message, "retryAfterSeconds": retry });
    (StatusCode::TOO_MANY_REQUESTS, [(header::RETRY_AFTER, retry.to_string())], Json(body)).into_response()
}
