//! What consumers of both kinds do: their settings, their messages, their errors.

use futures::{FutureExt as _, StreamExt as _};
use rdkafka::{
    ClientConfig,
    consumer::{ConsumerContext, StreamConsumer},
    error::{KafkaError, RDKafkaErrorCode},
    message::{BorrowedMessage, Message as _},
};
use vedetta_log::{Offset, ReadError, ReadLimit, Record, Topic};

use crate::{client::Troubles, options::Options, record};

/// The settings of a consumer that goes where it is told and commits when it is told.
pub fn settings(options: &Options, mut config: ClientConfig) -> ClientConfig {
    config
        .set("enable.auto.commit", "false")
        .set("enable.auto.offset.store", "false")
        .set("enable.partition.eof", "false")
        // What is gone is said, never skipped.
        .set("auto.offset.reset", "error")
        // Also the longest that a commit waits for a coordinator.
        .set("coordinator.query.interval.ms", "5000")
        .set("isolation.level", "read_uncommitted")
        .set("fetch.message.max.bytes", (4 << 20).to_string())
        .set("fetch.error.backoff.ms", "100")
        .set("fetch.queue.backoff.ms", "5")
        .set("queued.max.messages.kbytes", (options.read_ahead / 1024).to_string());
    config
}

/// What a consumer's complaint means for whoever reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Complaint {
    /// It goes on by itself.
    Passing,
    /// A place is no longer there, or not yet.
    NoSuchOffset,
    /// The topic or partition is gone.
    NoSuchPartition,
    /// In words.
    Serious(String),
}

pub fn complaint(error: &KafkaError, troubles: &Troubles) -> Complaint {
    use RDKafkaErrorCode as Code;
    if let KafkaError::MessageConsumptionFatal(_) = error {
        return Complaint::Serious(troubles.explain(error));
    }
    match error.rdkafka_error_code() {
        Some(Code::AutoOffsetReset | Code::OffsetOutOfRange) => Complaint::NoSuchOffset,
        Some(Code::UnknownTopicOrPartition | Code::UnknownTopic | Code::UnknownPartition) => {
            Complaint::NoSuchPartition
        }
        Some(
            Code::BrokerTransportFailure
            | Code::AllBrokersDown
            | Code::Resolve
            | Code::OperationTimedOut
            | Code::RequestTimedOut
            | Code::PollExceeded
            | Code::NotCoordinator
            | Code::CoordinatorNotAvailable
            | Code::CoordinatorLoadInProgress
            | Code::RebalanceInProgress
            | Code::LeaderNotAvailable
            | Code::NotLeaderForPartition,
        ) => {
            tracing::debug!(%error, "a kafka consumer goes on by itself");
            Complaint::Passing
        }
        _ => Complaint::Serious(troubles.explain(error)),
    }
}

/// Adds what has come already to `records`, up to the limit: messages for which `wanted` gives the topic, until one is of
/// another partition. What does not fit any more is given back.
pub fn fill<C: ConsumerContext + 'static>(
    consumer: &StreamConsumer<C>,
    records: &mut Vec<Record>,
    limit: ReadLimit,
    mut wanted: impl FnMut(&BorrowedMessage<'_>) -> Option<Topic>,
) -> Option<Result<Record, Incident>> {
    let mut stream = consumer.stream();
    let mut bytes: usize = records.iter().map(|record| record.payload.len()).sum();
    while records.len() < limit.records {
        let message = match stream.next().now_or_never().flatten()? {
            Err(error) => return Some(Err(Incident::Kafka(error))),
            Ok(message) => message,
        };
        let Some(topic) = wanted(&message) else { continue };
        match record::decode(&topic, &message) {
            Err(error) => return Some(Err(Incident::Record(error))),
            Ok(record) => {
                bytes += record.payload.len();
                let another =
                    records.last().is_some_and(|last| last.position.partition != record.position.partition);
                if another || (!records.is_empty() && bytes > limit.bytes) {
                    return Some(Ok(record));
                }
                records.push(record);
            }
        }
    }
    None
}

/// What comes instead of a record.
#[derive(Debug)]
pub enum Incident {
    /// From the consumer.
    Kafka(KafkaError),
    /// A message that is no record.
    Record(ReadError),
}

/// Where a message lies.
pub fn offset(message: &BorrowedMessage<'_>) -> Offset {
    Offset(message.offset().unsigned_abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_passes_by_itself_is_told_from_what_does_not() {
        let of = |code| complaint(&KafkaError::MessageConsumption(code), &Troubles::default());
        assert_eq!(of(RDKafkaErrorCode::BrokerTransportFailure), Complaint::Passing);
        assert_eq!(of(RDKafkaErrorCode::AutoOffsetReset), Complaint::NoSuchOffset);
        assert_eq!(of(RDKafkaErrorCode::UnknownTopicOrPartition), Complaint::NoSuchPartition);
        assert!(matches!(of(RDKafkaErrorCode::Authentication), Complaint::Serious(_)));
        let fatal = KafkaError::MessageConsumptionFatal(RDKafkaErrorCode::BrokerTransportFailure);
        assert!(matches!(complaint(&fatal, &Troubles::default()), Complaint::Serious(_)));
    }
}
