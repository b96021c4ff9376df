//! A block: the batch of events that travels unopened from the agent to detect.
//!
//! It carries everything that its events refer to, once each, so that nothing else is needed to
//! judge them. Whoever only passes a block on reads its [`Header`] and never the body; the body's
//! encoding can change without them. This crate does no IO. `FORMAT.md` shows the bytes; start with
//! [`Builder`] to write a block, [`Header::parse`] to route one, [`Batch::decode`] to open one, [`Opened::columns`] to
//! look at a few things of many events without making rows of them.

mod batch;
mod builder;
mod columns;
mod digest;
mod error;
mod header;
mod merge;
mod size;
mod squeeze;

pub use batch::{Batch, Lineage, Opened};
pub use builder::Builder;
pub use columns::{Actor, Columns, Seen, SeenEvents};
pub use digest::Digest;
pub use error::{BlockError, BuildError};
pub use header::Header;
pub use merge::{MergeError, follows, merge};

/// Largest block, header included.
pub const MAX_BLOCK_BYTES: usize = 4 << 20;

/// Most nanoseconds between the earliest and the latest event of a block: whoever looks for a time knows by it
/// where blocks can lie.
pub const MAX_SPAN_NANOS: i64 = 3_600_000_000_000;

/// Largest body once it is decompressed. Held low because what is decoded from it takes a multiple.
pub const MAX_DECODED_BYTES: usize = 16 << 20;
