//! Where the agent's events come from. [`kernel`] watches this machine; siblings that replay a
//! recording or make events up implement the same [`Source`].
//!
//! A source is synchronous and runs on a thread of its own: its owner calls [`Source::drain`] in a
//! loop and sends on what the [`Sink`] collected.

pub mod interest;
pub mod kernel;
pub mod replay;
pub mod synthetic;

use std::{fmt::Display, time::Duration};

use vedetta_model::{Payload, Timestamp, event::Loss};

pub use interest::{Interest, Reads};
pub use kernel::KernelSource;
pub use replay::Replay;
pub use synthetic::Synthetic;

use crate::{
    offsets::OffsetsError,
    process_table::{ProcessHandle, ProcessTable},
};

/// A stream of events, each with the process that did it.
pub trait Source: Send {
    /// What to call it in logs: `kernel`, `replay` …
    fn name(&self) -> &'static str;

    /// The hooks in use, for [`vedetta_model::event::AgentStarted`].
    fn hooks(&self) -> Vec<String>;

    /// Narrows or widens what is observed, from now on. What is not wanted may still come for a
    /// moment; what is wanted never fails to.
    fn set_interest(&mut self, interest: Interest) -> Result<(), SourceError>;

    /// Hands over what has happened, oldest first, and returns when there is no more, when the sink
    /// is full, or, if nothing happens at all, after `wait`.
    ///
    /// Events of different processes may be a few milliseconds out of order when a processor was
    /// held up; those of one process are in order.
    fn drain(&mut self, sink: &mut dyn Sink, wait: Duration) -> Result<Drained, SourceError>;

    /// Totals since the source was started.
    fn totals(&self) -> Totals;

    /// Whether nothing will ever come any more: a recording has an end, a kernel has none.
    fn has_ended(&self) -> bool {
        false
    }
}

/// Takes what a source hands over.
pub trait Sink {
    /// An event. `processes` resolves its handle and those of the ancestors, now and not later.
    fn event(&mut self, event: Observed, processes: &ProcessTable);
    /// Events that were lost.
    fn loss(&mut self, loss: Loss);
    /// Asks the source to stop for now. It may still hand over one more.
    fn is_full(&self) -> bool {
        false
    }
}

/// One event, before it is numbered.
#[derive(Debug, Clone, PartialEq)]
pub struct Observed {
    /// When it happened, by the node's clock.
    pub time: Timestamp,
    /// Who did it.
    pub process: ProcessHandle,
    /// The thread.
    pub tid: u32,
    /// What the call returned; 0 where there is none.
    pub result: i64,
    /// What happened.
    pub payload: Payload,
}

/// What one [`Source::drain`] did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Drained {
    /// Events handed over.
    pub events: u64,
    /// The sink was full: there is more.
    pub more: bool,
}

/// Counters since the start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Totals {
    /// Records taken from the kernel (or the recording).
    pub read: u64,
    /// Records lost before or while they were decoded.
    pub lost: u64,
    /// Process entries that were dropped to stay within bounds.
    pub processes_evicted: u64,
}

/// A source cannot start or go on.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// The agent was built without the BPF toolchain.
    #[error("this agent was built without its kernel programs; run `make setup` and build it again")]
    NoPrograms,
    /// The kernel's layout is not known.
    #[error(transparent)]
    Offsets(#[from] OffsetsError),
    /// The kernel said no.
    #[error(
        "the kernel refused `{step}`: {reason}; the agent needs CAP_BPF and CAP_PERFMON (or root), and Linux 5.15 or later with BTF"
    )]
    Refused {
        /// What was tried.
        step: String,
        /// What it answered.
        reason: String,
    },
    /// Its thread is gone.
    #[error("the source's thread panicked; the log says where")]
    Panicked,
    /// A recording cannot be read.
    #[error("{}: {reason}", path.display())]
    Recording {
        /// The file.
        path: std::path::PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// The object lacks a part that this build expects.
    #[error("the kernel programs lack `{what}`; build the agent again, from one checkout")]
    Incomplete {
        /// The part.
        what: String,
    },
}

impl SourceError {
    /// The kernel refused `step`.
    pub(crate) fn refused(step: &str, error: &(impl Display + ?Sized)) -> Self {
        Self::Refused { step: step.to_owned(), reason: error.to_string() }
    }
}
