//! Writing a block.

use std::collections::HashMap;

use bytes::Bytes;
use vedetta_model::{BootId, Event, NodeId, Process, ProcessKey, TenantId};

use crate::{
    BuildError, Digest, Header, MAX_BLOCK_BYTES, MAX_DECODED_BYTES, MAX_SPAN_NANOS,
    columns::{self, MAX_ROWS, MAX_TEXT},
    header::VERSION,
    size, squeeze,
};

/// Gathers events and what they refer to. Adding is cheap; encoding and compressing happen in
/// [`Builder::finish`], which may run on another thread.
#[derive(Debug, Clone)]
pub struct Builder {
    tenant: TenantId,
    node: NodeId,
    boot: BootId,
    processes: Vec<Process>,
    entries: HashMap<ProcessKey, Vec<u32>>,
    events: Vec<Event>,
    bytes: usize,
    /// The first thing that went wrong: told by `finish`.
    wrong: Option<BuildError>,
}

impl Builder {
    /// An empty block of one agent run.
    pub fn new(tenant: TenantId, node: NodeId, boot: BootId) -> Self {
        Self {
            tenant,
            node,
            boot,
            processes: Vec::new(),
            entries: HashMap::new(),
            events: Vec::new(),
            bytes: size::EMPTY,
            wrong: None,
        }
    }

    /// Adds a process and returns its index for events and children. Its parent must have been
    /// added before it. The same entry added again has the same index.
    pub fn process(&mut self, process: Process) -> u32 {
        let same = self.entries.entry(process.key).or_default();
        if let Some(&index) = same.iter().find(|&&index| self.processes[index as usize] == process) {
            return index;
        }
        let index = u32::try_from(self.processes.len()).unwrap_or(u32::MAX);
        same.push(index);
        self.bytes += size::of_process(&process);
        let parent = process.parent;
        self.processes.push(process);
        self.refuse_unless(parent.is_none_or(|p| p < index), || {
            BuildError::NoSuchProcess(parent.unwrap_or_default())
        });
        index
    }

    /// Adds an event. Its number must be above the one before.
    pub fn push(&mut self, event: Event) {
        let above = self.events.last().map_or(0, |last| last.seq);
        self.refuse_unless(event.seq > above, || BuildError::Order(event.seq));
        let known = event.process.is_none_or(|index| (index as usize) < self.processes.len());
        self.refuse_unless(known, || BuildError::NoSuchProcess(event.process.unwrap_or_default()));
        self.bytes += size::of_event(&event);
        self.events.push(event);
    }

    /// Whether no event was added.
    pub const fn is_empty(&self) -> bool {
        self.events.is_empty()
    }

    /// How many events were added.
    pub const fn len(&self) -> usize {
        self.events.len()
    }

    /// About how many bytes the body will have before compression; not less than it will have.
    pub const fn estimated_bytes(&self) -> usize {
        self.bytes
    }

    /// Encodes and compresses.
    pub fn finish(self) -> Result<Bytes, BuildError> {
        if let Some(wrong) = self.wrong {
            return Err(wrong);
        }
        let (Some(first), Some(last)) = (self.events.first(), self.events.last()) else {
            return Err(BuildError::Empty);
        };
        let encode = |e: &dyn std::fmt::Display| BuildError::Encode(e.to_string());
        let length = |n: usize| u32::try_from(n).map_err(|_| BuildError::over_decoded(n));
        let (earliest, latest) =
            self.events.iter().fold((first.time, first.time), |(earliest, latest), event| {
                (earliest.min(event.time), latest.max(event.time))
            });
        if latest.as_nanos().saturating_sub(earliest.as_nanos()) > MAX_SPAN_NANOS {
            return Err(BuildError::Span);
        }
        let kinds = kinds_of(&self.events);
        let rows = self.events.len().max(self.processes.len());
        if rows > MAX_ROWS {
            return Err(BuildError::TooMany(rows));
        }
        // The estimate counts every text where it is referred to, as readers do.
        if self.bytes > MAX_TEXT {
            return Err(BuildError::TooLarge { size: self.bytes, limit: MAX_TEXT });
        }
        let decoded = columns::write(&self.processes, &self.events, earliest.as_nanos(), &kinds)?;
        if decoded.len() > MAX_DECODED_BYTES {
            return Err(BuildError::over_decoded(decoded.len()));
        }
        let body = squeeze::compress(&decoded).map_err(|e| encode(&e))?;
        let header = Header {
            version: VERSION,
            tenant: self.tenant,
            node: self.node,
            boot: self.boot,
            first: first.seq,
            last: last.seq,
            count: length(self.events.len())?,
            earliest,
            latest,
            kinds,
            digest: Digest::of(&self.processes, &self.events),
            body_bytes: length(body.len())?,
            decoded_bytes: length(decoded.len())?,
            body_crc: crc32fast::hash(&body),
        };
        let mut block = header.write().map_err(|what| encode(&what))?;
        block.extend(body);
        if block.len() > MAX_BLOCK_BYTES {
            return Err(BuildError::TooLarge { size: block.len(), limit: MAX_BLOCK_BYTES });
        }
        Ok(block.into())
    }

    fn refuse_unless(&mut self, good: bool, why: impl FnOnce() -> BuildError) {
        if !good && self.wrong.is_none() {
            self.wrong = Some(why());
        }
    }
}

/// The kinds of the events, rising. They are few, and mostly the same as those of the event before.
fn kinds_of(events: &[Event]) -> Vec<u16> {
    let mut kinds: Vec<u16> = Vec::new();
    for event in events {
        let kind = event.kind().into();
        if let Err(place) = kinds.binary_search(&kind) {
            kinds.insert(place, kind);
        }
    }
    kinds
}
