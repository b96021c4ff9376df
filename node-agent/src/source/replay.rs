//! Events from a file instead of this machine's kernel. Needs no rights.
//!
//! Two forms, told apart by their first bytes:
//! - blocks as `vedetta-block` writes them, one behind the other, each preceded by its length in
//!   four bytes, little-endian;
//! - JSON lines, for people:
//! ```json
//! {"process": {"key": {"pid": 7, "start": "2026-01-31T08:00:00Z"}, "name": "cat", "exe": "/bin/cat"},
//!  "ancestors": [{"key": {"pid": 1, "start": "2026-01-31T07:00:00Z"}, "name": "init"}],
//!  "event": {"time": "2026-01-31T08:00:01Z", "payload": {"Open": {"path": "/etc/shadow", "flags": 0, "mode": 0}}}}
//! ```
//! on one line each. `process` has the fields of [`vedetta_model::Process`] but `parent`; all but
//! `key` may be left out. `ancestors` is optional, nearest first. `event` has the fields of
//! [`vedetta_model::Event`]; `seq` and `process` are ignored, all but `time` and `payload` may be
//! left out.

mod line;
mod reader;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use vedetta_model::{Clock, Timestamp};

pub use self::line::Line;
use self::reader::{Reader, Recorded};
use super::{Drained, Interest, Observed, Sink, Source, SourceError, Totals};
use crate::process_table::{Limits, ProcFs, ProcessTable, Users};

/// Which times the events get.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Times {
    /// The first event happens now, the others as long after it as they did then, and each is
    /// handed over at its time.
    #[default]
    Shift,
    /// As recorded; all are handed over at once.
    Keep,
}

/// See the module.
#[derive(Debug)]
pub struct Replay {
    path: PathBuf,
    reader: Reader,
    times: Times,
    clock: Arc<dyn Clock>,
    interest: Interest,
    processes: ProcessTable,
    /// From recorded time to handed-over time, in nanoseconds.
    shift: Option<i64>,
    next: Option<Recorded>,
    read: u64,
    ended: bool,
}

impl Replay {
    /// Opens a recording.
    pub fn open(path: &Path, times: Times, clock: Arc<dyn Clock>) -> Result<Self, SourceError> {
        Ok(Self {
            path: path.to_owned(),
            reader: Reader::open(path).map_err(|error| unreadable(path, &error))?,
            times,
            interest: Interest::default(),
            processes: ProcessTable::new(
                Limits::default(),
                Timestamp::EPOCH,
                ProcFs::at("/nonexistent"),
                Users::from_file("/nonexistent"),
            ),
            clock,
            shift: None,
            next: None,
            read: 0,
            ended: false,
        })
    }

    /// The next event with the time it gets, if there is one.
    fn peek(&mut self) -> Result<Option<Timestamp>, SourceError> {
        if self.next.is_none() && !self.ended {
            self.next =
                self.reader.next(&mut self.processes).map_err(|error| unreadable(&self.path, &error))?;
            self.ended = self.next.is_none();
        }
        let Some(next) = &self.next else { return Ok(None) };
        let recorded = next.event.time.as_nanos();
        let shift = match self.times {
            Times::Keep => 0,
            Times::Shift => {
                *self.shift.get_or_insert_with(|| self.clock.now().as_nanos().saturating_sub(recorded))
            }
        };
        Ok(Some(Timestamp::from_nanos(recorded.saturating_add(shift))))
    }
}

fn unreadable(path: &Path, reason: &dyn std::fmt::Display) -> SourceError {
    SourceError::Recording { path: path.to_owned(), reason: reason.to_string() }
}

impl Source for Replay {
    fn name(&self) -> &'static str {
        "replay"
    }

    fn hooks(&self) -> Vec<String> {
        Vec::new()
    }

    fn set_interest(&mut self, interest: Interest) -> Result<(), SourceError> {
        self.interest = interest;
        Ok(())
    }

    fn drain(&mut self, sink: &mut dyn Sink, wait: Duration) -> Result<Drained, SourceError> {
        let mut drained = Drained::default();
        while let Some(time) = self.peek()? {
            if sink.is_full() {
                drained.more = true;
                return Ok(drained);
            }
            let early = time.since(self.clock.now());
            if self.times == Times::Shift && !early.is_zero() {
                if drained.events == 0 {
                    std::thread::sleep(early.min(wait));
                }
                return Ok(drained);
            }
            let Some(Recorded { event, process }) = self.next.take() else { break };
            self.read += 1;
            if self.interest.kinds.contains(&event.payload.kind()) {
                let observed =
                    Observed { time, process, tid: event.tid, result: event.result, payload: event.payload };
                sink.event(observed, &self.processes);
                drained.events += 1;
            }
        }
        if drained.events == 0 {
            std::thread::sleep(wait);
        }
        Ok(drained)
    }

    fn totals(&self) -> Totals {
        Totals { read: self.read, lost: 0, processes_evicted: self.processes.evicted() }
    }

    fn has_ended(&self) -> bool {
        self.ended
    }
}

#[cfg(test)]
mod tests;
