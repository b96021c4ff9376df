//! Takes recordings apart.

use std::{
    collections::{HashMap, VecDeque},
    fs::File,
    io::{self, BufRead, BufReader, Read},
    path::Path,
};

use vedetta_block::{Batch, MAX_BLOCK_BYTES};
use vedetta_model::{Event, Process, ProcessKey, Timestamp};

use super::Line;
use crate::process_table::{ProcessFacts, ProcessHandle, ProcessTable};

/// Processes that are remembered so as not to be told twice.
const KNOWN: usize = 16_384;

/// An event with its process.
#[derive(Debug)]
pub(super) struct Recorded {
    pub event: Event,
    pub process: ProcessHandle,
}

/// A recording does not make sense.
#[derive(Debug, thiserror::Error)]
pub(super) enum ReadError {
    #[error("{0}")]
    Io(#[from] io::Error),
    #[error("line {line}: {reason}; expected {{\"process\": …, \"event\": …}}")]
    Line { line: u64, reason: serde_json::Error },
    #[error("block {number}: {reason}")]
    Block { number: u64, reason: String },
}

#[derive(Debug)]
pub(super) struct Reader {
    file: BufReader<File>,
    blocks: bool,
    count: u64,
    waiting: VecDeque<Recorded>,
    known: HashMap<(ProcessKey, Timestamp), (ProcessFacts, ProcessHandle)>,
}

impl Reader {
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let mut file = BufReader::new(File::open(path)?);
        // A line begins with a brace or with space; the length of a block has a zero as its last byte.
        let blocks = file.fill_buf()?.get(3) == Some(&0);
        Ok(Self { file, blocks, count: 0, waiting: VecDeque::new(), known: HashMap::new() })
    }

    pub(super) fn next(&mut self, table: &mut ProcessTable) -> Result<Option<Recorded>, ReadError> {
        while self.waiting.is_empty() {
            self.count += 1;
            let more = if self.blocks { self.next_block(table)? } else { self.next_line(table)? };
            if !more {
                return Ok(None);
            }
        }
        Ok(self.waiting.pop_front())
    }

    /// False at the end of the file.
    fn next_line(&mut self, table: &mut ProcessTable) -> Result<bool, ReadError> {
        let mut text = String::new();
        if self.file.read_line(&mut text)? == 0 {
            return Ok(false);
        }
        if text.trim().is_empty() {
            return Ok(true);
        }
        let Line { process, ancestors, event } =
            serde_json::from_str(&text).map_err(|reason| ReadError::Line { line: self.count, reason })?;
        let mut parent = None;
        for ancestor in ancestors.into_iter().rev() {
            parent = Some(self.insert(ancestor.into_facts(), parent, table));
        }
        let process = self.insert(process.into_facts(), parent, table);
        self.waiting.push_back(Recorded { event: event.into_event(), process });
        Ok(true)
    }

    /// False at the end of the file.
    fn next_block(&mut self, table: &mut ProcessTable) -> Result<bool, ReadError> {
        let number = self.count;
        let wrong = |reason: String| ReadError::Block { number, reason };
        if self.file.fill_buf()?.is_empty() {
            return Ok(false);
        }
        let mut length = [0; 4];
        self.file.read_exact(&mut length)?;
        let length = u32::from_le_bytes(length) as usize;
        if length > MAX_BLOCK_BYTES {
            return Err(wrong(format!("{length} bytes are more than a block may have")));
        }
        let mut bytes = vec![0; length];
        self.file.read_exact(&mut bytes)?;
        let batch = Batch::decode(&bytes).map_err(|error| wrong(error.to_string()))?;
        let mut handles: Vec<ProcessHandle> = Vec::with_capacity(batch.processes.len());
        for process in batch.processes {
            let parent = process.parent.and_then(|index| handles.get(index as usize).copied());
            handles.push(self.insert(facts(process), parent, table));
        }
        for event in batch.events {
            // The former agent's own reports are not this one's.
            let process = event.process.and_then(|index| handles.get(index as usize).copied());
            self.waiting.extend(process.map(|process| Recorded { event, process }));
        }
        Ok(true)
    }

    fn insert(
        &mut self,
        mut facts: ProcessFacts,
        parent: Option<ProcessHandle>,
        table: &mut ProcessTable,
    ) -> ProcessHandle {
        facts.parent = parent;
        if let Some(parent) = parent.and_then(|parent| table.facts(parent)) {
            facts.ppid = parent.key.pid;
        }
        let name = (facts.key, facts.exec_time);
        if let Some((known, handle)) = self.known.get(&name)
            && *known == facts
            && table.facts(*handle).is_some()
        {
            return *handle;
        }
        if self.known.len() >= KNOWN {
            self.known.clear();
        }
        let handle = table.insert(facts.clone(), facts.exec_time);
        self.known.insert(name, (facts, handle));
        handle
    }
}

fn facts(process: Process) -> ProcessFacts {
    ProcessFacts {
        key: process.key,
        parent: None,
        ppid: process.ppid,
        exec_time: process.exec_time,
        name: process.name,
        exe: process.exe,
        args: process.args,
        cwd: process.cwd,
        uid: process.uid,
        euid: process.euid,
        gid: process.gid,
        egid: process.egid,
        user: process.user,
        loginuid: process.loginuid,
        tty: process.tty,
        sid: process.sid,
        session_start: process.session_start,
        pgid: process.pgid,
        container_id: process.container_id,
        exe_from_memfd: process.exe_from_memfd,
        exe_writable: process.exe_writable,
    }
}
