//! What is refused for its content and kept aside all the same, for an operator to look at: among the dead letters,
//! which are never trimmed. So it is little, whatever a node sends.

use bytes::Bytes;
use vedetta_api::agent::v1::Refusal;
use vedetta_block::Header;
use vedetta_log::AppendError;
use vedetta_model::{Timestamp, control::Limits};
use vedetta_runtime::DeadLetters;

use crate::{admission, buckets::Buckets};

/// Bytes a second, of a tenant and of one of its nodes: 338 and 21 MiB a day.
const RATE: Limits = Limits { events_per_second: 4096, node_events_per_second: 256, nodes: 0 };
/// For so many seconds of them may come at once: 128 and 8 MiB.
const BURST_SECONDS: u32 = 32_768;
/// What a letter costs beside its block.
const LETTER_BYTES: usize = 1024;

/// What became of a block that was to be put aside.
#[derive(Debug)]
pub enum Quarantined {
    /// It is among the dead letters.
    Kept,
    /// Its node or tenant has put enough aside for now: nothing of it is kept.
    OverLimit,
    /// The log did not take it.
    Failed(AppendError),
}

/// Puts blocks aside.
#[derive(Debug)]
pub struct Quarantine {
    letters: DeadLetters,
    buckets: Buckets,
}

impl Quarantine {
    /// Among these.
    pub fn new(letters: DeadLetters) -> Self {
        Self { letters, buckets: Buckets::default() }
    }

    /// Puts a block aside, with the reason that its node is told.
    pub async fn put(&self, header: &Header, block: Bytes, reason: &Refusal, now: Timestamp) -> Quarantined {
        let who = (&header.tenant, header.node);
        let bytes = (block.len() + LETTER_BYTES) as f64;
        if self.buckets.take(who, bytes, &RATE, BURST_SECONDS, now).is_err() {
            return Quarantined::OverLimit;
        }
        match self.letters.put(admission::record(header, block), "ingest", &reason.message).await {
            Ok(()) => Quarantined::Kept,
            Err(error) => {
                // What may lie there all the same is paid for.
                if !matches!(error, AppendError::Unknown(_)) {
                    self.buckets.give_back(who, bytes);
                }
                Quarantined::Failed(error)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use vedetta_api::agent::v1::refusal::Code;
    use vedetta_block::Builder;
    use vedetta_log::{EventLog, MemoryLog, Topic, TopicOptions};
    use vedetta_model::{BootId, Event, NodeId, SystemClock, event};

    use super::*;

    fn node(n: u128) -> NodeId {
        NodeId::from_uuid(uuid::Uuid::from_u128(n))
    }

    async fn put(quarantine: &Quarantine, on: u128, bytes: usize, seconds: i64) -> Quarantined {
        let mut builder =
            Builder::new("a".parse().unwrap(), node(on), BootId::from_uuid(uuid::Uuid::from_u128(1)));
        let payload = event::Unshare { flags: 0 }.into();
        let time = Timestamp::EPOCH;
        builder.push(Event { seq: 1, time, process: None, tid: 0, result: 0, payload });
        let (header, _) = Header::parse(&builder.finish().unwrap()).unwrap();
        let reason = Refusal { code: Code::Overlaps.into(), message: "given".into(), ..Refusal::default() };
        let now = Timestamp::from_millis(1_000 * seconds);
        quarantine.put(&header, vec![0; bytes - LETTER_BYTES].into(), &reason, now).await
    }

    async fn quarantine() -> (Arc<MemoryLog>, Quarantine) {
        let log = Arc::new(MemoryLog::new(Arc::new(SystemClock)));
        let letters = DeadLetters::new(log.clone());
        log.create_topic(&Topic::DEAD_LETTERS, TopicOptions { partitions: 1 }).await.unwrap();
        (log, Quarantine::new(letters))
    }

    #[tokio::test]
    async fn a_node_gets_eight_mebibytes_at_once_and_a_little_each_day() {
        let (_log, quarantine) = quarantine().await;
        let mut kept = 0;
        for hour in 0..24 {
            for _ in 0..20 {
                kept +=
                    usize::from(matches!(put(&quarantine, 1, 1 << 20, hour * 3600).await, Quarantined::Kept));
            }
        }
        assert_eq!(kept, 8 + 256 * 23 * 3600 / (1 << 20));
        assert!(
            matches!(put(&quarantine, 2, 1 << 20, 24 * 3600).await, Quarantined::Kept),
            "another node's is full"
        );
    }

    #[tokio::test]
    async fn all_nodes_of_a_tenant_together_have_a_limit_too() {
        let (_log, quarantine) = quarantine().await;
        let mut kept = 0;
        for on in 0..40 {
            for _ in 0..4 {
                kept += usize::from(matches!(put(&quarantine, on, 2 << 20, 0).await, Quarantined::Kept));
            }
        }
        assert_eq!(kept, 64);
    }

    #[tokio::test]
    async fn what_the_log_did_not_take_costs_nothing() {
        let (log, quarantine) = quarantine().await;
        log.close().await;
        for _ in 0..20 {
            assert!(matches!(
                put(&quarantine, 1, 1 << 20, 0).await,
                Quarantined::Failed(AppendError::Closed)
            ));
        }
    }
}
