//! The event store as aggregates see it.

use std::{fmt, sync::Arc};

use vedetta_api::{Code, Error};
use vedetta_model::{
    Clock, TenantId, Timestamp,
    control::{Actor, Envelope},
    simulated::{Point, reached},
};
use vedetta_store::{AppendError, EventStore, Expected, NewEvent, StoreError, StreamId, Version};

use super::{Aggregate, Random};
use crate::metrics::Metrics;

/// Decisions that met another one at the same moment are taken again this often.
const TRIES: usize = 16;
const PAGE: usize = 1000;

/// Which stream changed and how far it is now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decided {
    /// The stream.
    pub stream: StreamId,
    /// Its version.
    pub version: Version,
}

/// Loads, decides, appends.
#[derive(Debug, Clone)]
pub struct Streams {
    store: Arc<dyn EventStore>,
    clock: Arc<dyn Clock>,
    random: Random,
    metrics: Metrics,
}

impl Streams {
    /// On a store.
    pub fn new(store: Arc<dyn EventStore>, clock: Arc<dyn Clock>, random: Random, metrics: Metrics) -> Self {
        Self { store, clock, random, metrics }
    }

    /// The store itself.
    pub fn store(&self) -> &Arc<dyn EventStore> {
        &self.store
    }

    /// The time.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// A stream's history after a version, at most `limit`.
    pub async fn history(
        &self,
        stream: &StreamId,
        after: Version,
        limit: usize,
    ) -> Result<Vec<Envelope>, Error> {
        let stored = self.store.load(stream, after, limit).await.map_err(|e| unavailable(&e))?;
        stored
            .iter()
            .map(|event| {
                Envelope::decode(&event.data).map_err(|error| {
                    tracing::error!(%stream, version = %event.version, %error, "a stored decision can't be read");
                    Error::new(Code::Internal, format!("version {} of {stream} can't be read", event.version))
                })
            })
            .collect()
    }

    /// The state after all events no later than `until`, its version, and the event that made it so.
    pub async fn state<A: Aggregate>(
        &self,
        stream: &StreamId,
        until: Option<Timestamp>,
    ) -> Result<(A, Version, Option<Envelope>), Error> {
        let (mut state, mut version, mut last) = (A::default(), Version(0), None);
        loop {
            let page = self.history(stream, version, PAGE).await?;
            let full = page.len() == PAGE;
            for envelope in page {
                if until.is_some_and(|until| envelope.time > until) {
                    return Ok((state, version, last));
                }
                state.take(&envelope);
                version = Version(envelope.version);
                last = Some(envelope);
            }
            if !full {
                return Ok((state, version, last));
            }
        }
    }

    /// Takes a decision on the newest state and appends it. When somebody else was faster, it is taken again on theirs.
    pub async fn decide<A: Aggregate, R: Into<Error>>(
        &self,
        tenant: &TenantId,
        id: impl fmt::Display + Send,
        actor: &Actor,
        mut decide: impl FnMut(&A, Timestamp) -> Result<Vec<A::Event>, R> + Send,
    ) -> Result<Decided, Error> {
        let stream = StreamId::new(tenant, A::NAME, id);
        for _ in 0..TRIES {
            let (state, version, last) = self.state::<A>(&stream, None).await?;
            // History never runs backwards, whatever the clock does: "as of" relies on it.
            let now = self.clock.now().max(last.map_or(Timestamp::EPOCH, |envelope| envelope.time));
            let events = decide(&state, now).map_err(Into::into)?;
            if events.is_empty() {
                return Ok(Decided { stream, version });
            }
            let new: Vec<NewEvent> = (version.0 + 1..)
                .zip(events)
                .map(|(version, event)| {
                    let id = self.random.uuid();
                    let envelope = Envelope {
                        id,
                        tenant: tenant.clone(),
                        stream: stream.id.clone(),
                        version,
                        time: now,
                        actor: actor.clone(),
                        event: A::wrap(event),
                    };
                    NewEvent { id, time: now, data: envelope.encode().into() }
                })
                .collect();
            match self.store.append(&stream, Expected::Exactly(version), &new).await {
                Ok(version) => {
                    self.metrics.decided(A::NAME, new.len());
                    return Ok(Decided { stream, version });
                }
                Err(AppendError::Conflict { .. }) => {
                    self.metrics.conflicts.inc();
                    reached(Point::Conflict);
                }
                Err(AppendError::TooLarge { what, .. }) => return Err(Error::new(Code::Invalid, what)),
                Err(AppendError::Store(error)) => return Err(unavailable(&error)),
                Err(error) => {
                    tracing::error!(%error, "a decision was not kept");
                    return Err(Error::new(
                        Code::Internal,
                        "the decision was not kept; the log of the server says why",
                    ));
                }
            }
        }
        Err(Error::new(Code::Conflict, "too many others decide on this at the same time; try again"))
    }
}

/// What a caller is told when the store does not answer.
pub fn unavailable(error: &StoreError) -> Error {
    let code = match error {
        StoreError::Full(_) => Code::Exhausted,
        StoreError::Corrupt { .. } => Code::Internal,
        _ => Code::Unavailable,
    };
    tracing::error!(%error, "the store did not do what it was asked");
    Error::new(code, "the store does not answer; try again later")
}
