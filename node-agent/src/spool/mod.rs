//! Blocks on disk until the server has them.
//!
//! ```text
//!   append ─► [ segment 7 ][ segment 8 ][ segment 9 … ]        memory (only while the disk fails)
//!                  ▲ settled        ▲ cursor: next to send           ▲ end
//! ```
//! - A block is in the spool once [`Spool::append`] returns: it survives the end of this process. It
//!   is *kept*, so that it survives the end of the machine, once a [`Sync`] taken after that has
//!   succeeded. Sending does not wait for it; a block that is acknowledged first is never synced.
//! - What was settled is unlinked after the mark that passed it is durable, never before.
//! - The spool is bounded by bytes. A block that does not fit is refused, and its owner counts it.
//! - Nothing stops it: a torn end is cut off, a damaged stretch is skipped, a failing disk is
//!   bridged by a little memory. Each is told as [`Damage`], with the number of events in it.
//! - A repeat is possible (a mark may be older than the last settlement), a hole is not.

pub mod disk;
mod entry;
mod mark;
mod outbox;
mod recover;
mod segment;
mod sync;
mod untold;
mod words;

use std::{
    cmp::Ordering,
    collections::VecDeque,
    io,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use bytes::Bytes;
use tokio::time::Instant;
use vedetta_model::{
    BootId,
    event::Loss,
    simulated::{Point, reached},
};

pub use self::{
    disk::{Disk, Lock, RealDisk},
    entry::Meta,
    outbox::Outbox,
    sync::Sync,
    words::{Class, Damage, Entry, Limits, OpenError, Recovery, Refused},
};
use self::{
    entry::{Header, Position},
    mark::Mark,
    segment::{START, Segment},
};

/// See the module.
#[derive(Debug)]
pub struct Spool {
    disk: Arc<dyn Disk>,
    dir: PathBuf,
    limits: Limits,
    _lock: Box<dyn Lock>,
    /// Oldest first. The last one grows while `growing`.
    segments: VecDeque<Segment>,
    growing: bool,
    next_segment: u64,
    mark: Mark,
    cursor: Position,
    /// What `Header::before` of the next entry of this run should be.
    expected: Option<(BootId, u64)>,
    /// A stretch without a header was skipped: the next entry tells how many events were in it.
    skipped: bool,
    /// Handed out and not all settled, in order.
    outstanding: VecDeque<Outstanding>,
    next_id: u64,
    memory: VecDeque<(Meta, Bytes)>,
    memory_bytes: u64,
    /// Events of a run that were appended.
    appended: Option<(BootId, u64)>,
    damage: Vec<Damage>,
    sync: sync::State,
}

#[derive(Debug)]
struct Outstanding {
    id: u64,
    /// Where it ends; `None` for one that was never on disk.
    end: Option<Position>,
    settled: bool,
}

impl Spool {
    /// Opens the spool in `dir`, which is made if need be, and repairs what a crash left.
    pub fn open(dir: &Path, limits: Limits) -> Result<(Self, Recovery), OpenError> {
        Self::open_on(Arc::new(RealDisk), dir, limits)
    }

    /// The same on a disk of one's own.
    pub fn open_on(disk: Arc<dyn Disk>, dir: &Path, limits: Limits) -> Result<(Self, Recovery), OpenError> {
        let failed = |source| OpenError::Io { path: dir.to_owned(), source };
        disk.create_dir(dir).map_err(failed)?;
        let lock = match disk.lock(&dir.join("lock")) {
            Ok(lock) => lock,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                return Err(OpenError::InUse { path: dir.to_owned() });
            }
            Err(error) => return Err(failed(error)),
        };
        let mark = Mark::open(&*disk, dir).map_err(failed)?;
        let mut recovery = Recovery::default();
        let segments = recover::segments(&*disk, dir, &mark, &mut recovery).map_err(failed)?;
        let newest = segments.back().map_or(0, |segment| segment.number);
        let spool = Self {
            dir: dir.to_owned(),
            limits,
            _lock: lock,
            growing: false,
            // A mark must never cover what is written from now on.
            next_segment: newest.max(mark.position().segment) + 1,
            cursor: mark.position(),
            segments,
            mark,
            expected: None,
            skipped: false,
            outstanding: VecDeque::new(),
            next_id: 0,
            memory: VecDeque::new(),
            memory_bytes: 0,
            appended: None,
            damage: Vec::new(),
            sync: sync::State::new(Arc::clone(&disk), dir.to_owned()),
            disk,
        };
        Ok((spool, recovery))
    }

    /// Takes the losses that the former run did not come to tell.
    pub fn take_untold(&self) -> Vec<Loss> {
        untold::take(&*self.disk, &self.dir)
    }

    /// Bytes taken up, on disk and in memory. What was settled is freed in steps of a segment.
    pub fn bytes(&self) -> u64 {
        self.segments.iter().map(|segment| segment.end).sum::<u64>() + self.memory_bytes
    }

    /// Bytes that wait to be settled.
    pub fn waiting_bytes(&self) -> u64 {
        let mark = self.mark.position();
        let waiting = |segment: &Segment| match segment.number.cmp(&mark.segment) {
            Ordering::Less => 0,
            Ordering::Equal => segment.end.saturating_sub(mark.offset.max(START)),
            Ordering::Greater => segment.end.saturating_sub(START),
        };
        self.segments.iter().map(waiting).sum::<u64>() + self.memory_bytes
    }

    /// Whether there is hardly room for another block of events.
    pub fn is_full(&self) -> bool {
        const MARGIN: u64 = 16 * 1024;
        self.bytes() + MARGIN > self.limits.bytes
    }

    /// Whether everything that was appended has been settled.
    pub fn is_empty(&self) -> bool {
        self.outstanding.is_empty() && !self.has_next()
    }

    /// Puts a block behind all others.
    pub fn append(&mut self, meta: Meta, block: &Bytes, class: Class) -> Result<(), Refused> {
        self.flush_memory();
        if !self.memory.is_empty() {
            // On disk it would overtake what is still in memory.
            return self.append_to_memory(meta, block, io::Error::other("it failed a moment ago"));
        }
        match self.append_to_disk(meta, block, class)? {
            Ok(()) => Ok(()),
            Err(error) => self.append_to_memory(meta, block, error),
        }
    }

    /// The next block to send, oldest first. Each is handed out once per run.
    pub fn take(&mut self) -> Option<Entry> {
        let (meta, block, end) = match self.take_from_disk() {
            Some((meta, block)) => (meta, block, Some(self.cursor)),
            None => {
                let (meta, block) = self.memory.pop_front()?;
                self.memory_bytes -= block.len() as u64;
                (meta, block, None)
            }
        };
        let id = self.next_id;
        self.next_id += 1;
        self.outstanding.push_back(Outstanding { id, end, settled: false });
        Some(Entry { id, meta, block })
    }

    /// A block that was handed out needs no more care: it was acknowledged, or given up and counted.
    pub fn settle(&mut self, id: u64) {
        let Ok(index) = self.outstanding.binary_search_by_key(&id, |entry| entry.id) else { return };
        self.outstanding[index].settled = true;
        let mut passed = None;
        while self.outstanding.front().is_some_and(|entry| entry.settled) {
            passed = self.outstanding.pop_front().and_then(|entry| entry.end).or(passed);
        }
        if self.outstanding.is_empty() && self.cursor > self.mark.position() {
            passed = Some(self.cursor);
        }
        if let Some(position) = passed {
            self.pass(position);
        }
        if self.is_empty() {
            self.sync.nothing_to_keep();
        }
    }

    /// What was found damaged since the last call.
    pub fn take_damage(&mut self) -> Vec<Damage> {
        std::mem::take(&mut self.damage)
    }

    /// How long the oldest block has waited to be kept.
    pub fn unsynced_for(&self, now: Instant) -> Option<Duration> {
        self.sync.waiting_since().map(|since| now.saturating_duration_since(since))
    }

    /// What is to be synced so that everything appended up to now is kept. Run it outside of locks
    /// and hand it back to [`Spool::synced`].
    pub fn start_sync(&mut self) -> Sync {
        self.sync.start()
    }

    /// A sync has ended.
    pub fn synced(&mut self, done: Sync, outcome: &io::Result<()>) {
        if let Err(error) = outcome {
            // What the kernel failed to write once it may drop: never append behind it.
            tracing::error!(dir = %self.dir.display(), %error, "the spool cannot be synced; its blocks would not survive a power cut");
            self.growing = false;
        }
        self.sync.end(done, outcome.is_ok());
    }

    /// Makes everything durable at the end of a run: what waits, how far it was settled, and the
    /// losses that could not be told.
    pub fn close(&mut self, untold: &[Loss]) -> io::Result<()> {
        untold::leave(&*self.disk, &self.dir, untold)?;
        let sync = self.start_sync();
        let outcome = sync.run();
        self.synced(sync, &outcome);
        outcome?;
        self.mark.sync()
    }

    fn has_next(&self) -> bool {
        !self.memory.is_empty()
            || self.segments.iter().any(|segment| {
                segment.number > self.cursor.segment && segment.end > START
                    || segment.number == self.cursor.segment && segment.end > self.cursor.offset.max(START)
            })
    }

    /// The inner error is the disk's.
    fn append_to_disk(&mut self, meta: Meta, block: &[u8], class: Class) -> Result<io::Result<()>, Refused> {
        let before = match self.appended {
            Some((boot, before)) if boot == meta.boot => before,
            _ => 0,
        };
        let len = u32::try_from(block.len()).unwrap_or(u32::MAX);
        let header = Header { meta, len, before, payload_crc: crc32fast::hash(block) };
        let limit = match class {
            Class::Events => self.limits.bytes,
            Class::Reports => self.limits.bytes + self.limits.reserve,
        };
        let needed = header.size() + START;
        if self.bytes() + needed > limit {
            self.retire_settled();
            if self.bytes() + needed > limit {
                return Err(Refused::Full { held: self.bytes(), limit });
            }
        }
        Ok(self.write(&header, block).inspect(|()| self.appended = Some(header.after())))
    }

    /// Puts what waits in memory where it belongs, if the disk works again.
    fn flush_memory(&mut self) {
        while let Some((meta, block)) = self.memory.pop_front() {
            self.memory_bytes -= block.len() as u64;
            if !matches!(self.append_to_disk(meta, &block, Class::Events), Ok(Ok(()))) {
                self.memory_bytes += block.len() as u64;
                self.memory.push_front((meta, block));
                return;
            }
            if self.memory.is_empty() {
                tracing::info!(dir = %self.dir.display(), "the spool can be written again");
            }
        }
    }

    fn write(&mut self, header: &Header, block: &[u8]) -> io::Result<()> {
        let most = self.limits.segment_bytes;
        let is_full = |last: &Segment| last.end > START && last.end + header.size() > most;
        if !self.growing || self.segments.back().is_none_or(is_full) {
            self.growing = false;
            self.segments.push_back(Segment::create(&*self.disk, &self.dir, self.next_segment)?);
            self.next_segment += 1;
            self.growing = true;
            self.sync.new_file();
        }
        if let Some(last) = self.segments.back_mut() {
            let written = last.append(header, block);
            self.growing = written.is_ok();
            written?;
            self.sync.written(&last.file);
        }
        Ok(())
    }

    fn append_to_memory(&mut self, meta: Meta, block: &Bytes, error: io::Error) -> Result<(), Refused> {
        if self.memory_bytes + block.len() as u64 > self.limits.memory_bytes {
            return Err(Refused::Disk(error));
        }
        if self.memory.is_empty() {
            reached(Point::MemoryBridge);
            tracing::error!(dir = %self.dir.display(), %error, "the spool cannot be written; new blocks stay in memory for now");
        }
        self.memory_bytes += block.len() as u64;
        self.memory.push_back((meta, block.clone()));
        Ok(())
    }

    fn take_from_disk(&mut self) -> Option<(Meta, Bytes)> {
        loop {
            let index = self.segments.partition_point(|segment| segment.number < self.cursor.segment);
            let segment = self.segments.get(index)?;
            if segment.number > self.cursor.segment {
                self.cursor = Position { segment: segment.number, offset: START };
            }
            let offset = self.cursor.offset.max(START);
            if offset >= segment.end {
                let next = self.segments.get(index + 1)?;
                self.cursor = Position { segment: next.number, offset: START };
                continue;
            }
            let read = recover::read(segment, offset);
            if let (Some(header), true) = (read.header(), self.skipped) {
                self.skipped = false;
                self.damage.extend(self.gap(header, index, offset));
            }
            self.expected = read.header().map(Header::after).or(self.expected);
            match read {
                recover::Read::Entry(header, block) => {
                    self.cursor.offset = offset + header.size();
                    return Some((header.meta, block));
                }
                recover::Read::Damaged { header, next, what } => {
                    reached(Point::DamageSkipped);
                    let damage = recover::damage(segment, offset, next, header.as_ref(), what);
                    tracing::warn!(
                        path = %damage.path.display(), offset, bytes = damage.bytes,
                        "skipped a damaged stretch of the spool: {what}",
                    );
                    // Without a header, the next entry tells how many are missing.
                    if header.is_none() && self.expected.is_some() && next < segment.end {
                        self.skipped = true;
                    } else {
                        self.damage.push(damage);
                    }
                    self.cursor.offset = next;
                }
            }
        }
    }

    /// What is missing in front of an entry, by its own account.
    fn gap(&self, header: &Header, segment: usize, offset: u64) -> Option<Damage> {
        let (boot, expected) = self.expected?;
        let missing = header.before.checked_sub(expected).filter(|&missing| missing > 0)?;
        (boot == header.meta.boot).then(|| Damage {
            events: missing,
            ..recover::damage(&self.segments[segment], offset, offset, None, "damaged entries")
        })
    }

    /// Everything before `position` is settled.
    fn pass(&mut self, position: Position) {
        if let Err(error) = self.mark.advance(position) {
            tracing::error!(dir = %self.dir.display(), %error, "the spool's mark cannot be written; blocks will be sent again after a restart");
            return;
        }
        self.remove_settled();
    }

    /// Frees the segment that grows, if nothing in it is needed.
    fn retire_settled(&mut self) {
        if self.outstanding.is_empty() && !self.has_next() {
            self.growing = false;
            self.remove_settled();
        }
    }

    fn remove_settled(&mut self) {
        let mark = self.mark.position();
        let is_settled = |segment: &Segment| {
            segment.number < mark.segment || segment.number == mark.segment && mark.offset >= segment.end
        };
        let finished = self.segments.len() - usize::from(self.growing && !self.segments.is_empty());
        let count = self.segments.iter().take(finished).take_while(|segment| is_settled(segment)).count();
        if count == 0 {
            return;
        }
        if let Err(error) = self.mark.sync() {
            tracing::error!(dir = %self.dir.display(), %error, "the spool's mark cannot be synced; nothing is removed");
            return;
        }
        for segment in self.segments.drain(..count) {
            self.sync.forget(&segment.file);
            if let Err(error) = self.disk.remove(&segment.path) {
                tracing::warn!(path = %segment.path.display(), %error, "a settled segment cannot be removed");
            }
        }
    }
}

#[cfg(test)]
mod tests;
