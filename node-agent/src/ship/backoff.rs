//! How long to wait before another try.

use std::time::Duration;

use rand::{Rng, RngCore, SeedableRng, rngs::StdRng};

/// Doubles from one try to the next up to a limit, and varies so that agents that lost the same
/// server do not come back at once.
#[derive(Debug)]
pub struct Backoff {
    first: Duration,
    longest: Duration,
    next: Duration,
    rng: StdRng,
}

impl Backoff {
    /// Waits from `first` to `longest`.
    pub fn new(first: Duration, longest: Duration, rng: &mut impl RngCore) -> Self {
        Self { first, longest, next: first, rng: StdRng::from_rng(rng) }
    }

    /// The next wait: between half and the whole of what it has grown to.
    pub fn next_wait(&mut self) -> Duration {
        let whole = self.next;
        self.next = (whole * 2).min(self.longest);
        whole.mul_f64(self.rng.random_range(0.5..=1.0))
    }

    /// A try succeeded.
    pub const fn reset(&mut self) {
        self.next = self.first;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_the_limit_and_vary() {
        let mut rng = StdRng::seed_from_u64(1);
        let mut backoff = Backoff::new(Duration::from_millis(100), Duration::from_secs(1), &mut rng);
        let waits: Vec<_> = (0..20).map(|_| backoff.next_wait()).collect();
        assert!(waits[0] <= Duration::from_millis(100));
        assert!(waits[5..].iter().all(|it| (500..=1000).contains(&it.as_millis())), "{waits:?}");
        assert!(waits[5..].windows(2).any(|pair| pair[0] != pair[1]));
        backoff.reset();
        assert!(backoff.next_wait() <= Duration::from_millis(100));
    }
}
