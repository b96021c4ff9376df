//! What the tests are made of.

pub mod facts;
pub mod tenant_double;

use std::{sync::Arc, time::Duration};

use axum::{Router, body::Body};
use bytes::Bytes;
use http::{HeaderMap, Request, StatusCode, header};
use serde_json::{Value, json};
use tokio::sync::Semaphore;
use tower::ServiceExt;
use vedetta_api::{Channel, tenant::v1::tenant_service_server::TenantServiceServer};
use vedetta_auth::Keys;
use vedetta_log::{EventLog, Group, MemoryLog, NewRecord, Partition, Topic, TopicOptions};
use vedetta_model::{Clock, Finding, ManualClock, TenantId, Timestamp, control::Envelope};
use vedetta_query::{
    Config,
    freshness::Freshness,
    graphql::{self, Schema},
    metrics::Metrics,
    projections::{self, Engine, Progress, Projection},
    router,
    session::Sessions,
    state::State,
    tail::FindingTail,
};
use vedetta_runtime::{Clients, Drain};
use vedetta_store::{MemoryStore, View, ViewRange, ViewStore};

use self::tenant_double::TenantDouble;

/// Where the clock stands at first.
pub const NOON: &str = "2026-01-31T12:00:00Z";

/// A log, a store, the projections and the API over them, with nothing running yet.
pub struct Bench {
    pub clock: Arc<ManualClock>,
    pub log: Arc<MemoryLog>,
    pub store: Arc<MemoryStore>,
    pub state: Arc<State>,
    pub schema: Schema,
    pub tenants: Arc<TenantDouble>,
    router: Router,
    drain: Drain,
    _keys: tempfile::TempDir,
}

impl Bench {
    pub async fn new() -> Self {
        Self::with(Config::default()).await
    }

    pub async fn with(config: Config) -> Self {
        let clock = Arc::new(ManualClock::at(NOON.parse().unwrap()));
        let log = Arc::new(MemoryLog::new(clock.clone()));
        for (topic, partitions) in
            [(Topic::TELEMETRY, 3), (Topic::FINDINGS, 3), (Topic::CONTROL, 2), (Topic::DEAD_LETTERS, 1)]
        {
            log.create_topic(&topic, TopicOptions { partitions }).await.unwrap();
        }
        let store = Arc::new(MemoryStore::new());
        let dir = tempfile::tempdir().unwrap();
        let keys = Arc::new(Keys::open_or_create(dir.path(), &mut rand::rng()).unwrap());
        let tenants = Arc::new(TenantDouble::new(keys.clone(), log.clone(), clock.clone()));
        let clients = Clients::default();
        clients.set_internal(Channel::local(TenantServiceServer::from_arc(tenants.clone())));
        let cached = Duration::from_secs(config.session_cache_seconds);
        let drain = Drain::new();
        let state = Arc::new(State {
            store: store.clone(),
            blocks: store.clone(),
            searches: Arc::new(Semaphore::new(config.max_searches)),
            clock: clock.clone(),
            keys: keys.clone(),
            clients: clients.clone(),
            sessions: Sessions::new(keys, clients, clock.clone(), cached),
            progress: Progress::new(config.subscription_buffer),
            freshness: Freshness::default(),
            tail: FindingTail::new(config.subscription_buffer),
            config,
            metrics: Metrics::unregistered(),
            drain: drain.clone(),
            agents_url: "https://vedetta.example:7601".to_owned(),
            ca_pin: "pin".to_owned(),
        });
        let schema = graphql::schema(state.clone());
        let router = router(state.clone(), schema.clone());
        Self { clock, log, store, state, schema, router, tenants, drain, _keys: dir }
    }

    /// The engine of a projection, in a group of that name.
    pub fn engine(&self, projection: Arc<dyn Projection>, group: &str, drain: &Drain) -> Engine {
        Engine {
            log: self.log.clone(),
            store: self.store.clone(),
            clock: self.clock.clone(),
            drain: drain.clone(),
            group: Group::named(&format!("{group}-{}", projection.name())),
            projection,
            progress: self.state.progress.clone(),
            metrics: self.state.metrics.clone(),
        }
    }

    /// All projections.
    pub fn projections(&self) -> Vec<Arc<dyn Projection>> {
        vedetta_query::projections(&self.state.config)
    }

    /// Starts the projections and the tail; they stop with the test.
    pub fn run(&self) {
        for projection in self.projections() {
            tokio::spawn(self.engine(projection, "query", &self.drain).run());
        }
        let tail = self.state.tail.clone();
        tokio::spawn(tail.run(
            self.log.clone(),
            self.store.clone(),
            self.state.progress.clone(),
            self.state.metrics.clone(),
            self.drain.clone(),
        ));
    }

    /// Runs the projections until they have applied all that lies in the log now, then stops them.
    pub async fn project(&self, group: &str) {
        self.project_through(group, self.store.clone()).await;
    }

    /// The same, with something between the projections and the views.
    pub async fn project_through(&self, group: &str, store: Arc<dyn ViewStore>) {
        let drain = Drain::new();
        let projections = self.projections().into_iter();
        let engine = |p| Engine { store: store.clone(), ..self.engine(p, group, &drain) };
        let running: Vec<_> = projections.map(|p| tokio::spawn(engine(p).run())).collect();
        self.applied().await;
        drain.call();
        for task in running {
            task.await.unwrap().unwrap();
        }
    }

    /// Waits until everything in the log is applied.
    pub async fn applied(&self) {
        for projection in self.projections() {
            for index in 0..self.log.partitions(&projection.source()).await.unwrap() {
                let partition = Partition { topic: projection.source(), index };
                let end = self.log.bounds(&partition).await.unwrap().end.0;
                let source = partition.to_string();
                let wait = self.state.progress.wait_until(Duration::from_secs(30), || async {
                    Ok(self.store.checkpoint(projection.name(), &source).await? >= end)
                });
                wait.await.unwrap();
            }
        }
    }

    /// Drops every projection's views and makes them again.
    pub async fn rebuild(&self) {
        for projection in self.projections() {
            projections::rebuild(&self.engine(projection, "rebuild", &Drain::new())).await.unwrap();
        }
    }

    pub async fn append(&self, topic: Topic, record: NewRecord) {
        self.log.append(&topic, vec![record]).await.unwrap();
    }

    pub async fn find(&self, finding: &Finding) {
        self.append(Topic::FINDINGS, facts::finding_record(finding)).await;
    }

    pub async fn decide(&self, envelope: &Envelope) {
        self.append(Topic::CONTROL, facts::envelope_record(envelope)).await;
    }

    /// Every row of every view of some tenants: view, tenant, key, value.
    pub async fn dump(&self, tenants: &[&TenantId]) -> Vec<(&'static str, TenantId, Bytes, Bytes)> {
        let mut rows = Vec::new();
        let views: Vec<View> = self.projections().iter().flat_map(|p| p.views().to_vec()).collect();
        for view in views {
            for tenant in tenants {
                let mut after = None;
                loop {
                    let page =
                        self.store.page(&ViewRange::all(tenant, view), after.as_ref(), 100).await.unwrap();
                    rows.extend(page.rows.into_iter().map(|r| (view.0, (*tenant).clone(), r.key, r.value)));
                    after = page.next;
                    if after.is_none() {
                        break;
                    }
                }
            }
        }
        rows
    }

    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Asks the API; returns the whole answer.
    pub async fn ask(&self, token: Option<&str>, query: &str, variables: Value) -> Value {
        let body = json!({ "query": query, "variables": variables }).to_string();
        let mut request = Request::post("/graphql").header(header::CONTENT_TYPE, "application/json");
        if let Some(token) = token {
            request = request.header(header::COOKIE, format!("vedetta_session={token}"));
        }
        let (status, _, body) = self.send(request.body(body.into()).unwrap()).await;
        assert_eq!(status, StatusCode::OK, "{}", String::from_utf8_lossy(&body));
        serde_json::from_slice(&body).unwrap()
    }

    /// Asks the API; the answer's data, which must have come without errors.
    pub async fn data(&self, token: &str, query: &str, variables: Value) -> Value {
        let mut answer = self.ask(Some(token), query, variables).await;
        assert_eq!(answer.get("errors"), None, "{answer:#}");
        answer["data"].take()
    }

    /// The public routes.
    pub fn router(&self) -> Router {
        self.router.clone()
    }

    /// Sends a request.
    pub async fn send(&self, request: Request<Body>) -> (StatusCode, HeaderMap, Bytes) {
        let answer = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = answer.into_parts();
        (parts.status, parts.headers, axum::body::to_bytes(body, usize::MAX).await.unwrap())
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        self.drain.call();
    }
}

/// The code of the first error of an answer.
pub fn code(answer: &Value) -> &str {
    answer["errors"][0]["extensions"]["code"].as_str().unwrap_or_default()
}
