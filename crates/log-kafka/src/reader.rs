//! Reading one partition. Consumers are kept for the next reader: making one costs threads and connections.

use std::{
    mem,
    sync::{Arc, Mutex, PoisonError},
};

use futures::StreamExt as _;
use rdkafka::{
    ClientConfig, Offset as Start, TopicPartitionList,
    config::FromClientConfigAndContext as _,
    consumer::{Consumer as _, StreamConsumer},
    error::KafkaError,
    message::Message as _,
};
use vedetta_log::{Offset, Position, ReadLimit, Record};

use crate::{
    client::{Plain, Troubles},
    consume::{self, Incident, fill},
    discard::Discards,
    options::Options,
};

/// How many consumers wait for the next reader.
const MOST_IDLE: usize = 8;

type Consumer = StreamConsumer<Plain>;

/// The consumers that read single partitions.
pub struct Readers {
    config: ClientConfig,
    pub troubles: Troubles,
    idle: Mutex<Vec<Consumer>>,
    discards: Discards,
}

/// One reader at its place in a partition.
pub struct Reader {
    /// `Some` until it is given back.
    consumer: Option<Consumer>,
    home: Arc<Readers>,
    next: Position,
    limit: ReadLimit,
    /// What did not fit into the batch before.
    kept: Option<Result<Record, Incident>>,
}

impl Readers {
    pub fn new(options: &Options, config: ClientConfig, discards: Discards) -> Self {
        let mut config = consume::settings(options, config);
        // Never joined; librdkafka wants a name all the same.
        config.set("group.id", format!("{}readers", options.prefix));
        // The next reader of a consumer waits for the question that the one before it left at the broker.
        config.set("fetch.wait.max.ms", "100");
        Self { config, troubles: Troubles::default(), idle: Mutex::default(), discards }
    }

    /// A reader of the topic that is called `name` in the cluster.
    pub fn begin(
        self: &Arc<Self>,
        name: &str,
        from: Position,
        limit: ReadLimit,
    ) -> Result<Reader, KafkaError> {
        let idle = self.idle().pop();
        let consumer = match idle {
            Some(consumer) => consumer,
            None => Consumer::from_config_and_context(&self.config, Plain(self.troubles.clone()))?,
        };
        let mut assignment = TopicPartitionList::with_capacity(1);
        let index = i32::try_from(from.partition.index).unwrap_or(i32::MAX);
        let start = Start::Offset(i64::try_from(from.offset.0).unwrap_or(i64::MAX));
        assignment.add_partition_offset(name, index, start)?;
        consumer.assign(&assignment)?;
        Ok(Reader { consumer: Some(consumer), home: self.clone(), next: from, limit, kept: None })
    }

    /// Lets go of all that wait.
    pub fn close(&self) {
        for consumer in mem::take(&mut *self.idle()) {
            self.discards.discard(consumer);
        }
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Consumer>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Reader {
    /// Where it goes on.
    pub fn next_offset(&self) -> Offset {
        self.next.offset
    }

    /// The next records; waits for the first.
    pub async fn batch(&mut self) -> Result<Vec<Record>, Incident> {
        let Some(consumer) = &self.consumer else { return Err(Incident::Kafka(KafkaError::Canceled)) };
        let (next, topic) = (self.next.offset, self.next.partition.topic.clone());
        let mut records = Vec::new();
        match self.kept.take() {
            Some(Err(incident)) => return Err(incident),
            Some(Ok(record)) => records.push(record),
            None => {
                let mut messages = consumer.stream();
                while records.is_empty() {
                    let Some(message) = messages.next().await else { continue };
                    let message = message.map_err(Incident::Kafka)?;
                    if consume::offset(&message) >= next {
                        records.push(crate::record::decode(&topic, &message).map_err(Incident::Record)?);
                    }
                }
            }
        }
        let wanted = |message: &rdkafka::message::BorrowedMessage<'_>| {
            (message.offset() >= 0 && consume::offset(message) >= next).then(|| topic.clone())
        };
        self.kept = fill(consumer, &mut records, self.limit, wanted);
        if let Some(last) = records.last() {
            self.next.offset = last.position.offset.next();
        }
        Ok(records)
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        let Some(consumer) = self.consumer.take() else { return };
        let mut idle = self.home.idle();
        if consumer.unassign().is_ok() && idle.len() < MOST_IDLE {
            idle.push(consumer);
        } else {
            drop(idle);
            self.home.discards.discard(consumer);
        }
    }
}
