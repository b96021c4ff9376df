//! A capture and the walk over its events.

use std::borrow::Cow;

use serde_json::{Map, Value as Json};

use crate::blocks::{Block, Blocks, Kind, event};
use crate::state::Tables;
use crate::{Error, fields, table, unpack};

/// What reading may cost, and how much is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the unpacked capture.
    pub unpacked: usize,
    /// Length of the lists of ancestors (`proc.aname`, `proc.apid` …).
    pub ancestors: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { unpacked: 256 << 20, ancestors: 7 }
    }
}

/// A capture in memory.
#[derive(Debug)]
pub struct Capture<'b> {
    bytes: Cow<'b, [u8]>,
    cut: Option<Error>,
    limits: Limits,
}

impl<'b> Capture<'b> {
    /// Takes the bytes of a file, and unpacks them when they are gzip.
    ///
    /// # Errors
    /// When they are no capture, of a format that is not read here, or too many. A capture that
    /// is damaged further on opens; its events end with the error.
    pub fn open(bytes: &'b [u8], limits: Limits) -> Result<Self, Error> {
        let (bytes, cut) = unpack::unpack(bytes, limits.unpacked)?;
        Blocks::open(&bytes)?;
        Ok(Self { bytes, cut, limits })
    }

    /// The events, from the first on.
    pub fn events(&self) -> Events<'_> {
        Events {
            blocks: Blocks::open(&self.bytes).ok(),
            tables: Tables::default(),
            number: 0,
            ancestors: self.limits.ancestors,
            cut: self.cut.clone(),
        }
    }
}

/// The events of a capture, each as a map of Falco's fields: `evt.num`, `evt.type`, `proc.name`
/// and so on; a field without a value is not there. Values are texts, numbers, true or false;
/// `proc.aname`, `proc.apid` and their kin are lists that begin with the parent, `evt.arg` is the
/// list of all arguments.
///
/// After an error there are no more events.
#[derive(Debug)]
pub struct Events<'c> {
    blocks: Option<Blocks<'c>>,
    tables: Tables<'c>,
    number: u64,
    ancestors: usize,
    cut: Option<Error>,
}

impl<'c> Events<'c> {
    /// Threads and descriptors that found no room in the tables so far: their events have fewer
    /// fields.
    pub fn dropped(&self) -> u64 {
        self.tables.dropped
    }

    /// The fields of the event in a block. `None` when the block tells of none.
    fn take(&mut self, block: &Block<'c>) -> Result<Option<Map<String, Json>>, Error> {
        let Kind::Event(shape) = block.kind else {
            self.tables.take(block)?;
            return Ok(None);
        };
        let Some(raw) = event::read(block, shape)? else { return Ok(None) };
        let Some(info) = table::event(raw.code) else { return Ok(None) };
        self.number += 1;
        // Internal ones (times of processes, descriptions of containers) are for whoever keeps state.
        let hidden = raw.state_only || info.category == "internal" || info.name == "container";
        let current = self.tables.apply(raw, info);
        if hidden {
            return Ok(None);
        }
        Ok(Some(fields::of(&mut self.tables, &current, self.number, self.ancestors)))
    }
}

impl Iterator for Events<'_> {
    type Item = Result<Map<String, Json>, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let Some(block) = self.blocks.as_mut()?.next() else {
                self.blocks = None;
                // What could not be unpacked is missing at the end.
                return self.cut.take().map(Err);
            };
            match block.and_then(|block| self.take(&block)) {
                Ok(Some(fields)) => return Some(Ok(fields)),
                Ok(None) => {}
                Err(error) => {
                    self.blocks = None;
                    return Some(Err(self.cut.take().unwrap_or(error)));
                }
            }
        }
    }
}
