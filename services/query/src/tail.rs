//! New findings, for whoever watches live: one tail per process, many listeners.

use std::{collections::HashMap, sync::Arc, time::Duration};

use futures::{StreamExt, stream::SelectAll};
use tokio::sync::broadcast;
use vedetta_log::{EventLog, Offset, Partition, Position, ReadError, ReadLimit, Record, RecordStream, Topic};
use vedetta_runtime::{Drain, Drained};
use vedetta_store::ViewStore;

use crate::{
    metrics::Metrics,
    projections::{Progress, findings},
};

/// How long a finding may take from the log to the views before listeners are told to fetch again: those behind it wait as well,
/// and are then mostly there.
const PATIENCE: Duration = Duration::from_secs(20);
/// Wait before a broken read is begun again.
const PAUSE: Duration = Duration::from_millis(500);

/// What listeners hear.
#[derive(Debug, Clone)]
pub enum Raised {
    /// A finding, readable in the views.
    Finding(Arc<findings::FindingRow>),
    /// Something was missed: fetch again.
    Missed,
}

/// Where to listen.
#[derive(Debug, Clone)]
pub struct FindingTail {
    sender: broadcast::Sender<Raised>,
}

impl FindingTail {
    /// Listeners may lag `buffer` findings behind.
    pub fn new(buffer: usize) -> Self {
        Self { sender: broadcast::Sender::new(buffer.max(1)) }
    }

    /// Findings from now on.
    pub fn listen(&self) -> broadcast::Receiver<Raised> {
        self.sender.subscribe()
    }

    /// Follows all partitions from their ends until the drain.
    pub async fn run(
        self,
        log: Arc<dyn EventLog>,
        store: Arc<dyn ViewStore>,
        progress: Progress,
        metrics: Metrics,
        drain: Drain,
    ) -> anyhow::Result<()> {
        let mut places: HashMap<Partition, Offset> = HashMap::new();
        let mut follower = Follower { sender: self.sender, store, progress, metrics };
        while !drain.is_called() {
            let mut streams = match drain.or(begin(&*log, &mut places)).await {
                Drained::Called => return Ok(()),
                Drained::Done(Ok(streams)) => streams,
                Drained::Done(Err(error)) if error.is_transient() => {
                    tracing::warn!(%error, "the tail of findings can't be read; trying again");
                    let _ = drain.or(tokio::time::sleep(PAUSE)).await;
                    continue;
                }
                Drained::Done(Err(error)) => return Err(error.into()),
            };
            loop {
                match drain.or(streams.next()).await {
                    Drained::Called => return Ok(()),
                    Drained::Done(Some(Ok(records))) => {
                        if let Some(last) = records.last() {
                            places.insert(last.position.partition.clone(), last.position.offset.next());
                        }
                        follower.tell(&records).await;
                    }
                    Drained::Done(Some(Err(error))) => {
                        tracing::warn!(%error, "the tail of findings broke off; reading on");
                        if let (ReadError::Corrupt { partition, .. }, Some(behind)) = (&error, error.behind())
                        {
                            places.insert(partition.clone(), behind);
                        }
                        break;
                    }
                    Drained::Done(None) => break,
                }
            }
            let _ = drain.or(tokio::time::sleep(PAUSE)).await;
        }
        Ok(())
    }
}

/// Reads on from these places, from the ends of partitions that have none yet.
async fn begin(
    log: &dyn EventLog,
    places: &mut HashMap<Partition, Offset>,
) -> Result<SelectAll<RecordStream>, ReadError> {
    let mut streams = SelectAll::new();
    for index in 0..log.partitions(&Topic::FINDINGS).await? {
        let partition = Partition { topic: Topic::FINDINGS, index };
        let offset = match places.get(&partition) {
            Some(offset) => *offset,
            None => log.bounds(&partition).await?.end,
        };
        places.insert(partition.clone(), offset);
        streams.push(log.read(Position { partition, offset }, ReadLimit::default()).await?);
    }
    Ok(streams)
}

struct Follower {
    sender: broadcast::Sender<Raised>,
    store: Arc<dyn ViewStore>,
    progress: Progress,
    metrics: Metrics,
}

impl Follower {
    async fn tell(&mut self, records: &[Record]) {
        for record in records {
            if self.sender.receiver_count() == 0 {
                return;
            }
            // The projection counts what can't be understood.
            let Ok(finding) = findings::decode(record) else { continue };
            let key = findings::key_of(&finding.tenant, &finding.id);
            // A store that gives no answer may give one before patience ends.
            let is_there = || async { Ok(matches!(self.store.get(&key).await, Ok(Some(_)))) };
            let readable = self.progress.wait_until(PATIENCE, is_there);
            let raised = match readable.await {
                Ok(()) => self
                    .store
                    .get(&key)
                    .await
                    .ok()
                    .flatten()
                    .and_then(|bytes| serde_json::from_slice(&bytes).ok()),
                Err(error) => {
                    tracing::warn!(%error, finding = %finding.id, "a finding was not readable in time for live views");
                    None
                }
            };
            if raised.is_none() {
                self.metrics.lagged.inc();
            }
            // Nobody listening is no fault.
            let _ = self.sender.send(raised.map_or(Raised::Missed, |row| Raised::Finding(Arc::new(row))));
        }
    }
}
