//! Credentials in HTTP requests: the session cookie of browsers, or `Authorization: Bearer …`.

use std::sync::Arc;

use axum::{
    extract::{FromRef, FromRequestParts},
    response::{IntoResponse, Response},
};
use http::{HeaderMap, StatusCode, header, request::Parts};
use vedetta_model::Clock;

use crate::{AuthError, Keys, TenantCtx};

/// The browser's session cookie.
pub const SESSION_COOKIE: &str = "vedetta_session";

/// What an extractor needs: put it into the router's state, reachable through [`FromRef`].
#[derive(Debug, Clone)]
pub struct Gate {
    /// Verifies tokens.
    pub keys: Arc<Keys>,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

/// The token of a request. A header wins over the cookie; a malformed header is nobody's token.
pub fn credential(headers: &HeaderMap) -> Option<&str> {
    if let Some(value) = headers.get(header::AUTHORIZATION) {
        return bearer(value.to_str().ok()?);
    }
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = cookies.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(name, _)| *name == SESSION_COOKIE).map(|(_, token)| token).filter(|token| !token.is_empty())
}

/// The token in `Bearer …`.
pub(crate) fn bearer(value: &str) -> Option<&str> {
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim()).filter(|token| !token.is_empty())
}

impl<S> FromRequestParts<S> for TenantCtx
where
    Gate: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = AuthError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, AuthError> {
        let gate = Gate::from_ref(state);
        let token = credential(&parts.headers).ok_or(AuthError::Missing)?;
        gate.keys.verify(token, gate.clock.now())
    }
}

impl IntoResponse for AuthError {
    fn into_response(self) -> Response {
        let body = serde_json::json!({ "code": "UNAUTHENTICATED", "message": self.to_string() });
        (
            StatusCode::UNAUTHORIZED,
            [(header::CONTENT_TYPE, "application/json"), (header::WWW_AUTHENTICATE, "Bearer")],
            body.to_string(),
        )
            .into_response()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use http::{HeaderValue, Request};
    use vedetta_model::{ManualClock, Timestamp, UserId};

    use super::*;
    use crate::Session;

    fn headers(pairs: &[(header::HeaderName, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.clone(), HeaderValue::from_static(value))).collect()
    }

    #[test]
    fn the_token_comes_from_the_header_or_else_from_the_cookie() {
        let cookie = (header::COOKIE, "theme=dark; vedetta_session=abc; x=y");
        assert_eq!(credential(&headers(std::slice::from_ref(&cookie))), Some("abc"));
        assert_eq!(
            credential(&headers(&[(header::AUTHORIZATION, "bearer def"), cookie.clone()])),
            Some("def")
        );
        assert_eq!(credential(&headers(&[(header::AUTHORIZATION, "Basic Zm9v"), cookie])), None);
        assert_eq!(
            credential(&headers(&[(header::COOKIE, "not_vedetta_session=abc; vedetta_session=")])),
            None
        );
        assert_eq!(credential(&HeaderMap::new()), None);
    }

    #[tokio::test]
    async fn a_handler_gets_the_context_of_a_good_token_and_a_stranger_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let now = Timestamp::from_millis(1_800_000_000_000);
        let clock = Arc::new(ManualClock::at(now));
        let keys = Arc::new(Keys::open_or_create(dir.path(), &mut rand::rng()).unwrap());
        let session = Session {
            tenant: "default".parse().unwrap(),
            user: UserId::random(&mut rand::rng()),
            name: "ann".into(),
            permissions: vec![],
        };
        let token = keys.session_token(&session, now, Duration::from_secs(60));
        let gate = Gate { keys, clock: clock.clone() };

        let request =
            Request::get("/").header("cookie", format!("{SESSION_COOKIE}={token}")).body(()).unwrap();
        let (mut parts, ()) = request.into_parts();
        let ctx = TenantCtx::from_request_parts(&mut parts, &gate).await.unwrap();
        assert_eq!(ctx.tenant().as_str(), "default");

        clock.advance(Duration::from_secs(120));
        let refusal = TenantCtx::from_request_parts(&mut parts, &gate).await.unwrap_err();
        assert_eq!(refusal, AuthError::Expired);
        assert_eq!(refusal.into_response().status(), StatusCode::UNAUTHORIZED);
        let (mut parts, ()) = Request::get("/").body(()).unwrap().into_parts();
        assert_eq!(TenantCtx::from_request_parts(&mut parts, &gate).await, Err(AuthError::Missing));
    }
}
