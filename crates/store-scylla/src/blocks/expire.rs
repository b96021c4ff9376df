//! Dropping what is old.

use std::collections::HashMap;

use futures::{StreamExt as _, TryStreamExt as _, stream};
use vedetta_model::{TenantId, Timestamp};
use vedetta_store::{BlockId, StoreError, Usage, bucket_of};

use super::{
    names::{HeadKey, Run, block_id},
    run::{Plan, is_at},
};
use crate::{
    cql::SIDE_BY_SIDE,
    store::{Shared, TRIES, contended},
};

/// Heads that one step takes.
const STEP: usize = 2000;
/// Blocks of a run that one conditional batch drops.
const TOGETHER: usize = 500;

impl Shared {
    pub async fn expire_buckets(&self, tenant: &TenantId, before: Timestamp) -> Result<Usage, StoreError> {
        let mut dropped = Usage::default();
        let Some(last) = bucket_of(before).checked_sub(1) else { return Ok(dropped) };
        for (bucket, slot) in self.slots(tenant, i64::MIN, last).await? {
            loop {
                // Taken before looking: whatever is put from now on stays on the list.
                let stamp = self.stamps.next();
                let rows =
                    self.cql.stream::<HeadKey>(&self.on.heads_of, (tenant.as_str(), bucket, slot)).await?;
                let ids = rows.take(STEP).map(|row| block_id(row?));
                let ids: Vec<BlockId> = ids.try_collect().await?;
                if ids.is_empty() {
                    self.cql.write(&self.on.drop_slot, (stamp, tenant.as_str(), bucket, slot)).await?;
                    break;
                }
                dropped += self.expire_blocks(tenant, ids).await?;
            }
        }
        Ok(dropped)
    }

    async fn expire_blocks(&self, tenant: &TenantId, ids: Vec<BlockId>) -> Result<Usage, StoreError> {
        let mut runs: HashMap<Run, Vec<BlockId>> = HashMap::new();
        for id in ids {
            let run = Run { tenant: tenant.clone(), node: id.node, boot: id.boot };
            runs.entry(run).or_default().push(id);
        }
        let dropping: Vec<_> = runs.iter().map(|(run, ids)| self.expire_run(run, ids)).collect();
        let sums: Vec<Usage> = stream::iter(dropping).buffer_unordered(SIDE_BY_SIDE).try_collect().await?;
        Ok(sums.into_iter().fold(Usage::default(), |mut sum, more| {
            sum += more;
            sum
        }))
    }

    async fn expire_run(&self, run: &Run, ids: &[BlockId]) -> Result<Usage, StoreError> {
        let _alone = self.alone(run).await;
        let mut dropped = Usage::default();
        for some in ids.chunks(TOGETHER) {
            let step = Box::pin(self.expire_some(run, some)).await;
            if step.is_err() {
                self.remember(run, None);
            }
            dropped += step?;
        }
        Ok(dropped)
    }

    async fn expire_some(&self, run: &Run, ids: &[BlockId]) -> Result<Usage, StoreError> {
        for tries in 0..TRIES {
            let mut state = self.state(run, tries > 0).await?;
            let first = ids.iter().map(|id| id.first).min().unwrap_or(0);
            let last = ids.iter().map(|id| id.last).max().unwrap_or(0);
            let present = self.ranges(run, &mut state, first, last).await?;
            let stamp = self.stamps.after(state.stamp);
            // A head that the run does not know is left over: it goes like the others, and counts for nothing.
            for id in ids.iter().filter(|id| !is_at(&present, id)) {
                self.drop_stray_head(run, id, stamp).await?;
            }
            let gone =
                ids.iter().filter(|id| is_at(&present, id)).filter_map(|id| present.get(&id.last).cloned());
            let plan = Plan { added: vec![], removed: gone.collect(), replaces: false };
            if plan.removed.is_empty() {
                self.remember(run, Some(state));
                return Ok(Usage::default());
            }
            let mut dropped = Usage::default();
            plan.removed.iter().for_each(|range| dropped += Usage::of(&range.header, range.bytes));
            if self.commit(run, state, &plan, stamp).await? {
                return Ok(dropped);
            }
            self.pause(tries).await;
        }
        Err(contended(run))
    }

    async fn drop_stray_head(&self, run: &Run, id: &BlockId, stamp: i64) -> Result<(), StoreError> {
        let (latest, node, boot, first, last) = super::names::head_key(id);
        let place =
            (stamp, run.tenant.as_str(), bucket_of(id.latest), run.slot(), latest, node, boot, first, last);
        self.cql.write(&self.on.drop_head, place).await
    }
}
