//! Synthetic agents with real certificates and real streams, thousands in one process.
//!
//! Mostly they are **open loop**: what is due by the clock is offered whether or not the system keeps up,
//! so that a slow system shows as lag, refusals and shed events and not as a politely lower load.
//! A real agent would spool what is not taken; these keep 64 blocks and shed the oldest
//! beyond, so that the first loss can be seen. Where losses of the system are looked for, they **last**: see [`Manner`].

mod fleet;
mod queue;
mod tape;

use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use bytes::Bytes;
use rand::{SeedableRng as _, rngs::StdRng};
use serde::{Deserialize, Serialize};
use tokio::{
    sync::{mpsc, watch},
    time::MissedTickBehavior,
};
use vedetta_model::{BootId, NodeId, Numbers, Ranges, SystemClock, TenantId};
use vedetta_node_agent::{
    batch::{Batcher, Limits, Origin},
    identity::Identity,
    ledger::Ledger,
    ship::{Blocks, Connection, ConnectionError, Hello, Reply},
    source::{Synthetic, synthetic},
};

pub use self::{
    fleet::{Crew, Fleet, enroll, enrollment_token},
    queue::Planted,
};
use self::{
    queue::{Block, Queue},
    tape::Tape,
};
use crate::probe::Probe;

/// Blocks that an agent keeps while the system does not take them.
const KEPT: usize = 64;

/// Between two attempts to connect again.
const PAUSE: Duration = Duration::from_millis(50);

/// Tries of one agent to enroll, and then to connect, before any load.
const TRIES: u32 = 5;

/// What agents do about a system that goes away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    /// Offer what is due whatever happens, shed what can't be kept, and end when the connection does.
    OpenLoop,
    /// Connect again for ever, send again what was not answered, make no more than can be kept, and remember all that was
    /// acknowledged.
    Lasting,
}

/// Numbers of events of one agent run.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Run {
    /// Whose.
    pub tenant: TenantId,
    /// Which agent.
    pub node: NodeId,
    /// Which run of it.
    pub boot: BootId,
}

/// What became of events, all agents together.
#[derive(Debug, Default)]
pub struct Counts {
    /// Events that were due.
    pub offered: AtomicU64,
    /// Events that were acknowledged as durable.
    pub accepted: AtomicU64,
    /// Times that a block was told to come again, in events.
    pub refused: AtomicU64,
    /// Events that an agent could not keep any longer.
    pub shed: AtomicU64,
    /// Bytes of acknowledged blocks.
    pub bytes: AtomicU64,
    /// Ranges of acknowledged numbers, of agents that last.
    pub ranges: Mutex<BTreeMap<Run, Ranges>>,
    /// How long acknowledgements stayed away, of agents that last.
    pub pauses: Mutex<BTreeMap<Run, Pauses>>,
}

/// Times between two acknowledgements of an agent.
#[derive(Debug, Clone, Copy)]
pub struct Pauses {
    last: Instant,
    longest: Duration,
}

/// [`Counts`] at a moment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counted {
    /// See [`Counts::offered`].
    pub offered: u64,
    /// See [`Counts::accepted`].
    pub accepted: u64,
    /// See [`Counts::refused`].
    pub refused: u64,
    /// See [`Counts::shed`].
    pub shed: u64,
    /// See [`Counts::bytes`].
    pub bytes: u64,
}

impl Counts {
    /// All of them, now.
    pub fn now(&self) -> Counted {
        let of = |count: &AtomicU64| count.load(Ordering::Relaxed);
        Counted {
            offered: of(&self.offered),
            accepted: of(&self.accepted),
            refused: of(&self.refused),
            shed: of(&self.shed),
            bytes: of(&self.bytes),
        }
    }
}

impl Counts {
    /// The longest time that any agent heard no acknowledgement, since this was asked before. While all offer all the time, this
    /// is for how long acknowledgements stood still.
    pub fn longest_pause(&self) -> Duration {
        let now = Instant::now();
        let mut pauses = self.pauses.lock().unwrap_or_else(PoisonError::into_inner);
        let longest = pauses.values_mut().map(|pauses| {
            let longest = pauses.longest.max(now - pauses.last);
            *pauses = Pauses { last: now, longest: Duration::ZERO };
            longest
        });
        longest.max().unwrap_or_default()
    }
}

impl Counted {
    /// What came since.
    pub const fn since(self, before: Self) -> Self {
        Self {
            offered: self.offered - before.offered,
            accepted: self.accepted - before.accepted,
            refused: self.refused - before.refused,
            shed: self.shed - before.shed,
            bytes: self.bytes - before.bytes,
        }
    }
}

/// How fast to offer.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Pace {
    /// Events a second of each agent; of one that plays a recording, the multiple of its speed.
    pub events: f64,
    /// Marked events a second of those agents that plant.
    pub planted: f64,
}

/// Who an agent is, and what it reports to.
struct Agent {
    identity: Identity,
    hostname: String,
    seed: u64,
    block_age: Duration,
    manner: Manner,
    /// `None` ends the offering; what is kept is still sent.
    pace: watch::Receiver<Option<Pace>>,
    counts: Arc<Counts>,
    /// Where planted events are told. `None` for an agent that plants none.
    probe: Option<Arc<Probe>>,
    /// What it plays instead of making events up.
    recording: Option<PathBuf>,
    /// Told at its first connection.
    connected: Option<mpsc::Sender<()>>,
}

impl Agent {
    /// Offers until told to end, and then sends until everything kept is answered.
    async fn run(mut self) -> anyhow::Result<()> {
        let mut rng = StdRng::seed_from_u64(self.seed);
        let boot = BootId::random(&mut rng);
        let mut maker = Maker::new(&self, boot)?;
        let mut queue = Queue::new(KEPT);
        let mut tries = 1;
        loop {
            match self.serve(boot, &mut maker, &mut queue).await {
                Err(_) if self.manner == Manner::Lasting => queue.broken(),
                // Not connected yet: a machine that has much to do may answer too late.
                Err(_) if self.connected.is_some() && tries < TRIES => tries += 1,
                ended => return ended,
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// One connection.
    async fn serve(&mut self, boot: BootId, maker: &mut Maker, queue: &mut Queue) -> anyhow::Result<()> {
        let hello = Hello { boot, hostname: self.hostname.clone() };
        let (blocks, mut replies) = Connection::open(self.identity.channel()?, &hello).await?.split();
        if let Some(connected) = self.connected.take() {
            // Nobody waits for it any longer when another agent has failed.
            let _ = connected.send(()).await;
        }
        let mut tick = tokio::time::interval(self.block_age);
        // A late tick makes one larger block, as a late drain of a ring would.
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let next = queue.next();
            let paused = queue.paused_until();
            let pace = *self.pace.borrow_and_update();
            if pace.is_none() && queue.is_empty() {
                return Ok(());
            }
            let may_make = pace.is_some() && !(self.manner == Manner::Lasting && queue.is_full());
            tokio::select! {
                now = tick.tick(), if may_make => {
                    for block in maker.due(pace.unwrap_or_default(), now.into_std())? {
                        self.counts.offered.fetch_add(block.events, Ordering::Relaxed);
                        self.counts.shed.fetch_add(queue.push(block), Ordering::Relaxed);
                    }
                }
                changed = self.pace.changed(), if pace.is_some() => changed?,
                sent = send(&blocks, next) => {
                    sent?;
                    queue.sent();
                }
                () = until(paused) => queue.resume(),
                reply = replies.next() => match reply? {
                    Reply::Ack(numbers) => for block in queue.acknowledged(&numbers) {
                        self.acknowledged(boot, block);
                    },
                    Reply::Refusal(refusal) => {
                        let again = refusal.retry_after.ok_or_else(|| anyhow::anyhow!("{}: {}", self.hostname, refusal.message))?;
                        let events = queue.refused(refusal.numbers.as_ref(), Instant::now() + again);
                        self.counts.refused.fetch_add(events, Ordering::Relaxed);
                    }
                    Reply::Policy { .. } => {}
                },
            }
        }
    }

    fn acknowledged(&self, boot: BootId, block: Block) {
        self.counts.accepted.fetch_add(block.events, Ordering::Relaxed);
        self.counts.bytes.fetch_add(block.bytes.len() as u64, Ordering::Relaxed);
        let (tenant, node) = (self.identity.tenant(), self.identity.node());
        if let Some(probe) = &self.probe {
            probe.acknowledged(tenant.as_str(), block.planted);
        }
        if self.manner == Manner::Lasting {
            let run = Run { tenant: tenant.clone(), node, boot };
            let now = Instant::now();
            let mut pauses = self.counts.pauses.lock().unwrap_or_else(PoisonError::into_inner);
            let pauses = pauses.entry(run.clone()).or_insert(Pauses { last: now, longest: Duration::ZERO });
            pauses.longest = pauses.longest.max(now - pauses.last);
            pauses.last = now;
            let mut ranges = self.counts.ranges.lock().unwrap_or_else(PoisonError::into_inner);
            ranges.entry(run).or_default().add(Numbers { first: block.first, last: block.last });
        }
    }
}

async fn send(blocks: &Blocks, next: Option<Bytes>) -> Result<(), ConnectionError> {
    match next {
        Some(block) => blocks.send(block).await,
        None => std::future::pending().await,
    }
}

async fn until(time: Option<Instant>) {
    match time {
        Some(time) => tokio::time::sleep_until(time.into()).await,
        None => std::future::pending().await,
    }
}

/// Makes the blocks that are due.
struct Maker {
    source: Synthetic,
    tape: Option<Tape>,
    batcher: Batcher,
    mark: Option<String>,
    before: Option<Instant>,
    /// Parts of an event that are due.
    events: f64,
    planted: f64,
}

impl Maker {
    fn new(agent: &Agent, boot: BootId) -> anyhow::Result<Self> {
        let origin = Origin { tenant: agent.identity.tenant().clone(), node: agent.identity.node(), boot };
        let config = synthetic::Config { seed: agent.seed, ..synthetic::Config::rate(0.0) };
        let mark = agent.probe.as_ref().map(|_| crate::probe::mark(agent.identity.tenant().as_str()));
        Ok(Self {
            source: Synthetic::new(config, Arc::new(SystemClock)),
            tape: agent.recording.clone().map(Tape::open).transpose()?,
            batcher: Batcher::new(origin, Limits::default(), Arc::new(Ledger::default())),
            mark,
            before: None,
            events: 0.0,
            planted: 0.0,
        })
    }

    fn due(&mut self, pace: Pace, now: Instant) -> anyhow::Result<Vec<Block>> {
        let elapsed = now.saturating_duration_since(self.before.replace(now).unwrap_or(now)).as_secs_f64();
        if let Some(tape) = &mut self.tape {
            tape.play(Duration::from_secs_f64(pace.events * elapsed), &mut self.batcher)?;
            // Processes of a recording and those of planted events are numbered apart: no block may hold both.
            self.batcher.seal();
        } else {
            self.events += pace.events * elapsed;
            let events = self.events.floor();
            self.events -= events;
            self.source.produce(events as u64, &mut self.batcher);
        }
        let mut planted = Vec::new();
        if let Some(mark) = &self.mark {
            self.planted += pace.planted * elapsed;
            while self.planted >= 1.0 {
                self.planted -= 1.0;
                let text = self.source.plant(mark, &mut self.batcher);
                planted.push(Planted { text, at: Instant::now() });
            }
        }
        self.batcher.seal();
        let mut made = Vec::new();
        while let Some(sealed) = self.batcher.take() {
            let meta = sealed.meta;
            made.push(Block {
                first: meta.first,
                last: meta.last,
                events: meta.count.into(),
                bytes: sealed.finish()?,
                planted: Vec::new(),
            });
        }
        // Planted events stand at the end.
        if let Some(last) = made.last_mut() {
            last.planted = planted;
        }
        Ok(made)
    }
}
