//! The store's handle and what its contracts share.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use bytes::Bytes;
use tokio::sync::watch;
use vedetta_embedded::{Database, Error, Growth, Space, Txn, Values, View};
use vedetta_store::Shard;

use crate::{errors, keys};

/// The stores in a [`Database`]. Clones are the same store.
#[derive(Clone)]
pub struct EmbeddedStore {
    pub(crate) shared: Arc<Shared>,
}

pub(crate) struct Shared {
    db: Database,
    pub(crate) spaces: Spaces,
    pub(crate) outbox: Outbox,
    closing: AtomicBool,
}

#[derive(Clone, Copy)]
pub(crate) struct Spaces {
    /// Stream → version.
    pub(crate) heads: Space,
    pub(crate) events: Space,
    /// Event id → version.
    pub(crate) ids: Space,
    /// Shard and number → stream and version.
    pub(crate) outbox: Space,
    /// View → generation of its rows.
    pub(crate) generations: Space,
    /// Tables whose rows are to be removed.
    pub(crate) dropped: Space,
    pub(crate) rows: Space,
    pub(crate) checkpoints: Space,
    pub(crate) blocks: Space,
    pub(crate) block_heads: Space,
    /// Node, agent run and last number → the rest of the block's id.
    pub(crate) block_ranges: Space,
    /// Bucket of time → how much lies in it.
    pub(crate) usage: Space,
    /// Tenant → how often blocks were replaced.
    pub(crate) replacements: Space,
}

/// What is known in memory of the outbox.
pub(crate) struct Outbox {
    /// The next number to give out. Numbers rise over all shards; gaps are allowed.
    next: AtomicU64,
    /// No event of the shard with a smaller number waits, so that the remains of confirmed ones are
    /// not walked over again.
    first: [AtomicU64; Outbox::SHARDS as usize],
    pub(crate) appended: watch::Sender<()>,
}

impl Outbox {
    pub(crate) const SHARDS: u16 = 4;

    fn load(view: View<'_>, space: Space) -> Result<Self, Error> {
        let last = |shard| -> Result<_, Error> {
            let range = keys::waiting(Shard(shard), 0)..=keys::waiting(Shard(shard), u64::MAX);
            let key = view.keys(space, range)?.next_back().transpose()?;
            Ok(key.and_then(|key| keys::number(&key)).map_or(0, |number| number + 1))
        };
        let next = (0..Self::SHARDS).map(last).collect::<Result<Vec<_>, _>>()?.into_iter().max().unwrap_or(0);
        Ok(Self {
            next: AtomicU64::new(next),
            first: [const { AtomicU64::new(0) }; Self::SHARDS as usize],
            appended: watch::channel(()).0,
        })
    }

    pub(crate) fn take_number(&self) -> u64 {
        self.next.fetch_add(1, Ordering::AcqRel)
    }

    pub(crate) fn first(&self, shard: Shard) -> u64 {
        self.first.get(usize::from(shard.0)).map_or(0, |first| first.load(Ordering::Acquire))
    }

    pub(crate) fn raise_first(&self, shard: Shard, number: u64) {
        if let Some(first) = self.first.get(usize::from(shard.0)) {
            first.fetch_max(number, Ordering::AcqRel);
        }
    }
}

impl fmt::Debug for EmbeddedStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("EmbeddedStore").field(&self.shared.db.dir()).finish()
    }
}

impl EmbeddedStore {
    /// The store that lies in `db`.
    pub async fn open(db: &Database) -> Result<Self, Error> {
        let spaces = Spaces {
            heads: db.space("store.heads", Values::Small)?,
            events: db.space("store.events", Values::Small)?,
            ids: db.space("store.ids", Values::Small)?,
            outbox: db.space("store.outbox", Values::Small)?,
            generations: db.space("store.generations", Values::Small)?,
            dropped: db.space("store.dropped", Values::Small)?,
            rows: db.space("store.rows", Values::Small)?,
            checkpoints: db.space("store.checkpoints", Values::Small)?,
            blocks: db.space("store.blocks", Values::Large)?,
            block_heads: db.space("store.block_heads", Values::Small)?,
            block_ranges: db.space("store.block_ranges", Values::Small)?,
            usage: db.space("store.usage", Values::Small)?,
            replacements: db.space("store.block_replacements", Values::Small)?,
        };
        let outbox = db.read(|view| Outbox::load(view, spaces.outbox))?;
        let store = Self {
            shared: Arc::new(Shared { db: db.clone(), spaces, outbox, closing: AtomicBool::new(false) }),
        };
        // What a crash interrupted.
        store.sweep().await?;
        Ok(store)
    }

    /// Takes no more calls and waits until those under way are durable.
    pub async fn close(&self) {
        let through = self.shared.db.write(1, Growth::Frees, |_| Ok::<_, Error>(())).await;
        self.shared.closing.store(true, Ordering::Release);
        if let Err(error) = through.flatten() {
            tracing::debug!(%error, "the database was closed before the store");
        }
        self.shared.outbox.appended.send_replace(());
    }

    fn check_open(&self) -> Result<(), Error> {
        if self.shared.closing.load(Ordering::Acquire) { Err(Error::Closed) } else { Ok(()) }
    }

    /// Reads a key or two.
    pub(crate) fn read<T>(&self, work: impl FnOnce(View<'_>) -> Result<T, Error>) -> Result<T, Error> {
        self.check_open()?;
        self.shared.db.read(work)
    }

    /// Reads a range.
    pub(crate) async fn read_range<T: Send + 'static>(
        &self,
        work: impl FnOnce(View<'_>, &Self) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        self.check_open()?;
        let store = self.clone();
        self.shared.db.read_blocking(move |view| work(view, &store)).await
    }

    /// Gives the disk back what was removed from a space, when it is short.
    pub(crate) async fn reclaim(&self, space: Space) {
        if let Err(error) = self.shared.db.reclaim(space).await {
            tracing::warn!(%error, "what was dropped may take its space for some time yet");
        }
    }

    pub(crate) async fn write<T, E>(
        &self,
        cost: usize,
        growth: Growth,
        work: impl FnOnce(&mut Txn<'_>, &Self) -> Result<T, E> + Send + 'static,
    ) -> Result<Result<T, E>, Error>
    where
        T: Send + 'static,
        E: Send + 'static,
    {
        self.check_open()?;
        let store = self.clone();
        self.shared.db.write(cost, growth, move |txn| work(txn, &store)).await
    }
}

/// A stored number, when there is one.
pub(crate) fn number(space: &str, key: &[u8], stored: Option<Bytes>) -> Result<Option<u64>, Error> {
    let number = |bytes: Bytes| bytes.as_ref().try_into().map(u64::from_le_bytes);
    stored.map(number).transpose().map_err(|_| errors::not_a("number", space, key))
}
