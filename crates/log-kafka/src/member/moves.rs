//! What librdkafka wants moved, told as values.

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use rdkafka::{
    ClientContext, TopicPartitionList,
    config::RDKafkaLogLevel,
    consumer::{BaseConsumer, Consumer as _, ConsumerContext, StreamConsumer},
    error::KafkaError,
    types::RDKafkaRespErr,
};

use crate::client::{self, Troubles};

/// What librdkafka wants moved. Clones share it.
#[derive(Clone, Default)]
pub struct Moves {
    pub troubles: Troubles,
    queue: Arc<Mutex<VecDeque<Move>>>,
    /// Nobody will ask any more: moves are answered at once.
    pub leaving: Arc<AtomicBool>,
}

#[derive(Debug)]
pub enum Move {
    Assign(Vec<(String, i32)>),
    Revoke {
        partitions: Vec<(String, i32)>,
        /// They are somebody else's already: this member was thought dead.
        lost: bool,
    },
}

impl Moves {
    pub fn pop(&self) -> Option<Move> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner).pop_front()
    }
}

impl ClientContext for Moves {
    fn log(&self, level: RDKafkaLogLevel, fac: &str, message: &str) {
        client::log(level, fac, message);
    }
    fn error(&self, error: KafkaError, reason: &str) {
        self.troubles.note(&error, reason);
    }
}

impl ConsumerContext for Moves {
    fn rebalance(&self, consumer: &BaseConsumer<Self>, what: RDKafkaRespErr, list: &mut TopicPartitionList) {
        let assign = what == RDKafkaRespErr::RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS;
        if self.leaving.load(Ordering::Acquire) {
            let answered =
                if assign { consumer.incremental_assign(list) } else { consumer.incremental_unassign(list) };
            if let Err(error) = answered {
                tracing::debug!(%error, "a member that leaves could not answer a rebalance");
            }
            return;
        }
        let partitions =
            list.elements().iter().map(|element| (element.topic().to_owned(), element.partition())).collect();
        let moved = if assign {
            Move::Assign(partitions)
        } else {
            Move::Revoke { partitions, lost: consumer.assignment_lost() }
        };
        self.queue.lock().unwrap_or_else(PoisonError::into_inner).push_back(moved);
    }
}

/// A member's consumer on its way out: what librdkafka still waits for is answered, else it would wait for ever.
pub struct Leaving {
    pub consumer: Arc<StreamConsumer<Moves>>,
    pub moves: Moves,
    pub leaving: Option<TopicPartitionList>,
}

impl Drop for Leaving {
    fn drop(&mut self) {
        if let Some(list) = self.leaving.take().filter(|list| list.count() > 0) {
            let _ = self.consumer.incremental_unassign(&list);
        }
        while let Some(moved) = self.moves.pop() {
            let (Move::Assign(partitions) | Move::Revoke { partitions, .. }) = &moved;
            let mut list = TopicPartitionList::new();
            for (name, index) in partitions {
                list.add_partition(name, *index);
            }
            let _ = match moved {
                Move::Assign(_) => self.consumer.incremental_assign(&list),
                Move::Revoke { .. } => self.consumer.incremental_unassign(&list),
            };
        }
    }
}
