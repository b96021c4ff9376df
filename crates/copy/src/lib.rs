//! Moves an installation from one log and store to another, whatever lies behind the contracts.
//!
//! ```text
//!   source ─► log by partition ─► streams ─► blocks by hour ─► rows of views ─► places of readers ─► target
//!                 └──────── where each record lies in the target: what places are translated by ────────┘
//! ```
//!
//! Nothing is remembered of how far a copy has come but what lies in the target itself: a copy that was cut is begun again, finds
//! what arrived by comparing it with the source, and goes on behind it. Neither side may be in use meanwhile.
//! Start with [`struct@Copy`]; why it is so: `docs/adr/0014-copy.md`.

mod blocks;
mod copy;
mod cursor;
mod digest;
mod error;
mod groups;
mod lane;
mod marker;
mod meter;
mod places;
mod plan;
mod streams;
mod topics;
mod views;

pub use copy::Copy;
pub use error::CopyError;
pub use marker::State;
pub use meter::{Meter, Reading};
pub use plan::{Checkpoints, Plan, Projected, Side};

use digest::Digest;

/// What was found of one part of an installation: a partition, a tenant's streams, a view.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// What, such as `telemetry/3`.
    pub what: String,
    /// What is counted in it, such as `records`.
    pub unit: &'static str,
    /// How many there are in the source.
    pub count: u64,
    /// Their bytes.
    pub bytes: u64,
    /// A hash of all of them in their order, as the source has them.
    pub hash: String,
    /// What people should know of it; empty mostly.
    pub note: String,
}

impl Line {
    fn of(what: impl Into<String>, unit: &'static str, digest: &Digest) -> Self {
        Self {
            what: what.into(),
            unit,
            count: digest.count,
            bytes: digest.bytes,
            hash: digest.shown(),
            note: String::new(),
        }
    }

    fn noted(mut self, note: impl Into<String>) -> Self {
        self.note = note.into();
        self
    }
}
