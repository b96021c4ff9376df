//! Opening what runs elsewhere, which may not be there yet.

use std::{sync::Arc, time::Duration};

use backon::{ExponentialBuilder, Retryable as _};
use vedetta_log_kafka::{KafkaLog, Options};
use vedetta_model::Clock;
use vedetta_store_scylla::ScyllaStore;

use crate::OpenError;

/// First and longest pause between two tries.
const PAUSES: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(15));

/// The log or the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// The log.
    Log,
    /// The store.
    Store,
}

/// Hears what a part that does not answer says, at each try; `None` once it is open.
pub type Told<'a> = &'a (dyn Fn(Part, Option<&OpenError>) + Send + Sync);

/// Whether to go on when nobody answers.
#[derive(Clone, Copy)]
pub(crate) struct Patience<'a> {
    /// Without it the first error ends it.
    pub told: Option<Told<'a>>,
    /// So that processes do not try in step.
    pub seed: u64,
}

impl Patience<'_> {
    pub async fn kafka(self, options: &Options) -> Result<KafkaLog, OpenError> {
        self.open(Part::Log, async || Ok(KafkaLog::open(options.clone()).await?)).await
    }

    pub async fn scylla(self, url: &str, clock: &Arc<dyn Clock>) -> Result<ScyllaStore, OpenError> {
        self.open(Part::Store, async || Ok(Box::pin(ScyllaStore::open(url, clock.clone())).await?)).await
    }

    async fn open<T>(self, part: Part, open: impl AsyncFn() -> Result<T, OpenError>) -> Result<T, OpenError> {
        let Some(told) = self.told else { return open().await };
        let pauses = ExponentialBuilder::new()
            .with_min_delay(PAUSES.0)
            .with_max_delay(PAUSES.1)
            .without_max_times()
            .with_jitter()
            .with_jitter_seed(self.seed);
        let opened = (|| open())
            .retry(pauses)
            .when(OpenError::is_unreachable)
            .notify(|error: &OpenError, _| told(part, Some(error)))
            .await?;
        told(part, None);
        Ok(opened)
    }
}
