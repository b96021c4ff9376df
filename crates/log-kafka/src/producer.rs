//! Appending: one idempotent producer, replaced when it can't go on.
//!
//! ```text
//!   append ─ room (bytes) ─ gate of the partition ─ queue of librdkafka ─ broker ─ delivery ─▶ Flight ─▶ append
//! ```
//! Within a producer a partition's records arrive in the order handed over or not at all: the broker takes a batch only
//! behind the one before it (`enable.idempotence`), nothing is given up for its age (`message.timeout.ms=0`), and what the broker
//! refuses for good ends the producer (`enable.gapless.guarantee`), so that nothing behind it is written. That leaves one
//! hole: a broker that does not know a producer yet takes any of its batches as the first. So the first record in each
//! partition goes alone, through a [`Gate`].

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError, RwLock,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use rdkafka::{
    ClientConfig, ClientContext,
    client::Client,
    config::{FromClientConfigAndContext as _, RDKafkaLogLevel},
    error::KafkaError,
    producer::{BaseRecord, DeliveryResult, Producer as _, ProducerContext, PurgeConfig, ThreadedProducer},
};
use tokio::{
    sync::{Semaphore, oneshot},
    time::{Instant, timeout_at},
};
use vedetta_log::{AppendError, Appended, Batch, NewRecord, Topic, partition_of};

use crate::{
    client::{self, Troubles, ask, millis},
    discard::Discards,
    flight::{Arrival, Flight, Slot},
    options::Options,
    record,
    topics::Known,
};

/// Brokers forget a producer that wrote nothing to a partition for a day (`producer.id.expiration.ms`).
const FORGOTTEN: Duration = Duration::from_secs(3600);

/// The producer of now, and what outlives it.
pub struct Producers {
    config: ClientConfig,
    pub troubles: Troubles,
    timeout: Duration,
    room: Arc<Semaphore>,
    most_room: usize,
    session: RwLock<Arc<Session>>,
    renewing: tokio::sync::Mutex<()>,
    discards: Discards,
}

/// One producer, from its making to its end.
pub struct Session {
    producer: ThreadedProducer<Deliveries>,
    gates: Mutex<HashMap<(String, u32), Arc<Gate>>>,
}

/// Whether the broker knows this producer in a partition.
pub struct Gate {
    made: Instant,
    /// When a record of this producer last arrived, in seconds since `made`, plus one; 0 before the first.
    arrived: AtomicU64,
    alone: tokio::sync::Mutex<()>,
}

impl Default for Gate {
    fn default() -> Self {
        Self { made: Instant::now(), arrived: AtomicU64::new(0), alone: tokio::sync::Mutex::default() }
    }
}

impl Gate {
    fn is_open(&self) -> bool {
        let arrived = self.arrived.load(Ordering::Acquire);
        arrived > 0 && self.made.elapsed().as_secs() + 1 - arrived < FORGOTTEN.as_secs()
    }

    /// A record of this producer lies in the partition.
    pub fn open(&self) {
        self.arrived.store(self.made.elapsed().as_secs() + 1, Ordering::Release);
    }
}

/// Takes what became of each record to where it is waited for.
#[derive(Clone)]
struct Deliveries(Troubles);

impl ClientContext for Deliveries {
    fn log(&self, level: RDKafkaLogLevel, fac: &str, message: &str) {
        client::log(level, fac, message);
    }
    fn error(&self, error: KafkaError, reason: &str) {
        self.0.note(&error, reason);
    }
}

impl ProducerContext for Deliveries {
    type DeliveryOpaque = Box<Slot>;

    fn delivery(&self, result: &DeliveryResult<'_>, slot: Box<Slot>) {
        if result.is_ok() {
            self.0.clear();
        }
        slot.delivered(result);
    }
}

impl Session {
    fn begin(config: &ClientConfig, troubles: &Troubles) -> Result<Arc<Self>, KafkaError> {
        let producer = ThreadedProducer::from_config_and_context(config, Deliveries(troubles.clone()))?;
        Ok(Arc::new(Self { producer, gates: Mutex::default() }))
    }

    /// For questions to the cluster.
    pub fn client(&self) -> &Client<impl ClientContext + use<>> {
        self.producer.client()
    }

    fn fatal(&self) -> Option<String> {
        self.producer.client().fatal_error().map(|(code, reason)| format!("{code}: {reason}"))
    }

    fn gate(&self, topic: &str, partition: u32) -> Arc<Gate> {
        let mut gates = self.gates.lock().unwrap_or_else(PoisonError::into_inner);
        gates.entry((topic.to_owned(), partition)).or_default().clone()
    }

    /// Hands the records over in their order.
    async fn send(&self, known: &Known, batch: &[NewRecord], flight: &Arc<Flight>) -> Result<(), KafkaError> {
        let mut gates: HashMap<u32, Arc<Gate>> = HashMap::new();
        for (index, record) in batch.iter().enumerate() {
            let partition = partition_of(&record.key, known.partitions);
            let gate = gates.entry(partition).or_insert_with(|| self.gate(&known.name, partition)).clone();
            let slot = Slot { flight: flight.clone(), index, gate: gate.clone(), told: None };
            if !gate.is_open() {
                let _alone = gate.alone.lock().await;
                if !gate.is_open() {
                    let (told, heard) = oneshot::channel();
                    self.hand_over(known, partition, record, Slot { told: Some(told), ..slot })?;
                    // When it failed, the flight knows why.
                    if heard.await != Ok(true) {
                        return Err(KafkaError::Canceled);
                    }
                    continue;
                }
            }
            self.hand_over(known, partition, record, slot)?;
        }
        Ok(())
    }

    fn hand_over(
        &self,
        known: &Known,
        partition: u32,
        record: &NewRecord,
        slot: Slot,
    ) -> Result<(), KafkaError> {
        let flight = slot.flight.clone();
        let message = BaseRecord::with_opaque_to(&known.name, Box::new(slot))
            .partition(i32::try_from(partition).unwrap_or(i32::MAX))
            .key(&record.key.0[..])
            .payload(&record.payload[..])
            .headers(record::headers(record));
        // Before, for the delivery may be here before `send` returns.
        flight.one_more();
        self.producer.send(message).map_err(|(error, _)| {
            flight.one_less();
            error
        })
    }
}

impl Producers {
    pub fn open(options: &Options, mut config: ClientConfig, discards: Discards) -> Result<Self, KafkaError> {
        let (append, most) = (&options.append, record::batch_bytes(options.topics.max_record_bytes));
        config
            .set("enable.idempotence", "true")
            .set("enable.gapless.guarantee", "true")
            .set("acks", "all")
            .set("max.in.flight.requests.per.connection", "5")
            .set("message.timeout.ms", "0")
            .set("request.timeout.ms", millis(options.request_timeout))
            .set("message.max.bytes", most.to_string())
            .set("batch.size", most.min(1 << 20).to_string())
            .set("linger.ms", millis(append.linger))
            .set("compression.type", append.compression.as_str())
            // `room` is the limit that callers meet; these two are never reached.
            .set("queue.buffering.max.messages", "10000000")
            .set("queue.buffering.max.kbytes", (2 * (append.queue_bytes + most) / 1024).to_string());
        let troubles = Troubles::default();
        let session = Session::begin(&config, &troubles)?;
        Ok(Self {
            config,
            troubles,
            timeout: append.timeout,
            room: Arc::new(Semaphore::new(append.queue_bytes)),
            most_room: append.queue_bytes,
            session: RwLock::new(session),
            renewing: tokio::sync::Mutex::default(),
            discards,
        })
    }

    pub fn session(&self) -> Arc<Session> {
        self.session.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Appends, or says how far it came.
    pub async fn append(&self, topic: &Topic, known: &Known, batch: Batch) -> Result<Appended, AppendError> {
        let deadline = Instant::now() + self.timeout;
        let cost: usize = batch.iter().map(record::cost).sum();
        let cost = u32::try_from(cost.min(self.most_room)).unwrap_or(u32::MAX);
        let room = timeout_at(deadline, self.room.clone().acquire_many_owned(cost)).await;
        let room =
            room.map_err(|_| self.full("the brokers take nothing"))?.map_err(|_| AppendError::Closed)?;
        let (flight, mut landed) = Flight::new(batch.len(), room);
        let mut session = self.session();
        loop {
            let way = async {
                session.send(known, &batch, &flight).await?;
                // All slots tell, or are dropped with the producer.
                (&mut landed).await.map_err(|_| KafkaError::Canceled)
            };
            let ended = timeout_at(deadline, way).await;
            if let Some(reason) = session.fatal() {
                self.renew(&session, &reason).await;
                // A producer that was dead before has taken nothing of this batch: it can go to the next one.
                let next = self.session();
                if flight.is_untouched() && Instant::now() < deadline && !Arc::ptr_eq(&next, &session) {
                    session = next;
                    continue;
                }
            }
            return match ended {
                Ok(Ok(())) => flight.arrival(topic),
                Ok(Err(error)) => flight.arrival_after(&error),
                Err(_) => Arrival::Open("no broker said that the records are durable".into()),
            }
            .into_result(&flight, self, topic);
        }
    }

    /// Puts a new producer in the place of a dead one. What the dead one still held ends as `Unknown`: it may have been
    /// written, and nobody but its caller may send it again.
    async fn renew(&self, dead: &Arc<Session>, reason: &str) {
        let _one = self.renewing.lock().await;
        if !Arc::ptr_eq(dead, &self.session()) {
            return;
        }
        tracing::error!(reason, "the kafka producer can't go on and is replaced");
        dead.producer.purge(PurgeConfig::default().queue().inflight());
        match Session::begin(&self.config, &self.troubles) {
            Ok(session) => {
                *self.session.write().unwrap_or_else(PoisonError::into_inner) = session;
                self.discards.discard(Last(dead.clone()));
            }
            Err(error) => tracing::error!(%error, "no new kafka producer; the next append tries again"),
        }
    }

    /// Waits until nothing is under way, also of appends whose callers went away.
    pub async fn flush(&self) {
        let (session, timeout) = (self.session(), self.timeout);
        if let Err(error) = ask(move || session.producer.flush(timeout)).await {
            tracing::warn!(error = %self.troubles.explain(error), "records whose callers went away may not be written");
        }
    }

    pub fn full(&self, what: &str) -> AppendError {
        AppendError::Full(self.troubles.explain(what))
    }
}

/// A session that somebody may still look at. Ending a producer blocks, so the last to let go must not be an async thread.
pub struct Last(pub Arc<Session>);

impl Drop for Last {
    fn drop(&mut self) {
        while Arc::strong_count(&self.0) > 1 {
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Arrival {
    fn into_result(
        self,
        flight: &Flight,
        producers: &Producers,
        topic: &Topic,
    ) -> Result<Appended, AppendError> {
        match self {
            Self::Landed(positions) => Ok(Appended { positions }),
            Self::NoSuchTopic => Err(AppendError::NoSuchTopic(topic.clone())),
            Self::Refused(what) => Err(AppendError::Misconfigured(what)),
            Self::Open(what) if flight.is_untouched() => Err(producers.full(&what)),
            Self::Open(what) => Err(AppendError::Unknown(producers.troubles.explain(what))),
        }
    }
}
