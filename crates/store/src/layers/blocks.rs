//! The layers around a store of blocks.

use async_trait::async_trait;
use backon::Retryable as _;
use bytes::Bytes;
use tracing::{Instrument as _, debug_span};
use vedetta_model::{EventId, TenantId, Timestamp};

use super::{Chaos, Metered, Retry, Traced, metered, retry};
use crate::{BlockId, BlockRange, BlockStore, HeadPage, Kept, Replaced, StoreError, Usage};

macro_rules! layers {
    ($($layer:ident: |$this:ident, $operation:ident, $call:ident| $around:expr;)*) => {$(
        #[async_trait]
        impl<S: BlockStore> BlockStore for $layer<S> {
            async fn keep(&self, blocks: &[Bytes]) -> Result<Vec<Kept>, StoreError> {
                let ($this, $operation, $call) = (self, "keep", || self.inner.keep(blocks));
                $around
            }
            async fn replace(
                &self,
                tenant: &TenantId,
                old: &[BlockId],
                new: &Bytes,
            ) -> Result<Replaced, StoreError> {
                let ($this, $operation, $call) = (self, "replace", || self.inner.replace(tenant, old, new));
                $around
            }
            async fn replacements(&self, tenant: &TenantId) -> Result<u64, StoreError> {
                let ($this, $operation, $call) = (self, "replacements", || self.inner.replacements(tenant));
                $around
            }
            async fn heads(
                &self,
                range: &BlockRange,
                after: Option<BlockId>,
                limit: usize,
            ) -> Result<HeadPage, StoreError> {
                let ($this, $operation, $call) = (self, "heads", || self.inner.heads(range, after, limit));
                $around
            }
            async fn blocks(&self, tenant: &TenantId, ids: &[BlockId]) -> Result<Vec<Option<Bytes>>, StoreError> {
                let ($this, $operation, $call) = (self, "blocks", || self.inner.blocks(tenant, ids));
                $around
            }
            async fn holding(&self, tenant: &TenantId, event: &EventId) -> Result<Option<BlockId>, StoreError> {
                let ($this, $operation, $call) = (self, "holding", || self.inner.holding(tenant, event));
                $around
            }
            async fn expire(&self, tenant: &TenantId, before: Timestamp) -> Result<Usage, StoreError> {
                let ($this, $operation, $call) = (self, "expire", || self.inner.expire(tenant, before));
                $around
            }
            async fn usage(&self, tenant: &TenantId) -> Result<Vec<(i64, Usage)>, StoreError> {
                let ($this, $operation, $call) = (self, "usage", || self.inner.usage(tenant));
                $around
            }
            async fn archived(&self) -> Result<Vec<TenantId>, StoreError> {
                let ($this, $operation, $call) = (self, "archived", || self.inner.archived());
                $around
            }
        }
    )*};
}

layers! {
    Chaos: |layer, _operation, call| layer.suffer(call()).await;
    Metered: |layer, operation, call| layer.metrics.time(operation, metered::store_kind, call()).await;
    Retry: |layer, _operation, call| {
        call.retry(layer.backoff).when(StoreError::is_transient).notify(retry::told).await
    };
    Traced: |_layer, operation, call| call().instrument(debug_span!("store.blocks", operation)).await;
}
