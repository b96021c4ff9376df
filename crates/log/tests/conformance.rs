//! The memory log, bare and through the layers.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use backon::ExponentialBuilder;
use prometheus_client::registry::Registry;
use vedetta_log::{
    EventLog, MemoryLog,
    conformance::Fixture,
    layers::{Chaos, Faults, Metered, Metrics, Retry, Traced},
};
use vedetta_model::SystemClock;

/// Nothing survives here, so nothing is opened again.
struct InMemory(Arc<dyn EventLog>);

#[async_trait]
impl Fixture for InMemory {
    fn log(&self) -> Arc<dyn EventLog> {
        self.0.clone()
    }
    async fn reopen(&mut self) {}
    async fn crash(&mut self) {}
}

async fn memory() -> InMemory {
    InMemory(Arc::new(MemoryLog::new(Arc::new(SystemClock))))
}

fn backoff(attempts: usize) -> ExponentialBuilder {
    ExponentialBuilder::new()
        .with_min_delay(Duration::from_millis(1))
        .with_max_delay(Duration::from_millis(8))
        .with_max_times(attempts - 1)
}

async fn layered() -> InMemory {
    let InMemory(log) = memory().await;
    let metered = Metered::new(log, Metrics::register(&mut Registry::default()));
    InMemory(Arc::new(Traced::new(Retry::new(metered, backoff(3)))))
}

async fn slow() -> InMemory {
    let InMemory(log) = memory().await;
    let faults = Faults { slow: 0.3, delay: Duration::from_millis(2), ..Faults::default() };
    InMemory(Arc::new(Chaos::new(log, faults, 7)))
}

vedetta_log::conformance!(memory_log, memory);
vedetta_log::conformance!(through_layers, layered);
vedetta_log::conformance!(slow_log, slow);
