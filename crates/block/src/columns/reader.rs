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

struct Body<'a> {
    header: &'a Header,
    earliest: i64,
    processes: usize,
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
    fn open(bytes: &'a [u8], header: &'a Header) -> Result<Self, BlockError> {
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

    fn row(&self, table: u32, row: usize) -> Row<'a, '_> {
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
        let count = self.header.count as usize;
        let kinds = self.header.kinds.iter().map(|number| {
            let kind = Kind::try_from(*number).map_err(|e| BlockError::Body(e.to_string()))?;
            // Lists take their members one after the other, so no row of theirs is passed over.
            Ok((kind, wanted(kind) || kind == Kind::AgentStarted))
        });
        let kinds: Vec<(Kind, bool)> = kinds.collect::<Result<_, BlockError>>()?;
        let mut events = Vec::with_capacity(count.min(MAX_ROWS));
        let (mut seq, mut time) = (self.header.first.wrapping_sub(1), self.earliest);
        let mut rows = vec![0; self.header.kinds.len()];
        for at in 0..count {
            let mut row = self.row(table::EVENTS, at);
            let kind = usize::try_from(row.int()).unwrap_or(usize::MAX);
            let &(of_kind, taken) = kinds.get(kind).ok_or(BlockError::Content("an event is of no kind"))?;
            seq = seq.wrapping_add(1).wrapping_add(row.int().cast_unsigned());
            time = time.wrapping_add(row.int());
            if !taken {
                rows[kind] += 1;
                continue;
            }
            let process = Option::<u32>::read(&mut row)?;
            let pid = process.and_then(|index| processes.get(index as usize)).map_or(0, |p| p.key.pid);
            let tid = row.above(pid)?;
            let result = row.int();
            let table = table::KINDS + u32::try_from(kind).unwrap_or(0);
            let payload = take_payload(of_kind, &mut self.row(table, rows[kind]))?;
            rows[kind] += 1;
            events.push(Event { seq, time: Timestamp::from_nanos(time), process, tid, result, payload });
        }
        Ok(events)
    }

    fn unfold(&self, code: i64) -> Result<&'a str, BlockError> {
        let text = usize::try_from(code).ok().and_then(|code| self.texts.get(code));
        let text = text.ok_or(BlockError::Content("a text is not in the dictionary"))?;
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

/// A row, read from its first column on.
pub struct Row<'a, 'b> {
    body: &'b Body<'a>,
    table: usize,
    row: usize,
    column: usize,
}

impl Row<'_, '_> {
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
