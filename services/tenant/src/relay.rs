//! From the outbox to the log: at least once, in stream order.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use vedetta_log::{EventLog, Key, NewRecord, Topic};
use vedetta_model::simulated::{Bug, Point, planted, reached};
use vedetta_runtime::{Drain, Drained};
use vedetta_store::{EventStore, Shard, Stored};

use crate::metrics::Metrics;

const PAGE: usize = 256;
const BATCH_BYTES: usize = 2 << 20;
const BACKOFF: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(5));
/// How long a shard pauses that was woken for another one's events.
const NOT_MINE: Duration = Duration::from_millis(5);
/// Another instance's appends wake nobody here: look anyway.
const LOOK_ANYWAY: Duration = Duration::from_secs(1);

/// Copies the decisions of one shard of the outbox. One task a shard: a stream lies in one shard, so
/// its order is kept.
pub struct Relay {
    /// Which part of the outbox.
    pub shard: Shard,
    /// Where decisions are.
    pub store: Arc<dyn EventStore>,
    /// Where they go.
    pub log: Arc<dyn EventLog>,
    /// The order to stop.
    pub drain: Drain,
    /// What is counted.
    pub metrics: Metrics,
}

impl Relay {
    /// Runs until the drain. What is not confirmed then is copied again at the next start: readers
    /// know a repeat by its version.
    pub async fn run(self) -> anyhow::Result<()> {
        let mut wait = BACKOFF.0;
        let mut was_empty = false;
        loop {
            let pause = match self.copy().await {
                Ok(true) => {
                    wait = BACKOFF.0;
                    was_empty = false;
                    continue;
                }
                Ok(false) => {
                    wait = BACKOFF.0;
                    let not_mine = std::mem::replace(&mut was_empty, true);
                    let changed = async {
                        // Every shard's events wake all: one that finds nothing makes room for the others.
                        if not_mine {
                            tokio::time::sleep(NOT_MINE).await;
                        }
                        tokio::time::timeout(LOOK_ANYWAY, self.store.outbox_changed()).await.unwrap_or(());
                    };
                    self.drain.or(changed).await
                }
                Err(error) => {
                    self.metrics.relay_failures.inc();
                    reached(Point::RelayWaited);
                    tracing::warn!(
                        error = format!("{error:#}"),
                        shard = self.shard.0,
                        "decisions wait for the log"
                    );
                    let slept = self.drain.or(tokio::time::sleep(wait)).await;
                    wait = (wait * 2).min(BACKOFF.1);
                    slept
                }
            };
            if pause == Drained::Called {
                self.finish().await;
                return Ok(());
            }
        }
    }

    /// What was decided up to now reaches the log if it answers.
    async fn finish(&self) {
        loop {
            match self.copy().await {
                Ok(true) => {}
                Ok(false) => return,
                Err(error) => {
                    tracing::warn!(
                        error = format!("{error:#}"),
                        "decisions stay in the outbox until the next start"
                    );
                    return;
                }
            }
        }
    }

    /// Copies a page; false when there was nothing.
    async fn copy(&self) -> anyhow::Result<bool> {
        let mut waiting = self.store.unrelayed(self.shard, PAGE).await?;
        self.metrics.backlog(self.shard.0, waiting.len());
        if waiting.is_empty() {
            return Ok(false);
        }
        // Rule files are long: a batch ends where it would become too large, after one event at least.
        let mut bytes = 0;
        let fits = waiting.iter().take_while(|event| {
            bytes += event.data.len();
            bytes <= BATCH_BYTES
        });
        waiting.truncate(fits.count().max(1));
        if planted(Bug::RelayedBeforeAppend) {
            self.store.relayed(self.shard, &waiting).await?;
        }
        self.log.append(&Topic::CONTROL, waiting.iter().map(record).collect()).await?;
        self.store.relayed(self.shard, &waiting).await?;
        self.metrics.relayed.inc_by(waiting.len() as u64);
        Ok(true)
    }
}

fn record(event: &Stored) -> NewRecord {
    let stream = &event.stream;
    NewRecord {
        tenant: stream.tenant.clone(),
        key: Key::of(&stream.tenant, format_args!("{}/{}", stream.aggregate, stream.id)),
        headers: [("event_id".into(), Bytes::from(event.id.to_string()))].into(),
        payload: event.data.clone(),
    }
}
