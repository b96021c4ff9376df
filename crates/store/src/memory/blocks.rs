//! Blocks in memory.

use std::collections::BTreeMap;

use async_trait::async_trait;
use bytes::Bytes;
use vedetta_block::Header;
use vedetta_model::{BootId, EventId, NodeId, TenantId, Timestamp};

use super::MemoryStore;
use crate::{
    BlockId, BlockRange, BlockStore, HeadPage, Kept, Order, Replaced, StoreError, Usage, bucket_of, compare,
    replaces, shared::lock,
};

/// Of one tenant.
#[derive(Debug, Default)]
pub struct Archive {
    blocks: BTreeMap<BlockId, (Header, Bytes)>,
    /// By the number of the last event.
    ranges: BTreeMap<(NodeId, BootId, u64), BlockId>,
}

impl Archive {
    /// The block with the smallest last number from `seq` on.
    fn at(&self, node: NodeId, boot: BootId, seq: u64) -> Option<&Header> {
        let (_, id) = self.ranges.range((node, boot, seq)..=(node, boot, u64::MAX)).next()?;
        self.blocks.get(id).map(|(header, _)| header)
    }

    fn keep(&mut self, header: Header, block: &Bytes) -> Kept {
        let kept = compare(&header, self.at(header.node, header.boot, header.first));
        if kept == Kept::New {
            let id = BlockId::of(&header);
            self.ranges.insert((id.node, id.boot, id.last), id);
            self.blocks.insert(id, (header, block.clone()));
        }
        kept
    }

    fn replace(&mut self, old: &[BlockId], header: Header, block: &Bytes) -> Replaced {
        let id = BlockId::of(&header);
        if self.blocks.get(&id).is_some_and(|(present, _)| present.body_crc == header.body_crc) {
            return Replaced::Known;
        }
        let mut headers = Vec::with_capacity(old.len());
        for id in old {
            match self.blocks.get(id) {
                Some((present, _)) => headers.push(present.clone()),
                None => return Replaced::Gone(*id),
            }
        }
        if !replaces(&header, &headers) {
            return Replaced::Differs;
        }
        for id in old {
            self.blocks.remove(id);
            self.ranges.remove(&(id.node, id.boot, id.last));
        }
        self.ranges.insert((id.node, id.boot, id.last), id);
        self.blocks.insert(id, (header, block.clone()));
        Replaced::Done
    }
}

#[async_trait]
impl BlockStore for MemoryStore {
    async fn keep(&self, blocks: &[Bytes]) -> Result<Vec<Kept>, StoreError> {
        let headers = blocks.iter().map(|block| Ok(Header::parse(block)?.0));
        let headers: Vec<Header> = headers.collect::<Result<_, StoreError>>()?;
        let mut state = lock(&self.state);
        let keep = |(header, block): (Header, &Bytes)| {
            state.archives.entry(header.tenant.clone()).or_default().keep(header, block)
        };
        Ok(headers.into_iter().zip(blocks).map(keep).collect())
    }

    async fn replace(&self, tenant: &TenantId, old: &[BlockId], new: &Bytes) -> Result<Replaced, StoreError> {
        let (header, _) = Header::parse(new)?;
        if header.tenant != *tenant {
            return Ok(Replaced::Differs);
        }
        let mut state = lock(&self.state);
        let replaced = state.archives.entry(tenant.clone()).or_default().replace(old, header, new);
        state.archives.retain(|_, archive| !archive.blocks.is_empty());
        if replaced == Replaced::Done {
            *state.replacements.entry(tenant.clone()).or_default() += 1;
        }
        Ok(replaced)
    }

    async fn replacements(&self, tenant: &TenantId) -> Result<u64, StoreError> {
        Ok(lock(&self.state).replacements.get(tenant).copied().unwrap_or_default())
    }

    async fn heads(
        &self,
        range: &BlockRange,
        after: Option<BlockId>,
        limit: usize,
    ) -> Result<HeadPage, StoreError> {
        let state = lock(&self.state);
        let blocks = state.archives.get(&range.tenant).into_iter().flat_map(|archive| &archive.blocks);
        let mut heads: Vec<(BlockId, &Header)> = blocks
            .filter(|(id, _)| id.latest >= range.since && id.latest < range.end())
            .map(|(id, (header, _))| (*id, header))
            .collect();
        if range.order == Order::Descending {
            heads.reverse();
        }
        if let Some(after) = after {
            heads.retain(|(id, _)| match range.order {
                Order::Ascending => *id > after,
                Order::Descending => *id < after,
            });
        }
        let more = heads.len() > limit;
        heads.truncate(limit);
        let next = heads.last().map(|(id, _)| *id).filter(|_| more);
        let heads = heads.into_iter().map(|(_, header)| header).filter(|header| range.overlaps(header));
        Ok(HeadPage { heads: heads.cloned().collect(), next })
    }

    async fn blocks(&self, tenant: &TenantId, ids: &[BlockId]) -> Result<Vec<Option<Bytes>>, StoreError> {
        let state = lock(&self.state);
        let archive = state.archives.get(tenant);
        let block = |id| archive?.blocks.get(id).map(|(_, block)| block.clone());
        Ok(ids.iter().map(block).collect())
    }

    async fn holding(&self, tenant: &TenantId, event: &EventId) -> Result<Option<BlockId>, StoreError> {
        let state = lock(&self.state);
        let archive = state.archives.get(tenant);
        let block = archive.and_then(|archive| archive.at(event.node, event.boot, event.seq));
        Ok(block.filter(|header| header.first <= event.seq).map(BlockId::of))
    }

    async fn expire(&self, tenant: &TenantId, before: Timestamp) -> Result<Usage, StoreError> {
        let mut state = lock(&self.state);
        let mut dropped = Usage::default();
        if let Some(archive) = state.archives.get_mut(tenant) {
            archive.blocks.retain(|id, (header, block)| {
                let stays = bucket_of(id.latest) >= bucket_of(before);
                if !stays {
                    dropped += Usage::of(header, block.len());
                    archive.ranges.remove(&(id.node, id.boot, id.last));
                }
                stays
            });
        }
        state.archives.retain(|_, archive| !archive.blocks.is_empty());
        Ok(dropped)
    }

    async fn usage(&self, tenant: &TenantId) -> Result<Vec<(i64, Usage)>, StoreError> {
        let state = lock(&self.state);
        let mut usage: BTreeMap<i64, Usage> = BTreeMap::new();
        for (id, (header, block)) in state.archives.get(tenant).into_iter().flat_map(|it| &it.blocks) {
            *usage.entry(bucket_of(id.latest)).or_default() += Usage::of(header, block.len());
        }
        Ok(usage.into_iter().collect())
    }

    async fn archived(&self) -> Result<Vec<TenantId>, StoreError> {
        Ok(lock(&self.state).archives.keys().cloned().collect())
    }
}
