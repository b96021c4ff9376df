//! What can be wrong with a capture.

use thiserror::Error;

/// Why a capture, or the rest of it, can't be read. Offsets count bytes from the capture's start,
/// after unpacking.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Error {
    /// The first block is no section header.
    #[error("this is no capture: it does not begin with a section header; give a .scap file")]
    NotACapture,
    /// Another byte order or a format of the future.
    #[error("can't read this capture: {what}; record it anew on a little-endian machine")]
    Unsupported {
        /// What is unsupported.
        what: String,
    },
    /// The packed file is damaged.
    #[error("can't unpack the capture: {what}; copy the file again")]
    Packed {
        /// What the unpacker says.
        what: String,
    },
    /// More bytes than the caller allows.
    #[error("the capture unpacks to more than {limit} bytes; raise the limit or cut the capture")]
    TooLarge {
        /// The limit, in bytes.
        limit: usize,
    },
    /// The file ends inside a block. What came before was read.
    #[error("the capture is torn: it ends inside the block at byte {at}; what came before was read")]
    Torn {
        /// Where the block begins.
        at: usize,
    },
    /// A block contradicts itself.
    #[error("the block at byte {at} (kind {kind:#x}) is damaged: {what}; what came before was read")]
    Damaged {
        /// Where the block begins.
        at: usize,
        /// Its type number.
        kind: u32,
        /// What is wrong.
        what: &'static str,
    },
}
