//! From the kernel's clocks to the node's.

use std::{sync::Arc, time::Duration};

use rustix::time::{ClockId, clock_gettime};
use vedetta_model::{Clock, Timestamp};

/// A difference smaller than this is jitter of the measurement, and ignored: events must not be
/// reordered by it.
const JITTER: Duration = Duration::from_micros(500);

/// Knows how far the node's clock is ahead of the kernel's monotonic one.
#[derive(Debug)]
pub struct Times {
    clock: Arc<dyn Clock>,
    boot: Timestamp,
    /// The wall clock when the monotonic one was 0.
    origin: Timestamp,
}

/// `CLOCK_MONOTONIC` in nanoseconds.
pub fn monotonic() -> u64 {
    nanos(ClockId::Monotonic)
}

fn nanos(clock: ClockId) -> u64 {
    let time = clock_gettime(clock);
    u64::try_from(i128::from(time.tv_sec) * 1_000_000_000 + i128::from(time.tv_nsec)).unwrap_or(0)
}

impl Times {
    /// Measures the difference.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        let origin = origin(&*clock);
        // The two clocks differ by the time the machine has slept. They cannot be read at once, so
        // a difference within the jitter is none.
        let slept = Duration::from_nanos(nanos(ClockId::Boottime).saturating_sub(monotonic()));
        let boot = if slept > JITTER { origin.before(slept) } else { origin };
        Self { clock, boot, origin }
    }

    /// The wall clock's time at boot, as it was when the agent began: it never changes, because
    /// process keys are made with it.
    pub const fn boot(&self) -> Timestamp {
        self.boot
    }

    /// The present.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Measures again, once per look at the rings: the wall clock may have been set.
    pub fn refresh(&mut self) {
        let origin = origin(&*self.clock);
        if origin.since(self.origin).max(self.origin.since(origin)) > JITTER {
            self.origin = origin;
        }
    }

    /// A monotonic time as wall clock time.
    pub fn wall(&self, monotonic: u64) -> Timestamp {
        self.origin.after(Duration::from_nanos(monotonic))
    }
}

fn origin(clock: &dyn Clock) -> Timestamp {
    clock.now().before(Duration::from_nanos(monotonic()))
}

#[cfg(test)]
mod tests {
    use vedetta_model::ManualClock;

    use super::*;

    #[test]
    fn a_clock_that_is_set_moves_events_but_not_the_boot() {
        let clock = Arc::new(ManualClock::at(Timestamp::from_millis(1_000_000_000_000)));
        let mut times = Times::new(clock.clone());
        let (boot, before) = (times.boot(), times.wall(monotonic()));
        clock.advance(Duration::from_secs(3600));
        times.refresh();
        assert_eq!(times.boot(), boot);
        let moved = times.wall(monotonic()).since(before);
        assert!(moved > Duration::from_secs(3590) && moved < Duration::from_secs(3610), "{moved:?}");
    }
}
