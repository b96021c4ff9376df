//! Tries again what may succeed later.

use std::{fmt, time::Duration};

use async_trait::async_trait;
use backon::{ExponentialBuilder, Retryable as _};
use bytes::Bytes;
use vedetta_model::TenantId;

use crate::{
    AppendError, Checkpoint, Cursor, EventStore, Expected, NewEvent, Page, Shard, StoreError, Stored,
    StreamId, Version, View, ViewChange, ViewKey, ViewRange, ViewStore,
};

/// A store that repeats failed calls a few times, with growing, jittered pauses, when the error says
/// that it may pass. Every write is idempotent, so a repeat is harmless.
#[derive(Debug, Clone)]
pub struct Retry<S> {
    pub(super) inner: S,
    pub(super) backoff: ExponentialBuilder,
}

pub(super) fn told(error: &impl fmt::Display, pause: Duration) {
    tracing::debug!(%error, ?pause, "trying again");
}

impl<S> Retry<S> {
    /// Repeats calls of `inner`.
    pub fn new(inner: S, backoff: ExponentialBuilder) -> Self {
        Self { inner, backoff }
    }
}

fn append_passes(error: &AppendError) -> bool {
    matches!(error, AppendError::Store(error) if error.is_transient())
}

#[async_trait]
impl<S: EventStore> EventStore for Retry<S> {
    async fn append(
        &self,
        stream: &StreamId,
        expected: Expected,
        events: &[NewEvent],
    ) -> Result<Version, AppendError> {
        (|| self.inner.append(stream, expected, events))
            .retry(self.backoff)
            .when(append_passes)
            .notify(told)
            .await
    }

    async fn load(&self, stream: &StreamId, after: Version, limit: usize) -> Result<Vec<Stored>, StoreError> {
        (|| self.inner.load(stream, after, limit))
            .retry(self.backoff)
            .when(StoreError::is_transient)
            .notify(told)
            .await
    }

    async fn streams(
        &self,
        tenant: &TenantId,
        aggregate: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<StreamId>, StoreError> {
        let call = || self.inner.streams(tenant, aggregate, after, limit);
        call.retry(self.backoff).when(StoreError::is_transient).notify(told).await
    }

    async fn tenants(&self) -> Result<Vec<TenantId>, StoreError> {
        (|| self.inner.tenants()).retry(self.backoff).when(StoreError::is_transient).notify(told).await
    }

    fn shards(&self) -> u16 {
        self.inner.shards()
    }

    async fn unrelayed(&self, shard: Shard, limit: usize) -> Result<Vec<Stored>, StoreError> {
        (|| self.inner.unrelayed(shard, limit))
            .retry(self.backoff)
            .when(StoreError::is_transient)
            .notify(told)
            .await
    }

    async fn relayed(&self, shard: Shard, events: &[Stored]) -> Result<(), StoreError> {
        (|| self.inner.relayed(shard, events))
            .retry(self.backoff)
            .when(StoreError::is_transient)
            .notify(told)
            .await
    }

    async fn outbox_changed(&self) {
        self.inner.outbox_changed().await;
    }
}

#[async_trait]
impl<S: ViewStore> ViewStore for Retry<S> {
    async fn get(&self, key: &ViewKey) -> Result<Option<Bytes>, StoreError> {
        (|| self.inner.get(key)).retry(self.backoff).when(StoreError::is_transient).notify(told).await
    }

    async fn page(
        &self,
        range: &ViewRange,
        after: Option<&Cursor>,
        limit: usize,
    ) -> Result<Page, StoreError> {
        (|| self.inner.page(range, after, limit))
            .retry(self.backoff)
            .when(StoreError::is_transient)
            .notify(told)
            .await
    }

    async fn apply(&self, changes: &[ViewChange], checkpoint: &Checkpoint) -> Result<(), StoreError> {
        (|| self.inner.apply(changes, checkpoint))
            .retry(self.backoff)
            .when(StoreError::is_transient)
            .notify(told)
            .await
    }

    async fn checkpoint(&self, projection: &str, source: &str) -> Result<u64, StoreError> {
        (|| self.inner.checkpoint(projection, source))
            .retry(self.backoff)
            .when(StoreError::is_transient)
            .notify(told)
            .await
    }

    async fn drop_views(&self, projection: &str, views: &[View]) -> Result<(), StoreError> {
        (|| self.inner.drop_views(projection, views))
            .retry(self.backoff)
            .when(StoreError::is_transient)
            .notify(told)
            .await
    }
}
