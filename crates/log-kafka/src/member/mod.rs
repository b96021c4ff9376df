//! One member of a consumer group.
//!
//! librdkafka tells of a rebalance and then waits until it is answered. The answer is given here at the call of `next` that the
//! contract ties it to: a revoked partition is let go when the caller asks for more, and only then given to another.
//!
//! ```text
//!   librdkafka   revoke(p) ┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄ unassign(p), joins again
//!   member       next() -> Revoked(p)   commit(p) is fine   next()
//! ```

mod arrivals;
mod commit;
mod moves;

use std::{
    collections::BTreeMap,
    mem,
    sync::{Arc, atomic::Ordering},
};

use async_trait::async_trait;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use rdkafka::{
    ClientConfig, Offset as Place, TopicPartitionList,
    config::FromClientConfigAndContext as _,
    consumer::{Consumer as _, StreamConsumer},
    error::KafkaError,
};
use tokio::sync::watch;
use vedetta_log::{
    Delivery, EventLog as _, Group, GroupError, Member, Offset, Offsets, Partition, Position, Record, Topic,
};

use self::{
    arrivals::Event,
    moves::{Leaving, Move, Moves},
};
use crate::{client, consume::Incident, log::KafkaLog};

/// How many partitions are asked at a time where they begin.
const ASKED_AT_ONCE: usize = 8;

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
        self.commit_higher(next).await
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
