//! The log.

use std::{
    collections::BTreeMap,
    fmt,
    ops::Range,
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicBool, Ordering},
    },
};

use async_trait::async_trait;
use bytes::Bytes;
use tokio::sync::watch;
use vedetta_embedded::{Database, Error, Growth, Space, Values, View};
use vedetta_log::{
    AppendError, Appended, Batch, Capabilities, Description, EventLog, Group, GroupError, Member, Offset,
    Offsets, Partition, Position, ReadError, ReadLimit, Record, RecordStream, Topic, TopicOptions,
    groups::{Commits, Coordinator},
    partition_of,
};
use vedetta_model::Clock;

use crate::{errors, keys, lane::Lane, lane::whole, record};

/// How many records one step of a trim removes, so that appends get between.
const TRIM_STEP: usize = 4096;
const KEY_COST: usize = 64;

/// A log in a [`Database`]. Clones are the same log.
#[derive(Clone)]
pub struct EmbeddedLog {
    shared: Arc<Shared>,
}

struct Shared {
    db: Database,
    clock: Arc<dyn Clock>,
    spaces: Spaces,
    topics: RwLock<BTreeMap<Topic, Arc<[Lane]>>>,
    max_record_bytes: usize,
    closing: AtomicBool,
    closed: watch::Sender<bool>,
    groups: Coordinator,
}

#[derive(Clone, Copy)]
struct Spaces {
    topics: Space,
    records: Space,
    lows: Space,
    commits: Space,
}

impl fmt::Debug for EmbeddedLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("EmbeddedLog").field(&self.shared.db.dir()).finish()
    }
}

impl EmbeddedLog {
    /// Largest record.
    pub const MAX_RECORD_BYTES: usize = 4 << 20;

    /// The log that lies in `db`; records are stamped by `clock`.
    pub fn open(db: &Database, clock: Arc<dyn Clock>) -> Result<Self, Error> {
        let spaces = Spaces {
            topics: db.space("log.topics", Values::Small)?,
            records: db.space("log.records", Values::Large)?,
            lows: db.space("log.lows", Values::Small)?,
            commits: db.space("log.commits", Values::Small)?,
        };
        let topics = db.read(|view| load_topics(view, spaces))?;
        Ok(Self {
            shared: Arc::new(Shared {
                db: db.clone(),
                clock,
                spaces,
                topics: RwLock::new(topics),
                max_record_bytes: Self::MAX_RECORD_BYTES,
                closing: AtomicBool::new(false),
                closed: watch::channel(false).0,
                groups: Coordinator::default(),
            }),
        })
    }

    fn lanes(&self, topic: &Topic) -> Option<Arc<[Lane]>> {
        self.shared.topics.read().unwrap_or_else(PoisonError::into_inner).get(topic).cloned()
    }

    fn lane<T>(&self, partition: &Partition, work: impl FnOnce(&Lane) -> T) -> Result<T, ReadError> {
        if self.is_closing() {
            return Err(ReadError::Closed);
        }
        let lanes = self.lanes(&partition.topic);
        let lane = lanes.as_deref().and_then(|lanes| lanes.get(partition.index as usize));
        lane.map(work).ok_or_else(|| ReadError::NoSuchPartition(partition.clone()))
    }

    fn is_closing(&self) -> bool {
        self.shared.closing.load(Ordering::Acquire)
    }

    fn check_low(&self, from: &Position) -> Result<(), ReadError> {
        match self.lane(&from.partition, Lane::low)? {
            low if from.offset < low => Err(ReadError::OutOfRange { partition: from.partition.clone(), low }),
            _ => Ok(()),
        }
    }

    /// The records from a place on that fit the limit: none at the tail.
    async fn take(&self, from: &Position, limit: ReadLimit) -> Result<Vec<Record>, ReadError> {
        let next = self.lane(&from.partition, Lane::next)?;
        self.check_low(from)?;
        if from.offset >= next {
            return Ok(vec![]);
        }
        let (records, wanted) = (self.shared.spaces.records, from.clone());
        let read =
            self.shared.db.read_blocking(move |view| Ok(collect(view, records, &wanted, next, limit))).await;
        let read = read.map_err(|error| errors::read(&from.partition, from.offset, error))?;
        // A trim in between may have taken what was wanted: say so, never skip.
        self.check_low(from)?;
        read
    }
}

fn load_topics(view: View<'_>, spaces: Spaces) -> Result<BTreeMap<Topic, Arc<[Lane]>>, Error> {
    let mut topics = BTreeMap::new();
    for entry in view.range::<std::ops::RangeFull>(spaces.topics, ..)? {
        let entry = entry?;
        let damaged = || Error::Damaged {
            place: format!("log.topics[{}]", entry.key.escape_ascii()),
            what: "not a topic and its number of partitions".into(),
        };
        let topic = keys::parse_topic(&entry.key).ok_or_else(damaged)?;
        let count =
            entry.value.clone()?.as_ref().try_into().map(u32::from_le_bytes).map_err(|_| damaged())?;
        let lanes = (0..count).map(|index| {
            Lane::load(view, spaces.records, spaces.lows, &Partition { topic: topic.clone(), index })
        });
        topics.insert(topic.clone(), lanes.collect::<Result<_, _>>()?);
    }
    Ok(topics)
}

/// Records from `from` up to `next`. Damage ends the batch before it, or is the answer when it comes first.
fn collect(
    view: View<'_>,
    space: Space,
    from: &Position,
    next: Offset,
    limit: ReadLimit,
) -> Result<Vec<Record>, ReadError> {
    let partition = &from.partition;
    let fail = |offset, error| errors::read(partition, offset, error);
    let range = keys::record(partition, from.offset)..keys::record(partition, next);
    let mut records: Vec<Record> = Vec::new();
    let mut bytes = 0;
    for entry in view.range(space, range).map_err(|error| fail(from.offset, error))? {
        let expected = records.last().map_or(from.offset, |last| last.position.offset.next());
        let record = entry.map_err(|error| fail(expected, error)).and_then(|entry| {
            let offset = keys::offset(&entry.key).unwrap_or(expected);
            let body = entry.value.map_err(|error| fail(offset, error))?;
            let position = Position { partition: partition.clone(), offset };
            record::decode(position, body).ok_or_else(|| ReadError::Corrupt {
                partition: partition.clone(),
                offset,
                what: "not a record".into(),
            })
        });
        match record {
            Err(error) if records.is_empty() => return Err(error),
            Err(_) => break,
            Ok(record) => {
                bytes += record.payload.len();
                if !records.is_empty() && bytes > limit.bytes {
                    break;
                }
                records.push(record);
                if records.len() >= limit.records.max(1) {
                    break;
                }
            }
        }
    }
    Ok(records)
}

/// A stored number. A damaged one counts as none, aloud: a group then starts at the low watermark and
/// sees records again, which is allowed, and the next write mends it.
fn number(stored: Result<Option<Bytes>, Error>) -> Option<u64> {
    match stored {
        Ok(bytes) => bytes?.as_ref().try_into().ok().map(u64::from_le_bytes),
        Err(error) => {
            tracing::error!(%error, "a stored offset can't be read");
            None
        }
    }
}

#[async_trait]
impl EventLog for EmbeddedLog {
    fn describe(&self) -> Description {
        Description {
            url: format!("file:{}", self.shared.db.dir().display()),
            capabilities: Capabilities {
                cross_process_groups: false,
                trim_is_exact: true,
                durable: true,
                max_record_bytes: self.shared.max_record_bytes,
            },
        }
    }

    async fn create_topic(&self, topic: &Topic, options: TopicOptions) -> Result<u32, AppendError> {
        if self.is_closing() {
            return Err(AppendError::Closed);
        }
        if let Some(lanes) = self.lanes(topic) {
            return Ok(u32::try_from(lanes.len()).unwrap_or(u32::MAX));
        }
        if topic.as_str().is_empty() || topic.as_str().len() > keys::MAX_TOPIC {
            return Err(AppendError::NoSuchTopic(topic.clone()));
        }
        let (log, topic, partitions) = (self.clone(), topic.clone(), options.partitions.max(1));
        let made = self.shared.db.write(KEY_COST, Growth::Grows, move |txn| {
            let (spaces, key) = (log.shared.spaces, keys::topic(&topic));
            // Made by a job before this one, perhaps of the same commit.
            if let Some(count) = txn.get(spaces.topics, &key)? {
                return Ok(count.as_ref().try_into().map_or(partitions, u32::from_le_bytes));
            }
            txn.put(spaces.topics, key, partitions.to_le_bytes());
            txn.when_decided(move |durable| {
                if durable {
                    let lanes = (0..partitions).map(|_| Lane::empty()).collect();
                    log.shared.topics.write().unwrap_or_else(PoisonError::into_inner).insert(topic, lanes);
                }
            });
            Ok(partitions)
        });
        made.await.flatten().map_err(errors::append)
    }

    async fn partitions(&self, topic: &Topic) -> Result<u32, ReadError> {
        match self.lanes(topic) {
            Some(lanes) => Ok(u32::try_from(lanes.len()).unwrap_or(u32::MAX)),
            None => Err(ReadError::NoSuchPartition(Partition { topic: topic.clone(), index: 0 })),
        }
    }

    async fn append(&self, topic: &Topic, batch: Batch) -> Result<Appended, AppendError> {
        if self.is_closing() {
            return Err(AppendError::Closed);
        }
        let lanes = self.lanes(topic).ok_or_else(|| AppendError::NoSuchTopic(topic.clone()))?;
        let count = u32::try_from(lanes.len()).unwrap_or(u32::MAX);
        let appended = self.shared.clock.now();
        let mut cost = 0;
        let mut bodies = Vec::with_capacity(batch.len());
        for (index, record) in batch.iter().enumerate() {
            let (size, limit) = (record.size(), self.shared.max_record_bytes);
            if size > limit {
                return Err(AppendError::TooLarge { index, size, limit });
            }
            let body = record::encode(index, record, appended)?;
            cost += body.size() + KEY_COST;
            bodies.push((partition_of(&record.key, count), body));
        }
        drop(batch);
        let (topic, records) = (topic.clone(), self.shared.spaces.records);
        let written = self.shared.db.write(cost, Growth::Grows, move |txn| {
            let mut positions = Vec::with_capacity(bodies.len());
            let mut ends = BTreeMap::new();
            for (index, body) in bodies {
                let partition = Partition { topic: topic.clone(), index };
                let offset = lanes[index as usize].assign(txn.durable(), records, &partition)?;
                txn.put(records, keys::record(&partition, offset), body);
                ends.insert(index, offset.next().0);
                positions.push(Position { partition, offset });
            }
            txn.when_decided(move |durable| {
                for (index, next) in ends {
                    lanes[index as usize].decided(durable, next);
                }
            });
            Ok(Appended { positions })
        });
        written.await.flatten().map_err(errors::append)
    }

    async fn bounds(&self, partition: &Partition) -> Result<Range<Offset>, ReadError> {
        self.lane(partition, |lane| lane.low()..lane.next())
    }

    async fn read(&self, mut from: Position, limit: ReadLimit) -> Result<RecordStream, ReadError> {
        let mut tail = self.lane(&from.partition, Lane::tail)?;
        self.check_low(&from)?;
        let log = self.clone();
        let mut closed = self.shared.closed.subscribe();
        Ok(Box::pin(async_stream::try_stream! {
            loop {
                tail.mark_unchanged();
                let records = log.take(&from, limit).await?;
                if let Some(last) = records.last() {
                    from.offset = last.position.offset.next();
                    yield records;
                    continue;
                }
                let grew = tokio::select! {
                    changed = tail.changed() => changed.is_ok(),
                    _ = closed.wait_for(|closed| *closed) => false,
                };
                if !grew {
                    Err(ReadError::Closed)?;
                }
            }
        }))
    }

    async fn join(&self, group: &Group, topics: &[Topic]) -> Result<Box<dyn Member>, GroupError> {
        self.shared.groups.join(self.clone(), group, topics).await
    }

    async fn committed(&self, group: &Group, partition: &Partition) -> Result<Option<Offset>, GroupError> {
        self.lane(partition, |_| ())?;
        let commits = self.shared.spaces.commits;
        let key = keys::commit(group, partition);
        let stored = self.shared.db.read(|view| Ok(number(view.get(commits, &key))));
        Ok(stored.map_err(errors::group)?.map(Offset))
    }

    async fn trim(&self, partition: &Partition, before: Offset) -> Result<(), ReadError> {
        let low = self.lane(partition, |lane| before.min(lane.next()).max(lane.low()))?;
        let fail = |error| errors::read(partition, low, error);
        let (lows, records) = (self.shared.spaces.lows, self.shared.spaces.records);
        let db = &self.shared.db;
        // First the watermark: what a crash leaves below it is never shown and goes with the next trim.
        let (log, place) = (self.clone(), partition.clone());
        let raised = db.write(KEY_COST, Growth::Frees, move |txn| {
            let key = keys::partition(&place);
            if number(txn.get(lows, &key)).is_none_or(|present| present < low.0) {
                txn.put(lows, key, low.0.to_le_bytes());
            }
            txn.when_decided(move |durable| {
                if durable {
                    // The partition was there a moment ago and none is ever taken away.
                    let _ = log.lane(&place, |lane| lane.raise_low(low));
                }
            });
            Ok::<_, Error>(())
        });
        raised.await.flatten().map_err(fail)?;
        loop {
            let place = partition.clone();
            let removed = db.write(TRIM_STEP * KEY_COST, Growth::Frees, move |txn| {
                let below = whole(&place).start().clone()..keys::record(&place, low);
                let keys: Vec<_> =
                    txn.durable().keys(records, below)?.take(TRIM_STEP).collect::<Result<_, _>>()?;
                let count = keys.len();
                keys.into_iter().for_each(|key| txn.remove(records, key));
                Ok(count)
            });
            if removed.await.flatten().map_err(fail)? < TRIM_STEP {
                break;
            }
        }
        if let Err(error) = db.reclaim(records).await {
            tracing::warn!(%error, %partition, "what was trimmed may take its space for some time yet");
        }
        Ok(())
    }

    async fn close(&self) {
        self.shared.closing.store(true, Ordering::Release);
        // The queue is in order: when an empty job is through, all appends before it are.
        let through = self.shared.db.write(1, Growth::Frees, |_| Ok::<_, Error>(())).await;
        if let Err(error) = through.flatten() {
            tracing::debug!(%error, "the database was closed before the log");
        }
        self.shared.closed.send_replace(true);
        self.shared.groups.close();
    }
}

#[async_trait]
impl Commits for EmbeddedLog {
    async fn commit(&self, group: &Group, next: &Offsets) -> Result<(), GroupError> {
        if self.is_closing() {
            return Err(GroupError::Closed);
        }
        let commits = self.shared.spaces.commits;
        let wanted: Vec<_> = next.iter().map(|(place, next)| (keys::commit(group, place), next.0)).collect();
        let written = self.shared.db.write(wanted.len() * KEY_COST, Growth::Frees, move |txn| {
            for (key, next) in wanted {
                if number(txn.get(commits, &key)).is_none_or(|present| present < next) {
                    txn.put(commits, key, next.to_le_bytes());
                }
            }
            Ok::<_, Error>(())
        });
        written.await.flatten().map_err(errors::group)
    }
}
