//! The contract, on a real cluster: bare, through the layers, and beside the model.

use std::{mem, sync::Arc, time::Duration};

use async_trait::async_trait;
use backon::ExponentialBuilder;
use prometheus_client::registry::Registry;
use proptest::prelude::*;
use vedetta_log::{
    EventLog,
    conformance::{Fixture, model::agrees_with_the_model},
    layers::{Metered, Metrics, Retry},
};
use vedetta_log_kafka::testing::{Server, fresh, open};
use vedetta_log_kafka::{KafkaLog, Options};

struct OnCluster {
    _server: Server,
    options: Options,
    wrap: fn(KafkaLog) -> Arc<dyn EventLog>,
    log: Arc<dyn EventLog>,
}

impl OnCluster {
    async fn new(wrap: fn(KafkaLog) -> Arc<dyn EventLog>) -> Self {
        let server = Server::shared();
        let options = fresh(server.boot());
        let log = wrap(open(&options).await);
        Self { _server: server, options, wrap, log }
    }
}

#[async_trait]
impl Fixture for OnCluster {
    fn log(&self) -> Arc<dyn EventLog> {
        self.log.clone()
    }

    async fn reopen(&mut self) {
        self.log.close().await;
        self.log = (self.wrap)(open(&self.options).await);
    }

    /// What a crash of this process leaves: nobody closes, nobody says goodbye. That the cluster's own crash loses nothing is
    /// `tests/crash.rs`.
    async fn crash(&mut self) {
        let log = (self.wrap)(open(&self.options).await);
        mem::forget(mem::replace(&mut self.log, log));
    }
}

async fn on_cluster() -> OnCluster {
    OnCluster::new(|log| Arc::new(log)).await
}

async fn layered() -> OnCluster {
    OnCluster::new(|log| {
        let metered = Metered::new(log, Metrics::register(&mut Registry::default()));
        let backoff = ExponentialBuilder::new().with_min_delay(Duration::from_millis(1)).with_max_times(2);
        Arc::new(Retry::new(metered, backoff))
    })
    .await
}

vedetta_log::conformance!(kafka, on_cluster);
vedetta_log::conformance!(kafka_through_layers, layered);

proptest! {
    #![proptest_config(ProptestConfig { cases: 3, max_shrink_iters: 20, ..ProptestConfig::default() })]

    #[test]
    fn any_operations_have_the_same_effect_as_in_memory(
        steps in prop::collection::vec(any::<(u8, u8, u8)>(), 1..12)
    ) {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async { agrees_with_the_model(on_cluster().await, &steps).await });
    }
}
