//! Tries again what may succeed later.

use std::{
    fmt,
    future::Future,
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use bytes::Bytes;
use rand::{Rng as _, SeedableRng as _, rngs::StdRng};
use vedetta_model::TenantId;

use crate::{
    AppendError, Checkpoint, Cursor, EventStore, Expected, NewEvent, Page, Shard, StoreError, Stored,
    StreamId, Version, View, ViewChange, ViewKey, ViewRange, ViewStore, shared::lock,
};

/// A store that repeats failed calls a few times, with growing, jittered pauses, when the error says
/// that it may pass. Every write is idempotent, so a repeat is harmless.
#[derive(Debug, Clone)]
pub struct Retry<S> {
    inner: S,
    backoff: Backoff,
}

/// How often and how long to wait.
#[derive(Clone)]
pub struct Backoff {
    attempts: u32,
    first: Duration,
    longest: Duration,
    rng: Arc<Mutex<StdRng>>,
}

impl fmt::Debug for Backoff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { attempts, first, longest, rng: _ } = self;
        write!(f, "Backoff({attempts} attempts, {first:?} to {longest:?})")
    }
}

impl Backoff {
    /// At most `attempts` calls in all; before each repeat a pause that doubles from `first` up to
    /// `longest`, of which a random part between a half and the whole is taken.
    pub fn new(attempts: u32, first: Duration, longest: Duration, seed: u64) -> Self {
        Self { attempts, first, longest, rng: Arc::new(Mutex::new(StdRng::seed_from_u64(seed))) }
    }

    fn pause(&self, attempt: u32) -> Duration {
        let whole =
            self.first.saturating_mul(1_u32.checked_shl(attempt).unwrap_or(u32::MAX)).min(self.longest);
        whole.mul_f64(lock(&self.rng).random_range(0.5..=1.0))
    }

    async fn run<T, E: fmt::Display, F: Future<Output = Result<T, E>>>(
        &self,
        passing: impl Fn(&E) -> bool,
        mut call: impl FnMut() -> F,
    ) -> Result<T, E> {
        let mut attempt = 0;
        loop {
            match call().await {
                Err(error) if attempt + 1 < self.attempts && passing(&error) => {
                    let pause = self.pause(attempt);
                    tracing::debug!(%error, ?pause, "trying again");
                    tokio::time::sleep(pause).await;
                    attempt += 1;
                }
                result => return result,
            }
        }
    }
}

impl<S> Retry<S> {
    /// Repeats calls of `inner`.
    pub fn new(inner: S, backoff: Backoff) -> Self {
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
        self.backoff.run(append_passes, || self.inner.append(stream, expected, events)).await
    }

    async fn load(&self, stream: &StreamId, after: Version, limit: usize) -> Result<Vec<Stored>, StoreError> {
        self.backoff.run(StoreError::is_transient, || self.inner.load(stream, after, limit)).await
    }

    async fn streams(
        &self,
        tenant: &TenantId,
        aggregate: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<StreamId>, StoreError> {
        let call = || self.inner.streams(tenant, aggregate, after, limit);
        self.backoff.run(StoreError::is_transient, call).await
    }

    async fn tenants(&self) -> Result<Vec<TenantId>, StoreError> {
        self.backoff.run(StoreError::is_transient, || self.inner.tenants()).await
    }

    fn shards(&self) -> u16 {
        self.inner.shards()
    }

    async fn unrelayed(&self, shard: Shard, limit: usize) -> Result<Vec<Stored>, StoreError> {
        self.backoff.run(StoreError::is_transient, || self.inner.unrelayed(shard, limit)).await
    }

    async fn relayed(&self, shard: Shard, events: &[Stored]) -> Result<(), StoreError> {
        self.backoff.run(StoreError::is_transient, || self.inner.relayed(shard, events)).await
    }

    async fn outbox_changed(&self) {
        self.inner.outbox_changed().await;
    }
}

#[async_trait]
impl<S: ViewStore> ViewStore for Retry<S> {
    async fn get(&self, key: &ViewKey) -> Result<Option<Bytes>, StoreError> {
        self.backoff.run(StoreError::is_transient, || self.inner.get(key)).await
    }

    async fn page(
        &self,
        range: &ViewRange,
        after: Option<&Cursor>,
        limit: usize,
    ) -> Result<Page, StoreError> {
        self.backoff.run(StoreError::is_transient, || self.inner.page(range, after, limit)).await
    }

    async fn apply(&self, changes: &[ViewChange], checkpoint: &Checkpoint) -> Result<(), StoreError> {
        self.backoff.run(StoreError::is_transient, || self.inner.apply(changes, checkpoint)).await
    }

    async fn checkpoint(&self, projection: &str, source: &str) -> Result<u64, StoreError> {
        self.backoff.run(StoreError::is_transient, || self.inner.checkpoint(projection, source)).await
    }

    async fn drop_views(&self, projection: &str, views: &[View]) -> Result<(), StoreError> {
        self.backoff.run(StoreError::is_transient, || self.inner.drop_views(projection, views)).await
    }
}
