//! What simulations need of the code they run: bugs to find, and places that must have been reached.
//!
//! Without the feature `simulation`, which no shipped program has, all of it compiles to nothing.

/// A bug that a simulation can switch on, to show that it would be found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Bug {
    /// Ingest acknowledges a block before the log has it.
    AckBeforeDurable = 1,
    /// Detect commits its place in the log before the findings are in it.
    CommitBeforeFindings,
    /// A finding's id is new each time.
    RandomFindingId,
    /// A projection commits its place before rows are written, and goes on from there.
    ProjectionForgetsPlace,
    /// The relay confirms decisions before they are in the log.
    RelayedBeforeAppend,
    /// The agent's spool says that a block is kept and does not wait for the device.
    SpoolSkipsSync,
    /// The archiver takes a block that can't be kept for one that was.
    ArchiveDropsOverlaps,
    /// Ingest believes the tenant that a block names.
    ForeignTenant,
}

/// A place in the code that is of interest only when something goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Point {
    /// Ingest acknowledged a block again.
    RepeatAcknowledged,
    /// Ingest refused a block of somebody else.
    ForeignRefused,
    /// Ingest refused bytes that are no block.
    MalformedRefused,
    /// Ingest told an agent that the log did not take its block.
    AppendRefused,
    /// Ingest ended a stream because the certificate's time was over.
    CertificateEnded,
    /// Ingest ended a stream of a node that was removed or replaced.
    PeerDenied,
    /// A record went to the dead letters.
    Buried,
    /// The archiver merged blocks.
    Merged,
    /// The archiver kept blocks one by one because together they overlap what is there.
    KeptAlone,
    /// The archiver found a block that was kept before.
    KeptBefore,
    /// A projection skipped what it had applied.
    AppliedBefore,
    /// A projection read a stretch itself that the group had passed.
    StretchRead,
    /// A decision was refused because somebody else was faster.
    Conflict,
    /// The relay could not copy decisions.
    RelayWaited,
    /// The spool cut off a torn end.
    TornEnd,
    /// The spool skipped a damaged stretch.
    DamageSkipped,
    /// The spool bridged a failing disk with memory.
    MemoryBridge,
    /// The agent sent blocks again after a stream broke.
    SentAgain,
    /// A node's silence became a finding.
    Silence,
}

impl Bug {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::AckBeforeDurable,
        Self::CommitBeforeFindings,
        Self::RandomFindingId,
        Self::ProjectionForgetsPlace,
        Self::RelayedBeforeAppend,
        Self::SpoolSkipsSync,
        Self::ArchiveDropsOverlaps,
        Self::ForeignTenant,
    ];
}

impl Point {
    /// All of them, in their order.
    pub const ALL: [Self; 19] = [
        Self::RepeatAcknowledged,
        Self::ForeignRefused,
        Self::MalformedRefused,
        Self::AppendRefused,
        Self::CertificateEnded,
        Self::PeerDenied,
        Self::Buried,
        Self::Merged,
        Self::KeptAlone,
        Self::KeptBefore,
        Self::AppliedBefore,
        Self::StretchRead,
        Self::Conflict,
        Self::RelayWaited,
        Self::TornEnd,
        Self::DamageSkipped,
        Self::MemoryBridge,
        Self::SentAgain,
        Self::Silence,
    ];
}

#[cfg(feature = "simulation")]
mod on {
    use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};

    use super::{Bug, Point};

    static PLANTED: AtomicU8 = AtomicU8::new(0);
    static REACHED: [AtomicU64; Point::ALL.len()] = [const { AtomicU64::new(0) }; Point::ALL.len()];

    /// Whether a bug is switched on.
    pub fn planted(bug: Bug) -> bool {
        PLANTED.load(Ordering::Relaxed) == bug as u8
    }

    /// Switches a bug on, in this process.
    pub fn plant(bug: Bug) {
        PLANTED.store(bug as u8, Ordering::Relaxed);
    }

    /// Counts a visit.
    pub fn reached(point: Point) {
        REACHED[point as usize].fetch_add(1, Ordering::Relaxed);
    }

    /// How often each point was reached, in this process.
    pub fn visits() -> impl Iterator<Item = (Point, u64)> {
        Point::ALL.into_iter().map(|point| (point, REACHED[point as usize].load(Ordering::Relaxed)))
    }
}

#[cfg(feature = "simulation")]
pub use on::{plant, planted, reached, visits};

/// Whether a bug is switched on: never, here.
#[cfg(not(feature = "simulation"))]
#[inline(always)]
pub const fn planted(_: Bug) -> bool {
    false
}

/// Counts a visit: not here.
#[cfg(not(feature = "simulation"))]
#[inline(always)]
pub const fn reached(_: Point) {}
