//! The admin listener: health and metrics.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use axum::{
    Router, extract::State, http::StatusCode, http::header::CONTENT_TYPE, response::IntoResponse,
    routing::get,
};
use prometheus_client::registry::Registry;

/// Whether all roles are built and no drain was called, and what is waited for until then.
#[derive(Debug, Clone, Default)]
pub struct Ready(Arc<Mutex<Readiness>>);

#[derive(Debug, Default)]
struct Readiness {
    is_ready: bool,
    waits: BTreeMap<&'static str, String>,
}

impl Ready {
    /// Says so.
    pub fn set(&self, ready: bool) {
        self.state().is_ready = ready;
    }

    /// Says why one part is not there yet; `None` once it is.
    pub fn waits_for(&self, part: &'static str, why: Option<String>) {
        match why {
            Some(why) => self.state().waits.insert(part, why),
            None => self.state().waits.remove(part),
        };
    }

    /// `None` when it is ready, or what it waits for.
    fn missing(&self) -> Option<String> {
        let state = self.state();
        let waits = state.waits.values().map(String::as_str).collect::<Vec<_>>().join("; ");
        (!state.is_ready).then_some(waits)
    }

    fn state(&self) -> MutexGuard<'_, Readiness> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// `/healthz`, `/readyz` and `/metrics` (OpenMetrics text).
pub fn routes(registry: Arc<tokio::sync::Mutex<Registry>>, ready: Ready) -> Router {
    Router::new()
        .route("/healthz", get(async || "ok\n"))
        .route("/readyz", get(readyz).with_state(ready))
        .route("/metrics", get(metrics).with_state(registry))
}

async fn readyz(State(ready): State<Ready>) -> impl IntoResponse {
    match ready.missing() {
        None => (StatusCode::OK, "ready\n".to_owned()),
        Some(none) if none.is_empty() => (StatusCode::SERVICE_UNAVAILABLE, "not ready\n".to_owned()),
        Some(waits) => (StatusCode::SERVICE_UNAVAILABLE, format!("not ready: {waits}\n")),
    }
}

async fn metrics(State(registry): State<Arc<tokio::sync::Mutex<Registry>>>) -> impl IntoResponse {
    let mut text = String::new();
    match prometheus_client::encoding::text::encode(&mut text, &*registry.lock().await) {
        Ok(()) => (
            StatusCode::OK,
            [(CONTENT_TYPE, "application/openmetrics-text; version=1.0.0; charset=utf-8")],
            text,
        )
            .into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}
