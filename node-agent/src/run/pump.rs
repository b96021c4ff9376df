//! The source's thread: takes events, has them batched, hands blocks on.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{SyncSender, sync_channel},
    },
    time::Duration,
};

use tokio::time::Instant;
use vedetta_model::Kind;

use super::store::Handed;
use crate::{
    batch::Batcher,
    heartbeat::Reporter,
    ship::Status,
    source::{Interest, Source, SourceError},
};

/// Longest time between two looks at whether to stop.
const LOOK: Duration = Duration::from_millis(50);

/// Asks the pump to stop.
#[derive(Debug, Clone, Default)]
pub(super) struct Stop(Arc<Mutex<Option<String>>>);

impl Stop {
    pub(super) fn now(&self, reason: String) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(reason);
    }

    fn reason(&self) -> Option<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

pub(super) struct Pump {
    pub source: Box<dyn Source>,
    pub batcher: Batcher,
    pub reporter: Reporter,
    pub status: Arc<Status>,
    pub stop: Stop,
    pub sender: SyncSender<Handed>,
    pub age_when_away: Duration,
    pub interest: Interest,
    pub exit_at_end: bool,
}

impl Pump {
    /// Pumps until told to stop; gives how many events were numbered. Says goodbye in any case.
    pub(super) fn run(mut self) -> Result<u64, SourceError> {
        self.reporter.started(&mut self.batcher, &*self.source);
        let ended = self.pump();
        let reason = match &ended {
            Ok(reason) => reason.clone(),
            Err(error) => format!("the source failed: {error}"),
        };
        // What happens to the blocks that are still queued belongs into the last report.
        self.batcher.seal();
        self.hand_on();
        let (fence, passed) = sync_channel(0);
        if self.sender.send(Handed::Fence(fence)).is_ok() {
            // Nothing is sent: this waits for the other end to be dropped.
            let _ = passed.recv();
        }
        self.reporter.stopping(&mut self.batcher, &*self.source, &reason);
        self.hand_on();
        ended.map(|_| self.batcher.numbered())
    }

    fn pump(&mut self) -> Result<String, SourceError> {
        let mut policy = self.status.policy();
        loop {
            if policy.has_changed().unwrap_or(false) {
                let wanted = policy.borrow_and_update().clone();
                if let Some((_, kinds)) = wanted {
                    self.want(&kinds)?;
                }
            }
            self.batcher.limit_bytes(self.status.max_block_bytes());
            let now = Instant::now();
            let next_report = self.reporter.tick(&mut self.batcher, &*self.source, now);
            let age = if self.status.is_connected() { self.batcher.age() } else { self.age_when_away };
            let due = self.batcher.due_in(age, now);
            if due.is_some_and(|due| due.is_zero()) {
                self.batcher.seal();
            }
            self.hand_on();
            let end = self.stop.reason().or_else(|| self.end_of_source());
            let wait = match end {
                Some(_) => Duration::ZERO,
                None => due.filter(|due| !due.is_zero()).unwrap_or(LOOK).min(next_report).min(LOOK),
            };
            self.source.drain(&mut self.batcher, wait)?;
            if let Some(reason) = end {
                self.batcher.seal();
                self.hand_on();
                return Ok(reason);
            }
        }
    }

    fn end_of_source(&self) -> Option<String> {
        (self.exit_at_end && self.source.has_ended()).then(|| "the recording has ended".to_owned())
    }

    /// What the rules want is observed; what is wanted of reads is a setting of this node.
    fn want(&mut self, kinds: &[Kind]) -> Result<(), SourceError> {
        let mut interest = self.interest.clone();
        interest.kinds = kinds.iter().copied().collect();
        self.source.set_interest(interest)
    }

    /// Waits while the spool's thread is behind: the source's own ring takes the strain.
    fn hand_on(&mut self) {
        while let Some(sealed) = self.batcher.take() {
            if self.sender.send(Handed::Block(Box::new(sealed))).is_err() {
                // Its thread panicked. The agent ends and says so.
                self.stop.now("the spool's thread is gone".to_owned());
                return;
            }
        }
    }
}
