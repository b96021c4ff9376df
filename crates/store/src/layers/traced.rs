//! Puts each call of a store into a span.

use async_trait::async_trait;
use bytes::Bytes;
use tracing::{Instrument as _, debug_span};
use vedetta_model::TenantId;

use crate::{
    AppendError, Checkpoint, Cursor, EventStore, Expected, NewEvent, Page, Shard, StoreError, Stored,
    StreamId, Version, View, ViewChange, ViewKey, ViewRange, ViewStore,
};

/// A store whose calls are spans at debug level. Contents never stand in them.
#[derive(Debug, Clone)]
pub struct Traced<S> {
    pub(super) inner: S,
}

impl<S> Traced<S> {
    /// Traces calls of `inner`.
    pub fn new(inner: S) -> Self {
        Self { inner }
    }
}

#[async_trait]
impl<S: EventStore> EventStore for Traced<S> {
    async fn append(
        &self,
        stream: &StreamId,
        expected: Expected,
        events: &[NewEvent],
    ) -> Result<Version, AppendError> {
        let span = debug_span!("store.append", %stream, ?expected, events = events.len());
        self.inner.append(stream, expected, events).instrument(span).await
    }

    async fn load(&self, stream: &StreamId, after: Version, limit: usize) -> Result<Vec<Stored>, StoreError> {
        let span = debug_span!("store.load", %stream, %after);
        self.inner.load(stream, after, limit).instrument(span).await
    }

    async fn streams(
        &self,
        tenant: &TenantId,
        aggregate: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<StreamId>, StoreError> {
        let span = debug_span!("store.streams", %tenant, aggregate);
        self.inner.streams(tenant, aggregate, after, limit).instrument(span).await
    }

    async fn tenants(&self) -> Result<Vec<TenantId>, StoreError> {
        self.inner.tenants().instrument(debug_span!("store.tenants")).await
    }

    fn shards(&self) -> u16 {
        self.inner.shards()
    }

    async fn unrelayed(&self, shard: Shard, limit: usize) -> Result<Vec<Stored>, StoreError> {
        self.inner.unrelayed(shard, limit).instrument(debug_span!("store.unrelayed", shard = shard.0)).await
    }

    async fn relayed(&self, shard: Shard, events: &[Stored]) -> Result<(), StoreError> {
        let span = debug_span!("store.relayed", shard = shard.0, events = events.len());
        self.inner.relayed(shard, events).instrument(span).await
    }

    async fn outbox_changed(&self) {
        self.inner.outbox_changed().await;
    }
}

#[async_trait]
impl<S: ViewStore> ViewStore for Traced<S> {
    async fn get(&self, key: &ViewKey) -> Result<Option<Bytes>, StoreError> {
        let span = debug_span!("store.get", tenant = %key.tenant, view = key.view.0);
        self.inner.get(key).instrument(span).await
    }

    async fn page(
        &self,
        range: &ViewRange,
        after: Option<&Cursor>,
        limit: usize,
    ) -> Result<Page, StoreError> {
        let span = debug_span!("store.page", tenant = %range.tenant, view = range.view.0, limit);
        self.inner.page(range, after, limit).instrument(span).await
    }

    async fn apply(&self, changes: &[ViewChange], checkpoint: &Checkpoint) -> Result<(), StoreError> {
        let Checkpoint { projection, source, next } = checkpoint;
        let span = debug_span!("store.apply", %projection, %source, next, changes = changes.len());
        self.inner.apply(changes, checkpoint).instrument(span).await
    }

    async fn checkpoint(&self, projection: &str, source: &str) -> Result<u64, StoreError> {
        self.inner
            .checkpoint(projection, source)
            .instrument(debug_span!("store.checkpoint", projection))
            .await
    }

    async fn drop_views(&self, projection: &str, views: &[View]) -> Result<(), StoreError> {
        let span = debug_span!("store.drop_views", projection, ?views);
        self.inner.drop_views(projection, views).instrument(span).await
    }
}
