//! The order to stop: one side calls, many listen, and the caller knows when all are done.

use std::{fmt::Display, time::Duration};

use backon::{ExponentialBuilder, Retryable as _};
use tokio_util::sync::CancellationToken;

/// First and longest wait between tries of what must be done in the end.
const BACKOFF: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(5));

/// Tells tasks to take nothing new, finish and commit.
#[derive(Debug, Clone, Default)]
pub struct Drain(CancellationToken);

impl Drain {
    /// A drain that nobody called yet.
    pub fn new() -> Self {
        Self::default()
    }
    /// Calls it; calling twice changes nothing.
    pub fn call(&self) {
        self.0.cancel();
    }
    /// Whether it was called.
    pub fn is_called(&self) -> bool {
        self.0.is_cancelled()
    }
    /// Waits for the call.
    pub async fn called(&self) {
        self.0.cancelled().await;
    }
    /// A drain that is called with this one, or earlier by itself.
    pub fn child(&self) -> Self {
        Self(self.0.child_token())
    }
    /// Runs `work` until it ends or the drain is called.
    pub async fn or<T>(&self, work: impl Future<Output = T>) -> Drained<T> {
        tokio::select! {
            biased;
            () = self.0.cancelled() => Drained::Called,
            done = work => Drained::Done(done),
        }
    }

    /// Calls again and again, with growing pauses, while the error is one that may pass. `what` says in the log what is
    /// waiting.
    pub async fn persist<T, E, F>(
        &self,
        what: &str,
        passes: impl FnMut(&E) -> bool,
        call: impl FnMut() -> F,
    ) -> Drained<Result<T, E>>
    where
        F: Future<Output = Result<T, E>>,
        E: Display,
    {
        let backoff = ExponentialBuilder::new().with_min_delay(BACKOFF.0).with_max_delay(BACKOFF.1);
        let told = |error: &E, pause: Duration| tracing::warn!(%error, ?pause, "{what}");
        self.or(call.retry(backoff.without_max_times()).when(passes).notify(told)).await
    }
}

/// How [`Drain::or`] ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Drained<T> {
    /// The drain was called first.
    Called,
    /// The work ended first.
    Done(T),
}
