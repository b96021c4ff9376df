//! The store as one process sees it: it takes time, fails, and is gone for whoever was killed. What is in it lies in a
//! memory store that outlives every process.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use bytes::Bytes;
use rand::Rng as _;
use vedetta_model::{EventId, TenantId, Timestamp};
use vedetta_store::{
    AppendError, BlockId, BlockRange, BlockStore, Checkpoint, Cursor, EventStore, Expected, HeadPage, Kept,
    MemoryStore, NewEvent, Page, Replaced, Shard, StoreError, Stored, StreamId, Usage, Version, View,
    ViewChange, ViewKey, ViewRange, ViewStore,
};

use crate::{
    fault::Fault,
    log::{Fate, Way},
    world::lock,
};

/// See the module.
#[derive(Debug, Clone)]
pub struct SimStore {
    /// What outlives the process.
    pub inner: MemoryStore,
    /// The way there.
    pub way: Way,
    /// Blocks that were read, and the bit of each that has turned.
    pub damage: Arc<Mutex<BlockDamage>>,
}

/// Blocks that were read, and the bit of each that has turned.
pub type BlockDamage = BTreeMap<(TenantId, BlockId), Option<(usize, u8)>>;

impl SimStore {
    async fn reads(&self) -> Result<(), StoreError> {
        self.way.read().await.map_err(StoreError::Backend)
    }

    /// Does a write, as fate wants it.
    async fn writes<T, E: From<StoreError>>(
        &self,
        write: impl Future<Output = Result<T, E>> + Send,
    ) -> Result<T, E> {
        let fate = self.way.write().await;
        if self.way.device.is_full() {
            return Err(StoreError::Full("injected".to_owned()).into());
        }
        if fate == Fate::Failed {
            return Err(StoreError::Backend("injected: nothing was done".to_owned()).into());
        }
        let done = write.await?;
        self.way.travel().await;
        match fate {
            Fate::HalfDone => {
                Err(StoreError::Backend("injected: it was done all the same".to_owned()).into())
            }
            _ => Ok(done),
        }
    }

    fn give(&self, tenant: &TenantId, id: BlockId, block: Bytes) -> Bytes {
        let flip = || {
            let strikes = self.way.world().strikes(Fault::BlockBitFlip);
            strikes.then(|| {
                self.way.world().dice(|rng| (rng.random_range(0..block.len()), rng.random_range(0..8)))
            })
        };
        let flipped = *lock(&self.damage).entry((tenant.clone(), id)).or_insert_with(flip);
        let Some((byte, bit)) = flipped else { return block };
        let mut bytes = block.to_vec();
        bytes[byte] ^= 1 << bit;
        bytes.into()
    }
}

#[async_trait]
impl EventStore for SimStore {
    async fn append(
        &self,
        stream: &StreamId,
        expected: Expected,
        events: &[NewEvent],
    ) -> Result<Version, AppendError> {
        self.writes(EventStore::append(&self.inner, stream, expected, events)).await
    }

    async fn load(&self, stream: &StreamId, after: Version, limit: usize) -> Result<Vec<Stored>, StoreError> {
        self.reads().await?;
        self.inner.load(stream, after, limit).await
    }

    async fn streams(
        &self,
        tenant: &TenantId,
        aggregate: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<StreamId>, StoreError> {
        self.reads().await?;
        self.inner.streams(tenant, aggregate, after, limit).await
    }

    async fn tenants(&self) -> Result<Vec<TenantId>, StoreError> {
        self.reads().await?;
        self.inner.tenants().await
    }

    fn shards(&self) -> u16 {
        self.inner.shards()
    }

    async fn unrelayed(&self, shard: Shard, limit: usize) -> Result<Vec<Stored>, StoreError> {
        self.reads().await?;
        self.inner.unrelayed(shard, limit).await
    }

    async fn relayed(&self, shard: Shard, events: &[Stored]) -> Result<(), StoreError> {
        self.writes(self.inner.relayed(shard, events)).await
    }

    async fn outbox_changed(&self) {
        self.inner.outbox_changed().await;
        self.way.travel().await;
    }
}

#[async_trait]
impl ViewStore for SimStore {
    async fn get(&self, key: &ViewKey) -> Result<Option<Bytes>, StoreError> {
        self.reads().await?;
        self.inner.get(key).await
    }

    async fn page(
        &self,
        range: &ViewRange,
        after: Option<&Cursor>,
        limit: usize,
    ) -> Result<Page, StoreError> {
        self.reads().await?;
        self.inner.page(range, after, limit).await
    }

    async fn apply(&self, changes: &[ViewChange], checkpoint: &Checkpoint) -> Result<(), StoreError> {
        self.writes(self.inner.apply(changes, checkpoint)).await
    }

    async fn checkpoint(&self, projection: &str, source: &str) -> Result<u64, StoreError> {
        self.reads().await?;
        self.inner.checkpoint(projection, source).await
    }

    async fn drop_views(&self, projection: &str, views: &[View]) -> Result<(), StoreError> {
        self.writes(self.inner.drop_views(projection, views)).await
    }
}

#[async_trait]
impl BlockStore for SimStore {
    async fn keep(&self, blocks: &[Bytes]) -> Result<Vec<Kept>, StoreError> {
        self.writes(self.inner.keep(blocks)).await
    }

    async fn replace(&self, tenant: &TenantId, old: &[BlockId], new: &Bytes) -> Result<Replaced, StoreError> {
        self.writes(self.inner.replace(tenant, old, new)).await
    }

    async fn replacements(&self, tenant: &TenantId) -> Result<u64, StoreError> {
        self.reads().await?;
        self.inner.replacements(tenant).await
    }

    async fn heads(
        &self,
        range: &BlockRange,
        after: Option<BlockId>,
        limit: usize,
    ) -> Result<HeadPage, StoreError> {
        self.reads().await?;
        self.inner.heads(range, after, limit).await
    }

    async fn blocks(&self, tenant: &TenantId, ids: &[BlockId]) -> Result<Vec<Option<Bytes>>, StoreError> {
        self.reads().await?;
        let blocks = self.inner.blocks(tenant, ids).await?;
        let given = |(id, block): (&BlockId, Option<Bytes>)| block.map(|block| self.give(tenant, *id, block));
        Ok(ids.iter().zip(blocks).map(given).collect())
    }

    async fn holding(&self, tenant: &TenantId, event: &EventId) -> Result<Option<BlockId>, StoreError> {
        self.reads().await?;
        self.inner.holding(tenant, event).await
    }

    async fn expire(&self, tenant: &TenantId, before: Timestamp) -> Result<Usage, StoreError> {
        self.writes(self.inner.expire(tenant, before)).await
    }

    async fn usage(&self, tenant: &TenantId) -> Result<Vec<(i64, Usage)>, StoreError> {
        self.reads().await?;
        self.inner.usage(tenant).await
    }

    async fn archived(&self) -> Result<Vec<TenantId>, StoreError> {
        self.reads().await?;
        self.inner.archived().await
    }
}
