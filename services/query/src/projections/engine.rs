//! Feeds a projection and keeps its place.
//!
//! The checkpoint in the view store is the truth: it becomes durable together with the rows. The
//! consumer group only divides the partitions, so its commit may lag behind (records come again and
//! are skipped) or run ahead of dropped views (the engine reads the missing stretch itself).

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use futures::{FutureExt as _, StreamExt as _, future::try_join_all};
use vedetta_log::{
    Delivery, EventLog, Group, GroupError, Member, Offset, Offsets, Partition, Position, ReadError,
    ReadLimit, Record,
};
use vedetta_model::Clock;
use vedetta_model::simulated::{Bug, Point, planted, reached};
use vedetta_runtime::{Drain, Drained};
use vedetta_store::{Checkpoint, StoreError, ViewStore};

use super::{ApplyError, Draft, Progress, Projection, Rows, StoredRows};
use crate::metrics::{Metrics, ProjectionLabel};

/// Records that become durable in the views by one write.
const CHUNK: usize = 256;

/// Deliveries that are taken together, so that their partitions wait for the store side by side. A delivery has a bound of its own.
const GATHERED: usize = 32;

const WAITING: &str = "views wait for the store";
/// Before a read that broke off is begun again.
const PAUSE: Duration = Duration::from_millis(500);

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
        let mut behind = None;
        loop {
            let delivery = match behind.take() {
                Some(delivery) => delivery,
                None => match self.drain.or(member.next()).await {
                    Drained::Called => return Ok(()),
                    Drained::Done(delivery) => delivery,
                },
            };
            match delivery.map_err(group_error)? {
                Delivery::Assigned(positions) => {
                    for position in positions {
                        let Some(place) = self.catch_up(&position).await? else { return Ok(()) };
                        next.insert(position.partition, place);
                    }
                }
                Delivery::Revoked(partitions) => next.retain(|partition, _| !partitions.contains(partition)),
                Delivery::Records(records) => {
                    let gathered;
                    (gathered, behind) = gather(&mut *member, records);
                    if planted(Bug::ProjectionForgetsPlace) {
                        let ends = gathered.iter().filter_map(|(partition, records)| {
                            Some((partition.clone(), records.last()?.position.offset.next()))
                        });
                        member.commit(&ends.collect()).await.map_err(group_error)?;
                    }
                    let Some(places) = self.take_all(&gathered, &next).await? else { return Ok(()) };
                    if let Err(error) = member.commit(&places).await {
                        // The checkpoint has it: the group commit only saves reading again.
                        tracing::debug!(%error, projection = name, "group commit failed");
                    }
                    next.extend(places);
                }
            }
        }
    }

    /// Applies the records of each partition, all partitions side by side: no row is written from two. Returns the next place
    /// of each, or `None` when the drain came first.
    async fn take_all(&self, gathered: &Gathered, next: &Offsets) -> Result<Option<Offsets>, EngineError> {
        let take = async |partition: &Partition, records: &[Record]| {
            let place = match (next.get(partition), records.first()) {
                (Some(place), _) => Some(*place),
                (None, Some(first)) => self.catch_up(&first.position).await?,
                (None, None) => None,
            };
            let Some(place) = place else { return Ok(None) };
            let place = self.take(partition, records, place).await?;
            Ok::<_, EngineError>(place.map(|place| (partition.clone(), place)))
        };
        let places =
            try_join_all(gathered.iter().map(|(partition, records)| take(partition, records))).await?;
        Ok(places.into_iter().collect())
    }

    /// Applies what lies between the checkpoint and where the group begins; returns the next place to apply, or `None` when
    /// the drain came first.
    async fn catch_up(&self, group: &Position) -> Result<Option<Offset>, EngineError> {
        let name = self.projection.name();
        let source = group.partition.to_string();
        let ask = || self.store.checkpoint(name, &source);
        let checkpoint = match self.drain.persist(WAITING, StoreError::is_transient, ask).await {
            Drained::Called => return Ok(None),
            // Applying what was applied changes nothing.
            Drained::Done(Err(error @ StoreError::Corrupt { .. })) => {
                tracing::error!(%error, projection = name, "the views are made again from what the log has");
                0
            }
            Drained::Done(checkpoint) => checkpoint.map_err(|error| EngineError::Store(name, error))?,
        };
        if planted(Bug::ProjectionForgetsPlace) {
            return Ok(Some(group.offset));
        }
        if checkpoint >= group.offset.0 {
            return Ok(Some(Offset(checkpoint)));
        }
        self.replay(&group.partition, Offset(checkpoint), group.offset).await.map(Some)
    }

    /// Asks the log, again and again while its answer is an error that may pass. `None` when the drain came first.
    async fn ask<T, F>(&self, call: impl FnMut() -> F) -> Result<Option<T>, EngineError>
    where
        F: Future<Output = Result<T, ReadError>>,
    {
        match self.drain.persist("views wait for the log", ReadError::is_transient, call).await {
            Drained::Called => Ok(None),
            Drained::Done(answer) => {
                answer.map(Some).map_err(|error| EngineError::Read(self.projection.name(), error))
            }
        }
    }

    /// Applies the records of `from..to` that are still there.
    async fn replay(&self, partition: &Partition, from: Offset, to: Offset) -> Result<Offset, EngineError> {
        let name = self.projection.name();
        let Some(bounds) = self.ask(|| self.log.bounds(partition)).await? else { return Ok(from) };
        let (mut next, to) = (from.max(bounds.start), to.min(bounds.end));
        if next > from && from > Offset(0) {
            tracing::warn!(projection = name, %partition, %from, low = %next, "records were trimmed before they were applied");
        }
        if next >= to {
            return Ok(next);
        }
        reached(Point::StretchRead);
        let read = |offset| {
            let place = Position { partition: partition.clone(), offset };
            self.ask(move || self.log.read(place.clone(), ReadLimit::default()))
        };
        let mut stream = read(next).await?;
        while next < to {
            let Some(records) = &mut stream else { return Ok(next) };
            let batch = match self.drain.or(records.next()).await {
                Drained::Called => return Ok(next),
                Drained::Done(None) => return Err(EngineError::Ended(name, partition.clone())),
                Drained::Done(Some(Ok(batch))) => batch,
                Drained::Done(Some(Err(error))) => {
                    match error.behind() {
                        Some(behind) => {
                            tracing::error!(projection = name, %error, "passed over a record that is lost");
                            next = next.max(behind);
                        }
                        None if error.is_transient() => {
                            tracing::warn!(projection = name, %error, "views wait for the log");
                            let _ = self.drain.or(tokio::time::sleep(PAUSE)).await;
                        }
                        None => return Err(EngineError::Read(name, error)),
                    }
                    stream = read(next).await?;
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
            match self.drain.persist(WAITING, passes, try_it).await {
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

/// Records that are applied together.
type Gathered = BTreeMap<Partition, Vec<Record>>;

/// What has come already together with `first`, by partition, and what came behind it that is no records.
fn gather(member: &mut dyn Member, first: Vec<Record>) -> (Gathered, Option<Result<Delivery, GroupError>>) {
    let mut gathered = Gathered::new();
    let mut records = first;
    for _ in 0..GATHERED {
        if let Some(first) = records.first() {
            gathered.entry(first.position.partition.clone()).or_default().append(&mut records);
        }
        match member.next().now_or_never() {
            Some(Ok(Delivery::Records(more))) => records = more,
            other => return (gathered, other),
        }
    }
    (gathered, Some(Ok(Delivery::Records(records))))
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
