//! A source of a fixed number of events.

use std::time::Duration;

use vedetta_model::{Payload, ProcessKey, Timestamp, event::Open};
use vedetta_node_agent::{
    process_table::{Limits, ProcFs, ProcessFacts, ProcessHandle, ProcessTable, Users},
    source::{Drained, Interest, Observed, Sink, Source, SourceError, Totals},
};

/// Opens `/event/1`, `/event/2` … and ends.
#[derive(Debug)]
pub struct Counted {
    total: u64,
    done: u64,
    step: u64,
    pace: Duration,
    padding: usize,
    interest: Interest,
    processes: ProcessTable,
    process: ProcessHandle,
}

impl Counted {
    pub fn new(total: u64) -> Self {
        let nowhere = "/nonexistent";
        let mut processes = ProcessTable::new(
            Limits::default(),
            Timestamp::EPOCH,
            ProcFs::at(nowhere),
            Users::from_file(nowhere),
        );
        let key = ProcessKey { pid: 7, start: Timestamp::from_millis(7) };
        let facts = ProcessFacts { name: "counter".into(), ..ProcessFacts::unknown(key) };
        let process = processes.insert(facts, Timestamp::from_millis(7));
        Self {
            total,
            done: 0,
            step: 10,
            pace: Duration::ZERO,
            padding: 0,
            interest: Interest::default(),
            processes,
            process,
        }
    }

    /// One that never ends, and takes its time.
    pub fn endless() -> Self {
        Self { step: 1, pace: Duration::from_micros(200), ..Self::new(u64::MAX) }
    }

    /// Hands over this many at a time.
    pub fn in_steps_of(self, step: u64) -> Self {
        Self { step, ..self }
    }

    /// Makes each path longer by this many bytes, unlike any other's so that they do not compress.
    pub fn padded(self, padding: usize) -> Self {
        Self { padding, ..self }
    }

    fn path(&self) -> String {
        let mut state = self.done.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        let noise = (0..self.padding).map(|_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            char::from(b'a' + (state % 26) as u8)
        });
        format!("/event/{}/{}", self.done, noise.collect::<String>())
    }
}

impl Source for Counted {
    fn name(&self) -> &'static str {
        "counted"
    }

    fn hooks(&self) -> Vec<String> {
        vec!["counter".into()]
    }

    fn set_interest(&mut self, interest: Interest) -> Result<(), SourceError> {
        self.interest = interest;
        Ok(())
    }

    fn drain(&mut self, sink: &mut dyn Sink, wait: Duration) -> Result<Drained, SourceError> {
        std::thread::sleep(self.pace);
        let mut drained = Drained::default();
        while self.done < self.total && drained.events < self.step && !sink.is_full() {
            self.done += 1;
            drained.events += 1;
            let payload = Payload::from(Open { path: self.path(), flags: 0, mode: 0 });
            if self.interest.kinds.contains(&payload.kind()) {
                let time = Timestamp::from_millis(self.done as i64);
                sink.event(
                    Observed { time, process: self.process, tid: 7, result: 3, payload },
                    &self.processes,
                );
            }
        }
        if drained.events == 0 {
            std::thread::sleep(wait.min(Duration::from_millis(5)));
        }
        Ok(drained)
    }

    fn totals(&self) -> Totals {
        Totals { read: self.done, ..Totals::default() }
    }

    fn has_ended(&self) -> bool {
        self.done == self.total
    }
}
