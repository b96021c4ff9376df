//! Topics: their names in the cluster, how many partitions they have, and whether they are as a log needs them.

use std::{
    collections::BTreeMap,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use rdkafka::{
    admin::{AdminClient, AdminOptions, NewTopic, ResourceSpecifier, TopicReplication},
    error::{KafkaError, RDKafkaErrorCode},
    metadata::MetadataTopic,
};
use vedetta_log::{AppendError, Topic, TopicOptions};

use crate::{
    client::{Plain, ask},
    options::{Creation, Options, TopicRules},
    producer::Producers,
    record,
};

/// How long what the controller did may take to be seen by all.
const PROPAGATION: Duration = Duration::from_millis(50);

/// A topic as this process knows it.
#[derive(Debug)]
pub struct Known {
    /// What it is called in the cluster.
    pub name: String,
    /// As many as it had when this process first met it: where keys fall must not change under way.
    pub partitions: u32,
}

/// All topics of this log.
pub struct Topics {
    brokers: String,
    prefix: String,
    rules: TopicRules,
    timeout: Duration,
    producers: Arc<Producers>,
    admin: Arc<AdminClient<Plain>>,
    known: RwLock<BTreeMap<Topic, Arc<Known>>>,
}

/// What the cluster says of a topic.
struct Present {
    partitions: u32,
    copies: u32,
    /// Whether each partition has a broker that answers for it.
    led: bool,
}

impl Topics {
    pub fn new(options: &Options, producers: Arc<Producers>, admin: Arc<AdminClient<Plain>>) -> Self {
        Self {
            brokers: options.brokers.clone(),
            prefix: options.prefix.clone(),
            rules: options.topics.clone(),
            timeout: options.request_timeout,
            producers,
            admin,
            known: RwLock::default(),
        }
    }

    /// What a topic is called in the cluster.
    pub fn name(&self, topic: &Topic) -> String {
        format!("{}{topic}", self.prefix)
    }

    /// The topic, asked for at the first time; `None` when nobody made it.
    pub async fn known(&self, topic: &Topic) -> Result<Option<Arc<Known>>, KafkaError> {
        if let Some(known) = self.remembered(topic) {
            return Ok(Some(known));
        }
        Ok(self.present(topic).await?.map(|present| self.remember(topic, &present)))
    }

    /// How many partitions there are now, which may differ from what is [`known`](Self::known).
    pub async fn count(&self, topic: &Topic) -> Result<Option<u32>, KafkaError> {
        Ok(self.present(topic).await?.map(|present| {
            self.remember(topic, &present);
            present.partitions
        }))
    }

    /// The topic is gone.
    pub fn forget(&self, topic: &Topic) {
        self.known.write().unwrap_or_else(PoisonError::into_inner).remove(topic);
    }

    fn remembered(&self, topic: &Topic) -> Option<Arc<Known>> {
        self.known.read().unwrap_or_else(PoisonError::into_inner).get(topic).cloned()
    }

    fn remember(&self, topic: &Topic, present: &Present) -> Arc<Known> {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        let (name, partitions) = (self.name(topic), present.partitions);
        known.entry(topic.clone()).or_insert_with(|| Arc::new(Known { name, partitions })).clone()
    }

    async fn present(&self, topic: &Topic) -> Result<Option<Present>, KafkaError> {
        let (session, name, timeout) = (self.producers.session(), self.name(topic), self.timeout);
        ask(move || {
            let metadata = session.client().fetch_metadata(Some(&name), timeout)?;
            let found = metadata.topics().iter().find(|found| found.name() == name);
            found.map_or(Ok(None), present)
        })
        .await
    }

    /// Makes the topic where it is missing and may be made, and refuses it where it is not as it must be.
    pub async fn create(&self, topic: &Topic, options: TopicOptions) -> Result<u32, AppendError> {
        let wanted = options.partitions.max(1);
        if self.ask_present(topic).await?.is_none() {
            match self.rules.creation {
                Creation::Opening => self.make(topic, wanted).await?,
                Creation::Bootstrap => {
                    return Err(self.refuse(format!(
                        "topic {} is missing: run `vedetta bootstrap` with the same log.url, which makes those that are missing; \
                         if it was there before, what lay in it is lost",
                        self.name(topic)
                    )));
                }
                Creation::ByHand => {
                    return Err(self.refuse(format!(
                        "topic {} is missing, and create_topics=no: make it with {}",
                        self.name(topic),
                        self.creation(topic, wanted)
                    )));
                }
            }
        }
        let deadline = tokio::time::Instant::now() + self.timeout;
        loop {
            if let Some(present) = self.ask_present(topic).await?
                && present.led
                && let Some(config) = self.config(topic).await?
            {
                self.check(topic, wanted, &present, &config)?;
                return Ok(self.remember(topic, &present).partitions);
            }
            if tokio::time::Instant::now() >= deadline {
                let what = format!("topic {} was made and is not seen yet", self.name(topic));
                return Err(AppendError::Unknown(what));
            }
            tokio::time::sleep(PROPAGATION).await;
        }
    }

    async fn ask_present(&self, topic: &Topic) -> Result<Option<Present>, AppendError> {
        self.present(topic).await.map_err(|error| match error.rdkafka_error_code() {
            Some(RDKafkaErrorCode::InvalidTopic) => AppendError::NoSuchTopic(topic.clone()),
            Some(RDKafkaErrorCode::TopicAuthorizationFailed) => self.forbidden(topic, "Describe"),
            _ => AppendError::Full(self.producers.troubles.explain(error)),
        })
    }

    async fn make(&self, topic: &Topic, partitions: u32) -> Result<(), AppendError> {
        let name = self.name(topic);
        let settings = self.settings(topic);
        let signed = |number: u32| i32::try_from(number).unwrap_or(i32::MAX);
        let copies = TopicReplication::Fixed(signed(self.rules.replication));
        let mut new = NewTopic::new(&name, signed(partitions), copies);
        for setting in &settings {
            new = new.set(setting.name, &setting.value);
        }
        let made = self.admin.create_topics([&new], &self.admin_options()).await;
        let made = made.map_err(|error| AppendError::Unknown(self.producers.troubles.explain(error)))?;
        match made.into_iter().next() {
            None | Some(Ok(_) | Err((_, RDKafkaErrorCode::TopicAlreadyExists))) => Ok(()),
            Some(Err((_, RDKafkaErrorCode::InvalidTopic))) => Err(AppendError::NoSuchTopic(topic.clone())),
            Some(Err((_, RDKafkaErrorCode::InvalidReplicationFactor))) => Err(self.refuse(format!(
                "the cluster has too few brokers for {} copies of {name}: add brokers, or set replication=N in the URL",
                self.rules.replication
            ))),
            Some(Err((
                _,
                RDKafkaErrorCode::TopicAuthorizationFailed | RDKafkaErrorCode::ClusterAuthorizationFailed,
            ))) => Err(self.forbidden(topic, "Create")),
            Some(Err((_, RDKafkaErrorCode::PolicyViolation | RDKafkaErrorCode::InvalidConfig))) => {
                Err(self.refuse(format!(
                    "the cluster's rules refuse {name} as it must be: {}",
                    self.creation(topic, partitions)
                )))
            }
            Some(Err((_, code))) => Err(AppendError::Unknown(format!("making topic {name} failed: {code}"))),
        }
    }

    /// The topic's configuration; `None` while the broker that was asked does not know the topic yet.
    async fn config(&self, topic: &Topic) -> Result<Option<BTreeMap<String, String>>, AppendError> {
        let name = self.name(topic);
        let described =
            self.admin.describe_configs([&ResourceSpecifier::Topic(&name)], &self.admin_options()).await;
        let described =
            described.map_err(|error| AppendError::Full(self.producers.troubles.explain(error)))?;
        match described.into_iter().next() {
            None | Some(Err(RDKafkaErrorCode::UnknownTopicOrPartition)) => Ok(None),
            Some(Err(RDKafkaErrorCode::TopicAuthorizationFailed)) => {
                Err(self.forbidden(topic, "DescribeConfigs"))
            }
            Some(Err(code)) => {
                Err(AppendError::Full(format!("the settings of topic {name} can't be read: {code}")))
            }
            // A broker that has just heard of the topic may not have heard of its settings, and then has not even the usual ones.
            Some(Ok(resource)) if resource.entries.is_empty() => Ok(None),
            Some(Ok(resource)) => {
                let entries = resource.entries.into_iter();
                Ok(Some(entries.filter_map(|entry| Some((entry.name, entry.value?))).collect()))
            }
        }
    }

    fn check(
        &self,
        topic: &Topic,
        wanted: u32,
        present: &Present,
        config: &BTreeMap<String, String>,
    ) -> Result<(), AppendError> {
        let (name, brokers) = (self.name(topic), &self.brokers);
        if self.rules.exact_partitions && present.partitions != wanted {
            let way = if present.partitions < wanted {
                format!(
                    "set it to {} here; or stop all roles, let them read to the end first, and run \
                     kafka-topics.sh --bootstrap-server {brokers} --alter --topic {name} --partitions {wanted}",
                    present.partitions
                )
            } else {
                format!("partitions are never taken away: set it to {} here", present.partitions)
            };
            return Err(self.refuse(format!(
                "topic {name} has {} partitions and {wanted} are configured: {way}",
                present.partitions
            )));
        }
        if present.copies < self.rules.replication {
            return Err(self.refuse(format!(
                "topic {name} has {} copies and replication={} is configured: run kafka-reassign-partitions.sh \
                 --bootstrap-server {brokers} for it, or set replication={} in the URL",
                present.copies, self.rules.replication, present.copies
            )));
        }
        let settings = self.settings(topic);
        let wrong: Vec<_> = settings
            .iter()
            .filter(|setting| !config.get(setting.name).is_some_and(|present| setting.suits(present)))
            .collect();
        if wrong.is_empty() {
            return Ok(());
        }
        let found: Vec<_> = wrong
            .iter()
            .map(|w| format!("{}={}", w.name, config.get(w.name).map_or("?", String::as_str)))
            .collect();
        let fixed: Vec<_> = wrong.iter().map(|w| format!("{}={}", w.name, w.value)).collect();
        Err(self.refuse(format!(
            "topic {name} has {}: run kafka-configs.sh --bootstrap-server {brokers} --alter --entity-type topics \
             --entity-name {name} --add-config {}",
            found.join(", "),
            fixed.join(",")
        )))
    }

    /// What a topic must be set to.
    fn settings(&self, topic: &Topic) -> Vec<Setting> {
        let retention = if *topic == Topic::TELEMETRY {
            i64::try_from(self.rules.telemetry_retention.as_millis()).unwrap_or(i64::MAX)
        } else {
            -1
        };
        let batch = i64::try_from(record::batch_bytes(self.rules.max_record_bytes)).unwrap_or(i64::MAX);
        vec![
            Setting::exactly("cleanup.policy", "delete"),
            Setting::exactly("message.timestamp.type", "LogAppendTime"),
            Setting::exactly("unclean.leader.election.enable", "false"),
            Setting::exactly("retention.bytes", "-1"),
            Setting::at_least("retention.ms", retention),
            Setting::at_least("max.message.bytes", batch),
            Setting::at_least("min.insync.replicas", i64::from(self.rules.min_insync)),
        ]
    }

    /// The command that makes a topic.
    fn creation(&self, topic: &Topic, partitions: u32) -> String {
        let settings: String =
            self.settings(topic).iter().map(|s| format!(" --config {}={}", s.name, s.value)).collect();
        format!(
            "kafka-topics.sh --bootstrap-server {} --create --topic {} --partitions {partitions} \
             --replication-factor {}{settings}",
            self.brokers,
            self.name(topic),
            self.rules.replication
        )
    }

    fn forbidden(&self, topic: &Topic, operation: &str) -> AppendError {
        self.refuse(format!(
            "the cluster does not let this user {operation} topic {name}: run kafka-acls.sh --bootstrap-server {} --add \
             --allow-principal User:NAME --operation All --topic {} --resource-pattern-type prefixed",
            self.brokers,
            if self.prefix.is_empty() { "NAME" } else { &self.prefix },
            name = self.name(topic),
        ))
    }

    fn refuse(&self, what: String) -> AppendError {
        AppendError::Misconfigured(what)
    }

    fn admin_options(&self) -> AdminOptions {
        AdminOptions::new().request_timeout(Some(self.timeout)).operation_timeout(Some(self.timeout))
    }
}

/// `None` when it does not exist; an error when it can't be said yet.
fn present(topic: &MetadataTopic) -> Result<Option<Present>, KafkaError> {
    match topic.error().map(RDKafkaErrorCode::from) {
        None => {}
        Some(RDKafkaErrorCode::UnknownTopicOrPartition | RDKafkaErrorCode::UnknownTopic) => return Ok(None),
        Some(code) => return Err(KafkaError::MetadataFetch(code)),
    }
    let partitions = topic.partitions();
    if partitions.is_empty() {
        return Ok(None);
    }
    let copies = partitions.iter().map(|partition| partition.replicas().len()).min().unwrap_or(0);
    Ok(Some(Present {
        partitions: u32::try_from(partitions.len()).unwrap_or(u32::MAX),
        copies: u32::try_from(copies).unwrap_or(u32::MAX),
        led: partitions.iter().all(|partition| partition.leader() >= 0),
    }))
}

/// A setting of a topic, and which values will do.
struct Setting {
    name: &'static str,
    value: String,
    least: Option<i64>,
}

impl Setting {
    fn exactly(name: &'static str, value: &str) -> Self {
        Self { name, value: value.into(), least: None }
    }

    /// For what has -1 as "without end".
    fn at_least(name: &'static str, least: i64) -> Self {
        Self { name, value: least.to_string(), least: Some(least) }
    }

    fn suits(&self, present: &str) -> bool {
        match self.least {
            None => present == self.value,
            Some(least) => {
                let endless = |number: i64| if number < 0 { i64::MAX } else { number };
                present.parse().is_ok_and(|present| endless(present) >= endless(least))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_end_is_more_than_any_number() {
        let keep = Setting::at_least("retention.ms", 1000);
        assert!(keep.suits("-1") && keep.suits("1000") && !keep.suits("999") && !keep.suits(""));
        let for_ever = Setting::at_least("retention.ms", -1);
        assert!(for_ever.suits("-1") && !for_ever.suits("9223372036854775806"));
        assert!(!Setting::exactly("cleanup.policy", "delete").suits("compact,delete"));
    }
}
