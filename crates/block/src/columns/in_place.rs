//! Columns that are read where they lie: whoever asks few things of many events makes no rows of them.

use vedetta_model::{Kind, Timestamp};

use super::{
    cells::{Cell as _, path_column},
    ints::Ints,
    reader::{Body, EVENT_PROCESS, Step, Walk},
    table,
};
use crate::{BlockError, Header};

/// Where these stand in a row of the table of processes.
const PROCESS_PID: usize = 0;
const PROCESS_PARENT: usize = 2;
const PROCESS_NAME: usize = 5;
const PROCESS_EXE: usize = 6;
/// Where it stands in a row of the table of events.
const EVENT_RESULT: usize = 5;

/// The columns of an opened block. Nothing is copied out of them: texts are those of the block, and columns that
/// nobody asks for stay unread. What is read is checked, and an error says that the block is none.
pub struct Columns<'a> {
    header: &'a Header,
    body: Body<'a>,
    kinds: Vec<Kind>,
}

impl std::fmt::Debug for Columns<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Columns").field("header", self.header).finish_non_exhaustive()
    }
}

/// What the columns tell of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen<'a> {
    /// Its number within the agent run.
    pub seq: u64,
    /// When it happened.
    pub time: Timestamp,
    /// What happened.
    pub kind: Kind,
    /// Who did it, an index for [`Columns::process`] that leads somewhere.
    pub process: Option<u32>,
    /// What the system call returned.
    pub result: i64,
    /// The path it is about. Of a renamed file the old one, of a link or a mount the new one, of an exec the program
    /// as it was asked for; `None` for kinds without one.
    pub path: Option<&'a str>,
}

/// What the columns tell of a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Actor<'a> {
    /// Its process id.
    pub pid: u32,
    /// Its parent, which stands before it.
    pub parent: Option<u32>,
    /// Its short name.
    pub name: &'a str,
    /// Its program file.
    pub exe: &'a str,
}

impl<'a> Columns<'a> {
    pub(crate) fn open(bytes: &'a [u8], header: &'a Header) -> Result<Self, BlockError> {
        let body = Body::open(bytes, header)?;
        let kinds = body.kinds()?;
        Ok(Self { header, body, kinds })
    }

    /// How many processes there are.
    pub const fn processes(&self) -> usize {
        self.body.processes
    }

    /// A process by its index; `None` when there is none.
    pub fn process(&self, index: u32) -> Result<Option<Actor<'a>>, BlockError> {
        let row = index as usize;
        if row >= self.body.processes {
            return Ok(None);
        }
        let at = |column| self.body.row(table::PROCESSES, row).at(column);
        let parent = Option::<u32>::read(&mut at(PROCESS_PARENT))?;
        if parent.is_some_and(|parent| parent >= index) {
            return Err(BlockError::Content("a process stands before its parent"));
        }
        Ok(Some(Actor {
            pid: u32::read(&mut at(PROCESS_PID))?,
            parent,
            name: self.body.text(at(PROCESS_NAME).int())?,
            exe: self.body.text(at(PROCESS_EXE).int())?,
        }))
    }

    /// The events of the wanted kinds, in their order. The first error ends it.
    pub fn events(&self, wanted: impl Fn(Kind) -> bool) -> SeenEvents<'_, 'a> {
        let kind = |(place, kind): (usize, &Kind)| {
            let table = table::KINDS as usize + place;
            let path = path_column(*kind).map(|column| self.body.column(table, column));
            OfKind { kind: *kind, wanted: wanted(*kind), path }
        };
        let of_events = |column| self.body.column(table::EVENTS as usize, column);
        SeenEvents {
            columns: self,
            kinds: self.kinds.iter().enumerate().map(kind).collect(),
            walk: self.body.walk(self.kinds.len()),
            process: of_events(EVENT_PROCESS),
            result: of_events(EVENT_RESULT),
            last: self.header.first.checked_sub(1),
            over: false,
        }
    }
}

#[derive(Debug, Clone, Copy)]
struct OfKind<'a> {
    kind: Kind,
    wanted: bool,
    path: Option<Ints<'a>>,
}

/// See [`Columns::events`].
#[derive(Debug)]
pub struct SeenEvents<'c, 'a> {
    columns: &'c Columns<'a>,
    kinds: Vec<OfKind<'a>>,
    walk: Walk<'a>,
    process: Ints<'a>,
    result: Ints<'a>,
    /// The number of the event before.
    last: Option<u64>,
    over: bool,
}

impl<'a> Iterator for SeenEvents<'_, 'a> {
    type Item = Result<Seen<'a>, BlockError>;

    fn next(&mut self) -> Option<Self::Item> {
        let found = if self.over { None } else { self.find().transpose() };
        self.over = !matches!(found, Some(Ok(_)));
        found
    }
}

impl<'a> SeenEvents<'_, 'a> {
    fn find(&mut self) -> Result<Option<Seen<'a>>, BlockError> {
        let header = self.columns.header;
        while let Some(step) = self.walk.next() {
            let Step { row, kind, row_of_kind, seq, time } = step?;
            if self.last.is_none_or(|last| seq <= last) {
                return Err(BlockError::Content("event numbers do not rise"));
            }
            self.last = Some(seq);
            let time = Timestamp::from_nanos(time);
            if time < header.earliest || time > header.latest {
                return Err(BlockError::Content("event times are not the header's"));
            }
            let OfKind { kind, wanted, path } = self.kinds[kind];
            if !wanted {
                continue;
            }
            let process = match self.process.get(row) {
                0 => None,
                place => Some(self.index(place)?),
            };
            let path = path.map(|column| self.columns.body.text(column.get(row_of_kind))).transpose()?;
            return Ok(Some(Seen { seq, time, kind, process, result: self.result.get(row), path }));
        }
        if self.last != Some(header.last) {
            return Err(BlockError::Content("event numbers are not the header's"));
        }
        Ok(None)
    }

    /// Counted from 1.
    fn index(&self, place: i64) -> Result<u32, BlockError> {
        u32::try_from(place.wrapping_sub(1))
            .ok()
            .filter(|index| (*index as usize) < self.columns.body.processes)
            .ok_or(BlockError::Content("an event refers to a process that is not there"))
    }
}
