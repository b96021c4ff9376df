//! Stamps for writes: microseconds that never stand still.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use vedetta_model::Clock;

/// Gives each write of this process a later time than any before, and than any it has heard of. In a database where the later
/// write wins, that is the order in which they happened.
#[derive(Debug)]
pub struct Stamps {
    clock: Arc<dyn Clock>,
    last: AtomicI64,
}

impl Stamps {
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, last: AtomicI64::new(0) }
    }

    /// Later than everything so far, and than `known`.
    pub fn after(&self, known: i64) -> i64 {
        let now = (self.clock.now().as_nanos() / 1000).max(known.saturating_add(1));
        let later = |last: i64| now.max(last.saturating_add(1));
        let before = self.last.fetch_update(Ordering::AcqRel, Ordering::Acquire, |last| Some(later(last)));
        later(before.unwrap_or_else(|last| last))
    }

    pub fn next(&self) -> i64 {
        self.after(0)
    }
}

#[cfg(test)]
mod tests {
    use vedetta_model::{SystemClock, Timestamp};

    use super::*;

    #[derive(Debug)]
    struct Stopped;

    impl Clock for Stopped {
        fn now(&self) -> Timestamp {
            Timestamp::from_nanos(7_000_000)
        }
    }

    #[test]
    fn stamps_rise_though_the_clock_stands_still_or_is_behind() {
        let stamps = Stamps::new(Arc::new(Stopped));
        assert_eq!(
            [stamps.next(), stamps.next(), stamps.after(9_000), stamps.next()],
            [7000, 7001, 9001, 9002]
        );
        let stamps = Stamps::new(Arc::new(SystemClock));
        assert!(stamps.next() < stamps.next());
    }
}
