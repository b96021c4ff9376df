//! Columns to rows. Nothing that a body says of itself is believed: every count and code is checked
//! where it is used, and what it unfolds to is bounded.

use std::cell::Cell as Counter;

use vedetta_model::{Event, Kind, Process, ProcessKey, Timestamp, event::SocketAddress};

use super::{
    MAX_PARTS, MAX_ROWS, MAX_TEXT,
    cells::{Cell as _, take_address, take_payload},
    ints::Ints,
    layout::{Cursor, Table},
    table,
};
use crate::{BlockError, Header};

/// The rows of a body: all processes, and the events of the kinds that are wanted.
pub fn read(
    body: &[u8],
    header: &Header,
    wanted: impl Fn(Kind) -> bool,
) -> Result<(Vec<Process>, Vec<Event>), BlockError> {
    let body = Body::open(body, header)?;
    let mut processes = Vec::with_capacity(body.processes);
    for at in 0..body.processes {
        let process = body.process(at, &processes)?;
        processes.push(process);
    }
    let events = body.events(&processes, wanted)?;
    if body.members_read.get() != body.members {
        return Err(BlockError::Content("lists do not have all members"));
    }
    Ok((processes, events))
}

/// Where a row of the table of events says which process it is about; before it stand kind, number and time.
pub const EVENT_PROCESS: usize = 3;

/// A body whose columns are found and whose rows are not looked at.
pub struct Body<'a> {
    header: &'a Header,
    earliest: i64,
    pub processes: usize,
    members: usize,
    addresses: usize,
    tables: Vec<Table<'a>>,
    texts: Vec<&'a str>,
    /// Bytes of text that may still be unfolded.
    budget: Counter<usize>,
    /// Members of lists that were taken.
    members_read: Counter<usize>,
}

impl<'a> Body<'a> {
    pub fn open(bytes: &'a [u8], header: &'a Header) -> Result<Self, BlockError> {
        let mut cursor = Cursor(bytes);
        let (processes, members) = (cursor.rows(MAX_ROWS)?, cursor.rows(MAX_PARTS)?);
        let (addresses, texts) = (cursor.rows(MAX_PARTS)?, cursor.rows(MAX_PARTS)?);
        let columns = cursor.rows(MAX_ROWS)?;
        let kind_table = table::KINDS as usize;
        let mut tables = vec![Table::default(); kind_table + header.kinds.len()];
        let mut kind_rows: Option<Vec<usize>> = None;
        for _ in 0..columns {
            let table = usize::try_from(cursor.varint()?).unwrap_or(usize::MAX);
            let column = usize::try_from(cursor.varint()?).unwrap_or(usize::MAX);
            let width = usize::from(cursor.take(1)?[0]);
            let base = cursor.signed()?;
            if width > 8 || column > usize::from(u8::MAX) || table >= tables.len() {
                return Err(BlockError::Content("a column is of no known form"));
            }
            let rows = match u32::try_from(table).unwrap_or(u32::MAX) {
                table::EVENTS => header.count as usize,
                table::PROCESSES => processes,
                table::MEMBERS => members,
                table::ADDRESSES => addresses,
                table::TEXTS => texts,
                // Tables of kinds stand behind that of events, which says how many rows they have.
                _ if table >= kind_table => {
                    let rows = kind_rows.get_or_insert_with(|| {
                        let mut rows = vec![0; header.kinds.len()];
                        for row in 0..header.count as usize {
                            let kind = usize::try_from(tables[table::EVENTS as usize].get(0, row));
                            if let Some(count) = kind.ok().and_then(|kind| rows.get_mut(kind)) {
                                *count += 1;
                            }
                        }
                        rows
                    });
                    rows[table - kind_table]
                }
                _ => return Err(BlockError::Content("a column is of no known table")),
            };
            let data = cursor.take(rows.saturating_mul(width))?;
            tables[table].set(column, Ints::new(base, width, data));
        }
        let blob = std::str::from_utf8(cursor.0).map_err(|_| BlockError::Content("a text is not UTF-8"))?;
        let texts = cut(blob, texts, &tables[table::TEXTS as usize])?;
        Ok(Self {
            header,
            earliest: header.earliest.as_nanos(),
            processes,
            members,
            addresses,
            tables,
            texts,
            budget: Counter::new(MAX_TEXT),
            members_read: Counter::new(0),
        })
    }

    pub fn row(&self, table: u32, row: usize) -> Row<'a, '_> {
        Row { body: self, table: table as usize, row, column: 0 }
    }

    /// A process; its parent stands before it.
    fn process(&self, at: usize, before: &[Process]) -> Result<Process, BlockError> {
        let mut row = self.row(table::PROCESSES, at);
        let key = ProcessKey::read(&mut row)?;
        let since_start =
            |row: &mut Row<'_, '_>| Timestamp::from_nanos(key.start.as_nanos().wrapping_add(row.int()));
        let parent = Option::<u32>::read(&mut row)?;
        let of_parent = parent.and_then(|index| before.get(index as usize)).map_or(0, |p| p.key.pid);
        let ppid = row.above(of_parent)?;
        let exec_time = since_start(&mut row);
        let (name, exe) = (row.text()?, row.text()?);
        let (args, cwd) = (row.list()?, row.text()?);
        let uid = u32::read(&mut row)?;
        let euid = row.above(uid)?;
        let gid = u32::read(&mut row)?;
        let egid = row.above(gid)?;
        let user = row.text()?;
        let loginuid = Option::<u32>::read(&mut row)?;
        let (tty, sid) = (u32::read(&mut row)?, u32::read(&mut row)?);
        let session_start = since_start(&mut row);
        let pgid = row.above(key.pid)?;
        let container_id = row.text()?;
        let exe_from_memfd = bool::read(&mut row)?;
        let exe_writable = bool::read(&mut row)?;
        Ok(Process {
            key,
            parent,
            ppid,
            exec_time,
            name,
            exe,
            args,
            cwd,
            uid,
            euid,
            gid,
            egid,
            user,
            loginuid,
            tty,
            sid,
            session_start,
            pgid,
            container_id,
            exe_from_memfd,
            exe_writable,
        })
    }

    fn events(&self, processes: &[Process], wanted: impl Fn(Kind) -> bool) -> Result<Vec<Event>, BlockError> {
        let kinds = self.kinds()?;
        // Lists take their members one after the other, so no row of theirs is passed over.
        let taken: Vec<bool> =
            kinds.iter().map(|kind| wanted(*kind) || *kind == Kind::AgentStarted).collect();
        let mut events = Vec::with_capacity((self.header.count as usize).min(MAX_ROWS));
        for step in self.walk(kinds.len()) {
            let Step { row, kind, row_of_kind, seq, time } = step?;
            if !taken[kind] {
                continue;
            }
            let mut row = self.row(table::EVENTS, row).at(EVENT_PROCESS);
            let process = Option::<u32>::read(&mut row)?;
            let pid = process.and_then(|index| processes.get(index as usize)).map_or(0, |p| p.key.pid);
            let tid = row.above(pid)?;
            let result = row.int();
            let mut facts =
                Row { body: self, table: table::KINDS as usize + kind, row: row_of_kind, column: 0 };
            let payload = take_payload(kinds[kind], &mut facts)?;
            events.push(Event { seq, time: Timestamp::from_nanos(time), process, tid, result, payload });
        }
        Ok(events)
    }

    /// The kinds of the header's list.
    pub fn kinds(&self) -> Result<Vec<Kind>, BlockError> {
        let kind = |number: &u16| Kind::try_from(*number).map_err(|e| BlockError::Body(e.to_string()));
        self.header.kinds.iter().map(kind).collect()
    }

    /// The events, one after the other, as far as each has to be looked at to know where the next one is.
    pub fn walk(&self, kinds: usize) -> Walk<'a> {
        let events = &self.tables[table::EVENTS as usize];
        Walk {
            columns: [0, 1, 2].map(|column| events.column(column)),
            row: 0,
            rows: self.header.count as usize,
            rows_of_kinds: vec![0; kinds],
            seq: self.header.first.wrapping_sub(1),
            time: self.earliest,
        }
    }

    pub fn column(&self, table: usize, column: usize) -> Ints<'a> {
        self.tables.get(table).map(|table| table.column(column)).unwrap_or_default()
    }

    pub fn text(&self, code: i64) -> Result<&'a str, BlockError> {
        let text = usize::try_from(code).ok().and_then(|code| self.texts.get(code));
        text.copied().ok_or(BlockError::Content("a text is not in the dictionary"))
    }

    fn unfold(&self, code: i64) -> Result<&'a str, BlockError> {
        let text = self.text(code)?;
        let left = self.budget.get().checked_sub(text.len());
        self.budget.set(left.ok_or(BlockError::Content("its texts unfold to too many bytes"))?);
        Ok(text)
    }
}

fn cut<'a>(blob: &'a str, count: usize, lengths: &Table<'_>) -> Result<Vec<&'a str>, BlockError> {
    let mut rest = blob;
    let mut texts = Vec::with_capacity(count);
    for row in 0..count {
        let length = usize::try_from(lengths.get(0, row)).unwrap_or(usize::MAX);
        let (text, behind) =
            rest.split_at_checked(length).ok_or(BlockError::Content("a text ends behind the body"))?;
        texts.push(text);
        rest = behind;
    }
    if rest.is_empty() { Ok(texts) } else { Err(BlockError::Content("something follows the texts")) }
}

/// See [`Body::walk`].
#[derive(Debug, Clone)]
pub struct Walk<'a> {
    /// Kind, number and time.
    columns: [Ints<'a>; 3],
    row: usize,
    rows: usize,
    rows_of_kinds: Vec<usize>,
    seq: u64,
    time: i64,
}

/// An event on the way.
#[derive(Debug, Clone, Copy)]
pub struct Step {
    /// Its row in the table of events.
    pub row: usize,
    /// The place of its kind in the header's list: one that is there.
    pub kind: usize,
    /// Its row in the table of its kind.
    pub row_of_kind: usize,
    pub seq: u64,
    pub time: i64,
}

impl Iterator for Walk<'_> {
    type Item = Result<Step, BlockError>;

    fn next(&mut self) -> Option<Self::Item> {
        let row = self.row;
        if row >= self.rows {
            return None;
        }
        self.row += 1;
        let [kind, seq, time] = self.columns.map(|column| column.get(row));
        let kind = usize::try_from(kind).unwrap_or(usize::MAX);
        let Some(rows) = self.rows_of_kinds.get_mut(kind) else {
            return Some(Err(BlockError::Content("an event is of no kind")));
        };
        let row_of_kind = *rows;
        *rows += 1;
        self.seq = self.seq.wrapping_add(1).wrapping_add(seq.cast_unsigned());
        self.time = self.time.wrapping_add(time);
        Some(Ok(Step { row, kind, row_of_kind, seq: self.seq, time: self.time }))
    }
}

/// A row, read from its first column on.
pub struct Row<'a, 'b> {
    body: &'b Body<'a>,
    table: usize,
    row: usize,
    column: usize,
}

impl Row<'_, '_> {
    /// The same row from another column on.
    pub const fn at(self, column: usize) -> Self {
        Self { column, ..self }
    }

    pub fn int(&mut self) -> i64 {
        let value = self.body.tables[self.table].get(self.column, self.row);
        self.column += 1;
        value
    }

    pub const fn earliest(&self) -> i64 {
        self.body.earliest
    }

    pub fn text(&mut self) -> Result<String, BlockError> {
        let code = self.int();
        self.body.unfold(code).map(str::to_owned)
    }

    pub fn list(&mut self) -> Result<Vec<String>, BlockError> {
        let length = usize::try_from(self.int()).unwrap_or(usize::MAX);
        let from = self.body.members_read.get();
        let to = from.saturating_add(length);
        if to > self.body.members {
            return Err(BlockError::Content("a list has more members than there are"));
        }
        self.body.members_read.set(to);
        (from..to).map(|member| self.body.row(table::MEMBERS, member).text()).collect()
    }

    pub fn address(&mut self) -> Result<Option<SocketAddress>, BlockError> {
        let code = usize::try_from(self.int()).unwrap_or(usize::MAX);
        if code == 0 {
            return Ok(None);
        }
        if code > self.body.addresses {
            return Err(BlockError::Content("an address is not in its table"));
        }
        take_address(&mut self.body.row(table::ADDRESSES, code - 1)).map(Some)
    }

    fn above(&mut self, from: u32) -> Result<u32, BlockError> {
        let value = self.int().wrapping_add(from.into());
        u32::try_from(value).map_err(|_| BlockError::Content("a number does not fit its field"))
    }
}
