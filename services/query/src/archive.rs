//! From the log's telemetry to the store of blocks, where events are searched.
//!
//! Blocks of a quiet node are small: those that follow each other within a moment are merged before they are
//! kept. Keeping is idempotent, so the consumer group's commit is all the place-keeping there is: it comes after the
//! blocks are durable, and what comes again is known. A block that can't be kept goes to the dead letters and never
//! stops a partition.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use tokio::time::Instant;
use vedetta_aside::aside;
use vedetta_block::{BlockError, Header, follows, merge};
use vedetta_log::{Delivery, EventLog, Group, Offsets, Partition, Record, Topic};
use vedetta_model::{
    Clock, Timestamp,
    simulated::{Bug, Point, planted, reached},
};
use vedetta_runtime::{DeadLetters, Drain, Drained};
use vedetta_store::{BlockStore, Kept, StoreError};

use crate::metrics::Metrics;

/// Blocks with fewer events are merged with what follows.
const SMALL: u32 = 1024;
/// Most bytes that wait.
const WAITING_BYTES: usize = 8 << 20;

/// Who keeps blocks.
#[derive(Debug)]
pub struct Archiver {
    /// The log.
    pub log: Arc<dyn EventLog>,
    /// The blocks.
    pub blocks: Arc<dyn BlockStore>,
    /// Where blocks go that can't be kept.
    pub dead_letters: DeadLetters,
    /// The order to stop.
    pub drain: Drain,
    /// Consumer group.
    pub group: Group,
    /// How long a small block waits for what follows.
    pub linger: Duration,
    /// Counters.
    pub metrics: Metrics,
}

/// Blocks of one partition that follow each other, and the records they came in.
struct Run {
    last: Header,
    events: u32,
    records: Vec<Record>,
}

impl Run {
    fn is_of(&self, record: &Record) -> bool {
        self.records.first().is_some_and(|first| first.position.partition == record.position.partition)
    }

    fn takes(&self, next: &Header) -> bool {
        self.events < SMALL
            && self.events.saturating_add(next.count) <= 2 * SMALL
            && follows(&self.last, next)
    }
}

/// What waits to be kept.
#[derive(Default)]
struct Waiting {
    runs: Vec<Run>,
    offsets: Offsets,
    bytes: usize,
    since: Option<Instant>,
}

impl Waiting {
    /// Others go on with these partitions; what waits of the rest will not come again and is still to be kept.
    fn forget(&mut self, revoked: &[Partition]) {
        let is_mine = |record: &Record| !revoked.contains(&record.position.partition);
        self.runs.retain(|run| run.records.iter().all(is_mine));
        self.offsets.retain(|partition, _| !revoked.contains(partition));
        self.bytes = self.runs.iter().flat_map(|run| &run.records).map(|record| record.payload.len()).sum();
    }

    fn push(&mut self, header: Header, record: Record) {
        self.bytes += record.payload.len();
        match self.runs.iter_mut().rfind(|run| {
            (run.last.node, run.last.boot) == (header.node, header.boot) && run.last.tenant == header.tenant
        }) {
            Some(run) if run.takes(&header) && run.is_of(&record) => {
                run.events += header.count;
                run.last = header;
                run.records.push(record);
            }
            _ => self.runs.push(Run { events: header.count, last: header, records: vec![record] }),
        }
    }
}

/// The header, when the block is whole and its record's tenant is its own.
fn check(record: &Record) -> Result<Header, String> {
    let header = Header::verify(&record.payload).map_err(|error: BlockError| error.to_string())?;
    if header.tenant == record.tenant {
        Ok(header)
    } else {
        Err("the block names another tenant than its record".to_owned())
    }
}

impl Archiver {
    /// Runs until the drain.
    pub async fn run(self) -> anyhow::Result<()> {
        let mut member = self.log.join(&self.group, &[Topic::TELEMETRY]).await?;
        let mut waiting = Waiting::default();
        loop {
            let due = waiting.since.map(|since| since + self.linger);
            let delivery = tokio::select! {
                delivery = self.drain.or(member.next()) => match delivery {
                    Drained::Called => return Ok(()),
                    Drained::Done(delivery) => Some(delivery?),
                },
                () = tokio::time::sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => None,
            };
            match delivery {
                Some(Delivery::Assigned(_)) => {}
                Some(Delivery::Revoked(partitions)) => waiting.forget(&partitions),
                Some(Delivery::Records(records)) => {
                    waiting.since.get_or_insert_with(Instant::now);
                    if !self.take(records, &mut waiting).await? {
                        return Ok(());
                    }
                }
                None => {}
            }
            let is_due = waiting.since.is_some_and(|since| since.elapsed() >= self.linger);
            if is_due || waiting.bytes >= WAITING_BYTES {
                let Waiting { runs, offsets, .. } = std::mem::take(&mut waiting);
                if !self.keep(runs).await? {
                    return Ok(());
                }
                if let Err(error) = member.commit(&offsets).await {
                    // What comes again is known.
                    tracing::warn!(%error, "the place in the log was not kept");
                }
            }
        }
    }

    async fn take(&self, records: Vec<Record>, waiting: &mut Waiting) -> anyhow::Result<bool> {
        if let Some(last) = records.last() {
            waiting.offsets.insert(last.position.partition.clone(), last.position.offset.next());
        }
        for record in records {
            match check(&record) {
                Ok(header) => waiting.push(header, record),
                Err(why) => {
                    if !self.bury(&record, &why).await? {
                        return Ok(false);
                    }
                }
            }
        }
        Ok(true)
    }

    /// Keeps runs, merged where there is something to merge. False when the drain came first.
    async fn keep(&self, runs: Vec<Run>) -> anyhow::Result<bool> {
        let merging = move || runs.into_iter().flat_map(|run| merged(run.records)).collect::<Vec<_>>();
        self.keep_merged(aside(merging).await?).await
    }

    /// Keeps blocks, each with the records it was made of.
    async fn keep_merged(&self, mut left: Vec<(Bytes, Vec<Record>)>) -> anyhow::Result<bool> {
        while !left.is_empty() {
            let blocks: Vec<Bytes> = left.iter().map(|(block, _)| block.clone()).collect();
            let kept = match self.keep_blocks(&blocks).await {
                Ok(Some(kept)) => kept,
                Ok(None) => return Ok(false),
                // What stands in the way of one must not hold up the others.
                Err(StoreError::Corrupt { .. }) if left.len() > 1 => {
                    for one in left {
                        if !Box::pin(self.keep_merged(vec![one])).await? {
                            return Ok(false);
                        }
                    }
                    return Ok(true);
                }
                Err(error @ StoreError::Corrupt { .. }) => {
                    for record in left.iter().flat_map(|(_, records)| records) {
                        if !self.bury(record, &format!("it can't be kept: {error}")).await? {
                            return Ok(false);
                        }
                    }
                    return Ok(true);
                }
                Err(error) => return Err(error.into()),
            };
            for ((_, records), kept) in std::mem::take(&mut left).into_iter().zip(kept) {
                match (kept, &records[..]) {
                    (Kept::New, records) => {
                        if records.len() > 1 {
                            reached(Point::Merged);
                        }
                        self.metrics.archived.inc();
                        self.metrics.merged.inc_by(records.len() as u64 - 1);
                    }
                    (Kept::Known, _) => reached(Point::KeptBefore),
                    (Kept::Overlaps(_), _) if planted(Bug::ArchiveDropsOverlaps) => {}
                    (Kept::Overlaps(with), [record]) => {
                        let why = format!("its numbers are those of events that were kept before: {with}");
                        if !self.bury(record, &why).await? {
                            return Ok(false);
                        }
                    }
                    // Some of them were kept before a crash, and merged otherwise.
                    (Kept::Overlaps(_), _) => {
                        reached(Point::KeptAlone);
                        left.extend(records.into_iter().map(alone));
                    }
                }
            }
        }
        Ok(true)
    }

    async fn keep_blocks(&self, blocks: &[Bytes]) -> Result<Option<Vec<Kept>>, StoreError> {
        let kept = self
            .drain
            .persist("blocks wait for the store", StoreError::is_transient, || self.blocks.keep(blocks));
        match kept.await {
            Drained::Called | Drained::Done(Err(StoreError::Closed)) => Ok(None),
            Drained::Done(kept) => Ok(Some(kept?)),
        }
    }

    async fn bury(&self, record: &Record, why: &str) -> anyhow::Result<bool> {
        self.metrics.buried.inc();
        Ok(self.dead_letters.bury(record, "archive", why, &self.drain).await?)
    }
}

/// How often old blocks are looked for.
const SWEEP: Duration = Duration::from_secs(600);

/// Drops what is older than `keep`, again and again until the drain.
pub async fn retention(
    blocks: Arc<dyn BlockStore>,
    clock: Arc<dyn Clock>,
    keep: Duration,
    drain: Drain,
) -> anyhow::Result<()> {
    loop {
        if let Err(error) = expire(&*blocks, clock.now().before(keep)).await {
            tracing::warn!(%error, "old blocks were not dropped; trying again later");
        }
        if drain.or(tokio::time::sleep(SWEEP)).await == Drained::Called {
            return Ok(());
        }
    }
}

/// Drops what is older than a time, of all tenants.
pub async fn expire(blocks: &dyn BlockStore, before: Timestamp) -> Result<(), StoreError> {
    for tenant in blocks.archived().await? {
        let dropped = blocks.expire(&tenant, before).await?;
        if dropped.blocks > 0 {
            tracing::info!(%tenant, blocks = dropped.blocks, events = dropped.events, bytes = dropped.bytes, "old events were dropped");
        }
    }
    Ok(())
}

fn alone(record: Record) -> (Bytes, Vec<Record>) {
    (record.payload.clone(), vec![record])
}

/// One block for all records, where that can be made; else each its own.
fn merged(records: Vec<Record>) -> Vec<(Bytes, Vec<Record>)> {
    if records.len() > 1 {
        let blocks: Vec<Bytes> = records.iter().map(|record| record.payload.clone()).collect();
        match merge(&blocks) {
            Ok(block) => return vec![(block, records)],
            Err(error) => tracing::debug!(%error, "blocks are kept as they came"),
        }
    }
    records.into_iter().map(alone).collect()
}
