//! Rows to columns.

use std::hash::BuildHasher as _;

use hashbrown::{DefaultHashBuilder, HashMap, HashTable};
use vedetta_model::{Event, Process, Timestamp, event::SocketAddress};

use super::{
    MAX_PARTS,
    cells::{Cell as _, put_address, put_payload},
    ints::{IntsBuilder, Span},
    layout::{put_varint, zigzag},
    table,
};
use crate::BuildError;

/// The body of a block. `earliest` and `kinds` are the header's.
pub fn write(
    processes: &[Process],
    events: &[Event],
    earliest: i64,
    kinds: &[u16],
) -> Result<Vec<u8>, BuildError> {
    let mut writer = Writer { earliest, ..Writer::default() };
    writer.texts.code("");
    for process in processes {
        writer.process(process, processes);
    }
    let (mut seq, mut time) = (events.first().map_or(0, |event| event.seq.wrapping_sub(1)), earliest);
    for event in events {
        let kind = kinds.partition_point(|kind| *kind < u16::from(event.kind()));
        let pid = event.process.and_then(|index| processes.get(index as usize)).map_or(0, |p| p.key.pid);
        let mut row = writer.row(table::EVENTS);
        row.int(kind as i64);
        row.int(event.seq.wrapping_sub(seq).wrapping_sub(1).cast_signed());
        row.int(event.time.as_nanos().wrapping_sub(time));
        event.process.put(&mut row);
        row.int(i64::from(event.tid) - i64::from(pid));
        row.int(event.result);
        (seq, time) = (event.seq, event.time.as_nanos());
        let kind = u32::try_from(kind).unwrap_or(u32::MAX - table::KINDS);
        put_payload(&event.payload, &mut writer.row(table::KINDS + kind));
    }
    writer.finish(processes.len())
}

/// Distinct texts in the order of their first use, joined in one piece.
#[derive(Default)]
struct Dictionary {
    /// Numbers of texts, found by what they say.
    codes: HashTable<u32>,
    hasher: DefaultHashBuilder,
    blob: Vec<u8>,
    /// Where each text ends in `blob`.
    ends: Vec<usize>,
    lengths: IntsBuilder,
}

impl Dictionary {
    fn code(&mut self, text: &str) -> i64 {
        let Self { codes, hasher, blob, ends, lengths } = self;
        let wanted = text.as_bytes();
        let at = |code: &u32| {
            let at = *code as usize;
            let from = at.checked_sub(1).map_or(0, |before| ends[before]);
            &blob[from..ends[at]]
        };
        let hash = hasher.hash_one(wanted);
        if let Some(code) = codes.find(hash, |code| at(code) == wanted) {
            return i64::from(*code);
        }
        let code = u32::try_from(ends.len()).unwrap_or(u32::MAX);
        codes.insert_unique(hash, code, |code| hasher.hash_one(at(code)));
        blob.extend_from_slice(wanted);
        ends.push(blob.len());
        lengths.push(text.len() as i64);
        i64::from(code)
    }
}

#[derive(Default)]
struct Writer {
    earliest: i64,
    /// By table and column.
    tables: Vec<Vec<IntsBuilder>>,
    texts: Dictionary,
    members: usize,
    addresses: HashMap<SocketAddress, usize>,
}

impl Writer {
    fn row(&mut self, table: u32) -> RowBuilder<'_> {
        let table = table as usize;
        if self.tables.len() <= table {
            self.tables.resize_with(table + 1, Vec::new);
        }
        RowBuilder { writer: self, table, column: 0 }
    }

    /// What is mostly the same as elsewhere is told as the difference.
    fn process(&mut self, process: &Process, all: &[Process]) {
        // All fields by name: a new one that is not written does not compile.
        let Process {
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
        } = process;
        let parent_pid = parent.and_then(|index| all.get(index as usize)).map_or(0, |p| p.key.pid);
        let since_start = |time: &Timestamp| time.as_nanos().wrapping_sub(key.start.as_nanos());
        let mut row = self.row(table::PROCESSES);
        key.put(&mut row);
        parent.put(&mut row);
        row.int(i64::from(*ppid) - i64::from(parent_pid));
        row.int(since_start(exec_time));
        name.put(&mut row);
        exe.put(&mut row);
        args.put(&mut row);
        cwd.put(&mut row);
        uid.put(&mut row);
        row.int(i64::from(*euid) - i64::from(*uid));
        gid.put(&mut row);
        row.int(i64::from(*egid) - i64::from(*gid));
        user.put(&mut row);
        loginuid.put(&mut row);
        tty.put(&mut row);
        sid.put(&mut row);
        row.int(since_start(session_start));
        row.int(i64::from(*pgid) - i64::from(key.pid));
        container_id.put(&mut row);
        exe_from_memfd.put(&mut row);
        exe_writable.put(&mut row);
    }

    fn finish(self, processes: usize) -> Result<Vec<u8>, BuildError> {
        let Dictionary { blob, ends, lengths, .. } = self.texts;
        let (texts, addresses) = (ends.len(), self.addresses.len());
        let parts = self.members.max(addresses).max(texts);
        if parts > MAX_PARTS {
            return Err(BuildError::TooMany(parts));
        }
        let mut tables = self.tables;
        let place = table::TEXTS as usize;
        tables.resize_with(tables.len().max(place + 1), Vec::new);
        tables[place] = vec![lengths];
        let columns: Vec<_> = tables
            .iter()
            .enumerate()
            .flat_map(|(table, columns)| {
                let spans = columns.iter().enumerate();
                spans.filter_map(move |(at, column)| Some((table, at, column, column.span()?)))
            })
            .collect();
        let mut out = Vec::with_capacity(blob.len() + bytes_of(&columns));
        for count in [processes, self.members, addresses, texts, columns.len()] {
            put_varint(&mut out, count as u64);
        }
        for (table, at, column, span) in columns {
            put_varint(&mut out, table as u64);
            put_varint(&mut out, at as u64);
            out.push(span.width);
            put_varint(&mut out, zigzag(span.base));
            column.encode(span, &mut out);
        }
        out.extend_from_slice(&blob);
        Ok(out)
    }
}

/// Room for the columns, heads included.
fn bytes_of(columns: &[(usize, usize, &IntsBuilder, Span)]) -> usize {
    const HEAD: usize = 16;
    let rows = |(_, _, column, span): &(_, _, &IntsBuilder, Span)| column.len() * usize::from(span.width);
    HEAD * (columns.len() + 1) + columns.iter().map(rows).sum::<usize>()
}

/// The next row of a table, filled from its first column on.
pub struct RowBuilder<'a> {
    writer: &'a mut Writer,
    table: usize,
    column: usize,
}

impl RowBuilder<'_> {
    pub fn int(&mut self, value: i64) {
        let columns = &mut self.writer.tables[self.table];
        if columns.len() <= self.column {
            columns.resize_with(self.column + 1, IntsBuilder::default);
        }
        columns[self.column].push(value);
        self.column += 1;
    }

    pub const fn earliest(&self) -> i64 {
        self.writer.earliest
    }

    pub fn text(&mut self, text: &str) {
        let code = self.writer.texts.code(text);
        self.int(code);
    }

    pub fn list(&mut self, list: &[String]) {
        self.int(list.len() as i64);
        for member in list {
            self.writer.members += 1;
            self.writer.row(table::MEMBERS).text(member);
        }
    }

    /// Counted from 1: 0 is none.
    pub fn address(&mut self, address: Option<&SocketAddress>) {
        let code = address.map_or(0, |address| {
            if let Some(code) = self.writer.addresses.get(address) {
                return *code;
            }
            put_address(address, &mut self.writer.row(table::ADDRESSES));
            let code = self.writer.addresses.len() + 1;
            self.writer.addresses.insert(address.clone(), code);
            code
        });
        self.int(code as i64);
    }
}
