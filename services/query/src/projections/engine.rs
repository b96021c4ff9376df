//! Feeds a projection and keeps its place.
//!
//! The checkpoint in the view store is the truth: it becomes durable together with the rows. The
//! consumer group only divides the partitions, so its commit may lag behind (records come again and
//! are skipped) or run ahead of dropped views (the engine reads the missing stretch itself).

use std::{collections::BTreeMap, sync::Arc};

use futures::StreamExt;
use vedetta_log::{
    Delivery, EventLog, Group, GroupError, Offset, Offsets, Partition, Position, ReadError, ReadLimit, Record,
};
use vedetta_model::Clock;
use vedetta_model::simulated::{Bug, Point, planted, reached};
use vedetta_runtime::{Drain, Drained};
use vedetta_store::{Checkpoint, StoreError, ViewStore};

use super::{ApplyError, Draft, Progress, Projection, Rows, StoredRows};
use crate::metrics::{Metrics, ProjectionLabel};

/// Records that become durable in the views by one write.
const CHUNK: usize = 256;

/// Runs one projection.
#[derive(Debug)]
pub struct Engine {
    /// The log.
    pub log: Arc<dyn EventLog>,
    /// The views.
    pub store: Arc<dyn ViewStore>,
    /// The time, for measuring only.
    pub clock: Arc<dyn Clock>,
    /// The order to stop.
    pub drain: Drain,
    /// What is projected.
    pub projection: Arc<dyn Projection>,
    /// Consumer group.
    pub group: Group,
    /// Who waits.
    pub progress: Progress,
    /// Counters.
    pub metrics: Metrics,
}

/// Why a projection can't go on.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The views.
    #[error("projection {0}: {1}")]
    Store(&'static str, StoreError),
    /// The log.
    #[error("projection {0}: {1}")]
    Read(&'static str, ReadError),
    /// The group.
    #[error("projection {0}: {1}")]
    Group(&'static str, GroupError),
    /// The views hold what can't be made again.
    #[error(
        "projection {0}: {1} was trimmed up to {2}; its views can't be made again and were left as they are"
    )]
    Trimmed(&'static str, Partition, Offset),
    /// A stream that never ends by itself did.
    #[error("projection {0}: {1} ended")]
    Ended(&'static str, Partition),
}

impl Engine {
    /// Runs until the drain.
    pub async fn run(self) -> anyhow::Result<()> {
        let name = self.projection.name();
        let group_error = |error| EngineError::Group(name, error);
        let mut member =
            self.log.join(&self.group, &[self.projection.source()]).await.map_err(group_error)?;
        let mut next: Offsets = BTreeMap::new();
        loop {
            let delivery = match self.drain.or(member.next()).await {
                Drained::Called => return Ok(()),
                Drained::Done(delivery) => delivery.map_err(group_error)?,
            };
            match delivery {
                Delivery::Assigned(positions) => {
                    for position in positions {
                        let place = self.catch_up(&position).await?;
                        next.insert(position.partition, place);
                    }
                }
                Delivery::Revoked(partitions) => next.retain(|partition, _| !partitions.contains(partition)),
                Delivery::Records(records) => {
                    let Some(first) = records.first() else { continue };
                    let partition = first.position.partition.clone();
                    let place = match next.get(&partition) {
                        Some(place) => *place,
                        None => self.catch_up(&first.position).await?,
                    };
                    if planted(Bug::ProjectionForgetsPlace)
                        && let Some(last) = records.last()
                    {
                        let behind = BTreeMap::from([(partition.clone(), last.position.offset.next())]);
                        member.commit(&behind).await.map_err(group_error)?;
                    }
                    let Some(place) = self.take(&partition, &records, place).await? else { return Ok(()) };
                    next.insert(partition.clone(), place);
                    if let Err(error) = member.commit(&BTreeMap::from([(partition, place)])).await {
                        // The checkpoint has it: the group commit only saves reading again.
                        tracing::debug!(%error, projection = name, "group commit failed");
                    }
                }
            }
        }
    }

    /// Applies what lies between the checkpoint and where the group begins; returns the next place to apply.
    async fn catch_up(&self, group: &Position) -> Result<Offset, EngineError> {
        let name = self.projection.name();
        let checkpoint = match self.store.checkpoint(name, &group.partition.to_string()).await {
            // Applying what was applied changes nothing.
            Err(error @ StoreError::Corrupt { .. }) => {
                tracing::error!(%error, projection = name, "the views are made again from what the log has");
                0
            }
            checkpoint => checkpoint.map_err(|error| EngineError::Store(name, error))?,
        };
        if planted(Bug::ProjectionForgetsPlace) {
            return Ok(group.offset);
        }
        if checkpoint >= group.offset.0 {
            return Ok(Offset(checkpoint));
        }
        self.replay(&group.partition, Offset(checkpoint), group.offset).await
    }

    /// Applies the records of `from..to` that are still there.
    async fn replay(&self, partition: &Partition, from: Offset, to: Offset) -> Result<Offset, EngineError> {
        let name = self.projection.name();
        let read_error = |error| EngineError::Read(name, error);
        let bounds = self.log.bounds(partition).await.map_err(read_error)?;
        let (mut next, to) = (from.max(bounds.start), to.min(bounds.end));
        if next > from && from > Offset(0) {
            tracing::warn!(projection = name, %partition, %from, low = %next, "records were trimmed before they were applied");
        }
        if next >= to {
            return Ok(next);
        }
        reached(Point::StretchRead);
        let read = async |offset| {
            let place = Position { partition: partition.clone(), offset };
            self.log.read(place, ReadLimit::default()).await.map_err(read_error)
        };
        let mut records = read(next).await?;
        while next < to {
            let batch = match self.drain.or(records.next()).await {
                Drained::Called => return Ok(next),
                Drained::Done(None) => return Err(EngineError::Ended(name, partition.clone())),
                Drained::Done(Some(Ok(batch))) => batch,
                Drained::Done(Some(Err(error))) => {
                    let Some(behind) = error.behind() else { return Err(read_error(error)) };
                    tracing::error!(projection = name, %error, "passed over a record that is lost");
                    next = next.max(behind);
                    records = read(next).await?;
                    continue;
                }
            };
            match self.take(partition, &batch, next).await? {
                Some(place) => next = place,
                None => return Ok(next),
            }
        }
        Ok(next)
    }

    /// Applies records from `place` on; returns the next place, or `None` when the drain came first.
    async fn take(
        &self,
        partition: &Partition,
        records: &[Record],
        mut place: Offset,
    ) -> Result<Option<Offset>, EngineError> {
        let fresh = &records[records.partition_point(|record| record.position.offset < place)..];
        if fresh.len() < records.len() {
            reached(Point::AppliedBefore);
        }
        for chunk in fresh.chunks(CHUNK) {
            let label = ProjectionLabel { projection: self.projection.name() };
            let passes = |error: &StoreError| {
                self.metrics.retries.get_or_create(&label).inc_by(error.is_transient().into());
                error.is_transient()
            };
            let try_it = || self.try_chunk(partition, chunk);
            match self.drain.persist("views wait for the store", passes, try_it).await {
                Drained::Called => return Ok(None),
                Drained::Done(next) => {
                    place = next.map_err(|error| EngineError::Store(label.projection, error))?;
                }
            }
        }
        Ok(Some(place))
    }

    async fn try_chunk(&self, partition: &Partition, chunk: &[Record]) -> Result<Offset, StoreError> {
        let label = ProjectionLabel { projection: self.projection.name() };
        let stored = StoredRows(&*self.store);
        let mut draft = Draft::on(&stored);
        for record in chunk {
            match self.projection.apply(record, &draft as &dyn Rows).await {
                Ok(changes) => draft.take(changes),
                Err(ApplyError::Store(error)) => return Err(error),
                Err(ApplyError::Poison(what)) => self.skip(record, &what),
            }
        }
        let next = chunk.last().map_or(Offset(0), |record| record.position.offset.next());
        let checkpoint = Checkpoint {
            projection: label.projection.into(),
            source: partition.to_string().into(),
            next: next.0,
        };
        let changes = draft.into_changes();
        self.store.apply(&changes, &checkpoint).await?;
        self.progress.applied(&changes);
        self.metrics.records.get_or_create(&label).inc_by(chunk.len() as u64);
        if let Some(newest) = chunk.last() {
            self.metrics.latency.observe(self.clock.now().since(newest.appended).as_secs_f64());
        }
        Ok(next)
    }

    fn skip(&self, record: &Record, why: &dyn std::fmt::Display) {
        let projection = self.projection.name();
        self.metrics.poison.get_or_create(&ProjectionLabel { projection }).inc();
        tracing::error!(%why, tenant = %record.tenant, place = %record.position, projection, "a record was skipped");
    }
}

/// Drops a projection's views and makes them again from the log, up to where it ends now. The
/// projection must not run at the same time. Refused when a part of its topic is gone from the log.
pub async fn rebuild(engine: &Engine) -> Result<(), EngineError> {
    let (name, source) = (engine.projection.name(), engine.projection.source());
    let store_error = |error| EngineError::Store(name, error);
    let read_error = |error| EngineError::Read(name, error);
    let mut ends = Vec::new();
    for index in 0..engine.log.partitions(&source).await.map_err(read_error)? {
        let partition = Partition { topic: source.clone(), index };
        let bounds = engine.log.bounds(&partition).await.map_err(read_error)?;
        if bounds.start > Offset(0) {
            return Err(EngineError::Trimmed(name, partition, bounds.start));
        }
        ends.push((partition, bounds.end));
    }
    engine.store.drop_views(name, engine.projection.views()).await.map_err(store_error)?;
    for (partition, end) in ends {
        engine.replay(&partition, Offset(0), end).await?;
    }
    Ok(())
}
