//! Lets go of telemetry that everybody has read.
//!
//! ```text
//!   low           passed by all readers      young          end
//!    │                     │                   │             │
//!    ├─── gone after ──────┤                   │             │      what is old and passed goes;
//!    │    this step        ├── held back ──────┤             │      what is old and not passed is told
//! ```
//!
//! Only telemetry: views are made again from the other topics. Nothing is kept between steps, and a low watermark never
//! falls, so that any number of these may run at once.

use std::{ops::Range, sync::Arc, time::Duration};

use futures::StreamExt as _;
use vedetta_log::{EventLog, Group, Offset, Partition, Position, ReadError, ReadLimit, Record, Topic};
use vedetta_model::{Clock, Timestamp};
use vedetta_runtime::{Drain, Drained};

use crate::metrics::{Metrics, PartitionLabel, ReaderLabel};

/// How often it is looked for what can go.
const SWEEP: Duration = Duration::from_secs(300);
/// A place behind which no record comes for this long is one behind the last record.
const READ_TIMEOUT: Duration = Duration::from_secs(10);

/// Who trims a topic.
#[derive(Debug)]
pub struct Trimmer {
    /// The log.
    pub log: Arc<dyn EventLog>,
    /// What is trimmed.
    pub topic: Topic,
    /// Everybody who needs its records: what one of them has not committed stays.
    pub readers: Vec<Group>,
    /// For how long records stay, whoever has read them, so that they can be read again.
    pub keep: Duration,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// The order to stop.
    pub drain: Drain,
    /// Counters.
    pub metrics: Metrics,
}

impl Trimmer {
    /// Trims again and again until the drain.
    pub async fn run(self) -> anyhow::Result<()> {
        loop {
            match self.drain.or(self.sweep()).await {
                Drained::Called => return Ok(()),
                Drained::Done(Ok(())) => {}
                Drained::Done(Err(error)) => {
                    tracing::warn!(topic = %self.topic, %error, "the log was not trimmed; trying again later");
                }
            }
            if self.drain.or(tokio::time::sleep(SWEEP)).await == Drained::Called {
                return Ok(());
            }
        }
    }

    /// Trims each partition once.
    pub async fn sweep(&self) -> anyhow::Result<()> {
        for index in 0..self.log.partitions(&self.topic).await? {
            self.step(&Partition { topic: self.topic.clone(), index }).await?;
        }
        Ok(())
    }

    async fn step(&self, partition: &Partition) -> anyhow::Result<()> {
        let bounds = self.log.bounds(partition).await?;
        let now = self.clock.now();
        let (young, oldest) = self.young_from(partition, &bounds, now.before(self.keep)).await?;
        let mut until = young;
        for group in &self.readers {
            let passed = self.log.committed(group, partition).await?.unwrap_or(bounds.start);
            let held = young.0.saturating_sub(passed.max(bounds.start).0);
            self.metrics.telemetry_held.get_or_create(&ReaderLabel::of(group, partition)).set(signed(held));
            if held > 0 {
                tracing::warn!(%group, %partition, records = held,
                    "old records are kept because a group has not read them");
            }
            until = until.min(passed);
        }
        if until > bounds.start {
            self.log.trim(partition, until).await?;
            self.metrics.telemetry_trimmed.inc_by(until.0 - bounds.start.0);
            tracing::debug!(%partition, %until, "trimmed");
        }
        let low = self.log.bounds(partition).await?.start;
        let label = PartitionLabel::of(partition);
        self.metrics.telemetry_records.get_or_create(&label).set(signed(bounds.end.0.saturating_sub(low.0)));
        let oldest = if low > bounds.start { self.first(partition, low..bounds.end).await? } else { oldest };
        let age = oldest.map_or(Duration::ZERO, |record| now.since(record.appended));
        self.metrics.telemetry_oldest.get_or_create(&label).set(signed(age.as_secs()));
        Ok(())
    }

    /// Where the records begin that were appended at a time or later, and the oldest record of all. Times rise along a
    /// partition, as far as the log's clock does.
    async fn young_from(
        &self,
        partition: &Partition,
        bounds: &Range<Offset>,
        time: Timestamp,
    ) -> anyhow::Result<(Offset, Option<Record>)> {
        let oldest = self.first(partition, bounds.clone()).await?;
        let Some(first) = oldest.as_ref().filter(|record| record.appended < time) else {
            return Ok((bounds.start, oldest));
        };
        let Range { start: mut low, end: mut high } = first.position.offset.next()..bounds.end;
        while low < high {
            let middle = Offset(low.0 + (high.0 - low.0) / 2);
            match self.first(partition, middle..high).await? {
                Some(record) if record.appended < time => low = record.position.offset.next(),
                _ => high = middle,
            }
        }
        Ok((low, oldest))
    }

    /// The first record of a range that can be read.
    async fn first(&self, partition: &Partition, range: Range<Offset>) -> Result<Option<Record>, ReadError> {
        let mut from = range.start;
        while from < range.end {
            let place = Position { partition: partition.clone(), offset: from };
            let mut records = self.log.read(place, ReadLimit { records: 1, bytes: 0 }).await?;
            match tokio::time::timeout(READ_TIMEOUT, records.next()).await {
                Ok(Some(Ok(records))) => {
                    return Ok(records
                        .into_iter()
                        .next()
                        .filter(|record| record.position.offset < range.end));
                }
                Ok(Some(Err(ReadError::Corrupt { offset, .. }))) => from = from.max(offset).next(),
                Ok(Some(Err(error))) => return Err(error),
                Ok(None) => return Err(ReadError::Closed),
                Err(_) => return Ok(None),
            }
        }
        Ok(None)
    }
}

fn signed(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use vedetta_log::{Key, MemoryLog, NewRecord, TopicOptions};
    use vedetta_model::ManualClock;

    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    struct Bench {
        log: Arc<MemoryLog>,
        clock: Arc<ManualClock>,
        metrics: Metrics,
    }

    impl Bench {
        async fn new(partitions: u32) -> Self {
            let clock = Arc::new(ManualClock::at(Timestamp::from_millis(1_000_000_000)));
            let log = Arc::new(MemoryLog::new(clock.clone()));
            log.create_topic(&Topic::TELEMETRY, TopicOptions { partitions }).await.unwrap();
            Self { log, clock, metrics: Metrics::unregistered() }
        }

        /// So many records, an hour apart, each to a partition by its key.
        async fn feed(&self, records: u32) {
            for n in 0..records {
                let tenant: vedetta_model::TenantId = "acme".parse().unwrap();
                let key = Key::of(&tenant, n % 7);
                let record = NewRecord { tenant, key, headers: Default::default(), payload: "block".into() };
                self.log.append(&Topic::TELEMETRY, vec![record]).await.unwrap();
                self.clock.advance(HOUR);
            }
        }

        /// A group reads all there is, and commits but for the last `rest` of each partition.
        async fn read(&self, group: &str, rest: u64) {
            let mut member = self.log.join(&Group::named(group), &[Topic::TELEMETRY]).await.unwrap();
            let mut left = self.log.partitions(&Topic::TELEMETRY).await.unwrap();
            while left > 0 {
                if let vedetta_log::Delivery::Assigned(starts) = member.next().await.unwrap() {
                    for start in starts {
                        let end = self.log.bounds(&start.partition).await.unwrap().end;
                        let next = Offset(end.0.saturating_sub(rest));
                        member.commit(&[(start.partition, next)].into()).await.unwrap();
                        left -= 1;
                    }
                }
            }
        }

        fn trimmer(&self, readers: &[&str], keep: Duration) -> Trimmer {
            Trimmer {
                log: self.log.clone(),
                topic: Topic::TELEMETRY,
                readers: readers.iter().map(|name| Group::named(name)).collect(),
                keep,
                clock: self.clock.clone(),
                drain: Drain::new(),
                metrics: self.metrics.clone(),
            }
        }

        /// How many records are still there.
        async fn left(&self) -> u64 {
            let mut left = 0;
            for index in 0..self.log.partitions(&Topic::TELEMETRY).await.unwrap() {
                let bounds = self.log.bounds(&partition(index)).await.unwrap();
                left += bounds.end.0 - bounds.start.0;
            }
            left
        }
    }

    fn partition(index: u32) -> Partition {
        Partition { topic: Topic::TELEMETRY, index }
    }

    #[tokio::test]
    async fn what_is_old_and_read_by_all_goes() {
        let bench = Bench::new(3).await;
        bench.feed(48).await;
        bench.read("detect", 0).await;
        bench.read("archive", 0).await;
        // The last record is an hour old now.
        let trimmer = bench.trimmer(&["detect", "archive"], 10 * HOUR);
        trimmer.sweep().await.unwrap();
        assert_eq!(bench.left().await, 10);
        assert_eq!(bench.metrics.telemetry_trimmed.get(), 38);
        trimmer.sweep().await.unwrap();
        assert_eq!((bench.left().await, bench.metrics.telemetry_trimmed.get()), (10, 38));
        bench.clock.advance(100 * HOUR);
        trimmer.sweep().await.unwrap();
        assert_eq!(bench.left().await, 0);
        bench.feed(1).await;
        trimmer.sweep().await.unwrap();
        assert_eq!(bench.left().await, 1);
    }

    #[tokio::test]
    async fn nothing_goes_that_one_reader_has_not_passed() {
        let bench = Bench::new(1).await;
        bench.feed(40).await;
        bench.read("archive", 0).await;
        let trimmer = bench.trimmer(&["archive", "detect"], 10 * HOUR);
        let label = ReaderLabel::of(&Group::named("detect"), &partition(0));
        let held = || bench.metrics.telemetry_held.get_or_create(&label).get();
        trimmer.sweep().await.unwrap();
        assert_eq!((bench.left().await, held()), (40, 30), "it never committed");
        bench.read("detect", 25).await;
        trimmer.sweep().await.unwrap();
        assert_eq!((bench.left().await, held()), (25, 15));
        let oldest = bench.metrics.telemetry_oldest.get_or_create(&PartitionLabel::of(&partition(0))).get();
        assert_eq!(oldest, 25 * 3600);
        bench.read("detect", 0).await;
        trimmer.sweep().await.unwrap();
        assert_eq!((bench.left().await, held()), (10, 0));
        let records = bench.metrics.telemetry_records.get_or_create(&PartitionLabel::of(&partition(0))).get();
        assert_eq!(records, 10);
    }

    #[tokio::test]
    async fn what_is_young_stays_whoever_has_read_it() {
        let bench = Bench::new(2).await;
        bench.feed(20).await;
        bench.read("detect", 0).await;
        bench.trimmer(&["detect"], 20 * HOUR).sweep().await.unwrap();
        assert_eq!(bench.left().await, 20);
    }

    #[tokio::test]
    async fn several_trimmers_at_once_are_as_good_as_one() {
        let bench = Bench::new(4).await;
        bench.feed(60).await;
        bench.read("detect", 3).await;
        let trimmers: Vec<_> = (0..4)
            .map(|n| {
                let trimmer = bench.trimmer(&["detect"], (4 + n % 2) * HOUR);
                tokio::spawn(async move { trimmer.sweep().await })
            })
            .collect();
        for trimmer in trimmers {
            // One that is overtaken may say so; it comes again.
            let _ = trimmer.await.unwrap();
        }
        bench.trimmer(&["detect"], 4 * HOUR).sweep().await.unwrap();
        for index in 0..4 {
            let bounds = bench.log.bounds(&partition(index)).await.unwrap();
            assert!(bounds.end.0 - bounds.start.0 >= 3.min(bounds.end.0), "{index}: {bounds:?}");
        }
        assert!(bench.left().await <= 16);
    }
}
