//! Made-up events of a plausible machine, at a fixed rate. Needs no rights.
//!
//! The rate holds whatever becomes of the events (an open loop): when they are not taken in time
//! they wait as in a ring, and beyond its size they are lost and counted. The same seed and the
//! same clock give the same events. Nothing in them is worth a finding, but for the marked ones,
//! which read `/etc/shadow` and carry the mark in their arguments.

mod activity;
mod machine;

use std::{collections::VecDeque, sync::Arc, time::Duration};

use rand::{SeedableRng, rngs::StdRng};
use vedetta_model::{
    Clock, Payload, Timestamp,
    event::{Loss, LossStage},
};

use self::machine::Machine;
use super::{Drained, Interest, Observed, Sink, Source, SourceError, Totals};
use crate::process_table::ProcessHandle;

/// What to make up.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// Events per second.
    pub rate: f64,
    /// Decides everything that looks like chance.
    pub seed: u64,
    /// Events that may wait to be taken.
    pub ring: u64,
    /// Events to recognise later.
    pub mark: Option<Mark>,
}

/// A suspicious event planted now and then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// Stands in the process's arguments, with `-1`, `-2` … behind it.
    pub text: String,
    /// Time from one to the next; the first comes at once.
    pub every: Duration,
}

impl Config {
    /// This many events per second.
    pub const fn rate(rate: f64) -> Self {
        Self { rate, seed: 0, ring: 65_536, mark: None }
    }
}

/// An event that has no time yet.
#[derive(Debug, Clone, PartialEq)]
struct Made {
    process: ProcessHandle,
    result: i64,
    payload: Payload,
}

/// See the module.
#[derive(Debug)]
pub struct Synthetic {
    config: Config,
    clock: Arc<dyn Clock>,
    interest: Interest,
    machine: Machine,
    rng: StdRng,
    waiting: VecDeque<Made>,
    start: Option<Timestamp>,
    /// Events that were due and have been seen to: handed over, or lost.
    done: u64,
    read: u64,
    lost: u64,
    marks: u64,
}

impl Synthetic {
    /// A machine that has just started.
    pub fn new(config: Config, clock: Arc<dyn Clock>) -> Self {
        let mut rng = StdRng::seed_from_u64(config.seed);
        Self {
            machine: Machine::new(clock.now(), &mut rng),
            config,
            clock,
            interest: Interest::default(),
            rng,
            waiting: VecDeque::new(),
            start: None,
            done: 0,
            read: 0,
            lost: 0,
            marks: 0,
        }
    }

    /// Hands over this many events now, whatever the rate.
    pub fn produce(&mut self, count: u64, sink: &mut dyn Sink) {
        let now = self.clock.now();
        for _ in 0..count {
            self.one(now, sink);
        }
    }

    /// Hands over one marked event now, with what leads up to it, and gives its mark.
    pub fn plant(&mut self, text: &str, sink: &mut dyn Sink) -> String {
        let now = self.clock.now();
        self.marks += 1;
        let mark = format!("{text}-{}", self.marks);
        for made in self.machine.read_secret(&mark, now) {
            self.hand_over(made, now, sink);
        }
        mark
    }

    fn one(&mut self, now: Timestamp, sink: &mut dyn Sink) {
        while self.waiting.is_empty() {
            self.machine.live(now, &mut self.rng, &mut self.waiting);
        }
        self.done += 1;
        if let Some(made) = self.waiting.pop_front() {
            self.hand_over(made, now, sink);
        }
    }

    fn hand_over(&mut self, made: Made, now: Timestamp, sink: &mut dyn Sink) {
        self.read += 1;
        let Made { process, result, payload } = made;
        if self.interest.kinds.contains(&payload.kind()) {
            let tid = self.machine.processes().facts(process).map_or(0, |facts| facts.key.pid);
            sink.event(Observed { time: now, process, tid, result, payload }, self.machine.processes());
        }
    }

    /// Loses what the ring cannot hold.
    fn overflow(&mut self, waiting: u64, since: Timestamp, now: Timestamp, sink: &mut dyn Sink) -> u64 {
        let lost = waiting.saturating_sub(self.config.ring);
        if lost > 0 {
            self.lost += lost;
            self.done += lost;
            sink.loss(Loss {
                stage: LossStage::Ring,
                cpu: None,
                hook: "synthetic".to_owned(),
                count: lost,
                since,
                until: now,
            });
        }
        waiting - lost
    }
}

impl Source for Synthetic {
    fn name(&self) -> &'static str {
        "synthetic"
    }

    fn hooks(&self) -> Vec<String> {
        Vec::new()
    }

    fn set_interest(&mut self, interest: Interest) -> Result<(), SourceError> {
        self.interest = interest;
        Ok(())
    }

    fn drain(&mut self, sink: &mut dyn Sink, wait: Duration) -> Result<Drained, SourceError> {
        let now = self.clock.now();
        let start = *self.start.get_or_insert(now);
        let elapsed = now.since(start);
        if let Some(mark) = self.config.mark.clone() {
            let due = elapsed.as_nanos() / mark.every.as_nanos().max(1) + 1;
            while u128::from(self.marks) < due && !sink.is_full() {
                // Marked events come on top of the rate.
                self.plant(&mark.text, sink);
            }
        }
        let due = (elapsed.as_secs_f64() * self.config.rate) as u64;
        let waiting = due.saturating_sub(self.done);
        let waiting = self.overflow(waiting, start, now, sink);
        let mut drained = Drained::default();
        while drained.events < waiting {
            if sink.is_full() {
                drained.more = true;
                return Ok(drained);
            }
            self.one(now, sink);
            drained.events += 1;
        }
        if drained.events == 0 {
            std::thread::sleep(wait.min(Duration::from_millis(2)));
        }
        Ok(drained)
    }

    fn totals(&self) -> Totals {
        Totals { read: self.read, lost: self.lost, processes_evicted: self.machine.processes().evicted() }
    }
}

#[cfg(test)]
mod tests;
