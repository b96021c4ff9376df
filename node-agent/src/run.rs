//! The running agent: two threads and a task.
//!
//! ```text
//!  thread `source`: source ─► batcher ─┐ bounded; a full queue stops the source,
//!                                      ▼ whose own ring then counts what it loses
//!  thread `spool`:  finish ─► spool on disk ─► sync, if nobody acknowledges soon
//!                                      │
//!  task:            shipper ◄──────────┘   shipper ─► server ─► acknowledged ─► settled
//! ```
//! Stopping goes the same way: the source is emptied once more and says goodbye, the spool is made
//! durable, and the shipper gets a while to have it acknowledged. What is left is sent next time.

mod pump;
mod store;

use std::{
    io,
    sync::{Arc, mpsc},
    thread::{self, JoinHandle},
    time::Duration,
};

use rand::{RngCore, SeedableRng, rngs::StdRng};
use tokio::{sync::oneshot, task, time::timeout};
use tokio_util::sync::CancellationToken;
use vedetta_model::Clock;

use self::pump::{Pump, Stop};
use crate::{
    batch::{self, Batcher, Origin},
    heartbeat::Reporter,
    ledger::Ledger,
    ship::{self, Dial, Hello, Shipper, Status},
    source::{Interest, Source, SourceError},
    spool::{Outbox, Recovery, Spool},
};

/// Sealed blocks between the source's thread and the spool's.
const QUEUE: usize = 8;

/// How the parts work together.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// When blocks are sealed while the server is there.
    pub batch: batch::Limits,
    /// Longest wait of an event while it is not: fewer and better blocks in the spool.
    pub age_when_away: Duration,
    /// A block that is not acknowledged in this time is synced to disk.
    pub sync_after: Duration,
    /// How to ship.
    pub ship: ship::Config,
    /// How long to wait for acknowledgements at the end.
    pub grace: Duration,
    /// What is observed, until the server says what its rules want.
    pub interest: Interest,
    /// Stop when the source has ended.
    pub exit_at_end: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            batch: batch::Limits::default(),
            age_when_away: Duration::from_secs(1),
            sync_after: Duration::from_millis(50),
            ship: ship::Config::default(),
            grace: Duration::from_secs(5),
            interest: Interest::default(),
            exit_at_end: false,
        }
    }
}

/// What an agent is made of.
#[derive(Debug)]
pub struct Parts {
    /// Whose events these are.
    pub origin: Origin,
    /// The machine's name.
    pub hostname: String,
    /// What [`Spool::open`] gave.
    pub spool: (Spool, Recovery),
    /// The way to the server.
    pub dial: Arc<dyn Dial>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// How they work together.
    pub settings: Settings,
}

/// An agent that runs.
#[derive(Debug)]
pub struct Agent {
    status: Arc<Status>,
    ledger: Arc<Ledger>,
    outbox: Arc<Outbox>,
    grace: Duration,
    pump: Stop,
    pumped: oneshot::Receiver<Result<u64, SourceError>>,
    threads: Vec<JoinHandle<()>>,
    shipper: (task::JoinHandle<()>, CancellationToken),
}

/// How an agent ended.
#[derive(Debug)]
pub struct Ended {
    /// Why the source failed, if it did.
    pub source: Result<(), SourceError>,
    /// Events numbered in this run, the agent's own reports included.
    pub events: u64,
    /// Of those of this and former runs: events acknowledged during this one.
    pub acknowledged: u64,
    /// Events lost in this run, with those of the former one that it had to tell.
    pub lost: u64,
    /// Whether everything was acknowledged: else the rest waits in the spool.
    pub complete: bool,
}

impl Agent {
    /// Starts the threads and the shipper. `source` is made by its own thread's owner before, while
    /// the rights for it are still there.
    pub fn start(source: Box<dyn Source>, parts: Parts, rng: &mut impl RngCore) -> io::Result<Self> {
        let Parts { origin, hostname, spool: (spool, recovery), dial, clock, settings } = parts;
        let ledger = Arc::<Ledger>::default();
        let outbox = Arc::new(Outbox::new(spool, Arc::clone(&ledger), Arc::clone(&clock)));
        outbox.count(&recovery.damage);
        if recovery.blocks > 0 {
            tracing::info!(
                blocks = recovery.blocks,
                events = recovery.events,
                "the spool holds blocks of a former run"
            );
        }
        let hello = Hello { boot: origin.boot, hostname: hostname.clone() };
        let shipper = Shipper::new(
            settings.ship,
            dial,
            hello,
            Arc::clone(&outbox),
            Arc::clone(&ledger),
            &mut StdRng::from_rng(rng),
        );
        let status = shipper.status();
        let (sender, receiver) = mpsc::sync_channel(QUEUE);
        let store = store::Store {
            outbox: Arc::clone(&outbox),
            ledger: Arc::clone(&ledger),
            sync_after: settings.sync_after,
        };
        let reporter =
            Reporter::new(clock, Arc::clone(&ledger), Arc::clone(&outbox), Arc::clone(&status), hostname);
        let stop = Stop::default();
        let (done, pumped) = oneshot::channel();
        let pump = Pump {
            source,
            batcher: Batcher::new(origin, settings.batch, Arc::clone(&ledger)),
            reporter,
            status: Arc::clone(&status),
            stop: stop.clone(),
            sender,
            age_when_away: settings.age_when_away,
            interest: settings.interest,
            exit_at_end: settings.exit_at_end,
        };
        let threads = vec![
            thread::Builder::new().name("spool".into()).spawn(move || store.run(&receiver))?,
            thread::Builder::new().name("source".into()).spawn(move || {
                // Nobody listens any more when the agent was dropped.
                let _ = done.send(pump.run());
            })?,
        ];
        let shipping = CancellationToken::new();
        let shipper = (tokio::spawn(shipper.run(shipping.clone())), shipping);
        Ok(Self { status, ledger, outbox, grace: settings.grace, pump: stop, pumped, threads, shipper })
    }

    /// What the shipper is doing.
    pub const fn status(&self) -> &Arc<Status> {
        &self.status
    }

    /// What was lost.
    pub const fn ledger(&self) -> &Arc<Ledger> {
        &self.ledger
    }

    /// What waits.
    pub const fn outbox(&self) -> &Arc<Outbox> {
        &self.outbox
    }

    /// Runs until the source ends, or until `stop` gives a reason, and drains.
    pub async fn run_until(mut self, stop: impl Future<Output = String>) -> Ended {
        let (source, events) = tokio::select! {
            pumped = &mut self.pumped => flatten(pumped),
            reason = stop => {
                tracing::info!(%reason, "stopping");
                self.pump.now(reason);
                flatten((&mut self.pumped).await)
            }
        };
        // The source's thread has dropped its end of the queue, so the spool's thread ends as well.
        let threads = std::mem::take(&mut self.threads);
        #[expect(
            clippy::disallowed_methods,
            reason = "the shipper goes on meanwhile, on a runtime of one thread too"
        )]
        let joined =
            task::spawn_blocking(move || threads.into_iter().all(|thread| thread.join().is_ok())).await;
        if !matches!(joined, Ok(true)) {
            tracing::error!("a thread of the agent panicked; its last events may be lost");
        }
        let complete = timeout(self.grace, self.outbox.emptied()).await.is_ok();
        let (shipper, shipping) = self.shipper;
        shipping.cancel();
        if let Err(error) = shipper.await {
            tracing::error!(%error, "the shipper panicked");
        }
        if let Err(error) = self.outbox.close() {
            tracing::error!(%error, "the spool cannot be synced at the end");
        }
        let ended = Ended {
            source,
            events,
            acknowledged: self.status.acknowledged(),
            lost: self.ledger.total(),
            complete,
        };
        if complete {
            tracing::info!(events, lost = ended.lost, "stopped; everything was acknowledged");
        } else {
            let spool_bytes = self.outbox.waiting_bytes();
            tracing::warn!(
                events,
                lost = ended.lost,
                spool_bytes,
                "stopped; what was not acknowledged is sent at the next start"
            );
        }
        ended
    }
}

fn flatten(
    pumped: Result<Result<u64, SourceError>, oneshot::error::RecvError>,
) -> (Result<(), SourceError>, u64) {
    match pumped {
        Ok(Ok(events)) => (Ok(()), events),
        Ok(Err(error)) => (Err(error), 0),
        Err(_) => (Err(SourceError::Panicked), 0),
    }
}
