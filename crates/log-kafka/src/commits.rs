//! Asking where a group goes on, without being one of it.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use rdkafka::{
    ClientConfig, Offset as Place, TopicPartitionList,
    config::FromClientConfigAndContext as _,
    consumer::{BaseConsumer, Consumer as _},
    error::KafkaError,
};
use vedetta_log::Offset;

use crate::{
    client::{Plain, Troubles, ask},
    discard::Discards,
    member::offset_of,
    options::Options,
};

/// How many groups have a consumer waiting for the next question.
const MOST_GROUPS: usize = 16;

/// One consumer for each group that was asked about; none of them ever joins.
pub struct Commits {
    config: ClientConfig,
    options: Options,
    pub troubles: Troubles,
    groups: Mutex<HashMap<String, Arc<BaseConsumer<Plain>>>>,
    discards: Discards,
}

impl Commits {
    pub fn new(options: &Options, mut config: ClientConfig, discards: Discards) -> Self {
        config.set("enable.auto.commit", "false");
        Self {
            config,
            options: options.clone(),
            troubles: Troubles::default(),
            groups: Mutex::default(),
            discards,
        }
    }

    /// What `group` committed in a partition; both by their names in the cluster.
    pub async fn of(&self, group: &str, topic: &str, partition: u32) -> Result<Option<Offset>, KafkaError> {
        let consumer = self.consumer(group)?;
        let mut list = TopicPartitionList::with_capacity(1);
        list.add_partition_offset(topic, i32::try_from(partition).unwrap_or(i32::MAX), Place::Invalid)?;
        let timeout = self.options.request_timeout;
        ask(move || {
            // Nobody else takes its complaints, and they would pile up.
            while consumer.poll(std::time::Duration::ZERO).is_some() {}
            let found = consumer.committed_offsets(list, timeout)?;
            let Some(element) = found.elements().into_iter().next() else { return Ok(None) };
            element.error()?;
            Ok(offset_of(element.offset()))
        })
        .await
    }

    /// Lets go of all consumers.
    pub fn close(&self) {
        for (_, consumer) in self.groups().drain() {
            self.discards.discard(consumer);
        }
    }

    fn consumer(&self, group: &str) -> Result<Arc<BaseConsumer<Plain>>, KafkaError> {
        let mut groups = self.groups();
        if let Some(consumer) = groups.get(group) {
            return Ok(consumer.clone());
        }
        if groups.len() >= MOST_GROUPS
            && let Some(other) = groups.keys().next().cloned()
            && let Some(consumer) = groups.remove(&other)
        {
            self.discards.discard(consumer);
        }
        let mut config = self.config.clone();
        config.set("group.id", group);
        let consumer = BaseConsumer::from_config_and_context(&config, Plain(self.troubles.clone()))?;
        let consumer = Arc::new(consumer);
        groups.insert(group.to_owned(), consumer.clone());
        Ok(consumer)
    }

    fn groups(&self) -> std::sync::MutexGuard<'_, HashMap<String, Arc<BaseConsumer<Plain>>>> {
        self.groups.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
