//! The log.

use std::{
    collections::BTreeMap,
    fmt,
    ops::Range,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use rdkafka::{
    ClientConfig, Offset as Place, TopicPartitionList,
    admin::{AdminClient, AdminOptions},
    config::FromClientConfigAndContext as _,
    error::{KafkaError, RDKafkaErrorCode},
};
use tokio::{sync::watch, time::Instant};
use vedetta_log::{
    AppendError, Appended, Batch, Capabilities, Description, EventLog, Group, GroupError, Member, Offset,
    Partition, Position, ReadError, ReadLimit, RecordStream, Topic, TopicOptions,
};

use crate::{
    OpenError,
    client::{self, Plain, ask},
    commits::Commits,
    consume::{self, Complaint, Incident, complaint},
    discard::Discards,
    member::KafkaMember,
    options::Options,
    producer::{Last, Producers},
    reader::Readers,
    record,
    topics::{Known, Topics},
};

/// How long closing waits for members to say goodbye.
const GOODBYE: Duration = Duration::from_secs(5);
/// While the log is opened, how long one question may wait before it is looked at why.
const FIRST_LOOK: Duration = Duration::from_millis(500);
/// Between two questions about a partition that moves.
const MOVING: Duration = Duration::from_millis(50);

/// A log on a Kafka cluster. Clones are the same log.
#[derive(Clone)]
pub struct KafkaLog {
    shared: Arc<Shared>,
}

struct Shared {
    options: Options,
    /// What consumers start from; holds secrets.
    consumers: ClientConfig,
    producers: Arc<Producers>,
    admin: Arc<AdminClient<Plain>>,
    topics: Topics,
    readers: Arc<Readers>,
    commits: Commits,
    discards: Discards,
    closing: AtomicBool,
    /// Read by each append under way, written by the closing.
    appends: tokio::sync::RwLock<()>,
    closed: watch::Sender<bool>,
}

impl fmt::Debug for KafkaLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("KafkaLog").field(&self.shared.options.shown()).finish()
    }
}

impl KafkaLog {
    /// Connects, and says what is wrong when it can't.
    pub async fn open(options: Options) -> Result<Self, OpenError> {
        let base = client::settings(&options)?;
        let made = |error: KafkaError| OpenError::Settings(error.to_string());
        let discards = Discards::default();
        let producers = Producers::open(&options, base.clone(), discards.clone()).map_err(made)?;
        let producers = Arc::new(producers);
        let admin = Plain(producers.troubles.clone());
        let admin = Arc::new(AdminClient::from_config_and_context(&base, admin).map_err(made)?);
        let log = Self {
            shared: Arc::new(Shared {
                consumers: consume::settings(&options, base.clone()),
                topics: Topics::new(&options, producers.clone(), admin.clone()),
                readers: Arc::new(Readers::new(&options, base.clone(), discards.clone())),
                commits: Commits::new(&options, base, discards.clone()),
                options,
                producers,
                admin,
                discards,
                closing: AtomicBool::new(false),
                appends: tokio::sync::RwLock::default(),
                closed: watch::channel(false).0,
            }),
        };
        log.connect().await?;
        Ok(log)
    }

    async fn connect(&self) -> Result<(), OpenError> {
        let deadline = Instant::now() + self.shared.options.connect_timeout;
        let troubles = &self.shared.producers.troubles;
        loop {
            let session = self.shared.producers.session();
            let error = match ask(move || session.client().fetch_metadata(None, FIRST_LOOK).map(drop)).await {
                Ok(()) => return Ok(()),
                Err(error) => error,
            };
            let trouble = troubles.last();
            if let Some(refused) = trouble.as_ref().filter(|trouble| trouble.refused) {
                return Err(OpenError::Refused(refused.what.clone()));
            }
            if Instant::now() >= deadline {
                let brokers = self.shared.options.brokers.clone();
                let why = trouble.map_or_else(|| error.to_string(), |trouble| trouble.what);
                return Err(OpenError::Unreachable { brokers, why });
            }
        }
    }

    pub(crate) fn options(&self) -> &Options {
        &self.shared.options
    }

    pub(crate) fn discards(&self) -> &Discards {
        &self.shared.discards
    }

    pub(crate) fn topic_name(&self, topic: &Topic) -> String {
        self.shared.topics.name(topic)
    }

    /// What a group is called in the cluster.
    pub(crate) fn group_name(&self, group: &Group) -> String {
        format!("{}{group}", self.shared.options.prefix)
    }

    fn is_closing(&self) -> bool {
        self.shared.closing.load(Ordering::Acquire)
    }

    fn failed(&self, error: &KafkaError) -> ReadError {
        ReadError::Backend(self.shared.producers.troubles.explain(error))
    }

    async fn known(&self, topic: &Topic) -> Result<Option<Arc<Known>>, ReadError> {
        if self.is_closing() {
            return Err(ReadError::Closed);
        }
        match self.shared.topics.known(topic).await {
            Err(error) if error.rdkafka_error_code() == Some(RDKafkaErrorCode::InvalidTopic) => Ok(None),
            known => known.map_err(|error| self.failed(&error)),
        }
    }

    /// The topic of a partition that exists.
    async fn topic_of(&self, partition: &Partition) -> Result<Arc<Known>, ReadError> {
        let known = self.known(&partition.topic).await?;
        known
            .filter(|known| partition.index < known.partitions)
            .ok_or_else(|| ReadError::NoSuchPartition(partition.clone()))
    }

    async fn ends(&self, known: &Arc<Known>, index: u32) -> Result<(i64, i64), KafkaError> {
        let (session, known) = (self.shared.producers.session(), known.clone());
        let timeout = self.shared.options.request_timeout;
        let index = i32::try_from(index).unwrap_or(i32::MAX);
        ask(move || session.client().fetch_watermarks(&known.name, index, timeout)).await
    }

    /// What an incident of a reader at `next` means.
    async fn explain(&self, incident: Incident, partition: &Partition, next: Offset) -> Option<ReadError> {
        let error = match incident {
            Incident::Record(error) => return Some(error),
            Incident::Kafka(error) => error,
        };
        match complaint(&error, &self.shared.readers.troubles) {
            Complaint::Passing => None,
            Complaint::Serious(what) => Some(ReadError::Backend(what)),
            Complaint::NoSuchPartition => Some(ReadError::NoSuchPartition(partition.clone())),
            Complaint::NoSuchOffset => Some(match self.bounds(partition).await {
                Err(error) => error,
                Ok(bounds) if next < bounds.start => {
                    ReadError::OutOfRange { partition: partition.clone(), low: bounds.start }
                }
                Ok(bounds) => {
                    ReadError::Backend(format!("{partition} ends at {}, before {next}", bounds.end))
                }
            }),
        }
    }
}

/// Whether a partition is on its way from one broker to another, or to its first.
fn moves(error: &KafkaError) -> bool {
    use RDKafkaErrorCode as Code;
    matches!(
        error.rdkafka_error_code(),
        Some(
            Code::NotLeaderForPartition
                | Code::LeaderNotAvailable
                | Code::UnknownTopicOrPartition
                | Code::UnknownPartition
                | Code::ReplicaNotAvailable
                | Code::BrokerTransportFailure
        )
    )
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.readers.close();
        self.commits.close();
        self.discards.discard((Last(self.producers.session()), self.admin.clone()));
    }
}

#[async_trait]
impl EventLog for KafkaLog {
    fn describe(&self) -> Description {
        Description {
            url: self.shared.options.shown(),
            capabilities: Capabilities {
                cross_process_groups: true,
                trim_is_exact: true,
                durable: true,
                max_record_bytes: self.shared.options.topics.max_record_bytes,
            },
        }
    }

    async fn create_topic(&self, topic: &Topic, options: TopicOptions) -> Result<u32, AppendError> {
        if self.is_closing() {
            return Err(AppendError::Closed);
        }
        self.shared.topics.create(topic, options).await
    }

    async fn partitions(&self, topic: &Topic) -> Result<u32, ReadError> {
        if self.is_closing() {
            return Err(ReadError::Closed);
        }
        let missing = || ReadError::NoSuchPartition(Partition { topic: topic.clone(), index: 0 });
        let before = self.known(topic).await?.ok_or_else(missing)?.partitions;
        let now = self.shared.topics.count(topic).await.map_err(|error| self.failed(&error))?;
        let now = now.ok_or_else(missing)?;
        if now == before {
            return Ok(now);
        }
        Err(ReadError::Backend(format!(
            "topic {} had {before} partitions when this process met it and has {now} now: restart all roles at once, or \
             records of a key lose their order",
            self.topic_name(topic)
        )))
    }

    async fn append(&self, topic: &Topic, batch: Batch) -> Result<Appended, AppendError> {
        if self.is_closing() {
            return Err(AppendError::Closed);
        }
        let limit = self.shared.options.topics.max_record_bytes;
        let wire = record::batch_bytes(limit);
        for (index, record) in batch.iter().enumerate() {
            let (size, cost) = (record.size(), record::cost(record));
            if size > limit {
                return Err(AppendError::TooLarge { index, size, limit });
            }
            // So many headers that naming them takes more than they hold.
            if cost > wire {
                return Err(AppendError::TooLarge { index, size: cost, limit: wire });
            }
        }
        let _under_way = self.shared.appends.read().await;
        if self.is_closing() {
            return Err(AppendError::Closed);
        }
        let known = self.known(topic).await.map_err(|error| match error {
            ReadError::Closed => AppendError::Closed,
            other => AppendError::Full(other.to_string()),
        })?;
        let known = known.ok_or_else(|| AppendError::NoSuchTopic(topic.clone()))?;
        if batch.is_empty() {
            return Ok(Appended { positions: vec![] });
        }
        let appended = self.shared.producers.append(topic, &known, batch).await;
        if let Err(AppendError::NoSuchTopic(topic)) = &appended {
            self.shared.topics.forget(topic);
        }
        appended
    }

    async fn bounds(&self, partition: &Partition) -> Result<Range<Offset>, ReadError> {
        let known = self.topic_of(partition).await?;
        let deadline = Instant::now() + self.shared.options.request_timeout;
        let (low, next) = loop {
            match self.ends(&known, partition.index).await {
                Err(error) if moves(&error) && Instant::now() < deadline => tokio::time::sleep(MOVING).await,
                ends => break ends.map_err(|error| self.failed(&error))?,
            }
        };
        let offset = |raw: i64| Offset(u64::try_from(raw).unwrap_or(0));
        Ok(offset(low)..offset(next))
    }

    async fn read(&self, from: Position, limit: ReadLimit) -> Result<RecordStream, ReadError> {
        let known = self.topic_of(&from.partition).await?;
        let low = self.bounds(&from.partition).await?.start;
        if from.offset < low {
            return Err(ReadError::OutOfRange { partition: from.partition, low });
        }
        let log = self.clone();
        let limit = ReadLimit { records: limit.records.max(1), ..limit };
        let mut closed = self.shared.closed.subscribe();
        Ok(Box::pin(async_stream::try_stream! {
            let partition = from.partition.clone();
            let reader = log.shared.readers.begin(&known.name, from, limit);
            let mut reader = reader.map_err(|error| log.failed(&error))?;
            loop {
                let batch = tokio::select! {
                    biased;
                    _ = closed.wait_for(|closed| *closed) => None,
                    batch = reader.batch() => Some(batch),
                };
                match batch {
                    None => Err(ReadError::Closed)?,
                    Some(Ok(records)) => yield records,
                    Some(Err(incident)) => {
                        if let Some(error) = log.explain(incident, &partition, reader.next_offset()).await {
                            Err(error)?;
                        }
                    }
                }
            }
        }))
    }

    async fn join(&self, group: &Group, topics: &[Topic]) -> Result<Box<dyn Member>, GroupError> {
        let mut names = BTreeMap::new();
        for topic in topics {
            let known = self.known(topic).await?;
            let missing = || ReadError::NoSuchPartition(Partition { topic: topic.clone(), index: 0 });
            names.insert(known.ok_or_else(missing)?.name.clone(), topic.clone());
        }
        let closed = self.shared.closed.subscribe();
        let config = self.shared.consumers.clone();
        Ok(Box::new(KafkaMember::join(self.clone(), config, group, names, closed).await?))
    }

    async fn committed(&self, group: &Group, partition: &Partition) -> Result<Option<Offset>, GroupError> {
        let known = self.topic_of(partition).await?;
        let group = self.group_name(group);
        let committed = self.shared.commits.of(&group, &known.name, partition.index).await;
        committed.map_err(|error| GroupError::Backend(self.shared.commits.troubles.explain(error)))
    }

    async fn trim(&self, partition: &Partition, before: Offset) -> Result<(), ReadError> {
        let known = self.topic_of(partition).await?;
        let bounds = self.bounds(partition).await?;
        let before = before.min(bounds.end);
        if before <= bounds.start {
            return Ok(());
        }
        let mut list = TopicPartitionList::with_capacity(1);
        let index = i32::try_from(partition.index).unwrap_or(i32::MAX);
        let place = Place::Offset(i64::try_from(before.0).unwrap_or(i64::MAX));
        list.add_partition_offset(&known.name, index, place).map_err(|error| self.failed(&error))?;
        let timeout = self.shared.options.request_timeout;
        let options = AdminOptions::new().request_timeout(Some(timeout)).operation_timeout(Some(timeout));
        let done = self.shared.admin.delete_records(&list, &options).await;
        let done = done.map_err(|error| self.failed(&error))?;
        for element in done.elements() {
            element.error().map_err(|error| self.failed(&error))?;
        }
        Ok(())
    }

    async fn close(&self) {
        self.shared.closing.store(true, Ordering::Release);
        drop(self.shared.appends.write().await);
        self.shared.producers.flush().await;
        self.shared.closed.send_replace(true);
        self.shared.readers.close();
        self.shared.commits.close();
        self.shared.discards.gone(GOODBYE).await;
    }
}
