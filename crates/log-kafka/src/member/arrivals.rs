//! What comes to a member: moves, records, and what is in their place.

use std::{collections::BTreeMap, task::Poll};

use futures::{StreamExt as _, future::poll_fn};
use rdkafka::{
    Offset as Place,
    consumer::Consumer as _,
    message::{BorrowedMessage, Message as _},
};
use vedetta_log::{Delivery, EventLog as _, GroupError, Partition, ReadError, ReadLimit, Record, Topic};

use super::{Held, KafkaMember, moves::Move, place};
use crate::{
    consume::{self, Complaint, Incident, complaint, fill},
    record,
};

/// One thing that came.
pub(super) enum Event {
    Move(Move),
    Came(Result<Record, Incident>),
    /// A move was told while a record was taken.
    Both(Result<Record, Incident>, Move),
}

impl KafkaMember {
    /// The next thing that happens. Nothing is lost when it is given up: what was taken is taken in one step.
    pub(super) async fn event(&mut self) -> Result<Event, GroupError> {
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
    pub(super) fn records(&mut self, first: Record) -> Result<Delivery, GroupError> {
        let mut records = vec![first];
        let consumer = self.consumer()?.clone();
        let (topics, held) = (&self.topics, &self.held);
        self.kept = fill(&consumer, &mut records, ReadLimit::TURN, |message| wanted(topics, held, message));
        if let Some(last) = records.last()
            && let Some(held) = self.held.get_mut(&last.position.partition)
        {
            held.next = last.position.offset.next();
        }
        Ok(Delivery::Records(records))
    }

    /// What comes instead of records. `Ok` when it passes by itself.
    pub(super) fn incident(&mut self, incident: Incident) -> Result<(), GroupError> {
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
    pub(super) async fn skip_what_is_gone(&mut self) -> Result<(), GroupError> {
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
