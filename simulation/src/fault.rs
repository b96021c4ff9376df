//! What may go wrong, and how often in one run.

use rand::{Rng as _, rngs::StdRng, seq::SliceRandom as _};

/// A thing that goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Fault {
    /// A service stops at whatever it awaits.
    ServiceKilled,
    /// A service is asked to stop, and comes again.
    ServiceReplaced,
    /// An agent stops at whatever it awaits; its machine goes on.
    AgentKilled,
    /// An agent's machine loses power: what its disk had not synced is torn, lost, or there, in any combination.
    PowerCut,
    /// Log and store answer a hundred times slower.
    SlowDisk,
    /// Log and store refuse for lack of room.
    FullDisk,
    /// A call of the log or the store fails and nothing was done.
    CallFailed,
    /// A call of the log or the store fails although it was done.
    CallHalfDone,
    /// Of a batch appended to the log only some records arrive, and the call fails.
    TornAppend,
    /// Reading the log or the store fails.
    ReadFailed,
    /// A bit of a record in the log turns.
    LogBitFlip,
    /// A bit of a block in the store turns.
    BlockBitFlip,
    /// A bit of an agent's spool turns.
    SpoolBitFlip,
    /// An agent's disk is full.
    SpoolFull,
    /// An agent's disk fails to sync.
    SpoolSyncFailed,
    /// A connection breaks.
    LinkCut,
    /// A message takes long.
    LinkSlow,
    /// Nothing comes through, in one direction or both, and nobody is told.
    LinkStalled,
    /// Blocks that came before come again, in any order, over another connection.
    Duplicate,
    /// The clock of a service jumps.
    ServiceClock,
    /// The clock of a node jumps.
    NodeClock,
    /// A node is cut off until its certificate is over.
    CertificateExpired,
    /// Rules change while events are judged.
    RuleSwap,
    /// A node is removed while it sends, and enrolls again.
    NodeRemoved,
    /// A node sends bytes that are no block.
    Malformed,
    /// A node sends a block in another tenant's name.
    Foreign,
    /// A node sends other events under numbers that it used before.
    Overlap,
    /// A record that is no block lies in the log.
    Poison,
}

impl Fault {
    /// All of them, in their order.
    pub const ALL: [Self; 28] = [
        Self::ServiceKilled,
        Self::ServiceReplaced,
        Self::AgentKilled,
        Self::PowerCut,
        Self::SlowDisk,
        Self::FullDisk,
        Self::CallFailed,
        Self::CallHalfDone,
        Self::TornAppend,
        Self::ReadFailed,
        Self::LogBitFlip,
        Self::BlockBitFlip,
        Self::SpoolBitFlip,
        Self::SpoolFull,
        Self::SpoolSyncFailed,
        Self::LinkCut,
        Self::LinkSlow,
        Self::LinkStalled,
        Self::Duplicate,
        Self::ServiceClock,
        Self::NodeClock,
        Self::CertificateExpired,
        Self::RuleSwap,
        Self::NodeRemoved,
        Self::Malformed,
        Self::Foreign,
        Self::Overlap,
        Self::Poison,
    ];

    /// How often, at most: for what happens to a call or message the chance of each, for the rest times a minute.
    const fn most(self) -> f64 {
        match self {
            Self::CallFailed | Self::CallHalfDone | Self::ReadFailed => 0.03,
            Self::TornAppend | Self::SpoolSyncFailed => 0.1,
            Self::LinkSlow => 0.05,
            Self::LogBitFlip | Self::BlockBitFlip => 0.02,
            Self::ServiceKilled | Self::LinkCut => 8.0,
            Self::AgentKilled | Self::PowerCut | Self::RuleSwap | Self::Duplicate => 5.0,
            Self::CertificateExpired | Self::NodeRemoved => 1.0,
            _ => 2.0,
        }
    }
}

/// How often each fault happens in a run.
#[derive(Debug, Clone)]
pub struct Plan([f64; Fault::ALL.len()]);

impl Plan {
    /// A run in which some faults happen and others don't: with all of them everywhere the rare meetings of two would
    /// drown in noise.
    pub fn draw(rng: &mut StdRng) -> Self {
        let mut rates = [0.0; Fault::ALL.len()];
        let mut all = Fault::ALL;
        all.shuffle(rng);
        let some = rng.random_range(2..=12);
        for fault in &all[..some] {
            rates[*fault as usize] = fault.most() * rng.random_range(0.2..=1.0);
        }
        Self(rates)
    }

    /// How often: a chance, or times a minute.
    pub const fn rate(&self, fault: Fault) -> f64 {
        self.0[fault as usize]
    }

    /// Those that happen.
    pub fn faults(&self) -> impl Iterator<Item = Fault> {
        Fault::ALL.into_iter().filter(|fault| self.rate(*fault) > 0.0)
    }
}
