//! Time: stamps for writes, microseconds that never stand still; and how far the database's clock is from ours.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use scylla::value::CqlTimeuuid;
use vedetta_model::{Clock, Timestamp};
use vedetta_store::StoreError;

use crate::{ScyllaStore, errors::corrupt};

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

impl ScyllaStore {
    /// The clock of the node that answers less `clock`, in nanoseconds. It is wrong by half of the time that asking takes, at most.
    pub async fn clock_offset(&self, clock: &dyn Clock) -> Result<i64, StoreError> {
        let shared = self.shared()?;
        let asked = clock.now();
        let row = shared.cql.row::<(CqlTimeuuid,)>(&shared.on.clock, ()).await?;
        let answered = clock.now();
        let there = row.and_then(|(id,)| time_of(&id));
        let there = there.ok_or_else(|| corrupt("now()".into(), "no time"))?;
        let middle = asked.after(answered.since(asked) / 2);
        Ok(there.as_nanos() - middle.as_nanos())
    }
}

/// When an id of version 1 was made.
fn time_of(id: &CqlTimeuuid) -> Option<Timestamp> {
    let (seconds, nanos) = AsRef::<uuid::Uuid>::as_ref(id).get_timestamp()?.to_unix();
    let seconds = i64::try_from(seconds).ok()?.checked_mul(1_000_000_000)?;
    Some(Timestamp::from_nanos(seconds.checked_add(nanos.into())?))
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
    fn an_id_tells_when_it_was_made() {
        // RFC 9562, A.1: Tuesday, February 22, 2022 2:22:22.00 PM GMT-05:00.
        let id: CqlTimeuuid = "C232AB00-9414-11EC-B3C8-9F6BDECED846".parse().unwrap();
        assert_eq!(time_of(&id), Some(Timestamp::from_millis(1_645_557_742_000)));
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
