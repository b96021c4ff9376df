//! Counts what goes through a store.

use std::{future::Future, time::Instant};

use async_trait::async_trait;
use bytes::Bytes;
use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family, histogram::Histogram},
    registry::{Registry, Unit},
};
use vedetta_model::TenantId;

use crate::{
    AppendError, Checkpoint, Cursor, EventStore, Expected, NewEvent, Page, Shard, StoreError, Stored,
    StreamId, Version, View, ViewChange, ViewKey, ViewRange, ViewStore,
};

/// A store whose calls are counted and timed.
#[derive(Debug, Clone)]
pub struct Metered<S> {
    pub(super) inner: S,
    pub(super) metrics: Metrics,
}

/// What is counted, by operation; never by tenant or key, whose number has no bound.
#[derive(Debug, Clone)]
pub struct Metrics {
    seconds: Family<OperationLabel, Histogram, fn() -> Histogram>,
    errors: Family<ErrorLabel, Counter>,
    events: Counter,
    relayed: Counter,
    changes: Counter,
    rows: Counter,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OperationLabel {
    operation: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ErrorLabel {
    operation: &'static str,
    kind: &'static str,
}

/// 10 µs to 10 s: a cached row at one end, a cluster in trouble at the other.
fn seconds() -> Histogram {
    Histogram::new((0..20).map(|power| 0.00001 * f64::from(1_u32 << power)))
}

impl Metrics {
    /// Registers the metrics, all named `vedetta_store_…`.
    pub fn register(registry: &mut Registry) -> Self {
        let metrics = Self {
            seconds: Family::new_with_constructor(seconds),
            errors: Family::default(),
            events: Counter::default(),
            relayed: Counter::default(),
            changes: Counter::default(),
            rows: Counter::default(),
        };
        registry.register_with_unit(
            "vedetta_store_operation",
            "Time of a successful operation",
            Unit::Seconds,
            metrics.seconds.clone(),
        );
        registry.register("vedetta_store_errors", "Failed operations", metrics.errors.clone());
        registry.register("vedetta_store_events", "Events appended to streams", metrics.events.clone());
        registry.register("vedetta_store_relayed", "Events confirmed by the relay", metrics.relayed.clone());
        registry.register("vedetta_store_changes", "Changes of view rows", metrics.changes.clone());
        registry.register("vedetta_store_rows", "View rows read", metrics.rows.clone());
        metrics
    }

    pub(super) async fn time<T, E>(
        &self,
        operation: &'static str,
        kind: impl Fn(&E) -> &'static str,
        call: impl Future<Output = Result<T, E>>,
    ) -> Result<T, E> {
        let began = Instant::now();
        let result = call.await;
        match &result {
            Ok(_) => {
                let seconds = self.seconds.get_or_create(&OperationLabel { operation });
                seconds.observe(began.elapsed().as_secs_f64());
            }
            Err(error) => {
                self.errors.get_or_create(&ErrorLabel { operation, kind: kind(error) }).inc();
            }
        }
        result
    }
}

impl<S> Metered<S> {
    /// Counts `inner`'s calls in `metrics`.
    pub fn new(inner: S, metrics: Metrics) -> Self {
        Self { inner, metrics }
    }
}

pub(super) fn store_kind(error: &StoreError) -> &'static str {
    match error {
        StoreError::Full(_) => "full",
        StoreError::Corrupt { .. } => "corrupt",
        StoreError::BadCursor => "bad_cursor",
        StoreError::Block(_) => "block",
        StoreError::Closed => "closed",
        StoreError::Backend(_) => "backend",
        StoreError::TooLarge(_) => "too_large",
    }
}

fn append_kind(error: &AppendError) -> &'static str {
    match error {
        AppendError::Conflict { .. } => "conflict",
        AppendError::TooLarge { .. } => "too_large",
        AppendError::Store(error) => store_kind(error),
    }
}

#[async_trait]
impl<S: EventStore> EventStore for Metered<S> {
    async fn append(
        &self,
        stream: &StreamId,
        expected: Expected,
        events: &[NewEvent],
    ) -> Result<Version, AppendError> {
        let call = self.inner.append(stream, expected, events);
        let version = self.metrics.time("append", append_kind, call).await?;
        self.metrics.events.inc_by(events.len() as u64);
        Ok(version)
    }

    async fn load(&self, stream: &StreamId, after: Version, limit: usize) -> Result<Vec<Stored>, StoreError> {
        self.metrics.time("load", store_kind, self.inner.load(stream, after, limit)).await
    }

    async fn streams(
        &self,
        tenant: &TenantId,
        aggregate: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<StreamId>, StoreError> {
        self.metrics.time("streams", store_kind, self.inner.streams(tenant, aggregate, after, limit)).await
    }

    async fn tenants(&self) -> Result<Vec<TenantId>, StoreError> {
        self.metrics.time("tenants", store_kind, self.inner.tenants()).await
    }

    fn shards(&self) -> u16 {
        self.inner.shards()
    }

    async fn unrelayed(&self, shard: Shard, limit: usize) -> Result<Vec<Stored>, StoreError> {
        self.metrics.time("unrelayed", store_kind, self.inner.unrelayed(shard, limit)).await
    }

    async fn relayed(&self, shard: Shard, events: &[Stored]) -> Result<(), StoreError> {
        self.metrics.time("relayed", store_kind, self.inner.relayed(shard, events)).await?;
        self.metrics.relayed.inc_by(events.len() as u64);
        Ok(())
    }

    async fn outbox_changed(&self) {
        self.inner.outbox_changed().await;
    }
}

#[async_trait]
impl<S: ViewStore> ViewStore for Metered<S> {
    async fn get(&self, key: &ViewKey) -> Result<Option<Bytes>, StoreError> {
        let row = self.metrics.time("get", store_kind, self.inner.get(key)).await?;
        self.metrics.rows.inc_by(u64::from(row.is_some()));
        Ok(row)
    }

    async fn page(
        &self,
        range: &ViewRange,
        after: Option<&Cursor>,
        limit: usize,
    ) -> Result<Page, StoreError> {
        let page = self.metrics.time("page", store_kind, self.inner.page(range, after, limit)).await?;
        self.metrics.rows.inc_by(page.rows.len() as u64);
        Ok(page)
    }

    async fn apply(&self, changes: &[ViewChange], checkpoint: &Checkpoint) -> Result<(), StoreError> {
        self.metrics.time("apply", store_kind, self.inner.apply(changes, checkpoint)).await?;
        self.metrics.changes.inc_by(changes.len() as u64);
        Ok(())
    }

    async fn checkpoint(&self, projection: &str, source: &str) -> Result<u64, StoreError> {
        self.metrics.time("checkpoint", store_kind, self.inner.checkpoint(projection, source)).await
    }

    async fn drop_views(&self, projection: &str, views: &[View]) -> Result<(), StoreError> {
        self.metrics.time("drop_views", store_kind, self.inner.drop_views(projection, views)).await
    }
}
