//! Tries again what may succeed later.

use std::{
    fmt,
    future::Future,
    ops::Range,
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use rand::{Rng as _, SeedableRng as _, rngs::StdRng};

use crate::{
    AppendError, Appended, Batch, Description, EventLog, Group, GroupError, Member, Offset, Partition,
    Position, ReadError, ReadLimit, RecordStream, Topic, TopicOptions, shared::lock,
};

/// A log that repeats failed calls a few times, with growing, jittered pauses, when the error says
/// that it may pass. A repeated append may write a record twice; consumers recognise it by id.
/// Streams and members are handed through: their callers know where to go on.
#[derive(Debug, Clone)]
pub struct Retry<L> {
    inner: L,
    backoff: Backoff,
}

/// How often and how long to wait.
#[derive(Clone)]
pub struct Backoff {
    attempts: u32,
    first: Duration,
    longest: Duration,
    rng: Arc<Mutex<StdRng>>,
}

impl fmt::Debug for Backoff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { attempts, first, longest, rng: _ } = self;
        write!(f, "Backoff({attempts} attempts, {first:?} to {longest:?})")
    }
}

impl Backoff {
    /// At most `attempts` calls in all; before each repeat a pause that doubles from `first` up to
    /// `longest`, of which a random part between a half and the whole is taken.
    pub fn new(attempts: u32, first: Duration, longest: Duration, seed: u64) -> Self {
        Self { attempts, first, longest, rng: Arc::new(Mutex::new(StdRng::seed_from_u64(seed))) }
    }

    fn pause(&self, attempt: u32) -> Duration {
        let whole =
            self.first.saturating_mul(1_u32.checked_shl(attempt).unwrap_or(u32::MAX)).min(self.longest);
        whole.mul_f64(lock(&self.rng).random_range(0.5..=1.0))
    }

    async fn run<T, E: fmt::Display, F: Future<Output = Result<T, E>>>(
        &self,
        passing: impl Fn(&E) -> bool,
        mut call: impl FnMut() -> F,
    ) -> Result<T, E> {
        let mut attempt = 0;
        loop {
            match call().await {
                Err(error) if attempt + 1 < self.attempts && passing(&error) => {
                    let pause = self.pause(attempt);
                    tracing::debug!(%error, ?pause, "trying again");
                    tokio::time::sleep(pause).await;
                    attempt += 1;
                }
                result => return result,
            }
        }
    }
}

impl<L> Retry<L> {
    /// Repeats calls of `inner`.
    pub fn new(inner: L, backoff: Backoff) -> Self {
        Self { inner, backoff }
    }
}

const fn read_passes(error: &ReadError) -> bool {
    matches!(error, ReadError::Backend(_))
}

const fn group_passes(error: &GroupError) -> bool {
    matches!(error, GroupError::Backend(_) | GroupError::Read(ReadError::Backend(_)))
}

#[async_trait]
impl<L: EventLog> EventLog for Retry<L> {
    fn describe(&self) -> Description {
        self.inner.describe()
    }

    async fn create_topic(&self, topic: &Topic, options: TopicOptions) -> Result<u32, AppendError> {
        self.backoff.run(AppendError::is_transient, || self.inner.create_topic(topic, options)).await
    }

    async fn partitions(&self, topic: &Topic) -> Result<u32, ReadError> {
        self.backoff.run(read_passes, || self.inner.partitions(topic)).await
    }

    async fn append(&self, topic: &Topic, batch: Batch) -> Result<Appended, AppendError> {
        self.backoff.run(AppendError::is_transient, || self.inner.append(topic, batch.clone())).await
    }

    async fn bounds(&self, partition: &Partition) -> Result<Range<Offset>, ReadError> {
        self.backoff.run(read_passes, || self.inner.bounds(partition)).await
    }

    async fn read(&self, from: Position, limit: ReadLimit) -> Result<RecordStream, ReadError> {
        self.backoff.run(read_passes, || self.inner.read(from.clone(), limit)).await
    }

    async fn join(&self, group: &Group, topics: &[Topic]) -> Result<Box<dyn Member>, GroupError> {
        self.backoff.run(group_passes, || self.inner.join(group, topics)).await
    }

    async fn trim(&self, partition: &Partition, before: Offset) -> Result<(), ReadError> {
        self.backoff.run(read_passes, || self.inner.trim(partition, before)).await
    }

    async fn close(&self) {
        self.inner.close().await;
    }
}
