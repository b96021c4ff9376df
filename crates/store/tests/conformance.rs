//! The memory store, bare and through the layers.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use backon::ExponentialBuilder;
use prometheus_client::registry::Registry;
use vedetta_store::{
    BlockStore, EventStore, MemoryStore, ViewStore,
    conformance::Fixture,
    layers::{Chaos, Coalesced, Faults, Metered, Metrics, Retry, Traced},
};

/// Nothing survives here, so nothing is opened again.
struct InMemory {
    events: Arc<dyn EventStore>,
    views: Arc<dyn ViewStore>,
    blocks: Arc<dyn BlockStore>,
}

#[async_trait]
impl Fixture for InMemory {
    fn events(&self) -> Arc<dyn EventStore> {
        self.events.clone()
    }
    fn views(&self) -> Arc<dyn ViewStore> {
        self.views.clone()
    }
    fn blocks(&self) -> Arc<dyn BlockStore> {
        self.blocks.clone()
    }
    fn durable(&self) -> bool {
        false
    }
    async fn reopen(&mut self) {}
    async fn crash(&mut self) {}
}

fn all(store: impl EventStore + ViewStore + BlockStore + 'static) -> InMemory {
    let store = Arc::new(store);
    InMemory { events: store.clone(), views: store.clone(), blocks: store }
}

async fn memory() -> InMemory {
    all(MemoryStore::new())
}

fn backoff() -> ExponentialBuilder {
    ExponentialBuilder::new()
        .with_min_delay(Duration::from_micros(10))
        .with_max_delay(Duration::from_micros(100))
        .with_max_times(29)
}

async fn layered() -> InMemory {
    let metered = Metered::new(MemoryStore::new(), Metrics::register(&mut Registry::default()));
    all(Traced::new(Retry::new(metered, backoff())))
}

/// Every write is idempotent: failing, and doing what is then denied, must not show behind a retry.
async fn troubled() -> InMemory {
    let faults = Faults { slow: 0.1, delay: Duration::from_micros(200), failed: 0.2, half_done: 0.2 };
    all(Retry::new(Chaos::new(MemoryStore::new(), faults, 7), backoff()))
}

/// Views only: the other contracts go past it.
async fn coalesced() -> InMemory {
    let store = all(MemoryStore::new());
    InMemory { views: Arc::new(Coalesced::new(store.views.clone())), ..store }
}

vedetta_store::conformance!(memory_store, memory);
vedetta_store::conformance!(coalesced_store, coalesced);
vedetta_store::conformance!(through_layers, layered);
vedetta_store::conformance!(troubled_store, troubled);
