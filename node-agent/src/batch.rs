//! Events into blocks: numbers them, adds the facts of their processes once each, and seals a block
//! when it is old or large enough.
//!
//! A [`Batcher`] is the [`Sink`] of a source and lives on the source's thread, because processes
//! can be looked up only there. What it seals is finished (encoded and compressed) elsewhere: see
//! [`Sealed::finish`].

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
    time::Duration,
};

use bytes::Bytes;
use tokio::time::Instant;
use vedetta_block::{BuildError, Builder, MAX_SPAN_NANOS};
use vedetta_model::{BootId, Event, NodeId, Payload, TenantId, Timestamp, event::Loss};

use crate::{
    ledger::Ledger,
    process_table::{ProcessHandle, ProcessTable},
    source::{Observed, Sink},
    spool::{Class, Meta},
};

/// What belongs together mostly comes within this time. A block waits so long even when it might go
/// at once.
const GATHER: Duration = Duration::from_millis(2);
/// Ancestors that travel with a process.
const ANCESTORS: usize = 32;

/// Whose events they are. Goes into each block's header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// The customer.
    pub tenant: TenantId,
    /// The machine.
    pub node: NodeId,
    /// This agent run.
    pub boot: BootId,
}

/// When a block is sealed, and how many may wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Most events.
    pub events: u32,
    /// Most bytes before compression, about.
    pub bytes: usize,
    /// Longest wait of the first event, and least time from block to block: an event after a quiet
    /// time goes at once, and a busy node still sends few blocks.
    pub age: Duration,
    /// Sealed blocks that may wait to be taken; then the source is asked to stop for a moment.
    pub waiting: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { events: 4096, bytes: 512 * 1024, age: Duration::from_millis(50), waiting: 4 }
    }
}

/// A block that takes no more events.
pub struct Sealed {
    builder: Builder,
    /// What is in it.
    pub meta: Meta,
    /// Whether it holds nothing but the agent's own reports.
    pub class: Class,
}

impl std::fmt::Debug for Sealed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sealed").field("meta", &self.meta).field("class", &self.class).finish_non_exhaustive()
    }
}

impl Sealed {
    /// The block's bytes. The costly part.
    pub fn finish(self) -> Result<Bytes, BuildError> {
        self.builder.finish()
    }
}

/// See the module.
pub struct Batcher {
    origin: Origin,
    limits: Limits,
    ledger: Arc<Ledger>,
    next: u64,
    open: Option<Open>,
    sealed: VecDeque<Sealed>,
    /// When the block before was sealed.
    before: Option<Instant>,
}

impl std::fmt::Debug for Batcher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Batcher")
            .field("origin", &self.origin)
            .field("next", &self.next)
            .finish_non_exhaustive()
    }
}

/// The block that is being filled.
struct Open {
    builder: Builder,
    since: Instant,
    processes: HashMap<ProcessHandle, u32>,
    meta: Meta,
    class: Class,
}

impl Batcher {
    /// Numbers from 1. Losses that the source tells go to the ledger.
    pub fn new(origin: Origin, limits: Limits, ledger: Arc<Ledger>) -> Self {
        Self { origin, limits, ledger, next: 1, open: None, sealed: VecDeque::new(), before: None }
    }

    /// Adds one of the agent's own reports.
    pub fn report(&mut self, payload: Payload, time: Timestamp) {
        self.push(time, None, 0, 0, payload);
        self.seal_if_large();
    }

    /// How long the block that is being filled may go on without an event more. `None` when there
    /// is none.
    pub fn due_in(&self, age: Duration, now: Instant) -> Option<Duration> {
        let since = self.open.as_ref()?.since;
        let gathered = since + GATHER.min(age);
        let due = self.before.map_or(gathered, |before| gathered.max(before + age)).min(since + age);
        Some(due.saturating_duration_since(now))
    }

    /// Seals blocks before they are larger than this, whatever was configured. Compression makes
    /// them smaller still.
    pub const fn limit_bytes(&mut self, most: usize) {
        if most < self.limits.bytes {
            self.limits.bytes = most;
        }
    }

    /// The longest wait of an event, as configured.
    pub const fn age(&self) -> Duration {
        self.limits.age
    }

    /// Ends the block that is being filled.
    pub fn seal(&mut self) {
        if let Some(open) = self.open.take() {
            let Open { builder, meta, class, .. } = open;
            self.before = Some(Instant::now());
            self.sealed.push_back(Sealed { builder, meta, class });
        }
    }

    /// Takes the oldest sealed block.
    pub fn take(&mut self) -> Option<Sealed> {
        self.sealed.pop_front()
    }

    /// Events numbered so far.
    pub const fn numbered(&self) -> u64 {
        self.next - 1
    }

    fn push(&mut self, time: Timestamp, process: Option<u32>, tid: u32, result: i64, payload: Payload) {
        let seq = self.next;
        let open = self.open(time);
        open.meta.last = seq;
        open.meta.count += 1;
        open.meta.oldest = open.meta.oldest.min(time);
        open.meta.newest = open.meta.newest.max(time);
        open.builder.push(Event { seq, time, process, tid, result, payload });
        self.next += 1;
    }

    fn open(&mut self, time: Timestamp) -> &mut Open {
        // A clock that was set: what lies too far apart goes into two blocks.
        let too_far = |meta: &Meta| {
            let span = meta.newest.max(time).as_nanos().saturating_sub(meta.oldest.min(time).as_nanos());
            span > MAX_SPAN_NANOS
        };
        if self.open.as_ref().is_some_and(|open| too_far(&open.meta)) {
            self.seal();
        }
        let Self { origin, next, open, .. } = self;
        let first = *next;
        open.get_or_insert_with(|| Open {
            builder: Builder::new(origin.tenant.clone(), origin.node, origin.boot),
            since: Instant::now(),
            processes: HashMap::new(),
            meta: Meta { boot: origin.boot, first, last: first, count: 0, oldest: time, newest: time },
            class: Class::Reports,
        })
    }

    /// The index of a process in the block that is being filled, where its ancestors stand too.
    fn process(&mut self, handle: ProcessHandle, time: Timestamp, table: &ProcessTable) -> Option<u32> {
        let open = self.open(time);
        let mut missing = Vec::new();
        let mut at = Some(handle);
        let mut parent = None;
        while let Some(handle) = at {
            if let Some(&index) = open.processes.get(&handle) {
                parent = Some(index);
                break;
            }
            // An ancestor that the table has dropped ends the line, as does an endless one.
            let Some(facts) = table.facts(handle).filter(|_| missing.len() <= ANCESTORS) else { break };
            missing.push((handle, facts));
            at = facts.parent;
        }
        for (handle, facts) in missing.into_iter().rev() {
            let index = open.builder.process(facts.to_process(parent));
            open.processes.insert(handle, index);
            parent = Some(index);
        }
        open.processes.get(&handle).copied()
    }

    fn seal_if_large(&mut self) {
        let is_large = |open: &Open| {
            open.meta.count >= self.limits.events || open.builder.estimated_bytes() >= self.limits.bytes
        };
        if self.open.as_ref().is_some_and(is_large) {
            self.seal();
        }
    }
}

impl Sink for Batcher {
    fn event(&mut self, event: Observed, processes: &ProcessTable) {
        let process = self.process(event.process, event.time, processes);
        self.push(event.time, process, event.tid, event.result, event.payload);
        if let Some(open) = &mut self.open {
            open.class = Class::Events;
        }
        self.seal_if_large();
    }

    fn loss(&mut self, loss: Loss) {
        self.ledger.add_loss(&loss);
    }

    fn is_full(&self) -> bool {
        self.sealed.len() >= self.limits.waiting
    }
}

#[cfg(test)]
mod tests;
