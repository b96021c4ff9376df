//! The spool between the thread that fills it and the task that empties it.

use std::{
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use tokio::{sync::Notify, time::Instant};
use vedetta_model::{Clock, event::LossStage};

use super::{Class, Damage, Entry, Meta, Refused, Spool};
use crate::ledger::{Ledger, Lost};

/// A spool that is shared. Locks are held for one small read or write, never for a sync.
#[derive(Debug)]
pub struct Outbox {
    spool: Mutex<Spool>,
    appended: Notify,
    settled: Notify,
    ledger: Arc<Ledger>,
    clock: Arc<dyn Clock>,
}

impl Outbox {
    /// Shares a spool. What it finds damaged goes to the ledger, as does what the former run did
    /// not come to tell.
    pub fn new(spool: Spool, ledger: Arc<Ledger>, clock: Arc<dyn Clock>) -> Self {
        spool.take_untold().iter().for_each(|loss| ledger.add_loss(loss));
        Self { spool: Mutex::new(spool), appended: Notify::new(), settled: Notify::new(), ledger, clock }
    }

    /// Puts a block behind all others and wakes whoever waits for one.
    pub fn append(&self, meta: Meta, block: &Bytes, class: Class) -> Result<(), Refused> {
        self.lock().append(meta, block, class)?;
        self.appended.notify_one();
        Ok(())
    }

    /// The next block to send.
    pub fn take(&self) -> Option<Entry> {
        let mut spool = self.lock();
        let entry = spool.take();
        let damage = spool.take_damage();
        drop(spool);
        self.count(&damage);
        entry
    }

    /// Counts what was lost by damage.
    pub fn count(&self, damage: &[Damage]) {
        for damage in damage {
            let now = self.clock.now();
            let (since, until) = (damage.oldest.unwrap_or(now), damage.newest.unwrap_or(now));
            self.ledger.add(
                Lost { stage: LossStage::Spool, cpu: None, hook: "" },
                damage.events,
                since,
                until,
            );
        }
    }

    /// See [`Spool::settle`].
    pub fn settle(&self, id: u64) {
        self.lock().settle(id);
        self.settled.notify_waiters();
    }

    /// Bytes that wait to be settled.
    pub fn waiting_bytes(&self) -> u64 {
        self.lock().waiting_bytes()
    }

    /// See [`Spool::is_full`].
    pub fn is_full(&self) -> bool {
        self.lock().is_full()
    }

    /// Whether everything was settled.
    pub fn is_empty(&self) -> bool {
        self.lock().is_empty()
    }

    /// Done when a block may have been appended since the last [`Outbox::take`] that gave none.
    pub async fn appended(&self) {
        self.appended.notified().await;
    }

    /// Done once everything was settled.
    pub async fn emptied(&self) {
        loop {
            let settled = self.settled.notified();
            tokio::pin!(settled);
            settled.as_mut().enable();
            if self.is_empty() {
                return;
            }
            settled.await;
        }
    }

    /// Makes what has waited for `after` or longer survive the end of the machine. Gives the time
    /// until there is something to do again.
    pub fn sync_after(&self, after: Duration, now: Instant) -> Option<Duration> {
        let mut spool = self.lock();
        let waited = spool.unsynced_for(now)?;
        if waited < after {
            return Some(after - waited);
        }
        let sync = spool.start_sync();
        drop(spool);
        let outcome = sync.run();
        self.lock().synced(sync, &outcome);
        // After a failure the disk is left alone for a while.
        outcome.is_err().then_some(Duration::from_secs(1))
    }

    /// See [`Spool::close`]. What the ledger has not told yet is left for the next run.
    pub fn close(&self) -> io::Result<()> {
        let untold = self.ledger.tell();
        self.lock().close(&untold)
    }

    fn lock(&self) -> MutexGuard<'_, Spool> {
        self.spool.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
