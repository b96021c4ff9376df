//! Why bytes are no block, and why no block was made.

use crate::{
    MAX_BLOCK_BYTES, MAX_DECODED_BYTES,
    header::{ROWS, VERSION},
};

/// Why bytes are no block. Sending the same bytes again is no use.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BlockError {
    /// Over the limit.
    #[error("the block has {0} bytes, over the limit of {MAX_BLOCK_BYTES}")]
    TooLarge(usize),
    /// It ends too early, or has more than its header says.
    #[error("the block has {actual} bytes, expected {expected}")]
    Length {
        /// What the block's own words ask for.
        expected: usize,
        /// What is there.
        actual: usize,
    },
    /// Not a block at all.
    #[error("these bytes do not begin like a block")]
    Magic,
    /// Written by a newer build.
    #[error(
        "the block has format version {0}; this build reads versions {ROWS} to {VERSION}: update the reader first"
    )]
    Version(u16),
    /// Of the first version, which has rows.
    #[error("the events of a block of version {ROWS} lie in rows: decode it")]
    NoColumns,
    /// Bits were changed on the way.
    #[error("the block's {part} does not match its checksum")]
    Checksum {
        /// `header` or `body`.
        part: &'static str,
    },
    /// The header contradicts itself.
    #[error("the block's header is wrong: {0}")]
    Header(&'static str),
    /// The body can't be decoded.
    #[error("the block's body can't be decoded: {0}")]
    Body(String),
    /// The body contradicts itself or the header.
    #[error("the block's body is wrong: {0}")]
    Content(&'static str),
}

/// Why no block was made of what a builder was given.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// There is nothing to send.
    #[error("a block needs at least one event")]
    Empty,
    /// More than a table has rows for.
    #[error("the block would have {0} rows in a table, over the limit: put fewer events in one")]
    TooMany(usize),
    /// An event's number is not above the one before, or is 0.
    #[error("event {0} is out of order")]
    Order(u64),
    /// Events whose times lie too far apart to be in one block.
    #[error("the events lie more than an hour apart: put them in several blocks")]
    Span,
    /// An event or a process refers to a table entry that was not there before it.
    #[error("there is no process entry {0} to refer to")]
    NoSuchProcess(u32),
    /// Over a limit: use smaller batches.
    #[error("the block would have {size} bytes, over the limit of {limit}: put fewer events in one")]
    TooLarge {
        /// Its size.
        size: usize,
        /// [`MAX_BLOCK_BYTES`], or [`MAX_DECODED_BYTES`] for the body before compression.
        limit: usize,
    },
    /// Encoding or compressing failed.
    #[error("the block can't be encoded: {0}")]
    Encode(String),
}

impl BuildError {
    pub(crate) const fn over_decoded(size: usize) -> Self {
        Self::TooLarge { size, limit: MAX_DECODED_BYTES }
    }
}
