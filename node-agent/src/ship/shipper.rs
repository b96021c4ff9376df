//! Keeps a stream open and empties the spool into it.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use rand::RngCore;
use tokio::{
    sync::watch,
    time::{Instant, sleep, sleep_until},
};
use tokio_util::sync::CancellationToken;
use vedetta_model::{
    Kind,
    event::LossStage,
    simulated::{Point, reached},
};

use super::{
    Backoff, Blocks, Connection, ConnectionError, Dial, DialError, Hello, Numbers, Refusal, Replies, Reply,
    window::Window,
};
use crate::{
    ledger::Ledger,
    spool::{Entry, Outbox},
};

/// How to ship.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Config {
    /// Most blocks on their way.
    pub window_blocks: usize,
    /// Most bytes on their way, but for one block.
    pub window_bytes: usize,
    /// A block that is not answered in this time means that the stream is dead.
    pub answer_within: Duration,
    /// Shortest and longest wait before another try.
    pub backoff: (Duration, Duration),
}

impl Default for Config {
    fn default() -> Self {
        Self {
            window_blocks: 32,
            window_bytes: 4 << 20,
            answer_within: Duration::from_secs(30),
            backoff: (Duration::from_millis(250), Duration::from_secs(30)),
        }
    }
}

/// What the rest of the agent may know of the shipper.
#[derive(Debug)]
pub struct Status {
    connected: AtomicBool,
    acknowledged: AtomicU64,
    heartbeat_millis: AtomicU64,
    max_block_bytes: AtomicU64,
    policy: watch::Sender<Option<(u64, Vec<Kind>)>>,
}

impl Default for Status {
    fn default() -> Self {
        Self {
            connected: AtomicBool::new(false),
            acknowledged: AtomicU64::new(0),
            heartbeat_millis: AtomicU64::new(5_000),
            max_block_bytes: AtomicU64::new(u64::MAX),
            policy: watch::channel(None).0,
        }
    }
}

impl Status {
    /// Whether a stream is open.
    pub fn is_connected(&self) -> bool {
        self.connected.load(Ordering::Relaxed)
    }

    /// Events acknowledged since the start, those of former runs included.
    pub fn acknowledged(&self) -> u64 {
        self.acknowledged.load(Ordering::Relaxed)
    }

    /// Time between heartbeats, as the server asked last.
    pub fn heartbeat(&self) -> Duration {
        Duration::from_millis(self.heartbeat_millis.load(Ordering::Relaxed))
    }

    /// Longest block that the server takes, as it said last.
    pub fn max_block_bytes(&self) -> usize {
        usize::try_from(self.max_block_bytes.load(Ordering::Relaxed)).unwrap_or(usize::MAX)
    }

    /// What the active rules want: version and kinds. `None` until the server has said.
    pub fn policy(&self) -> watch::Receiver<Option<(u64, Vec<Kind>)>> {
        self.policy.subscribe()
    }
}

/// See the module.
#[derive(Debug)]
pub struct Shipper {
    config: Config,
    dial: Arc<dyn Dial>,
    hello: Hello,
    outbox: Arc<Outbox>,
    ledger: Arc<Ledger>,
    status: Arc<Status>,
    window: Window,
    /// Between streams.
    reconnect: Backoff,
    /// After a refusal that asks for patience.
    patience: Backoff,
}

/// Why there is no stream.
#[derive(Debug, thiserror::Error)]
enum ShipError {
    #[error(transparent)]
    Dial(#[from] DialError),
    #[error(transparent)]
    Connection(#[from] ConnectionError),
}

enum End {
    Stopped,
    Broken(ConnectionError),
}

impl Shipper {
    /// Ships what `outbox` holds. What the server refuses for good goes to the ledger.
    pub fn new(
        config: Config,
        dial: Arc<dyn Dial>,
        hello: Hello,
        outbox: Arc<Outbox>,
        ledger: Arc<Ledger>,
        rng: &mut impl RngCore,
    ) -> Self {
        Self {
            config,
            dial,
            hello,
            outbox,
            ledger,
            status: Arc::default(),
            window: Window::new(config.window_blocks, config.window_bytes),
            reconnect: Backoff::new(config.backoff.0, config.backoff.1, rng),
            patience: Backoff::new(config.backoff.0, config.backoff.1, rng),
        }
    }

    /// What the rest of the agent may know.
    pub fn status(&self) -> Arc<Status> {
        Arc::clone(&self.status)
    }

    /// Ships until told to stop. What is not acknowledged by then stays in the spool.
    pub async fn run(mut self, stop: CancellationToken) {
        loop {
            let opened = tokio::select! {
                opened = self.open() => opened,
                () = stop.cancelled() => return,
            };
            let error = match opened {
                Ok(connection) => match self.ship(connection, &stop).await {
                    End::Stopped => return,
                    End::Broken(error) => error.into(),
                },
                Err(error) => error,
            };
            let wait = self.reconnect.next_wait();
            tracing::warn!(%error, retry_in = ?wait, spool_bytes = self.outbox.waiting_bytes(), "not connected");
            tokio::select! {
                () = sleep(wait) => {}
                () = stop.cancelled() => return,
            }
        }
    }

    async fn open(&self) -> Result<Connection, ShipError> {
        Ok(Connection::open(self.dial.dial().await?, &self.hello).await?)
    }

    async fn ship(&mut self, connection: Connection, stop: &CancellationToken) -> End {
        let welcome = connection.welcome();
        tracing::info!(heartbeat = ?welcome.heartbeat, spool_bytes = self.outbox.waiting_bytes(), "connected");
        let millis = u64::try_from(welcome.heartbeat.as_millis()).unwrap_or(u64::MAX);
        self.status.heartbeat_millis.store(millis, Ordering::Relaxed);
        self.status.max_block_bytes.store(welcome.max_block_bytes.max(1), Ordering::Relaxed);
        self.status.connected.store(true, Ordering::Relaxed);
        let (blocks, replies) = connection.split();
        let end = self.exchange(&blocks, replies, stop).await;
        self.status.connected.store(false, Ordering::Relaxed);
        self.window.broken();
        end
    }

    async fn exchange(&mut self, blocks: &Blocks, mut replies: Replies, stop: &CancellationToken) -> End {
        let mut next: Option<Entry> = None;
        let mut paused: Option<Instant> = None;
        let end = loop {
            let may_send = paused.is_none() && self.window.has_room();
            if may_send && next.is_none() {
                next = self.window.next_again().or_else(|| self.outbox.take());
            }
            let dead = self.window.oldest().map(|sent| sent + self.config.answer_within);
            tokio::select! {
                reply = replies.next() => match reply {
                    Ok(reply) => paused = self.heed(reply).or(paused),
                    Err(error) => break End::Broken(error),
                },
                ready = blocks.ready(), if may_send && next.is_some() => match ready {
                    Ok(ready) => if let Some(entry) = next.take() {
                        ready.send(entry.block.clone());
                        self.window.sent(entry, Instant::now());
                    },
                    // The stream's end says why, when there is a reason.
                    Err(closed) => break End::Broken(replies.next().await.err().unwrap_or(closed)),
                },
                () = self.outbox.appended(), if may_send && next.is_none() => {}
                () = until(paused) => paused = None,
                () = until(dead) => break End::Broken(ConnectionError::Silent),
                () = stop.cancelled() => break End::Stopped,
            }
        };
        if let Some(entry) = next {
            reached(Point::SentAgain);
            self.window.send_again(entry);
        }
        end
    }

    /// Gives the time until which nothing is to be sent.
    fn heed(&mut self, reply: Reply) -> Option<Instant> {
        match reply {
            Reply::Ack(numbers) => {
                self.acknowledged(&numbers);
                None
            }
            Reply::Refusal(refusal) => self.refused(&refusal),
            Reply::Policy { version, kinds } => {
                tracing::info!(version, kinds = kinds.len(), "the server told what its rules want to see");
                self.status.policy.send_replace(Some((version, kinds)));
                None
            }
        }
    }

    fn acknowledged(&mut self, numbers: &Numbers) {
        for entry in self.window.answered(numbers) {
            self.outbox.settle(entry.id);
            self.status.acknowledged.fetch_add(entry.meta.count.into(), Ordering::Relaxed);
            self.reconnect.reset();
            self.patience.reset();
        }
    }

    fn refused(&mut self, refusal: &Refusal) -> Option<Instant> {
        let entries = match &refusal.numbers {
            Some(numbers) => self.window.answered(numbers),
            None => self.window.longest_waiting().into_iter().collect(),
        };
        if entries.is_empty() {
            tracing::debug!(?refusal, "the server refused what is not on its way");
            return None;
        }
        if let Some(least) = refusal.retry_after {
            let wait = self.patience.next_wait().max(least);
            tracing::warn!(blocks = entries.len(), reason = %refusal.message, retry_in = ?wait, "the server asks to wait");
            entries.into_iter().for_each(|entry| self.window.send_again(entry));
            return Some(Instant::now() + wait);
        }
        for entry in entries {
            let meta = entry.meta;
            tracing::error!(
                first = meta.first, last = meta.last, events = meta.count, reason = %refusal.message,
                "the server refused a block for good; its events are lost",
            );
            self.ledger.lost_block(LossStage::Server, &meta, &entry.block);
            self.outbox.settle(entry.id);
        }
        None
    }
}

async fn until(time: Option<Instant>) {
    match time {
        Some(time) => sleep_until(time).await,
        None => std::future::pending().await,
    }
}
