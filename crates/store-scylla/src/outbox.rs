//! What waits for the relay.
//!
//! An event waits as long as its row of kind 2 lies in its stream; that row came with the event, in one batch. So that the relay
//! need not look through all streams, each append leaves a mark in its shard's part of `outbox` *before* it is made: a mark
//! without events does no harm, an event without a mark would never be found.
//!
//! A mark goes when its append's events are confirmed. One whose append is nowhere to be seen is of a writer that is under way
//! or died. After a while the stream gets another fence, on which every append's condition hangs: what was under way can't be done
//! any more, and if it still isn't there, the mark goes.

use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};

use uuid::Uuid;
use vedetta_store::{Shard, StoreError, Stored, StreamId, Version};

use crate::{
    cql::{Cas, Changes},
    events::{event_id, key, tenant},
    store::{Shared, TRIES, contended, lock},
};

/// Parts of the outbox. Never changes: an event is confirmed in the part it was put into.
pub const SHARDS: u16 = 4;
/// So often the relay looks for what other processes appended.
pub const LOOK_AGAIN: Duration = Duration::from_secs(1);
/// An append that takes longer than this, in microseconds, may have to begin anew.
const UNDER_WAY_MICROS: i64 = 30_000_000;

/// Marks beyond what was asked for that are looked at: so many may be left over.
const LEFT_OVER: usize = 64;
/// Marks without events that are remembered.
const MOST_IDLE: usize = 1024;

/// Says that a stream may have events that wait.
#[derive(Debug, Clone)]
pub struct Mark {
    pub made: i64,
    pub append: Uuid,
    pub stream: StreamId,
}

/// An event that waits.
#[derive(Debug, Clone)]
struct Waiting {
    version: i64,
    event: Uuid,
    append: Uuid,
    made: i64,
}

type MarkRow = (i64, Uuid, String, String, String);

impl Shared {
    pub async fn put_mark(&self, mark: &Mark) -> Result<(), StoreError> {
        let shard = Shard::of(&mark.stream, SHARDS);
        let (tenant, aggregate, id) = key(&mark.stream);
        let values = (i32::from(shard.0), mark.made, mark.append, tenant, aggregate, id, mark.made);
        self.cql.write(&self.on.put_mark, values).await
    }

    pub async fn drop_mark(&self, mark: &Mark) -> Result<(), StoreError> {
        let shard = Shard::of(&mark.stream, SHARDS);
        self.cql.write(&self.on.drop_mark, (mark.made + 1, i32::from(shard.0), mark.made, mark.append)).await
    }

    async fn marks(&self, shard: Shard, limit: usize) -> Result<Vec<Mark>, StoreError> {
        let most = i32::try_from(limit.max(1)).unwrap_or(i32::MAX);
        let rows = self.cql.rows::<MarkRow>(&self.on.marks, (i32::from(shard.0), most)).await?;
        let mark = |(made, append, of, aggregate, id): MarkRow| {
            let stream =
                StreamId { tenant: tenant("outbox", &of)?, aggregate: aggregate.into(), id: id.into() };
            Ok(Mark { made, append, stream })
        };
        rows.into_iter().map(mark).collect()
    }

    /// Whether there may be something to relay. Marks that had nothing are looked at again when the time comes for it.
    pub async fn any_mark(&self) -> Result<bool, StoreError> {
        for shard in (0..SHARDS).map(Shard) {
            let marks = self.marks(shard, LEFT_OVER).await?;
            let idle = lock(&self.idle);
            if marks.iter().any(|mark| !idle.contains(&mark.append)) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    async fn waiting_of(&self, stream: &StreamId, limit: usize) -> Result<Vec<Waiting>, StoreError> {
        let (tenant, aggregate, id) = key(stream);
        let most = i32::try_from(limit.max(1)).unwrap_or(i32::MAX);
        let values = (tenant, aggregate, id, most);
        let rows = self.cql.rows::<(i64, Vec<u8>, Uuid, i64)>(&self.on.stream_waiting, values).await?;
        let waiting = |(version, event, append, made): (i64, Vec<u8>, Uuid, i64)| {
            Ok(Waiting { version, event: event_id(stream, &event)?, append, made })
        };
        rows.into_iter().map(waiting).collect()
    }

    /// The oldest events of a shard that wait, by their marks, and in the order of their streams.
    pub async fn waiting(&self, shard: Shard, limit: usize) -> Result<Vec<Stored>, StoreError> {
        let mut chosen: Vec<(StreamId, Waiting)> = Vec::new();
        let mut streams: HashMap<StreamId, Vec<Waiting>> = HashMap::new();
        let mut seen: HashSet<Uuid> = HashSet::new();
        // A mark stands for at least one event, but for those that are left over; they go.
        for mark in self.marks(shard, limit.saturating_add(LEFT_OVER)).await? {
            if chosen.len() >= limit {
                break;
            }
            if !streams.contains_key(&mark.stream) {
                let waiting = self.waiting_of(&mark.stream, limit).await?;
                seen.extend(waiting.iter().map(|waiting| waiting.append));
                streams.insert(mark.stream.clone(), waiting);
            }
            let Some(waiting) = streams.get_mut(&mark.stream) else { continue };
            match waiting.iter().rposition(|waiting| waiting.append == mark.append) {
                Some(last) => chosen.extend(waiting.drain(..=last).map(|it| (mark.stream.clone(), it))),
                None if seen.contains(&mark.append) || waiting.len() >= limit => {}
                None => self.look_after(&mark).await?,
            }
        }
        chosen.truncate(limit);
        self.stored(chosen).await
    }

    /// The events themselves, of each stream read at once.
    async fn stored(&self, mut chosen: Vec<(StreamId, Waiting)>) -> Result<Vec<Stored>, StoreError> {
        let mut bounds: HashMap<&StreamId, (i64, i64)> = HashMap::new();
        for (stream, waiting) in &chosen {
            let (from, to) = bounds.entry(stream).or_insert((waiting.version, waiting.version));
            (*from, *to) = ((*from).min(waiting.version), (*to).max(waiting.version));
        }
        let mut found: HashMap<(StreamId, i64), Stored> = HashMap::new();
        let mut damaged: HashSet<StreamId> = HashSet::new();
        for (stream, (from, to)) in bounds {
            if from == 1 {
                self.name_stream(stream).await?;
            }
            let (after, count) = (Version((from - 1).cast_unsigned()), to - from + 1);
            match self.load_events(stream, after, usize::try_from(count).unwrap_or(usize::MAX)).await {
                Ok(loaded) => {
                    let place = |stored: &Stored| (stream.clone(), stored.version.0.cast_signed());
                    found.extend(loaded.into_iter().map(|stored| (place(&stored), stored)));
                }
                // Its order would be broken; the others go on.
                Err(error @ StoreError::Corrupt { .. }) => {
                    tracing::error!(%stream, %error, "decisions can't be read and do not reach the log");
                    damaged.insert(stream.clone());
                }
                Err(error) => return Err(error),
            }
        }
        chosen.retain(|(stream, _)| !damaged.contains(stream));
        // One whose append is only partly to be seen comes next time.
        let stored =
            chosen.into_iter().map_while(|(stream, waiting)| found.remove(&(stream, waiting.version)));
        Ok(stored.collect())
    }

    pub async fn confirm(&self, shard: Shard, events: &[Stored]) -> Result<(), StoreError> {
        let mut streams: HashMap<&StreamId, HashSet<(i64, Uuid)>> = HashMap::new();
        for event in events.iter().filter(|event| Shard::of(&event.stream, SHARDS) == shard) {
            streams.entry(&event.stream).or_default().insert((event.version.0.cast_signed(), event.id));
        }
        for (stream, done) in streams {
            self.confirm_stream(stream, &done).await?;
        }
        Ok(())
    }

    async fn confirm_stream(&self, stream: &StreamId, done: &HashSet<(i64, Uuid)>) -> Result<(), StoreError> {
        let _alone = self.alone(stream).await;
        for tries in 0..TRIES {
            let fence = self.stream_head(stream, tries > 0).await?.fence;
            let waiting = self.waiting_of(stream, usize::MAX).await?;
            let is_done = |waiting: &&Waiting| done.contains(&(waiting.version, waiting.event));
            let (gone, left): (Vec<&Waiting>, Vec<&Waiting>) = waiting.iter().partition(is_done);
            if gone.is_empty() {
                return Ok(());
            }
            let (mut changes, (tenant, aggregate, id)) = (Changes::default(), key(stream));
            // The fence stays as it is: this only has to be in line with the appends.
            let its = (fence, tenant.clone(), aggregate.clone(), id.clone(), fence);
            changes.add(&self.on.stream_fence, its);
            for waiting in &gone {
                let name = waiting.event.as_bytes().to_vec();
                let values = (tenant.clone(), aggregate.clone(), id.clone(), waiting.version, name);
                changes.add(&self.on.stream_drop_waiting, values);
            }
            if matches!(self.cql.cas(changes).await?, Cas::Applied) {
                let mut marks: HashMap<Uuid, i64> = gone.iter().map(|it| (it.append, it.made)).collect();
                marks.retain(|append, _| left.iter().all(|waiting| waiting.append != *append));
                for (append, made) in marks {
                    self.drop_mark(&Mark { made, append, stream: stream.clone() }).await?;
                }
                return Ok(());
            }
            self.pause(tries).await;
        }
        Err(contended(stream))
    }

    /// Removes the mark of an append that never was and never will be.
    async fn look_after(&self, mark: &Mark) -> Result<(), StoreError> {
        if self.stamps.next() - mark.made < UNDER_WAY_MICROS {
            let mut idle = lock(&self.idle);
            if idle.len() >= MOST_IDLE {
                idle.clear();
            }
            idle.insert(mark.append);
            return Ok(());
        }
        let fence = self.stream_head(&mark.stream, true).await?.fence;
        let (mut changes, (tenant, aggregate, id)) = (Changes::default(), key(&mark.stream));
        changes.add(&self.on.stream_fence, (Uuid::new_v4(), tenant, aggregate, id, fence));
        if !matches!(self.cql.cas(changes).await?, Cas::Applied) {
            return Ok(());
        }
        let waiting = self.waiting_of(&mark.stream, usize::MAX).await?;
        if waiting.iter().all(|waiting| waiting.append != mark.append) {
            tracing::debug!(stream = %mark.stream, "the mark of an append that never was is removed");
            self.drop_mark(mark).await?;
        }
        Ok(())
    }
}
