//! How far a copy has come, for whoever shows it.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicU64, Ordering},
};

/// Counts work. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct Meter(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    phase: Mutex<(String, &'static str)>,
    done: AtomicU64,
    total: AtomicU64,
    bytes: AtomicU64,
}

/// What a [`Meter`] shows at a moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// What is being done.
    pub phase: String,
    /// What is counted.
    pub unit: &'static str,
    /// How many of them are through.
    pub done: u64,
    /// How many there are; 0 when that is not known before.
    pub total: u64,
    /// Bytes that are through.
    pub bytes: u64,
}

impl Meter {
    pub(crate) fn begin(&self, phase: impl Into<String>, unit: &'static str, total: u64) {
        *self.0.phase.lock().unwrap_or_else(PoisonError::into_inner) = (phase.into(), unit);
        self.0.total.store(total, Ordering::Relaxed);
        self.0.done.store(0, Ordering::Relaxed);
        self.0.bytes.store(0, Ordering::Relaxed);
    }

    pub(crate) fn add(&self, count: u64, bytes: u64) {
        self.0.done.fetch_add(count, Ordering::Relaxed);
        self.0.bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    /// What it shows now.
    pub fn read(&self) -> Reading {
        let (phase, unit) = self.0.phase.lock().unwrap_or_else(PoisonError::into_inner).clone();
        Reading {
            phase,
            unit,
            done: self.0.done.load(Ordering::Relaxed),
            total: self.0.total.load(Ordering::Relaxed),
            bytes: self.0.bytes.load(Ordering::Relaxed),
        }
    }
}
