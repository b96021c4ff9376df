//! The embedded store, bare, tight and through the layers, and beside the model.

mod common;

use std::{sync::Arc, time::Duration};

use backon::ExponentialBuilder;
use common::{OnDisk, tight};
use prometheus_client::registry::Registry;
use proptest::prelude::*;
use vedetta_embedded::Options;
use vedetta_store::{
    conformance::model::agrees_with_the_model,
    layers::{Metered, Metrics, Retry},
};

async fn on_tempdir() -> OnDisk {
    OnDisk::new(Options::default(), true, |store| {
        (Arc::new(store.clone()), Arc::new(store.clone()), Arc::new(store))
    })
    .await
}

async fn with_little_room() -> OnDisk {
    OnDisk::new(tight(), false, |store| (Arc::new(store.clone()), Arc::new(store.clone()), Arc::new(store)))
        .await
}

async fn layered() -> OnDisk {
    let wrap = |store| {
        let metered = Metered::new(store, Metrics::register(&mut Registry::default()));
        let backoff = ExponentialBuilder::new().with_min_delay(Duration::from_millis(1)).with_max_times(2);
        let store = Arc::new(Retry::new(metered, backoff));
        (store.clone() as _, store.clone() as _, store as _)
    };
    OnDisk::new(Options::default(), true, wrap).await
}

vedetta_store::conformance!(embedded, on_tempdir);
vedetta_store::conformance!(tight_embedded, with_little_room);
vedetta_store::conformance!(embedded_through_layers, layered);

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, max_shrink_iters: 200, ..ProptestConfig::default() })]

    #[test]
    fn any_operations_have_the_same_effect_as_in_memory(steps: Vec<(u8, u8, u8)>) {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async { agrees_with_the_model(on_tempdir().await, &steps).await });
    }
}
