//! One member of a consumer group.
//!
//! librdkafka tells of a rebalance and then waits until it is answered. The answer is given here at the call of `next` that the
//! contract ties it to: a revoked partition is let go when the caller asks for more, and only then given to another.
//!
//! ```text
//!   librdkafka   revoke(p) ┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄ unassign(p), joins again
//!   member       next() -> Revoked(p)   commit(p) is fine   next()
//! ```

use std::{
    collections::{BTreeMap, VecDeque},
    mem,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    task::Poll,
    time::Duration,
};

use async_trait::async_trait;
use futures::{StreamExt as _, TryStreamExt as _, future::poll_fn, stream};
use rdkafka::{
    ClientConfig, ClientContext, Offset as Place, TopicPartitionList,
    config::{FromClientConfigAndContext as _, RDKafkaLogLevel},
    consumer::{BaseConsumer, CommitMode, Consumer as _, ConsumerContext, StreamConsumer},
    error::{KafkaError, RDKafkaErrorCode},
    message::{BorrowedMessage, Message as _},
    types::RDKafkaRespErr,
};
use tokio::{sync::watch, time::Instant};
use vedetta_log::{
    Delivery, EventLog as _, Group, GroupError, Member, Offset, Offsets, Partition, Position, ReadError,
    ReadLimit, Record, Topic,
};

use crate::{
    client::{self, Troubles, ask},
    consume::{self, Complaint, Incident, complaint, fill},
    log::KafkaLog,
    record,
};

/// How many partitions are asked at a time where they begin.
const ASKED_AT_ONCE: usize = 8;
/// Between two tries of a commit that met a rebalance.
const COMMIT_PAUSE: Duration = Duration::from_millis(20);

/// A member that moves by cooperative rebalancing.
pub struct KafkaMember {
    log: KafkaLog,
    group: Group,
    /// `Some` until it leaves.
    consumer: Option<Arc<StreamConsumer<Moves>>>,
    moves: Moves,
    /// By their names in the cluster.
    topics: BTreeMap<String, Topic>,
    /// Ours by librdkafka's word, which still waits for an answer.
    claimed: Option<Vec<Partition>>,
    /// Held, but not announced yet.
    unannounced: Vec<Position>,
    held: BTreeMap<Partition, Held>,
    /// Announced as gone; let go at the next call.
    leaving: Vec<Partition>,
    /// Those of them that the caller can still commit.
    ending: BTreeMap<Partition, Held>,
    /// One commit after the other: a late one must not undo the next.
    turn: Arc<tokio::sync::Mutex<()>>,
    /// What did not fit into the delivery before.
    kept: Option<Result<Record, Incident>>,
    /// Whether a partition may be read at a place that is gone.
    displaced: bool,
    closed: watch::Receiver<bool>,
}

/// A partition that is this member's.
#[derive(Debug, Clone, Copy)]
struct Held {
    next: Offset,
    committed: Option<Offset>,
}

/// What librdkafka wants moved. Clones share it.
#[derive(Clone, Default)]
pub struct Moves {
    troubles: Troubles,
    queue: Arc<Mutex<VecDeque<Move>>>,
    /// Nobody will ask any more: moves are answered at once.
    leaving: Arc<AtomicBool>,
}

#[derive(Debug)]
enum Move {
    Assign(Vec<(String, i32)>),
    Revoke {
        partitions: Vec<(String, i32)>,
        /// They are somebody else's already: this member was thought dead.
        lost: bool,
    },
}

impl Moves {
    fn pop(&self) -> Option<Move> {
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

impl KafkaMember {
    /// Joins. Waits until the group has taken this member in, so that a refusal is heard here and who came first stays
    /// first; a group that takes longer goes on without being waited for.
    pub async fn join(
        log: KafkaLog,
        mut config: ClientConfig,
        group: &Group,
        topics: BTreeMap<String, Topic>,
        closed: watch::Receiver<bool>,
    ) -> Result<Self, GroupError> {
        let options = &log.options().group;
        config
            .set("group.id", log.group_name(group))
            .set("partition.assignment.strategy", "cooperative-sticky")
            .set("session.timeout.ms", client::millis(options.session_timeout))
            .set("heartbeat.interval.ms", client::millis(options.heartbeat))
            .set("max.poll.interval.ms", client::millis(options.max_poll_interval));
        let moves = Moves::default();
        let failed = |error: KafkaError| GroupError::Backend(error.to_string());
        let consumer = StreamConsumer::from_config_and_context(&config, moves.clone()).map_err(failed)?;
        let names: Vec<_> = topics.keys().map(String::as_str).collect();
        consumer.subscribe(&names).map_err(failed)?;
        let mut member = Self {
            log,
            group: group.clone(),
            consumer: Some(Arc::new(consumer)),
            moves,
            topics,
            claimed: None,
            unannounced: vec![],
            held: BTreeMap::new(),
            leaving: vec![],
            ending: BTreeMap::new(),
            turn: Arc::default(),
            kept: None,
            displaced: false,
            closed,
        };
        let patience = member.log.options().request_timeout;
        if let Ok(joined) = tokio::time::timeout(patience, member.taken_in()).await {
            joined?;
        }
        Ok(member)
    }

    /// Waits for the first assignment and answers it: until then the group could take in nobody else.
    async fn taken_in(&mut self) -> Result<(), GroupError> {
        while self.claimed.is_none() {
            match self.event().await? {
                Event::Move(moved) => drop(self.take_up(moved)),
                Event::Came(Err(incident)) => self.incident(incident)?,
                // Nothing is held yet, so nothing comes.
                Event::Came(Ok(_)) | Event::Both(..) => {}
            }
        }
        if let Some(Delivery::Assigned(starts)) = self.start().await? {
            self.unannounced = starts;
        }
        Ok(())
    }

    fn consumer(&self) -> Result<&Arc<StreamConsumer<Moves>>, GroupError> {
        self.consumer.as_ref().ok_or(GroupError::Closed)
    }

    fn failed(&self, error: &KafkaError) -> GroupError {
        GroupError::Backend(self.moves.troubles.explain(error))
    }

    fn own(&self, partitions: Vec<(String, i32)>) -> Vec<Partition> {
        let own = partitions.into_iter().filter_map(|(name, index)| {
            let topic = self.topics.get(&name)?.clone();
            Some(Partition { topic, index: u32::try_from(index).ok()? })
        });
        own.collect()
    }

    /// The list of librdkafka for some partitions, each with a place.
    fn list<'a>(
        &self,
        places: impl IntoIterator<Item = (&'a Partition, Place)>,
    ) -> Result<TopicPartitionList, GroupError> {
        let mut list = TopicPartitionList::new();
        for (partition, place) in places {
            let index = i32::try_from(partition.index).unwrap_or(i32::MAX);
            list.add_partition_offset(&self.log.topic_name(&partition.topic), index, place)
                .map_err(|error| self.failed(&error))?;
        }
        Ok(list)
    }

    /// Lets go of what was announced as gone.
    fn release(&mut self) -> Result<(), GroupError> {
        if self.leaving.is_empty() {
            return Ok(());
        }
        let leaving = mem::take(&mut self.leaving);
        self.ending.clear();
        let list = self.list(leaving.iter().map(|partition| (partition, Place::Invalid)))?;
        self.consumer()?.incremental_unassign(&list).map_err(|error| self.failed(&error))
    }

    /// Begins to read what was claimed: where the group committed, but never below what is still there.
    async fn start(&mut self) -> Result<Option<Delivery>, GroupError> {
        let Some(claimed) = &self.claimed else { return Ok(None) };
        let committed = if claimed.is_empty() { BTreeMap::new() } else { self.commits(claimed).await? };
        let log = &self.log;
        let starts = stream::iter(claimed.clone()).map(|partition| async {
            let low = log.bounds(&partition).await?.start;
            let committed = committed.get(&partition).copied();
            Ok::<_, GroupError>((partition, low, committed))
        });
        let starts: Vec<_> = starts.buffered(ASKED_AT_ONCE).try_collect().await?;
        let mut positions = Vec::with_capacity(starts.len());
        let mut held = BTreeMap::new();
        for (partition, low, committed) in starts {
            let wanted = committed.unwrap_or(low);
            if wanted < low {
                tracing::warn!(group = %self.group, %partition, committed = %wanted, %low, "trimmed beyond the commit");
            }
            let next = wanted.max(low);
            held.insert(partition.clone(), Held { next, committed });
            positions.push(Position { partition, offset: next });
        }
        let list = self.list(held.iter().map(|(partition, held)| (partition, place(held.next))))?;
        self.consumer()?.incremental_assign(&list).map_err(|error| self.failed(&error))?;
        self.claimed = None;
        self.held.append(&mut held);
        Ok((!positions.is_empty()).then_some(Delivery::Assigned(positions)))
    }

    async fn commits(&self, partitions: &[Partition]) -> Result<BTreeMap<Partition, Offset>, GroupError> {
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

    /// Takes up a move. `Some` when the caller has to know.
    fn take_up(&mut self, moved: Move) -> Option<Delivery> {
        match moved {
            Move::Assign(partitions) => {
                let own = self.own(partitions);
                self.claimed.get_or_insert_default().extend(own);
                None
            }
            Move::Revoke { partitions, lost } => {
                let gone = self.own(partitions);
                if let Some(Ok(record)) = &self.kept
                    && gone.contains(&record.position.partition)
                {
                    self.kept = None;
                }
                for partition in &gone {
                    let held = self.held.remove(partition);
                    if let Some(held) = held.filter(|_| !lost) {
                        self.ending.insert(partition.clone(), held);
                    }
                }
                self.leaving.extend(gone.iter().cloned());
                // librdkafka waits for an answer also to a move of nothing.
                if gone.is_empty() {
                    let _ = self.consumer().and_then(|consumer| {
                        consumer
                            .incremental_unassign(&TopicPartitionList::new())
                            .map_err(|error| self.failed(&error))
                    });
                }
                (!gone.is_empty()).then_some(Delivery::Revoked(gone))
            }
        }
    }

    /// The next thing that happens. Nothing is lost when it is given up: what was taken is taken in one step.
    async fn event(&mut self) -> Result<Event, GroupError> {
        let consumer = self.consumer()?.clone();
        let mut closed = self.closed.clone();
        let Self { moves, topics, held, .. } = self;
        let mut messages = consumer.stream();
        let next = poll_fn(|cx| {
            loop {
                if let Some(moved) = moves.pop() {
                    return Poll::Ready(Event::Move(moved));
                }
                let polled = messages.poll_next_unpin(cx);
                // Polling is what brings moves.
                if let Some(moved) = moves.pop() {
                    // A message that came with it is of a partition that is held, or nobody's.
                    if let Poll::Ready(Some(Ok(message))) = polled
                        && let Some(topic) = wanted(topics, held, &message)
                    {
                        return Poll::Ready(Event::Both(decoded(&topic, &message), moved));
                    }
                    return Poll::Ready(Event::Move(moved));
                }
                match polled {
                    Poll::Pending => return Poll::Pending,
                    Poll::Ready(None) => {}
                    Poll::Ready(Some(Err(error))) => {
                        return Poll::Ready(Event::Came(Err(Incident::Kafka(error))));
                    }
                    Poll::Ready(Some(Ok(message))) => {
                        if let Some(topic) = wanted(topics, held, &message) {
                            return Poll::Ready(Event::Came(decoded(&topic, &message)));
                        }
                    }
                }
            }
        });
        tokio::select! {
            biased;
            _ = closed.wait_for(|closed| *closed) => Err(GroupError::Closed),
            event = next => Ok(event),
        }
    }

    /// The records that came with `first`, of one partition.
    fn records(&mut self, first: Record) -> Result<Delivery, GroupError> {
        let mut records = vec![first];
        let consumer = self.consumer()?.clone();
        let (topics, held) = (&self.topics, &self.held);
        self.kept =
            fill(&consumer, &mut records, ReadLimit::default(), |message| wanted(topics, held, message));
        if let Some(last) = records.last()
            && let Some(held) = self.held.get_mut(&last.position.partition)
        {
            held.next = last.position.offset.next();
        }
        Ok(Delivery::Records(records))
    }

    /// What comes instead of records. `Ok` when it passes by itself.
    fn incident(&mut self, incident: Incident) -> Result<(), GroupError> {
        match incident {
            Incident::Record(error) => {
                // The next call goes on behind it.
                if let ReadError::Corrupt { partition, offset, .. } = &error
                    && let Some(held) = self.held.get_mut(partition)
                {
                    held.next = held.next.max(offset.next());
                }
                Err(error.into())
            }
            Incident::Kafka(error) => match complaint(&error, &self.moves.troubles) {
                Complaint::Passing => Ok(()),
                Complaint::Serious(what) => Err(GroupError::Backend(what)),
                Complaint::NoSuchPartition => Err(self.failed(&error)),
                Complaint::NoSuchOffset => {
                    self.displaced = true;
                    Ok(())
                }
            },
        }
    }

    /// A partition was trimmed beyond where it is read, or is shorter than it was: goes on at what is there, and says so.
    async fn skip_what_is_gone(&mut self) -> Result<(), GroupError> {
        if !self.displaced {
            return Ok(());
        }
        let places: Vec<_> =
            self.held.iter().map(|(partition, held)| (partition.clone(), held.next)).collect();
        for (partition, next) in places {
            let bounds = self.log.bounds(&partition).await?;
            let on = if next < bounds.start {
                bounds.start
            } else if next > bounds.end {
                bounds.end
            } else {
                continue;
            };
            // librdkafka has given the place up, and only a new assignment brings it back.
            let (gone, there) =
                (self.list([(&partition, Place::Invalid)])?, self.list([(&partition, place(on))])?);
            let consumer = self.consumer()?;
            let moved =
                consumer.incremental_unassign(&gone).and_then(|()| consumer.incremental_assign(&there));
            moved.map_err(|error| self.failed(&error))?;
            if let Some(held) = self.held.get_mut(&partition) {
                held.next = on;
            }
            return Err(if on == bounds.start {
                ReadError::OutOfRange { partition, low: on }.into()
            } else {
                GroupError::Backend(format!(
                    "{partition} ends at {on}, before {next}: the cluster lost records"
                ))
            });
        }
        self.displaced = false;
        Ok(())
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

enum Event {
    Move(Move),
    Came(Result<Record, Incident>),
    /// A move was told while a record was taken.
    Both(Result<Record, Incident>, Move),
}

fn decoded(topic: &Topic, message: &BorrowedMessage<'_>) -> Result<Record, Incident> {
    record::decode(topic, message).map_err(Incident::Record)
}

/// The topic of a message that this member is to deliver.
fn wanted(
    topics: &BTreeMap<String, Topic>,
    held: &BTreeMap<Partition, Held>,
    message: &BorrowedMessage<'_>,
) -> Option<Topic> {
    let topic = topics.get(message.topic())?.clone();
    let partition = Partition { topic, index: u32::try_from(message.partition()).ok()? };
    let held = held.get(&partition)?;
    (consume::offset(message) >= held.next).then_some(partition.topic)
}

fn place(offset: Offset) -> Place {
    Place::Offset(i64::try_from(offset.0).unwrap_or(i64::MAX))
}

/// A committed place; `None` when there is none.
pub fn offset_of(place: Place) -> Option<Offset> {
    match place {
        Place::Offset(offset) => u64::try_from(offset).ok().map(Offset),
        _ => None,
    }
}

#[async_trait]
impl Member for KafkaMember {
    async fn next(&mut self) -> Result<Delivery, GroupError> {
        if *self.closed.borrow() {
            return Err(GroupError::Closed);
        }
        self.release()?;
        if !self.unannounced.is_empty() {
            return Ok(Delivery::Assigned(mem::take(&mut self.unannounced)));
        }
        loop {
            if let Some(assigned) = self.start().await? {
                return Ok(assigned);
            }
            self.skip_what_is_gone().await?;
            let event = match self.kept.take() {
                Some(kept) => Event::Came(kept),
                None => self.event().await?,
            };
            let came = match event {
                Event::Move(moved) => {
                    if let Some(delivery) = self.take_up(moved) {
                        return Ok(delivery);
                    }
                    continue;
                }
                Event::Both(came, moved) => {
                    self.kept = Some(came);
                    if let Some(delivery) = self.take_up(moved) {
                        return Ok(delivery);
                    }
                    continue;
                }
                Event::Came(came) => came,
            };
            match came {
                Ok(record) => return self.records(record),
                Err(incident) => self.incident(incident)?,
            }
        }
    }

    async fn commit(&mut self, next: &Offsets) -> Result<(), GroupError> {
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
}

impl Drop for KafkaMember {
    fn drop(&mut self) {
        let Some(consumer) = self.consumer.take() else { return };
        self.moves.leaving.store(true, Ordering::Release);
        let moves = self.moves.clone();
        let leaving = mem::take(&mut self.leaving);
        let leaving = self.list(leaving.iter().map(|partition| (partition, Place::Invalid)));
        self.log.discards().discard(Leaving { consumer, moves, leaving: leaving.ok() });
    }
}

/// A member's consumer on its way out: what librdkafka still waits for is answered, else it would wait for ever.
struct Leaving {
    consumer: Arc<StreamConsumer<Moves>>,
    moves: Moves,
    leaving: Option<TopicPartitionList>,
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
