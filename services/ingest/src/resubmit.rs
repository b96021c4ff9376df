//! Sends records again that were put aside, once somebody decided so.
//!
//! The decision is durable before this reads it, and the place in the control feed moves on only when the record is
//! durable in its topic: a crash in between sends it twice, never not at all. Consumers know a repeat: a block by the
//! range of its numbers, a finding by its id.

use std::sync::Arc;

use vedetta_log::{AppendError, Delivery, EventLog, Group, Offsets, Position, ReadError, Record, Topic};
use vedetta_model::{
    TenantId,
    control::{DeadLetterEvent, DomainEvent, Envelope},
};
use vedetta_runtime::{DeadLetters, Drain, Drained, Letter};

use crate::metrics::Metrics;

/// Its members share the control feed's partitions, so that each decision is carried out by one process.
pub const GROUP: &str = "ingest-resubmit";

/// Carries decisions about dead letters out.
#[derive(Debug)]
pub struct Resubmitter {
    /// The log.
    pub log: Arc<dyn EventLog>,
    /// The order to stop.
    pub drain: Drain,
    /// Counters.
    pub metrics: Metrics,
}

/// What was decided: this letter's record is to be sent again.
#[derive(Debug, PartialEq, Eq)]
struct Order {
    tenant: TenantId,
    /// Where the record lay.
    record: Position,
    /// Where the letter lies.
    letter: Position,
}

impl Order {
    /// In a record of the control feed; `None` for all other decisions.
    fn of(record: &Record) -> Option<Self> {
        // Who folds the feed counts what can't be read.
        let envelope = Envelope::decode(&record.payload).ok().filter(|it| it.tenant == record.tenant)?;
        let DomainEvent::DeadLetter(DeadLetterEvent::DeadLetterResubmitted { letter }) = envelope.event
        else {
            return None;
        };
        match (envelope.stream.parse(), letter.parse()) {
            (Ok(record), Ok(letter)) => Some(Self { tenant: envelope.tenant, record, letter }),
            (Err(error), _) | (_, Err(error)) => {
                tracing::error!(%error, "a decision about no dead letter was skipped");
                None
            }
        }
    }

    fn names(&self, letter: &Letter) -> bool {
        letter.tenant == self.tenant && letter.reason.from == self.record
    }
}

impl Resubmitter {
    /// Runs until the drain. A letter that can't be sent is counted and stops nothing.
    pub async fn run(self) -> anyhow::Result<()> {
        let mut member = self.log.join(&Group::named(GROUP), &[Topic::CONTROL]).await?;
        loop {
            let delivery = match self.drain.or(member.next()).await {
                Drained::Called => return Ok(()),
                Drained::Done(delivery) => delivery?,
            };
            let Delivery::Records(records) = delivery else { continue };
            for order in records.iter().filter_map(Order::of) {
                if !self.carry_out(&order).await {
                    return Ok(());
                }
            }
            let next = records.last().map(|last| &last.position);
            let next: Offsets = next.map(|at| (at.partition.clone(), at.offset.next())).into_iter().collect();
            if let Err(error) = member.commit(&next).await {
                // A later commit covers this one; a record that is sent twice is known.
                tracing::warn!(%error, "the place in the control feed was not kept");
            }
        }
    }

    /// Sends the record of one letter. False when the drain came first.
    async fn carry_out(&self, order: &Order) -> bool {
        let letters = DeadLetters::new(self.log.clone());
        let read = || letters.at(&order.letter);
        let letter =
            match self.drain.persist("a dead letter waits to be read", ReadError::is_transient, read).await {
                Drained::Called | Drained::Done(Err(ReadError::Closed)) => return false,
                Drained::Done(Ok(letter)) => letter.filter(|letter| order.names(letter)),
                Drained::Done(Err(error)) => return self.failed(order, &error),
            };
        let again = match letter.map(|letter| letter.again()) {
            Some(Ok(again)) => again,
            Some(Err(obstacle)) => return self.failed(order, &obstacle),
            None => return self.failed(order, &"no such letter lies there"),
        };
        let topic = &order.record.partition.topic;
        let append = || self.log.append(topic, vec![again.clone()]);
        match self
            .drain
            .persist("a resubmitted record waits for the log", AppendError::is_transient, append)
            .await
        {
            Drained::Called | Drained::Done(Err(AppendError::Closed)) => false,
            Drained::Done(Ok(_)) => {
                self.metrics.resubmitted.inc();
                tracing::info!(tenant = %order.tenant, record = %order.record, "a record was sent again");
                true
            }
            Drained::Done(Err(error)) => self.failed(order, &error),
        }
    }

    /// Counts and tells it; true, because the rest goes on.
    fn failed(&self, order: &Order, why: &dyn std::fmt::Display) -> bool {
        self.metrics.not_resubmitted.inc();
        tracing::error!(%why, tenant = %order.tenant, record = %order.record, letter = %order.letter,
            "a record that was put aside was not sent again");
        true
    }
}
