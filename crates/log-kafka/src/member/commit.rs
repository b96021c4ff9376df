//! Committing, and asking what was committed.

use std::{collections::BTreeMap, time::Duration};

use rdkafka::{
    Offset as Place, TopicPartitionList,
    consumer::{CommitMode, Consumer as _},
    error::{KafkaError, RDKafkaErrorCode},
};
use tokio::time::Instant;
use vedetta_log::{GroupError, Offset, Offsets, Partition};

use super::{KafkaMember, offset_of, place};
use crate::client::ask;

/// Between two tries of a commit that met a rebalance.
const COMMIT_PAUSE: Duration = Duration::from_millis(20);

impl KafkaMember {
    /// Commits what is higher than before of partitions that are announced as this member's.
    pub(super) async fn commit_higher(&mut self, next: &Offsets) -> Result<(), GroupError> {
        if *self.closed.borrow() {
            return Err(GroupError::Closed);
        }
        let mut higher = BTreeMap::new();
        for (partition, offset) in next {
            let held = self.held.get(partition).or_else(|| self.ending.get(partition));
            let announced = !self.unannounced.iter().any(|start| start.partition == *partition);
            let Some(held) = held.filter(|_| announced) else {
                return Err(GroupError::NotAssigned {
                    group: self.group.clone(),
                    partition: partition.clone(),
                });
            };
            if held.committed.is_none_or(|committed| committed < *offset) {
                higher.insert(partition.clone(), *offset);
            }
        }
        let Some(first) = higher.keys().next().cloned() else { return Ok(()) };
        let list = self.list(higher.iter().map(|(partition, offset)| (partition, place(*offset))))?;
        match self.commit_list(list).await {
            Ok(()) => {}
            Err(error) => {
                use RDKafkaErrorCode as Code;
                return Err(match error.rdkafka_error_code() {
                    // The group went on without this member.
                    Some(Code::IllegalGeneration | Code::UnknownMemberId | Code::FencedInstanceId) => {
                        GroupError::NotAssigned { group: self.group.clone(), partition: first }
                    }
                    _ => self.failed(&error),
                });
            }
        }
        for (partition, offset) in higher {
            for side in [&mut self.held, &mut self.ending] {
                if let Some(held) = side.get_mut(&partition) {
                    held.committed = Some(offset);
                }
            }
        }
        Ok(())
    }

    /// What the group committed in these partitions.
    pub(super) async fn commits(
        &self,
        partitions: &[Partition],
    ) -> Result<BTreeMap<Partition, Offset>, GroupError> {
        let list = self.list(partitions.iter().map(|partition| (partition, Place::Invalid)))?;
        let (consumer, timeout) = (self.consumer()?.clone(), self.log.options().request_timeout);
        let found = ask(move || consumer.committed_offsets(list, timeout)).await;
        let found = found.map_err(|error| self.failed(&error))?;
        let elements = found.elements();
        let offsets = elements.iter().filter_map(|element| {
            let topic = self.topics.get(element.topic())?.clone();
            let partition = Partition { topic, index: u32::try_from(element.partition()).ok()? };
            Some((partition, offset_of(element.offset())?))
        });
        Ok(offsets.collect())
    }

    async fn commit_list(&self, list: TopicPartitionList) -> Result<(), KafkaError> {
        let deadline = Instant::now() + self.log.options().request_timeout;
        loop {
            let (Ok(consumer), list) = (self.consumer(), list.clone()) else {
                return Err(KafkaError::Canceled);
            };
            let consumer = consumer.clone();
            let lost = || KafkaError::ConsumerCommit(RDKafkaErrorCode::UnknownMemberId);
            let done = async {
                let turn = self.turn.clone().lock_owned().await;
                let work = move || {
                    // Held to the end of the commit, also when the caller went away.
                    let _turn = turn;
                    // Without a membership the broker would ask nobody whose the partition is now.
                    if consumer.assignment_lost() {
                        return Err(lost());
                    }
                    consumer.commit(&list, CommitMode::Sync)
                };
                ask(work).await
            };
            let timed_out = |_| Err(KafkaError::ConsumerCommit(RDKafkaErrorCode::OperationTimedOut));
            let done = tokio::time::timeout_at(deadline, done).await.unwrap_or_else(timed_out);
            // Between two generations of the group; it is over without our doing.
            let passing = matches!(
                done.as_ref().err().and_then(KafkaError::rdkafka_error_code),
                Some(
                    RDKafkaErrorCode::RebalanceInProgress
                        | RDKafkaErrorCode::CoordinatorLoadInProgress
                        | RDKafkaErrorCode::CoordinatorNotAvailable
                        | RDKafkaErrorCode::NotCoordinator
                        | RDKafkaErrorCode::WaitingForCoordinator
                        | RDKafkaErrorCode::BrokerTransportFailure
                )
            );
            if !passing || Instant::now() >= deadline {
                return done;
            }
            tokio::time::sleep(COMMIT_PAUSE).await;
        }
    }
}
