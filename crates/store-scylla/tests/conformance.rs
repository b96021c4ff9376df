//! The store on a real Cassandra, bare and through the layers, and beside the model.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use backon::ExponentialBuilder;
use prometheus_client::registry::Registry;
use proptest::prelude::*;
use vedetta_model::SystemClock;
use vedetta_store::{
    BlockStore, EventStore, ViewStore,
    conformance::{Fixture, model::agrees_with_the_model},
    layers::{Chaos, Faults, Metered, Metrics, Retry},
};
use vedetta_store_scylla::{ScyllaStore, testing::Keyspace};

type All = (Arc<dyn EventStore>, Arc<dyn ViewStore>, Arc<dyn BlockStore>);

struct OnServer {
    store: ScyllaStore,
    all: All,
    wrap: fn(ScyllaStore) -> All,
    // Dropped last.
    keyspace: Keyspace,
}

impl OnServer {
    async fn new(wrap: fn(ScyllaStore) -> All) -> Self {
        let keyspace = Keyspace::migrated().await;
        let store = open(&keyspace).await;
        Self { all: wrap(store.clone()), store, wrap, keyspace }
    }

    async fn open(&mut self) {
        self.store = open(&self.keyspace).await;
        self.all = (self.wrap)(self.store.clone());
    }
}

async fn open(keyspace: &Keyspace) -> ScyllaStore {
    ScyllaStore::open(&keyspace.url(), Arc::new(SystemClock)).await.unwrap()
}

#[async_trait]
impl Fixture for OnServer {
    fn events(&self) -> Arc<dyn EventStore> {
        self.all.0.clone()
    }

    fn views(&self) -> Arc<dyn ViewStore> {
        self.all.1.clone()
    }

    fn blocks(&self) -> Arc<dyn BlockStore> {
        self.all.2.clone()
    }

    fn durable(&self) -> bool {
        true
    }

    async fn reopen(&mut self) {
        self.store.close().await;
        self.open().await;
    }

    /// The client's crash: nothing is closed, and nothing of what the process knew is left. Nodes are killed in `nodes.rs`.
    async fn crash(&mut self) {
        self.open().await;
    }
}

async fn on_server() -> OnServer {
    OnServer::new(|store| (Arc::new(store.clone()), Arc::new(store.clone()), Arc::new(store))).await
}

fn backoff() -> ExponentialBuilder {
    ExponentialBuilder::new()
        .with_min_delay(Duration::from_micros(10))
        .with_max_delay(Duration::from_micros(100))
        .with_max_times(29)
}

/// Every write is idempotent: failing, and doing what is then denied, must not show behind a retry.
async fn troubled() -> OnServer {
    let wrap = |store| {
        let faults = Faults { slow: 0.1, delay: Duration::from_micros(200), failed: 0.2, half_done: 0.2 };
        let metered = Metered::new(store, Metrics::register(&mut Registry::default()));
        let store = Arc::new(Retry::new(Chaos::new(metered, faults, 7), backoff()));
        (store.clone() as _, store.clone() as _, store as _)
    };
    OnServer::new(wrap).await
}

vedetta_store::conformance!(cql, on_server);
vedetta_store::conformance!(troubled_cql, troubled);

proptest! {
    #![proptest_config(ProptestConfig { cases: 3, max_shrink_iters: 10, ..ProptestConfig::default() })]

    #[test]
    fn any_operations_have_the_same_effect_as_in_memory(steps in prop::collection::vec(any::<(u8, u8, u8)>(), 1..25)) {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async { agrees_with_the_model(on_server().await, &steps).await });
    }
}
