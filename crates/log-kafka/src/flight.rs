//! One append on its way: which of its records have arrived where.

use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError,
    atomic::{AtomicUsize, Ordering},
};

use rdkafka::{
    error::{KafkaError, RDKafkaErrorCode},
    message::Message as _,
    producer::DeliveryResult,
};
use tokio::sync::{OwnedSemaphorePermit, oneshot};
use vedetta_log::{Offset, Partition, Position, Topic};

use crate::producer::Gate;

/// An append whose records are in the hands of the producer. It keeps its room in the queue until the last of them is
/// told of, also when the caller went away.
pub struct Flight {
    handed_over: AtomicUsize,
    state: Mutex<State>,
    _room: OwnedSemaphorePermit,
}

struct State {
    places: Vec<Option<(u32, u64)>>,
    untold: usize,
    failures: Vec<RDKafkaErrorCode>,
    landed: Option<oneshot::Sender<()>>,
}

/// One record of a flight, as the producer carries it.
pub struct Slot {
    pub flight: Arc<Flight>,
    /// Which record of the batch.
    pub index: usize,
    pub gate: Arc<Gate>,
    /// Who waits for this record alone; hears whether it arrived.
    pub told: Option<oneshot::Sender<bool>>,
}

/// What became of a flight.
#[derive(Debug, PartialEq, Eq)]
pub enum Arrival {
    /// All records lie there.
    Landed(Vec<Position>),
    /// Nothing was written: the topic is gone.
    NoSuchTopic,
    /// Nothing was written, and nothing will be until somebody changes something.
    Refused(String),
    /// Not known.
    Open(String),
}

impl Slot {
    pub fn delivered(self, result: &DeliveryResult<'_>) {
        let arrived = result.is_ok();
        if arrived {
            self.gate.open();
        }
        self.flight.told(
            self.index,
            match result {
                Ok(message) => {
                    let place = (u32::try_from(message.partition()), u64::try_from(message.offset()));
                    Ok(if let (Ok(partition), Ok(offset)) = place { Some((partition, offset)) } else { None })
                }
                Err((error, _)) => Err(error.rdkafka_error_code().unwrap_or(RDKafkaErrorCode::Unknown)),
            },
        );
        if let Some(told) = self.told {
            // Nobody listens any more when the append was given up.
            let _ = told.send(arrived);
        }
    }
}

impl Flight {
    /// A flight of `count` records, and what tells that all of them are told of.
    pub fn new(count: usize, room: OwnedSemaphorePermit) -> (Arc<Self>, oneshot::Receiver<()>) {
        let (landed, wait) = oneshot::channel();
        let state =
            State { places: vec![None; count], untold: count, failures: vec![], landed: Some(landed) };
        (Arc::new(Self { handed_over: AtomicUsize::new(0), state: Mutex::new(state), _room: room }), wait)
    }

    pub fn one_more(&self) {
        self.handed_over.fetch_add(1, Ordering::AcqRel);
    }

    /// It was not taken after all.
    pub fn one_less(&self) {
        self.handed_over.fetch_sub(1, Ordering::AcqRel);
    }

    /// Whether the producer has taken none of its records.
    pub fn is_untouched(&self) -> bool {
        self.handed_over.load(Ordering::Acquire) == 0
    }

    fn told(&self, index: usize, outcome: Result<Option<(u32, u64)>, RDKafkaErrorCode>) {
        let mut state = self.state();
        match outcome {
            Ok(place) => state.places[index] = place,
            Err(code) => state.failures.push(code),
        }
        state.untold -= 1;
        if state.untold == 0
            && let Some(landed) = state.landed.take()
        {
            let _ = landed.send(());
        }
    }

    /// What became of it once all is told.
    pub fn arrival(&self, topic: &Topic) -> Arrival {
        let state = self.state();
        if let Some(refusal) = state.refusal(state.places.len()) {
            return refusal;
        }
        if let Some(code) = state.failures.first() {
            return Arrival::Open(code.to_string());
        }
        let position = |place: &Option<(u32, u64)>| {
            let (index, offset) = (*place)?;
            Some(Position { partition: Partition { topic: topic.clone(), index }, offset: Offset(offset) })
        };
        // A broker that recognises a repeat as one may not say where the record lies.
        let positions = state.places.iter().map(position).collect::<Option<_>>();
        positions.map_or_else(
            || Arrival::Open("written, but the broker does not say where".into()),
            Arrival::Landed,
        )
    }

    /// What became of it when not all was handed over.
    pub fn arrival_after(&self, error: &KafkaError) -> Arrival {
        let state = self.state();
        let handed_over = self.handed_over.load(Ordering::Acquire);
        if let Some(refusal) = state.refusal(handed_over) {
            return refusal;
        }
        match (state.failures.first(), error.rdkafka_error_code()) {
            (Some(code), _) => Arrival::Open(code.to_string()),
            (None, Some(code)) if handed_over == 0 => {
                refusal(&code).unwrap_or_else(|| Arrival::Open(code.to_string()))
            }
            (None, _) => Arrival::Open(error.to_string()),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Only when each of the `count` records was refused for certain, nothing was written.
    fn refusal(&self, count: usize) -> Option<Arrival> {
        if count == 0 || self.failures.len() != count {
            return None;
        }
        self.failures.iter().map(refusal).reduce(|all, one| all.filter(|_| one.is_some()))?
    }
}

/// What a broker's answer means for good.
fn refusal(code: &RDKafkaErrorCode) -> Option<Arrival> {
    use RDKafkaErrorCode as Code;
    let refused = |what: &str| Some(Arrival::Refused(what.into()));
    match code {
        Code::UnknownTopicOrPartition | Code::UnknownTopic | Code::UnknownPartition => {
            Some(Arrival::NoSuchTopic)
        }
        Code::MessageSizeTooLarge | Code::InvalidMessageSize => refused(
            "the broker takes no record of this size any more: set the topic's max.message.bytes as it was, or restart \
             to be told the command",
        ),
        Code::TopicAuthorizationFailed => {
            refused("the cluster does not let this user write to the topic: allow it Write")
        }
        Code::ClusterAuthorizationFailed => refused(
            "the cluster does not let this user write idempotently: allow it IdempotentWrite on the cluster",
        ),
        Code::InvalidRecord | Code::PolicyViolation => refused("the broker's rules refuse the record"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::Semaphore;

    use super::*;

    fn flight(count: usize) -> (Arc<Flight>, oneshot::Receiver<()>) {
        let room = Arc::new(Semaphore::new(1)).try_acquire_owned().unwrap();
        Flight::new(count, room)
    }

    fn fly(outcomes: &[Result<Option<(u32, u64)>, RDKafkaErrorCode>]) -> Arrival {
        let (flight, mut landed) = flight(outcomes.len());
        for (index, outcome) in outcomes.iter().enumerate() {
            assert!(landed.try_recv().is_err(), "not all is told");
            flight.one_more();
            flight.told(index, *outcome);
        }
        landed.try_recv().unwrap();
        flight.arrival(&Topic::FINDINGS)
    }

    #[test]
    fn all_arrived_is_landed_in_order() {
        let Arrival::Landed(positions) = fly(&[Ok(Some((1, 7))), Ok(Some((0, 3)))]) else { panic!() };
        let places: Vec<_> = positions.iter().map(ToString::to_string).collect();
        assert_eq!(places, ["findings/1/7", "findings/0/3"]);
    }

    #[test]
    fn only_what_was_refused_as_a_whole_is_known_not_to_be_written() {
        use RDKafkaErrorCode as Code;
        assert_eq!(fly(&[Err(Code::UnknownTopic), Err(Code::UnknownPartition)]), Arrival::NoSuchTopic);
        let refused = |outcomes: &[_]| matches!(fly(outcomes), Arrival::Refused(_));
        assert!(refused(&[Err(Code::TopicAuthorizationFailed)]));
        assert!(!refused(&[Ok(Some((0, 0))), Err(Code::TopicAuthorizationFailed)]), "one was written");
        assert!(!refused(&[Err(Code::TopicAuthorizationFailed), Err(Code::PurgeInflight)]), "one may be");
        assert!(matches!(fly(&[Err(Code::PurgeQueue)]), Arrival::Open(_)));
        assert!(matches!(fly(&[Ok(None)]), Arrival::Open(_)), "where it lies is not known");
    }

    #[test]
    fn an_append_that_was_never_taken_is_untouched() {
        let (flight, _landed) = flight(2);
        flight.one_more();
        flight.one_less();
        assert!(flight.is_untouched());
        let error = KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull);
        assert!(matches!(flight.arrival_after(&error), Arrival::Open(_)));
        let error = KafkaError::MessageProduction(RDKafkaErrorCode::UnknownTopic);
        assert_eq!(flight.arrival_after(&error), Arrival::NoSuchTopic);
    }
}
