//! How much of what was recorded can be asked for.

use async_graphql::{Enum, SimpleObject};
use vedetta_model::Timestamp;

use crate::{freshness::Known, graphql::scalars::DateTime};

/// Up to when answers are complete. What is newer may be missing from them still.
#[derive(Debug, Clone, SimpleObject)]
pub struct Freshness {
    /// All that was received before this can be asked for; null while it is not known.
    as_of: Option<DateTime>,
    /// How long ago that is.
    age_seconds: Option<f64>,
    /// Why it is longer ago than usual; null when it is not.
    stale: Option<StaleReason>,
}

/// Why answers are not up to date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub enum StaleReason {
    /// What is received is not made into answers as fast as it comes.
    CatchingUp,
    /// The event log can't be reached, so that it is not known what there is.
    LogUnreachable,
}

impl Freshness {
    /// As told at a time.
    pub(super) fn of(known: Known, now: Timestamp) -> Self {
        let reason = if known.log_is_silent { StaleReason::LogUnreachable } else { StaleReason::CatchingUp };
        Self {
            as_of: known.as_of.map(Into::into),
            age_seconds: known.age(now).map(|age| age.as_secs_f64()),
            stale: known.is_stale(now).then_some(reason),
        }
    }
}
