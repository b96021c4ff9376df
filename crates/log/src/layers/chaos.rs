//! Makes a log misbehave, by a seed.

use std::{
    fmt,
    ops::Range,
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use futures::StreamExt as _;
use rand::{Rng as _, SeedableRng as _, rngs::StdRng};

use crate::{
    AppendError, Appended, Batch, Delivery, Description, EventLog, Group, GroupError, Member, Offset,
    Offsets, Partition, Position, ReadError, ReadLimit, RecordStream, Topic, TopicOptions, shared::lock,
};

/// How often what goes wrong, as chances between 0 and 1.
#[derive(Debug, Clone, Copy, Default)]
pub struct Faults {
    /// A call takes up to `delay` longer.
    pub slow: f64,
    /// The longest extra delay.
    pub delay: Duration,
    /// A call fails and nothing was done.
    pub failed: f64,
    /// A call fails although it was done.
    pub half_done: f64,
}

/// A log that is slow, fails, or does what it then says it did not.
#[derive(Clone)]
pub struct Chaos<L> {
    inner: L,
    dice: Dice,
}

impl<L: fmt::Debug> fmt::Debug for Chaos<L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Chaos").field("inner", &self.inner).field("faults", &self.dice.faults).finish()
    }
}

#[derive(Clone)]
struct Dice {
    faults: Faults,
    rng: Arc<Mutex<StdRng>>,
}

/// What one call will suffer.
struct Fate {
    delay: Duration,
    failed: bool,
    half_done: bool,
}

impl Dice {
    fn roll(&self) -> Fate {
        let mut rng = lock(&self.rng);
        let faults = &self.faults;
        let delay = if rng.random_bool(faults.slow) {
            faults.delay.mul_f64(rng.random_range(0.0..=1.0))
        } else {
            Duration::ZERO
        };
        Fate { delay, failed: rng.random_bool(faults.failed), half_done: rng.random_bool(faults.half_done) }
    }

    /// Waits as fate wants it; `Err` when the call is to fail undone.
    async fn before(&self) -> Result<Fate, String> {
        let fate = self.roll();
        if !fate.delay.is_zero() {
            tokio::time::sleep(fate.delay).await;
        }
        if fate.failed { Err("injected: nothing was done".into()) } else { Ok(fate) }
    }
}

const HALF_DONE: &str = "injected: done all the same";

impl<L> Chaos<L> {
    /// Troubles `inner`; the same seed and calls give the same trouble.
    pub fn new(inner: L, faults: Faults, seed: u64) -> Self {
        Self { inner, dice: Dice { faults, rng: Arc::new(Mutex::new(StdRng::seed_from_u64(seed))) } }
    }
}

#[async_trait]
impl<L: EventLog> EventLog for Chaos<L> {
    fn describe(&self) -> Description {
        self.inner.describe()
    }

    async fn create_topic(&self, topic: &Topic, options: TopicOptions) -> Result<u32, AppendError> {
        self.dice.before().await.map_err(AppendError::Full)?;
        self.inner.create_topic(topic, options).await
    }

    async fn partitions(&self, topic: &Topic) -> Result<u32, ReadError> {
        self.dice.before().await.map_err(ReadError::Backend)?;
        self.inner.partitions(topic).await
    }

    async fn append(&self, topic: &Topic, batch: Batch) -> Result<Appended, AppendError> {
        let fate = self.dice.before().await.map_err(AppendError::Full)?;
        let appended = self.inner.append(topic, batch).await?;
        if fate.half_done { Err(AppendError::Unknown(HALF_DONE.into())) } else { Ok(appended) }
    }

    async fn bounds(&self, partition: &Partition) -> Result<Range<Offset>, ReadError> {
        self.dice.before().await.map_err(ReadError::Backend)?;
        self.inner.bounds(partition).await
    }

    async fn read(&self, from: Position, limit: ReadLimit) -> Result<RecordStream, ReadError> {
        self.dice.before().await.map_err(ReadError::Backend)?;
        let mut stream = self.inner.read(from, limit).await?;
        let dice = self.dice.clone();
        Ok(Box::pin(async_stream::stream! {
            while let Some(item) = stream.next().await {
                if let Err(what) = dice.before().await {
                    yield Err(ReadError::Backend(what));
                    return;
                }
                yield item;
            }
        }))
    }

    async fn join(&self, group: &Group, topics: &[Topic]) -> Result<Box<dyn Member>, GroupError> {
        self.dice.before().await.map_err(GroupError::Backend)?;
        let inner = self.inner.join(group, topics).await?;
        Ok(Box::new(ChaosMember { inner, dice: self.dice.clone() }))
    }

    async fn committed(&self, group: &Group, partition: &Partition) -> Result<Option<Offset>, GroupError> {
        self.dice.before().await.map_err(GroupError::Backend)?;
        self.inner.committed(group, partition).await
    }

    async fn trim(&self, partition: &Partition, before: Offset) -> Result<(), ReadError> {
        let fate = self.dice.before().await.map_err(ReadError::Backend)?;
        self.inner.trim(partition, before).await?;
        if fate.half_done { Err(ReadError::Backend(HALF_DONE.into())) } else { Ok(()) }
    }

    async fn close(&self) {
        self.inner.close().await;
    }
}

struct ChaosMember {
    inner: Box<dyn Member>,
    dice: Dice,
}

#[async_trait]
impl Member for ChaosMember {
    async fn next(&mut self) -> Result<Delivery, GroupError> {
        self.dice.before().await.map_err(GroupError::Backend)?;
        self.inner.next().await
    }

    async fn commit(&mut self, next: &Offsets) -> Result<(), GroupError> {
        let fate = self.dice.before().await.map_err(GroupError::Backend)?;
        self.inner.commit(next).await?;
        if fate.half_done { Err(GroupError::Backend(HALF_DONE.into())) } else { Ok(()) }
    }
}
