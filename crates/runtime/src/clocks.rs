//! How far this machine's clock is from the one that all processes of an installation share: the store's.
//!
//! Nothing is decided by comparing clocks of different machines, so a difference harms nothing but what people read: times of
//! findings, ages, what is in a search for the last minute. That is why it is shown.

use std::{sync::Arc, time::Duration};

use prometheus_client::{metrics::gauge::Gauge, registry::Registry};
use vedetta_backends::Backends;
use vedetta_model::Clock;

use crate::{Drain, Drained};

const EVERY: Duration = Duration::from_secs(30);
/// People notice a difference from here on.
const NOTABLE_MS: i64 = 1000;

/// See the module.
pub struct ClockWatch {
    pub backends: Arc<Backends>,
    pub clock: Arc<dyn Clock>,
    pub drain: Drain,
    /// The store's clock less this one.
    pub offset: Gauge,
}

/// The gauge of [`ClockWatch`], in milliseconds.
pub fn register(registry: &mut Registry) -> Gauge {
    let offset = Gauge::default();
    registry.register(
        "vedetta_clock_offset_milliseconds",
        "Clock of the store less that of this process",
        offset.clone(),
    );
    offset
}

impl ClockWatch {
    /// Compares now and then until the drain. A store without a clock of its own leaves the gauge at 0.
    pub async fn run(self) -> anyhow::Result<()> {
        let mut told = false;
        loop {
            match self.drain.or(self.backends.clock_offset(&*self.clock)).await {
                Drained::Called => return Ok(()),
                Drained::Done(Some(Ok(nanos))) => {
                    let milliseconds = nanos / 1_000_000;
                    self.offset.set(milliseconds);
                    let is_notable = milliseconds.abs() >= NOTABLE_MS;
                    if is_notable && !told {
                        tracing::warn!(
                            milliseconds,
                            "the store's clock is not this machine's: times that people see are off; check time synchronization (NTP)"
                        );
                    }
                    told = is_notable;
                }
                // Whoever needs the store says that it gives no answer.
                Drained::Done(Some(Err(_)) | None) => {}
            }
            if self.drain.or(tokio::time::sleep(EVERY)).await == Drained::Called {
                return Ok(());
            }
        }
    }
}
