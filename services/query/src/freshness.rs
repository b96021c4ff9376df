//! Up to when views and archive hold all that the log took.
//!
//! ```text
//!   t0: where does each partition end?  ──▶  everybody has committed up to there  ──▶  complete as of t0
//! ```
//!
//! Everybody is each reader of this installation, in whatever process: so any process can tell, whichever partitions are its own.
//! While the log can't be asked, or readers are behind, the time stands still and its age grows.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
    time::Duration,
};

use tokio::sync::watch;
use vedetta_log::{EventLog, Group, GroupError, Offset, Partition, ReadError, Topic};
use vedetta_model::{Clock, Timestamp};
use vedetta_runtime::{Drain, Drained};

use crate::metrics::Metrics;

/// Between two looks at where the log ends.
const EVERY: Duration = Duration::from_secs(2);
/// Between two looks at how far a reader is.
const LOOK: Duration = Duration::from_millis(200);
/// What is older is told as stale: a look takes some seconds itself when there is much to do.
pub const STALE: Duration = Duration::from_secs(15);

/// What is known of it. Clones are the same.
#[derive(Debug, Clone)]
pub struct Freshness(watch::Sender<Known>);

/// See [`Freshness::known`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Known {
    /// All that was appended before this can be asked for. Unknown until everybody has been seen once.
    pub as_of: Option<Timestamp>,
    /// Whether the log gave no answer when it was asked last.
    pub log_is_silent: bool,
}

impl Known {
    /// How old it is.
    pub fn age(&self, now: Timestamp) -> Option<Duration> {
        self.as_of.map(|as_of| now.since(as_of))
    }

    /// Whether it is so old, or so unknown, that people should be told.
    pub fn is_stale(&self, now: Timestamp) -> bool {
        self.age(now).is_none_or(|age| age > STALE)
    }
}

/// Why it could not be found out.
#[derive(Debug, thiserror::Error)]
enum Unknown {
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error(transparent)]
    Group(#[from] GroupError),
}

impl Default for Freshness {
    fn default() -> Self {
        Self(watch::Sender::new(Known::default()))
    }
}

impl Freshness {
    /// The present state.
    pub fn known(&self) -> Known {
        *self.0.borrow()
    }

    /// Finds it out again and again until the drain: of these groups, each with the topic that it reads.
    pub async fn run(
        self,
        log: Arc<dyn EventLog>,
        readers: Vec<(Group, Topic)>,
        clock: Arc<dyn Clock>,
        metrics: Metrics,
        drain: Drain,
    ) -> anyhow::Result<()> {
        let mut look = Look { log, readers, passed: HashMap::new() };
        loop {
            let began = clock.now();
            match drain.or(look.all_have_passed()).await {
                Drained::Called => return Ok(()),
                Drained::Done(Ok(())) => {
                    metrics.complete_as_of.set(began.as_millis() / 1000);
                    self.0.send_replace(Known { as_of: Some(began), log_is_silent: false });
                }
                Drained::Done(Err(error)) => {
                    tracing::debug!(%error, "how fresh the views are is not known");
                    self.0.send_modify(|known| known.log_is_silent = true);
                }
            }
            if drain.or(tokio::time::sleep(EVERY)).await == Drained::Called {
                return Ok(());
            }
        }
    }
}

struct Look {
    log: Arc<dyn EventLog>,
    readers: Vec<(Group, Topic)>,
    /// How far readers were seen: they never go back.
    passed: HashMap<(Group, Partition), Offset>,
}

impl Look {
    /// Waits until all readers are where the log ends now.
    async fn all_have_passed(&mut self) -> Result<(), Unknown> {
        let mut ends: BTreeMap<Topic, Vec<(Partition, Offset)>> = BTreeMap::new();
        for (_, topic) in &self.readers {
            if ends.contains_key(topic) {
                continue;
            }
            let mut of_topic = Vec::new();
            for index in 0..self.log.partitions(topic).await? {
                let partition = Partition { topic: topic.clone(), index };
                let bounds = self.log.bounds(&partition).await?;
                // A reader has nothing to commit where nothing is.
                if bounds.start < bounds.end {
                    of_topic.push((partition, bounds.end));
                }
            }
            ends.insert(topic.clone(), of_topic);
        }
        for (group, topic) in &self.readers {
            for (partition, end) in ends.get(topic).into_iter().flatten() {
                let reader = (group.clone(), partition.clone());
                let mut passed = self.passed.get(&reader).copied();
                while passed.is_none_or(|passed| passed < *end) {
                    passed = self.log.committed(group, partition).await?;
                    if passed.is_none_or(|passed| passed < *end) {
                        tokio::time::sleep(LOOK).await;
                    }
                }
                if let Some(passed) = passed {
                    self.passed.insert(reader, passed);
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use vedetta_log::{Delivery, Key, Member, MemoryLog, NewRecord, TopicOptions};
    use vedetta_model::ManualClock;

    use super::*;

    struct Bench {
        log: Arc<MemoryLog>,
        clock: Arc<ManualClock>,
        freshness: Freshness,
    }

    impl Bench {
        /// A log with two readers, and somebody who finds out how far they are.
        async fn start() -> (Self, [Box<dyn Member>; 2]) {
            let clock = Arc::new(ManualClock::at(Timestamp::from_millis(1_000_000)));
            let log = Arc::new(MemoryLog::new(clock.clone()));
            log.create_topic(&Topic::FINDINGS, TopicOptions { partitions: 2 }).await.unwrap();
            let groups = ["one", "other"].map(Group::named);
            let member = async |group| log.join(group, &[Topic::FINDINGS]).await.unwrap();
            let members = [member(&groups[0]).await, member(&groups[1]).await];
            let freshness = Freshness::default();
            let readers = groups.map(|group| (group, Topic::FINDINGS)).into();
            tokio::spawn(freshness.clone().run(
                log.clone(),
                readers,
                clock.clone(),
                Metrics::unregistered(),
                Drain::new(),
            ));
            (Self { log, clock, freshness }, members)
        }

        async fn append(&self) {
            let tenant: vedetta_model::TenantId = "acme".parse().unwrap();
            let record = NewRecord {
                key: Key::of(&tenant, 1),
                tenant,
                headers: Default::default(),
                payload: "finding".into(),
            };
            self.log.append(&Topic::FINDINGS, vec![record]).await.unwrap();
        }

        /// Time passes, more than a look takes.
        async fn pass(&self) {
            self.clock.advance(EVERY * 3);
            tokio::time::sleep(EVERY * 3).await;
        }

        fn age(&self) -> Option<Duration> {
            self.freshness.known().age(self.clock.now())
        }
    }

    async fn read_all(member: &mut dyn Member) {
        loop {
            if let Delivery::Records(records) = member.next().await.unwrap() {
                let last = records.last().unwrap().position.clone();
                return member.commit(&[(last.partition, last.offset.next())].into()).await.unwrap();
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn answers_are_complete_up_to_when_the_last_reader_had_read_all() {
        let (bench, [mut one, mut other]) = Bench::start().await;
        bench.pass().await;
        let age = bench.age().expect("known of an empty log");
        assert!(age < EVERY * 4, "{age:?}");

        bench.append().await;
        let before = bench.clock.now();
        for _ in 0..5 {
            bench.pass().await;
        }
        read_all(&mut *one).await;
        bench.pass().await;
        let known = bench.freshness.known();
        assert!(known.as_of.unwrap() <= before, "one of them has not read it: {known:?}");
        assert!(known.is_stale(bench.clock.now()) && !known.log_is_silent, "{known:?}");

        read_all(&mut *other).await;
        bench.pass().await;
        bench.pass().await;
        assert!(!bench.freshness.known().is_stale(bench.clock.now()), "{:?}", bench.age());
    }

    #[tokio::test(start_paused = true)]
    async fn a_log_that_gives_no_answer_lets_the_age_grow_and_is_named() {
        let (bench, _members) = Bench::start().await;
        bench.pass().await;
        bench.log.close().await;
        let closed = bench.clock.now();
        for _ in 0..5 {
            bench.pass().await;
        }
        let known = bench.freshness.known();
        assert!(known.log_is_silent && known.is_stale(bench.clock.now()), "{known:?}");
        assert!(known.as_of.unwrap() <= closed, "{known:?}");
    }
}
