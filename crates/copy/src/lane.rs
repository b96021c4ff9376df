//! One sequence of records of the source beside what lies in the target.
//!
//! ```text
//!   source   a b c d e f g …            one partition, or all of them merged when their number differs
//!   target   a b c                      what arrived is a beginning: the same records, compared one by one
//!                  └─ appended from here on, one batch under way
//! ```
//!
//! The log takes no condition with an append, so this order is all there is to tell what arrived: nothing else writes to the
//! target, the next batch is sent when the one before is durable, and an answer that did not come ends the copy.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use vedetta_log::{AppendError, Batch, NewRecord, Partition, Position, Record, Topic, partition_of};

use crate::{
    CopyError, Digest, Meter, Side,
    cursor::{Cursor, Merge},
    places::{Places, Readers},
};

/// What travels in one append.
const BATCH_RECORDS: usize = 512;
const BATCH_BYTES: usize = 2 << 20;
/// How often a target that is full is asked again, and after how long.
const TRIES: u32 = 30;
const PAUSE: Duration = Duration::from_secs(2);

/// What to do with a record that is not in the target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Append it.
    Copy,
    /// Say so.
    Verify,
}

/// Which partitions belong together.
#[derive(Debug, Clone)]
pub struct Lane {
    pub topic: Topic,
    pub sources: Vec<u32>,
    pub targets: Vec<u32>,
    /// Of the topic in the target.
    pub partitions: u32,
}

/// What a lane came to.
#[derive(Default)]
pub struct Through {
    pub places: Places,
    /// By partition of the target, what it has.
    pub digests: BTreeMap<u32, Digest>,
    pub damaged: Vec<String>,
}

/// Both ends, and who is told.
pub struct Ends<'a> {
    pub source: &'a Side,
    pub target: &'a Side,
    pub readers: &'a Readers,
    pub meter: &'a Meter,
}

impl Lane {
    fn at(&self, index: u32) -> Partition {
        Partition { topic: self.topic.clone(), index }
    }

    /// Goes over all records of the lane.
    pub async fn run(&self, ends: &Ends<'_>, mode: Mode) -> Result<Through, CopyError> {
        let mut sources = Vec::new();
        for index in &self.sources {
            sources.push(Cursor::whole(ends.source, self.at(*index)).await?);
        }
        let mut targets = BTreeMap::new();
        for index in &self.targets {
            targets.insert(*index, Cursor::whole(ends.target, self.at(*index)).await?);
        }
        let mut through =
            Through { places: Places::filled_from(&self.targets, &self.sources), ..Through::default() };
        for (index, target) in &targets {
            through.places.ends(*index, target.end());
            through.digests.entry(*index).or_default();
        }
        let mut source = Merge(sources);
        let mut waiting = Waiting::default();
        let mut appending = BTreeSet::new();
        while let Some(record) = source.next().await? {
            let index = partition_of(&record.key, self.partitions);
            let Some(target) = targets.get_mut(&index) else {
                return Err(CopyError::differs(
                    &record.position,
                    "its key does not belong to its partition: other software wrote it",
                ));
            };
            through.digests.entry(index).or_default().feed(parts(&record));
            let mut arrived = target.next().await?;
            if arrived.is_none() && mode == Mode::Copy && appending.insert(index) {
                // What a copy that was cut had under way may have come meanwhile.
                target.look_again().await?;
                through.places.ends(index, target.end());
                arrived = target.next().await?;
            }
            match arrived {
                Some(arrived) => {
                    compare(&record, &arrived)?;
                    through.places.lies(ends.readers, &record.position, &arrived.position);
                    ends.meter.add(1, record.payload.len() as u64);
                }
                None if mode == Mode::Verify => {
                    return Err(CopyError::differs(&record.position, "it is missing in the target"));
                }
                None => {
                    waiting.push(record);
                    if waiting.is_full() {
                        waiting.append(ends, &mut through.places).await?;
                    }
                }
            }
        }
        waiting.append(ends, &mut through.places).await?;
        for target in targets.values_mut() {
            if let Some(record) = target.next().await? {
                return Err(CopyError::differs(
                    &record.position,
                    "the target has a record more than the source",
                ));
            }
            through
                .damaged
                .extend(std::mem::take(&mut target.damaged).into_iter().map(|it| format!("target: {it}")));
        }
        through.damaged.extend(source.0.into_iter().flat_map(|cursor| cursor.damaged));
        Ok(through)
    }
}

/// What a record consists of, but for its place and the time it was appended at.
fn parts(record: &Record) -> impl Iterator<Item = &[u8]> {
    let headers = record.headers.iter().flat_map(|(name, value)| [name.as_bytes(), &value[..]]);
    [record.tenant.as_str().as_bytes(), &record.key.0[..], &record.payload[..]].into_iter().chain(headers)
}

fn compare(from: &Record, to: &Record) -> Result<(), CopyError> {
    let what = if from.tenant != to.tenant {
        "its tenant"
    } else if from.key != to.key {
        "its key"
    } else if from.headers != to.headers {
        "its headers"
    } else if from.payload != to.payload {
        "its payload"
    } else {
        return Ok(());
    };
    let place = format!("{} of the source and {} of the target", from.position, to.position);
    Err(CopyError::differs(place, format!("{what} is another one")))
}

/// What is to be appended next.
#[derive(Default)]
struct Waiting {
    batch: Batch,
    from: Vec<Position>,
    bytes: usize,
}

impl Waiting {
    fn push(&mut self, record: Record) {
        let Record { position, tenant, key, headers, payload, .. } = record;
        let record = NewRecord { tenant, key, headers, payload };
        self.bytes += record.size();
        self.batch.push(record);
        self.from.push(position);
    }

    const fn is_full(&self) -> bool {
        self.batch.len() >= BATCH_RECORDS || self.bytes >= BATCH_BYTES
    }

    async fn append(&mut self, ends: &Ends<'_>, places: &mut Places) -> Result<(), CopyError> {
        let Self { batch, from, .. } = std::mem::take(self);
        let Some(first) = from.first() else { return Ok(()) };
        let mut tries = 0;
        let appended = loop {
            match ends.target.log.append(&first.partition.topic, batch.clone()).await {
                Ok(appended) => break appended,
                // Nothing was written.
                Err(error @ AppendError::Full(_)) if tries < TRIES => {
                    tries += 1;
                    tracing::warn!(%error, tries, "the target's log takes nothing just now");
                    tokio::time::sleep(PAUSE).await;
                }
                Err(source @ AppendError::Unknown(_)) => {
                    return Err(CopyError::Unknown { partition: first.partition.to_string(), source });
                }
                Err(source) => {
                    let position = match &source {
                        AppendError::TooLarge { index, .. } => from.get(*index).unwrap_or(first),
                        _ => first,
                    };
                    return Err(CopyError::Append { position: position.clone(), source });
                }
            }
        };
        for (from, to) in from.iter().zip(&appended.positions) {
            places.lies(ends.readers, from, to);
            places.ends(to.partition.index, to.offset.next());
        }
        let bytes = batch.iter().map(|record| record.payload.len() as u64).sum();
        ends.meter.add(batch.len() as u64, bytes);
        Ok(())
    }
}
