//! Wrong passwords make a name wait, longer each time.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use vedetta_model::{TenantId, Timestamp};

/// Most names that are remembered: beyond it the one that waits least is forgotten.
const MOST: usize = 10_000;
const FIRST_WAIT: Duration = Duration::from_secs(1);
const LONGEST_WAIT: Duration = Duration::from_secs(300);
/// After so long without a try a name begins anew.
const FORGIVEN_AFTER: Duration = Duration::from_secs(3600);

type Name = (TenantId, String);

#[derive(Debug, Clone, Copy)]
struct Tries {
    count: u32,
    last: Timestamp,
    until: Timestamp,
}

/// Remembers tries by tenant and name until one is right.
#[derive(Debug)]
pub struct Throttle {
    free: u32,
    names: Mutex<HashMap<Name, Tries>>,
}

impl Throttle {
    /// Lets `free` tries pass without a wait.
    pub fn new(free: u32) -> Self {
        Self { free: free.max(1), names: Mutex::default() }
    }

    /// Whether a name may try now, or how long it has to wait. The try counts as a wrong one until
    /// [`succeeded`](Self::succeeded) says otherwise, so that many at once are not let through together.
    pub fn admit(&self, name: &Name, now: Timestamp) -> Result<(), Duration> {
        let mut names = self.lock();
        if names.len() >= MOST && !names.contains_key(name) {
            let least =
                names.iter().min_by_key(|(_, tries)| (tries.until, tries.last)).map(|(name, _)| name.clone());
            least.map(|least| names.remove(&least));
        }
        let fresh = Tries { count: 0, last: now, until: now };
        let tries = names.entry(name.clone()).or_insert(fresh);
        if now < tries.until {
            return Err(tries.until.since(now));
        }
        if now.since(tries.last) >= FORGIVEN_AFTER {
            *tries = fresh;
        }
        tries.count = tries.count.saturating_add(1);
        tries.last = now;
        if tries.count >= self.free {
            let doublings = (tries.count - self.free).min(16);
            tries.until = now.after((FIRST_WAIT * 2u32.pow(doublings)).min(LONGEST_WAIT));
        }
        Ok(())
    }

    /// A try was right.
    pub fn succeeded(&self, name: &Name) {
        self.lock().remove(name);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<Name, Tries>> {
        self.names.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_000_000);

    fn name(text: &str) -> Name {
        ("default".parse().unwrap(), text.to_owned())
    }

    #[test]
    fn after_some_wrong_tries_a_name_waits_longer_and_longer_and_others_do_not() {
        let throttle = Throttle::new(2);
        assert_eq!([0; 2].map(|_| throttle.admit(&name("ada"), NOW)), [Ok(()); 2]);
        assert_eq!(throttle.admit(&name("ada"), NOW), Err(Duration::from_secs(1)));
        let later = NOW.after(Duration::from_secs(1));
        assert_eq!(throttle.admit(&name("ada"), later), Ok(()));
        assert_eq!(throttle.admit(&name("ada"), later), Err(Duration::from_secs(2)));
        assert_eq!(throttle.admit(&name("bob"), NOW), Ok(()));
    }

    #[test]
    fn the_right_password_and_a_quiet_hour_end_the_count_and_no_wait_is_endless() {
        let throttle = Throttle::new(1);
        let mut now = NOW;
        for _ in 0..100 {
            assert_eq!(throttle.admit(&name("ada"), now), Ok(()));
            now = now.after(LONGEST_WAIT);
        }
        assert_eq!(throttle.admit(&name("ada"), now), Ok(()));
        assert_eq!(throttle.admit(&name("ada"), now), Err(LONGEST_WAIT));
        let next_day = now.after(Duration::from_secs(86_400));
        assert_eq!(throttle.admit(&name("ada"), next_day), Ok(()));
        assert_eq!(throttle.admit(&name("ada"), next_day), Err(FIRST_WAIT));
        throttle.succeeded(&name("ada"));
        assert_eq!(throttle.admit(&name("ada"), next_day), Ok(()));
    }

    #[test]
    fn strangers_can_not_fill_the_memory() {
        let throttle = Throttle::new(1);
        for n in 0..MOST + 10 {
            assert_eq!(throttle.admit(&name(&n.to_string()), NOW), Ok(()));
        }
        assert_eq!(throttle.lock().len(), MOST);
    }
}
