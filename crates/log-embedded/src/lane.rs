//! What is kept in memory of each partition.

use std::sync::{
    Mutex, MutexGuard, PoisonError,
    atomic::{AtomicU64, Ordering},
};

use tokio::sync::watch;
use vedetta_embedded::{Error, Space, View};
use vedetta_log::{Offset, Partition};

use crate::keys;

/// One partition's ends.
#[derive(Debug)]
pub struct Lane {
    /// The next offset to give out; `None` after a failed commit, until it is looked up again. Only
    /// the writer asks.
    assigned: Mutex<Option<u64>>,
    /// The offset after the last durable record. Readers at the tail wait on it.
    durable: watch::Sender<u64>,
    low: AtomicU64,
}

impl Lane {
    /// Of a partition that was just made.
    pub fn empty() -> Self {
        Self { assigned: Mutex::new(Some(0)), durable: watch::channel(0).0, low: AtomicU64::new(0) }
    }

    /// Of a partition that is there.
    pub fn load(view: View<'_>, records: Space, lows: Space, partition: &Partition) -> Result<Self, Error> {
        let low = match view.get(lows, &keys::partition(partition)) {
            Ok(stored) => {
                stored.and_then(|bytes| bytes.as_ref().try_into().ok()).map_or(0, u64::from_le_bytes)
            }
            // Without it the records themselves tell where the partition begins.
            Err(Error::Damaged { place, what }) => {
                tracing::error!(%partition, place, what, "the low watermark is damaged; taken from the records");
                let first = view.keys(records, whole(partition))?.next().transpose()?;
                first.and_then(|key| keys::offset(&key)).map_or(0, |offset| offset.0)
            }
            Err(error) => return Err(error),
        };
        let next = next_offset(view, records, partition)?.max(low);
        Ok(Self {
            assigned: Mutex::new(Some(next)),
            durable: watch::channel(next).0,
            low: AtomicU64::new(low),
        })
    }

    /// First record still there.
    pub fn low(&self) -> Offset {
        Offset(self.low.load(Ordering::Acquire))
    }
    /// After the last durable record.
    pub fn next(&self) -> Offset {
        Offset(*self.durable.borrow())
    }
    /// Tells when [`next`](Self::next) grows.
    pub fn tail(&self) -> watch::Receiver<u64> {
        self.durable.subscribe()
    }

    /// Gives out the next offset.
    pub fn assign(&self, view: View<'_>, records: Space, partition: &Partition) -> Result<Offset, Error> {
        let mut assigned = self.assigned();
        let next = match *assigned {
            Some(next) => next,
            None => {
                let next = next_offset(view, records, partition)?.max(self.next().0).max(self.low().0);
                self.publish(next);
                next
            }
        };
        *assigned = Some(next + 1);
        Ok(Offset(next))
    }

    /// The commit that carried offsets up to `next` is decided.
    pub fn decided(&self, durable: bool, next: u64) {
        if durable {
            self.publish(next);
        } else {
            *self.assigned() = None;
        }
    }

    /// Records before `low` are gone.
    pub fn raise_low(&self, low: Offset) {
        self.low.fetch_max(low.0, Ordering::AcqRel);
    }

    fn publish(&self, next: u64) {
        self.durable.send_if_modified(|durable| {
            let grew = next > *durable;
            *durable = next.max(*durable);
            grew
        });
    }

    fn assigned(&self) -> MutexGuard<'_, Option<u64>> {
        self.assigned.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// All record keys of a partition.
pub fn whole(partition: &Partition) -> std::ops::RangeInclusive<Vec<u8>> {
    keys::record(partition, Offset(0))..=keys::record(partition, Offset(u64::MAX))
}

fn next_offset(view: View<'_>, records: Space, partition: &Partition) -> Result<u64, Error> {
    let last = view.keys(records, whole(partition))?.next_back().transpose()?;
    Ok(last.and_then(|key| keys::offset(&key)).map_or(0, |offset| offset.0 + 1))
}
