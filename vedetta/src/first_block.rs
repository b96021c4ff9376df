//! Knows when an agent is heard: it sends its first block once its probes are attached, so what happens from then on
//! is seen.

use std::{sync::Arc, time::Duration};

use futures::{StreamExt as _, future::select_all};
use vedetta_log::{EventLog, Partition, Position, ReadError, ReadLimit, RecordStream, Topic};

/// An agent that says nothing for so long is not waited for any longer.
const PATIENCE: Duration = Duration::from_secs(15);

/// Waits for blocks that come after it was made.
pub struct FirstBlock(Vec<RecordStream>);

impl FirstBlock {
    /// Listens from now on.
    pub async fn after_now(log: &Arc<dyn EventLog>) -> Result<Self, ReadError> {
        let mut tails = Vec::new();
        for index in 0..log.partitions(&Topic::TELEMETRY).await? {
            let partition = Partition { topic: Topic::TELEMETRY, index };
            let offset = log.bounds(&partition).await?.end;
            tails.push(log.read(Position { partition, offset }, ReadLimit::default()).await?);
        }
        Ok(Self(tails))
    }

    /// Waits for one of any node; whether it came.
    pub async fn has_come(mut self) -> bool {
        let tails = self.0.iter_mut().map(|tail| tail.next());
        matches!(tokio::time::timeout(PATIENCE, select_all(tails)).await, Ok((Some(Ok(_)), ..)))
    }
}

#[cfg(test)]
mod tests {
    use vedetta_log::{Key, MemoryLog, NewRecord, TopicOptions};
    use vedetta_model::SystemClock;

    use super::*;

    async fn log() -> Arc<dyn EventLog> {
        let log: Arc<dyn EventLog> = Arc::new(MemoryLog::new(Arc::new(SystemClock)));
        log.create_topic(&Topic::TELEMETRY, TopicOptions { partitions: 3 }).await.unwrap();
        log
    }

    async fn send(log: &Arc<dyn EventLog>) {
        let tenant: vedetta_model::TenantId = "default".parse().unwrap();
        let key = Key::of(&tenant, "node");
        let record = NewRecord { tenant, key, headers: Default::default(), payload: "block".into() };
        log.append(&Topic::TELEMETRY, vec![record]).await.unwrap();
    }

    #[tokio::test]
    async fn only_what_comes_afterwards_counts() {
        let log = log().await;
        send(&log).await;
        let first = FirstBlock::after_now(&log).await.unwrap();
        let heard = tokio::spawn(first.has_come());
        tokio::task::yield_now().await;
        assert!(!heard.is_finished());
        send(&log).await;
        assert!(heard.await.unwrap());
    }
}
