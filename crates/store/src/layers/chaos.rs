//! Makes a store misbehave, by a seed.

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

/// How often what goes wrong, as chances between 0 and 1.
#[derive(Debug, Clone, Copy, Default)]
pub struct Faults {
    /// A call takes up to `delay` longer.
    pub slow: f64,
    /// The longest extra delay.
    pub delay: Duration,
    /// A call fails and nothing was done.
    pub failed: f64,
    /// A call fails although it was done.
    pub half_done: f64,
}

/// A store that is slow, fails, or does what it then says it did not.
#[derive(Clone)]
pub struct Chaos<S> {
    pub(super) inner: S,
    faults: Faults,
    rng: Arc<Mutex<StdRng>>,
}

impl<S: fmt::Debug> fmt::Debug for Chaos<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Chaos")
            .field("inner", &self.inner)
            .field("faults", &self.faults)
            .finish_non_exhaustive()
    }
}

impl<S> Chaos<S> {
    /// Troubles `inner`; the same seed and calls give the same trouble.
    pub fn new(inner: S, faults: Faults, seed: u64) -> Self {
        Self { inner, faults, rng: Arc::new(Mutex::new(StdRng::seed_from_u64(seed))) }
    }

    /// One call as fate wants it: late, not at all, or done and denied.
    pub(super) async fn suffer<T, E: From<StoreError>>(
        &self,
        call: impl Future<Output = Result<T, E>>,
    ) -> Result<T, E> {
        let (delay, failed, half_done) = {
            let (mut rng, faults) = (lock(&self.rng), &self.faults);
            let slow = rng.random_bool(faults.slow);
            let delay = if slow { faults.delay.mul_f64(rng.random_range(0.0..=1.0)) } else { Duration::ZERO };
            (delay, rng.random_bool(faults.failed), rng.random_bool(faults.half_done))
        };
        if !delay.is_zero() {
            tokio::time::sleep(delay).await;
        }
        if failed {
            return Err(StoreError::Backend("injected: nothing was done".into()).into());
        }
        let done = call.await?;
        if half_done {
            Err(StoreError::Backend("injected: done all the same".into()).into())
        } else {
            Ok(done)
        }
    }
}

#[async_trait]
impl<S: EventStore> EventStore for Chaos<S> {
    async fn append(
        &self,
        stream: &StreamId,
        expected: Expected,
        events: &[NewEvent],
    ) -> Result<Version, AppendError> {
        self.suffer(self.inner.append(stream, expected, events)).await
    }

    async fn load(&self, stream: &StreamId, after: Version, limit: usize) -> Result<Vec<Stored>, StoreError> {
        self.suffer(self.inner.load(stream, after, limit)).await
    }

    async fn streams(
        &self,
        tenant: &TenantId,
        aggregate: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<StreamId>, StoreError> {
        self.suffer(self.inner.streams(tenant, aggregate, after, limit)).await
    }

    async fn tenants(&self) -> Result<Vec<TenantId>, StoreError> {
        self.suffer(self.inner.tenants()).await
    }

    fn shards(&self) -> u16 {
        self.inner.shards()
    }

    async fn unrelayed(&self, shard: Shard, limit: usize) -> Result<Vec<Stored>, StoreError> {
        self.suffer(self.inner.unrelayed(shard, limit)).await
    }

    async fn relayed(&self, shard: Shard, events: &[Stored]) -> Result<(), StoreError> {
        self.suffer(self.inner.relayed(shard, events)).await
    }

    async fn outbox_changed(&self) {
        self.inner.outbox_changed().await;
    }
}

#[async_trait]
impl<S: ViewStore> ViewStore for Chaos<S> {
    async fn get(&self, key: &ViewKey) -> Result<Option<Bytes>, StoreError> {
        self.suffer(self.inner.get(key)).await
    }

    async fn page(
        &self,
        range: &ViewRange,
        after: Option<&Cursor>,
        limit: usize,
    ) -> Result<Page, StoreError> {
        self.suffer(self.inner.page(range, after, limit)).await
    }

    async fn apply(&self, changes: &[ViewChange], checkpoint: &Checkpoint) -> Result<(), StoreError> {
        self.suffer(self.inner.apply(changes, checkpoint)).await
    }

    async fn checkpoint(&self, projection: &str, source: &str) -> Result<u64, StoreError> {
        self.suffer(self.inner.checkpoint(projection, source)).await
    }

    async fn drop_views(&self, projection: &str, views: &[View]) -> Result<(), StoreError> {
        self.suffer(self.inner.drop_views(projection, views)).await
    }
}
