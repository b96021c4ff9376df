//! What the spool takes, gives and says.

use std::{io, path::PathBuf};

use bytes::Bytes;
use vedetta_model::Timestamp;

use super::Meta;

/// How large the spool may become.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes on disk.
    pub bytes: u64,
    /// Bytes beyond that for the agent's own reports, so that loss can be told when it happens.
    pub reserve: u64,
    /// Bytes in one file: what is settled is freed in such steps.
    pub segment_bytes: u64,
    /// Bytes in memory while the disk fails.
    pub memory_bytes: u64,
}

impl Limits {
    /// Sensible limits for a spool of this size.
    pub fn of(bytes: u64) -> Self {
        Self {
            bytes,
            reserve: 1024 * 1024,
            segment_bytes: (bytes / 16).clamp(64 * 1024, 8 * 1024 * 1024),
            memory_bytes: 8 * 1024 * 1024,
        }
    }
}

/// What a block is, when room is short.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// Observed events.
    Events,
    /// Only the agent's own reports: may use the reserve.
    Reports,
}

/// A block on its way to the server.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Names it until it is settled.
    pub id: u64,
    /// What is in it.
    pub meta: Meta,
    /// The block.
    pub block: Bytes,
}

/// Events that were in the spool and cannot be read any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Damage {
    /// Which file.
    pub path: PathBuf,
    /// Where in it.
    pub offset: u64,
    /// How many bytes are of no use.
    pub bytes: u64,
    /// How many events they held: exact when a neighbour tells, else 1 for "at least one".
    pub events: u64,
    /// Time of the oldest, where known.
    pub oldest: Option<Timestamp>,
    /// Time of the newest, where known.
    pub newest: Option<Timestamp>,
    /// What is wrong with them.
    pub what: &'static str,
}

/// What opening the spool found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Recovery {
    /// Blocks that wait to be sent.
    pub blocks: u64,
    /// Events in them.
    pub events: u64,
    /// What was cut off.
    pub damage: Vec<Damage>,
    /// Files that this version cannot read; they were renamed and left.
    pub set_aside: Vec<PathBuf>,
}

/// The spool cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another agent uses it.
    #[error("{path} is in use by another agent; stop it, or give this one another --state-dir")]
    InUse {
        /// The folder.
        path: PathBuf,
    },
    /// The folder cannot be used.
    #[error("cannot use the spool in {path}: {source}; the agent needs to own this folder")]
    Io {
        /// The folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// A block was not taken.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// There is no room.
    #[error("the spool holds {held} bytes of {limit}")]
    Full {
        /// Bytes in it.
        held: u64,
        /// Bytes it may hold.
        limit: u64,
    },
    /// The disk fails and the memory that bridges it is full.
    #[error("the spool's disk fails: {0}")]
    Disk(io::Error),
}
