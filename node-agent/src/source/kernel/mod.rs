//! This machine's kernel as a source.
//!
//! ```text
//!   programs ─► one ring per processor ─► merge by time ─► decode ─► process table ─► sink
//! ```
//! The programs wake nobody: a wake-up costs the observed program more than the record itself. The
//! drain comes by every few milliseconds, more often the more there is; only a ring that fills
//! faster than that rings the bell.

mod load;
mod loss;
mod ring;
mod sys;
mod time;

use std::{
    cmp::Reverse,
    collections::BinaryHeap,
    fmt,
    sync::Arc,
    time::{Duration, Instant},
};

use rustix::event::epoll;
use vedetta_model::{
    Clock, Payload, Timestamp,
    event::{Exec, Exit, Fork},
};
use vedetta_node_agent_common::{Hook, events};

use self::{load::Loaded, loss::Losses, time::Times};
use super::{Drained, Interest, Observed, Sink, Source, SourceError, Totals};
use crate::{
    decode::{self, Decoded, Fact},
    process_table::{Child, Limits, ProcFs, ProcessHandle, ProcessTable, Users, Who},
};

/// How the kernel is observed.
#[derive(Debug, Clone)]
pub struct Config {
    /// Size of each processor's ring in bytes: a power of two, and at least a page.
    pub ring_bytes: u32,
    /// What is wanted at first.
    pub interest: Interest,
    /// Bounds of the process table.
    pub limits: Limits,
    /// Shortest and longest time between two looks at the rings.
    pub pause: (Duration, Duration),
}

impl Default for Config {
    fn default() -> Self {
        Self {
            ring_bytes: 2 * 1024 * 1024,
            interest: Interest::default(),
            limits: Limits::default(),
            pause: (Duration::from_millis(1), Duration::from_millis(10)),
        }
    }
}

/// Records younger than this are left for the next look, so that one that another processor is just
/// writing is not overtaken.
const SETTLE: u64 = 500_000;
/// How often losses, ended processes and the user database are looked at.
const HOUSEKEEPING: Duration = Duration::from_millis(250);
/// A look that found this many records makes the next one come sooner.
const BUSY: u64 = 512;

/// See the module.
pub struct KernelSource {
    loaded: Loaded,
    config: Config,
    times: Times,
    processes: ProcessTable,
    losses: Losses,
    poll: std::os::fd::OwnedFd,
    pause: Duration,
    kept_house: Option<Instant>,
    read: u64,
}

impl fmt::Debug for KernelSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KernelSource")
            .field("config", &self.config)
            .field("read", &self.read)
            .finish_non_exhaustive()
    }
}

impl KernelSource {
    /// Loads and attaches the programs, then takes in the processes that run.
    pub fn start(config: Config, clock: Arc<dyn Clock>) -> Result<Self, SourceError> {
        let times = Times::new(clock);
        let calls = config.interest.calls();
        let mark = config.ring_bytes / 2;
        let loaded = load::load(config.ring_bytes, mark, &calls, config.interest.reads.filter())?;
        let poll = watch(&loaded)?;
        let users = Users::from_file("/etc/passwd");
        let mut processes = ProcessTable::new(config.limits, times.boot(), ProcFs::at("/proc"), users);
        processes.seed();
        let losses = Losses::new(loaded.rings.len(), times.now());
        Ok(Self {
            pause: config.pause.0,
            loaded,
            config,
            times,
            processes,
            losses,
            poll,
            kept_house: None,
            read: 0,
        })
    }

    /// The processes as they are known now.
    pub const fn processes(&self) -> &ProcessTable {
        &self.processes
    }

    /// Hands over all that has settled, oldest first.
    fn look(&mut self, sink: &mut dyn Sink) -> Drained {
        self.times.refresh();
        let horizon = time::monotonic().saturating_sub(SETTLE);
        let mut drained = Drained::default();
        let mut heads = BinaryHeap::with_capacity(self.loaded.rings.len());
        for index in 0..self.loaded.rings.len() {
            heads.extend(self.head(index, horizon).map(Reverse));
        }
        while let Some(Reverse((_, index))) = heads.pop() {
            // As long as this ring has the oldest record there is no need to sort.
            loop {
                drained.events += u64::from(self.next(index, sink));
                if sink.is_full() {
                    drained.more = true;
                    heads.clear();
                    break;
                }
                let Some(head) = self.head(index, horizon) else { break };
                if heads.peek().is_some_and(|Reverse(other)| *other < head) {
                    heads.push(Reverse(head));
                    break;
                }
            }
        }
        for ring in &mut self.loaded.rings {
            ring.publish();
        }
        drained
    }

    /// The time of a ring's next record, if it has settled.
    fn head(&mut self, index: usize, horizon: u64) -> Option<(u64, usize)> {
        // A record too short to have a time is handled at once.
        let time = self.loaded.rings[index].peek().map(|bytes| decode::time_of(bytes).unwrap_or(0))?;
        (time <= horizon).then_some((time, index))
    }

    /// Takes one record. True when it became an event.
    fn next(&mut self, index: usize, sink: &mut dyn Sink) -> bool {
        let ring = &mut self.loaded.rings[index];
        let Some(bytes) = ring.peek() else { return false };
        let decoded = decode::decode(bytes);
        let hook = decode::hook_of(bytes);
        ring.consume();
        self.read += 1;
        match decoded {
            Ok(decoded) => match self.interpret(decoded) {
                Some(event) => {
                    sink.event(event, &self.processes);
                    true
                }
                None => false,
            },
            Err(error) => {
                tracing::debug!(cpu = index, %error, "a record cannot be decoded");
                self.losses.undecoded(hook);
                false
            }
        }
    }

    /// Brings the process table up to date and makes the event. `None` when it is not wanted.
    fn interpret(&mut self, decoded: Decoded) -> Option<Observed> {
        let Decoded { header, hook: _, fact } = decoded;
        let time = self.times.wall(header.time);
        let who = Who {
            pid: header.tgid,
            start: header.start,
            uid: header.uid,
            euid: header.euid,
            gid: header.gid,
            egid: header.egid,
            exec_id: header.exec_id,
        };
        let (process, payload) = match fact {
            Fact::Exec(image) => {
                let (process, previous_name) = self.processes.exec(&who, &image, time);
                (process, Exec { filename: image.filename, previous_name }.into())
            }
            Fact::Fork(body) => {
                let process = self.processes.observe(&who, time);
                (process, self.fork(process, &body, time)?)
            }
            Fact::Exit(body) => {
                let process = self.processes.observe(&who, time);
                if !self.processes.exit(process, time) {
                    return None;
                }
                let exit = Exit { code: (body.status >> 8) as u8, signal: (body.status & 0x7f) as u8 };
                (process, exit.into())
            }
            Fact::Event(payload) => (self.processes.observe(&who, time), payload),
        };
        let wanted = self.config.interest.kinds.contains(&payload.kind()) && self.is_wanted_read(&payload);
        wanted.then_some(Observed { time, process, tid: header.tid, result: header.result, payload })
    }

    fn fork(&mut self, process: ProcessHandle, body: &events::Fork, time: Timestamp) -> Option<Payload> {
        let child = Child {
            pid: body.child,
            start: body.child_start,
            ppid: body.ppid,
            sid: body.sid,
            pgid: body.pgid,
        };
        let child = self.processes.fork(process, &child, time);
        let key = self.processes.facts(child)?.key;
        Some(Fork { child: key }.into())
    }

    /// The kernel's filter is coarse; this is the exact one.
    fn is_wanted_read(&self, payload: &Payload) -> bool {
        const O_TRUNC: u32 = 0o1000;
        match payload {
            Payload::Open(open) if !open.is_write() && !open.is_create() && open.flags & O_TRUNC == 0 => {
                self.config.interest.reads.contains(&open.path)
            }
            _ => true,
        }
    }

    fn keep_house(&mut self, sink: &mut dyn Sink) {
        let now = Instant::now();
        if self.kept_house.is_some_and(|last| now - last < HOUSEKEEPING) {
            return;
        }
        self.kept_house = Some(now);
        let time = self.times.now();
        self.losses.report(&self.loaded.lost, time, sink);
        self.processes.expire(time);
        self.processes.refresh_users();
    }

    /// Sleeps until the pause is over or a ring fills up.
    fn rest(&self, longest: Duration) -> Result<(), SourceError> {
        let pause = rustix::time::Timespec::try_from(self.pause.min(longest)).unwrap_or_default();
        let mut woken = Vec::with_capacity(1);
        match epoll::wait(&self.poll, rustix::buffer::spare_capacity(&mut woken), Some(&pause)) {
            Ok(_) | Err(rustix::io::Errno::INTR) => Ok(()),
            Err(error) => Err(SourceError::refused("wait for the rings", &error)),
        }
    }
}

/// Edge-triggered: a ring that merely holds something wakes nobody.
fn watch(loaded: &Loaded) -> Result<std::os::fd::OwnedFd, SourceError> {
    let refused = |error: rustix::io::Errno| SourceError::refused("watch the rings", &error);
    let poll = epoll::create(epoll::CreateFlags::CLOEXEC).map_err(refused)?;
    for (index, ring) in loaded.rings.iter().enumerate() {
        let flags = epoll::EventFlags::IN | epoll::EventFlags::ET;
        epoll::add(&poll, ring, epoll::EventData::new_u64(index as u64), flags).map_err(refused)?;
    }
    Ok(poll)
}

impl Source for KernelSource {
    fn name(&self) -> &'static str {
        "kernel"
    }

    fn hooks(&self) -> Vec<String> {
        Hook::ALL.iter().map(|hook| hook.as_str().to_owned()).collect()
    }

    fn set_interest(&mut self, interest: Interest) -> Result<(), SourceError> {
        for (number, entry) in interest.calls() {
            self.loaded
                .calls
                .set(number, entry, 0)
                .map_err(|error| SourceError::refused("write the table of calls", &error))?;
        }
        self.loaded
            .reads
            .set(0, load::Reads(interest.reads.filter()), 0)
            .map_err(|error| SourceError::refused("write the filter on reads", &error))?;
        self.config.interest = interest;
        Ok(())
    }

    fn drain(&mut self, sink: &mut dyn Sink, wait: Duration) -> Result<Drained, SourceError> {
        let deadline = Instant::now() + wait;
        loop {
            let drained = self.look(sink);
            self.keep_house(sink);
            let (shortest, longest) = self.config.pause;
            self.pause = if drained.events >= BUSY { shortest } else { (self.pause * 2).min(longest) };
            let left = deadline.saturating_duration_since(Instant::now());
            if drained.events > 0 || drained.more || left.is_zero() {
                if drained.events < BUSY && !drained.more {
                    self.rest(left)?;
                }
                return Ok(drained);
            }
            self.rest(left)?;
        }
    }

    fn totals(&self) -> Totals {
        Totals { read: self.read, lost: self.losses.total(), processes_evicted: self.processes.evicted() }
    }
}
