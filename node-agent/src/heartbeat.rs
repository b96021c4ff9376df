//! The agent's reports about itself: that it lives, what it costs, and what was lost.

use std::{sync::Arc, time::Duration};

use tokio::time::Instant;
use vedetta_model::{
    Clock,
    event::{AgentStarted, AgentStopping, Heartbeat},
};

use crate::{batch::Batcher, ledger::Ledger, ship::Status, source::Source, spool::Outbox};

/// Losses are told no more often than this.
const LOSS: Duration = Duration::from_secs(1);
/// While the spool is full, room for reports is short.
const LOSS_WHEN_FULL: Duration = Duration::from_secs(30);

/// Puts reports into the batcher when they are due.
#[derive(Debug)]
pub struct Reporter {
    clock: Arc<dyn Clock>,
    ledger: Arc<Ledger>,
    outbox: Arc<Outbox>,
    status: Arc<Status>,
    hostname: String,
    beat: Option<Instant>,
    told: Option<Instant>,
}

impl Reporter {
    /// Reports on what these count.
    pub fn new(
        clock: Arc<dyn Clock>,
        ledger: Arc<Ledger>,
        outbox: Arc<Outbox>,
        status: Arc<Status>,
        hostname: String,
    ) -> Self {
        Self { clock, ledger, outbox, status, hostname, beat: None, told: None }
    }

    /// The first report of a run.
    pub fn started(&self, batcher: &mut Batcher, source: &dyn Source) {
        let started = AgentStarted {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            kernel: rustix::system::uname().release().to_string_lossy().into_owned(),
            hostname: self.hostname.clone(),
            hooks: source.hooks(),
        };
        batcher.report(started.into(), self.clock.now());
        // What the former run left is told before anything can happen to this one.
        self.losses(batcher);
        batcher.seal();
    }

    /// Reports what is due. Gives the time until the next look.
    pub fn tick(&mut self, batcher: &mut Batcher, source: &dyn Source, now: Instant) -> Duration {
        let full = self.outbox.is_full();
        let interval = self.status.heartbeat();
        let is_due = |last: Option<Instant>, every| {
            last.is_none_or(|last| now.saturating_duration_since(last) >= every)
        };
        // A full spool would refuse a heartbeat, and the server does not hear it anyway.
        if !full && is_due(self.beat, interval) {
            self.beat = Some(now);
            self.heartbeat(batcher, source, interval);
        }
        if self.ledger.has_untold() && is_due(self.told, if full { LOSS_WHEN_FULL } else { LOSS }) {
            self.told = Some(now);
            if full {
                // A block of reports alone may use the reserve.
                batcher.seal();
            }
            self.losses(batcher);
            if full {
                batcher.seal();
            }
        }
        interval.min(LOSS)
    }

    /// The last reports of a run, in a block of their own so that it finds room in a full spool.
    pub fn stopping(&self, batcher: &mut Batcher, source: &dyn Source, reason: &str) {
        batcher.seal();
        self.losses(batcher);
        self.heartbeat(batcher, source, self.status.heartbeat());
        batcher.report(AgentStopping { reason: reason.to_owned() }.into(), self.clock.now());
        batcher.seal();
    }

    fn losses(&self, batcher: &mut Batcher) {
        let now = self.clock.now();
        for loss in self.ledger.tell() {
            batcher.report(loss.into(), now);
        }
    }

    fn heartbeat(&self, batcher: &mut Batcher, source: &dyn Source, interval: Duration) {
        let usage = Usage::now();
        let heartbeat = Heartbeat {
            interval_seconds: u32::try_from(interval.as_secs().max(1)).unwrap_or(u32::MAX),
            events_read: source.totals().read,
            events_lost: self.ledger.total(),
            spool_bytes: self.outbox.waiting_bytes(),
            cpu_millis: usage.cpu_millis,
            rss_bytes: usage.rss_bytes,
        };
        batcher.report(heartbeat.into(), self.clock.now());
        // Silence is judged by these: they do not wait for company.
        batcher.seal();
    }
}

/// What this process uses.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    /// Processor time in milliseconds.
    pub cpu_millis: u64,
    /// Resident memory in bytes.
    pub rss_bytes: u64,
}

impl Usage {
    /// Reads `/proc/self`; what it does not tell is 0.
    pub fn now() -> Self {
        let read = |file: &str| std::fs::read_to_string(format!("/proc/self/{file}")).unwrap_or_default();
        let stat = read("stat");
        // The program's name stands in brackets and may hold anything: utime and stime are the 12th
        // and 13th field behind it.
        let fields = stat.rsplit_once(')').map_or("", |(_, rest)| rest).split_whitespace();
        let ticks: u64 = fields.skip(11).take(2).filter_map(|field| field.parse::<u64>().ok()).sum();
        let pages: u64 = read("statm").split_whitespace().nth(1).and_then(|it| it.parse().ok()).unwrap_or(0);
        Self {
            cpu_millis: ticks * 1000 / rustix::param::clock_ticks_per_second().max(1),
            rss_bytes: pages * rustix::param::page_size() as u64,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_process_knows_what_it_uses() {
        let before = Usage::now();
        assert!(before.rss_bytes > 1 << 20, "{before:?}");
        let end = Instant::now() + Duration::from_secs(5);
        while Usage::now().cpu_millis < before.cpu_millis + 20 {
            assert!(Instant::now() < end, "reading /proc for seconds costs no time: {before:?}");
        }
    }
}
