//! What lies in log and store once all is calm, read past everything that could be in the way.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use futures::StreamExt as _;
use vedetta_block::Batch;
use vedetta_log::{EventLog, Offset, Partition, Position, ReadLimit, Record, Topic};
use vedetta_model::{Finding, NodeId, Payload, TenantId, Timestamp, control::Envelope};
use vedetta_runtime::Reason;
use vedetta_store::{BlockId, BlockRange, BlockStore as _, Order};

use crate::{books::Run, check::Wrong, service::Platform, world::lock};

/// What lies in log and store, past all faults.
pub struct Present {
    /// Blocks as they were appended.
    pub telemetry: Vec<Record>,
    /// All findings, repeats with them.
    pub findings: Vec<Finding>,
    /// All decisions of the control feed, repeats with them.
    pub control: Vec<Envelope>,
    /// Where a record lay that was put aside, and by which stage.
    pub letters: BTreeSet<(Position, String)>,
    /// How often each number of a run is stored, and where.
    pub stored: BTreeMap<(Run, u64), u64>,
    /// Events that agents say they lost, by node.
    pub losses: BTreeMap<NodeId, u64>,
    /// Events that are no agent's report, by tenant; and of these, those in blocks that can't be read.
    pub activity: BTreeMap<TenantId, (u64, u64)>,
}

impl Present {
    /// Reads all of it.
    pub async fn of(platform: &Platform, wrong: &mut Wrong) -> anyhow::Result<Self> {
        let log = &platform.log;
        let telemetry = read(log, Topic::TELEMETRY).await?;
        let findings = read(log, Topic::FINDINGS).await?;
        let findings = findings.iter().map(|record| serde_json::from_slice(&record.payload));
        let control = read(log, Topic::CONTROL).await?;
        let control = control.iter().map(|record| Envelope::decode(&record.payload));
        let letters = read(log, Topic::DEAD_LETTERS).await?;
        let letters = letters.iter().filter_map(Reason::of).map(|reason| (reason.from, reason.stage));
        let mut present = Self {
            telemetry,
            findings: findings.collect::<Result<_, _>>()?,
            control: control.collect::<Result<_, _>>()?,
            letters: letters.collect(),
            stored: BTreeMap::new(),
            losses: BTreeMap::new(),
            activity: BTreeMap::new(),
        };
        for tenant in platform.store.archived().await? {
            for (id, block) in blocks(platform, &tenant).await? {
                present.count(platform, &tenant, (id, &block), wrong)?;
            }
        }
        Ok(present)
    }

    fn count(
        &mut self,
        platform: &Platform,
        tenant: &TenantId,
        (id, block): (BlockId, &[u8]),
        wrong: &mut Wrong,
    ) -> anyhow::Result<()> {
        let batch = Batch::decode(block)?;
        wrong.unless(batch.header.tenant == *tenant, || {
            format!("a block of {} lies with {tenant}", batch.header.tenant)
        });
        let run = (tenant.clone(), batch.header.node, batch.header.boot);
        let flipped = lock(&platform.block_damage).get(&(tenant.clone(), id)).is_some_and(Option::is_some);
        for event in &batch.events {
            *self.stored.entry((run.clone(), event.seq)).or_default() += 1;
            match &event.payload {
                Payload::Loss(loss) => *self.losses.entry(run.1).or_default() += loss.count,
                payload if payload.kind().as_str().starts_with("agent.") => {}
                _ => {
                    let (all, unreadable) = self.activity.entry(tenant.clone()).or_default();
                    *all += 1;
                    *unreadable += u64::from(flipped);
                }
            }
        }
        Ok(())
    }
}

/// The blocks of a tenant.
async fn blocks(platform: &Platform, tenant: &TenantId) -> anyhow::Result<Vec<(BlockId, Bytes)>> {
    let range = BlockRange {
        tenant: tenant.clone(),
        since: Timestamp::from_nanos(i64::MIN),
        until: Timestamp::from_nanos(i64::MAX),
        order: Order::Ascending,
    };
    let mut after = None;
    let mut blocks = Vec::new();
    loop {
        let page = platform.store.heads(&range, after, 1000).await?;
        let ids: Vec<BlockId> = page.heads.iter().map(BlockId::of).collect();
        let found = platform.store.blocks(tenant, &ids).await?;
        blocks.extend(ids.into_iter().zip(found.into_iter().flatten()));
        after = page.next;
        if after.is_none() {
            return Ok(blocks);
        }
    }
}

/// All records of a topic.
async fn read(log: &impl EventLog, topic: Topic) -> anyhow::Result<Vec<Record>> {
    let mut all = Vec::new();
    for index in 0..log.partitions(&topic).await? {
        let partition = Partition { topic: topic.clone(), index };
        let bounds = log.bounds(&partition).await?;
        let mut next = bounds.start;
        if next >= bounds.end {
            continue;
        }
        let mut records = log.read(Position { partition, offset: next }, ReadLimit::default()).await?;
        while next < bounds.end {
            let batch = records.next().await.unwrap_or(Ok(vec![]))?;
            next = batch.last().map_or(Offset(u64::MAX), |record| record.position.offset.next());
            all.extend(batch);
        }
    }
    Ok(all)
}
