//! A block that was opened.

use std::io::Cursor;

use serde::Deserialize;
use vedetta_model::{Event, EventId, Kind, Process, finding::Evidence};

use crate::{BlockError, Columns, Header, columns, header::ROWS, squeeze};

/// How many processes evidence carries.
const LINEAGE: usize = 32;

/// Events with the processes they refer to. Every index in it is good: see [`Batch::decode`].
#[derive(Debug, Clone, PartialEq)]
pub struct Batch {
    /// What the block said of itself.
    pub header: Header,
    /// The processes; a parent stands before its children.
    pub processes: Vec<Process>,
    /// The events, by rising number.
    pub events: Vec<Event>,
}

/// The body of version 1, as MessagePack with named fields.
#[derive(Deserialize)]
struct Rows {
    processes: Vec<Process>,
    events: Vec<Event>,
}

/// A block that is decompressed and not yet decoded.
#[derive(Debug, Clone)]
pub struct Opened {
    header: Header,
    bytes: Vec<u8>,
}

impl Opened {
    /// Checks and decompresses a block.
    pub fn open(block: &[u8]) -> Result<Self, BlockError> {
        let (header, range) = Header::parse(block)?;
        let body = &block[range];
        header.check_body(body)?;
        let expected = header.decoded_bytes as usize;
        let bytes = squeeze::decompress(body, expected).map_err(|e| BlockError::Body(e.to_string()))?;
        if bytes.len() != expected {
            return Err(BlockError::Length { expected, actual: bytes.len() });
        }
        Ok(Self { header, bytes })
    }

    /// What the block says of itself.
    pub const fn header(&self) -> &Header {
        &self.header
    }

    /// Where every text of the events and their processes stands, each in one piece: what is not in here is
    /// in none of them.
    pub fn texts(&self) -> &[u8] {
        &self.bytes
    }

    /// The columns, to be read where they lie. Fails with [`BlockError::NoColumns`] for a block of version 1.
    pub fn columns(&self) -> Result<Columns<'_>, BlockError> {
        if self.header.version == ROWS {
            return Err(BlockError::NoColumns);
        }
        Columns::open(&self.bytes, &self.header)
    }

    /// See [`Batch::decode`].
    pub fn decode(self) -> Result<Batch, BlockError> {
        let batch = self.read(|_| true)?;
        batch.check()?;
        Ok(batch)
    }

    /// The events of some kinds only, with all processes. Others are hardly looked at, so less can be said of the
    /// block: that the events are those of the header remains unchecked.
    pub fn decode_kinds(self, wanted: impl Fn(Kind) -> bool) -> Result<Batch, BlockError> {
        let mut batch = self.read(&wanted)?;
        batch.events.retain(|event| wanted(event.kind()));
        batch.check_places()?;
        Ok(batch)
    }

    fn read(self, wanted: impl Fn(Kind) -> bool) -> Result<Batch, BlockError> {
        let Self { header, bytes } = self;
        let (processes, events) =
            if header.version == ROWS { read_rows(&bytes)? } else { columns::read(&bytes, &header, wanted)? };
        Ok(Batch { header, processes, events })
    }
}

fn read_rows(bytes: &[u8]) -> Result<(Vec<Process>, Vec<Event>), BlockError> {
    let mut decoder = rmp_serde::Deserializer::new(Cursor::new(bytes));
    let Rows { processes, events } =
        Rows::deserialize(&mut decoder).map_err(|e| BlockError::Body(e.to_string()))?;
    if decoder.position() != bytes.len() as u64 {
        return Err(BlockError::Content("something follows the events"));
    }
    Ok((processes, events))
}

impl Batch {
    /// Opens a block. What it returns holds together: parents stand before their children, events
    /// refer to processes that are there, rise in number, and are as the header says.
    pub fn decode(block: &[u8]) -> Result<Self, BlockError> {
        Opened::open(block)?.decode()
    }

    /// The full id of one of the events.
    pub const fn event_id(&self, event: &Event) -> EventId {
        self.header.event_id(event.seq)
    }

    /// A process, its parent, and so on up, as far as the block knows them. Empty for an index that
    /// is not in the table.
    pub fn lineage(&self, process: u32) -> Lineage<'_> {
        Lineage { processes: &self.processes, next: Some(process) }
    }

    /// One of the events with the processes that led to it: all that is needed to understand it elsewhere.
    pub fn evidence(&self, event: &Event) -> Evidence {
        let lineage = event.process.map(|process| self.lineage(process).take(LINEAGE).cloned().collect());
        Evidence {
            event_id: self.event_id(event),
            event: event.clone(),
            lineage: lineage.unwrap_or_default(),
        }
    }

    /// What every reader relies on: indexes lead somewhere, parents stand before their children, numbers rise.
    fn check_places(&self) -> Result<(), BlockError> {
        let Self { processes, events, .. } = self;
        // A parent before its child: no line of parents can be a circle.
        let is_below = |index: usize, parent: u32| (parent as usize) < index;
        if processes.iter().enumerate().any(|(at, p)| p.parent.is_some_and(|parent| !is_below(at, parent))) {
            return Err(BlockError::Content("a process stands before its parent"));
        }
        if events.iter().any(|e| e.process.is_some_and(|index| !is_below(processes.len(), index))) {
            return Err(BlockError::Content("an event refers to a process that is not there"));
        }
        if !events.is_sorted_by(|a, b| a.seq < b.seq) {
            return Err(BlockError::Content("event numbers do not rise"));
        }
        Ok(())
    }

    fn check(&self) -> Result<(), BlockError> {
        self.check_places()?;
        let Self { header, events, .. } = self;
        if events.len() != header.count as usize {
            return Err(BlockError::Content("the number of events is not the header's"));
        }
        let ends = (events.first().map(|e| e.seq), events.last().map(|e| e.seq));
        if ends != (Some(header.first), Some(header.last)) {
            return Err(BlockError::Content("event numbers are not the header's"));
        }
        let times = (events.iter().map(|e| e.time).min(), events.iter().map(|e| e.time).max());
        if times != (Some(header.earliest), Some(header.latest)) {
            return Err(BlockError::Content("event times are not the header's"));
        }
        if events.iter().any(|e| !header.has(e.kind())) {
            return Err(BlockError::Content("an event is of a kind that the header does not name"));
        }
        Ok(())
    }
}

/// See [`Batch::lineage`].
#[derive(Debug, Clone)]
pub struct Lineage<'a> {
    processes: &'a [Process],
    next: Option<u32>,
}

impl<'a> Iterator for Lineage<'a> {
    type Item = &'a Process;

    fn next(&mut self) -> Option<&'a Process> {
        let index = self.next.take()?;
        let process = self.processes.get(index as usize)?;
        // `Batch` has public fields: stay finite for whatever somebody puts there.
        self.next = process.parent.filter(|parent| *parent < index);
        Some(process)
    }
}
