//! One file of entries. It grows at its end and is never changed before it.

use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use bytes::Bytes;

use super::{
    disk::{Disk, DiskFile, Open},
    entry::{HEADER, Header, MAGIC, Position},
};

/// What every segment begins with.
const START_BYTES: [u8; 8] = *b"VDSPOOL1";
/// Where the first entry stands.
pub(super) const START: u64 = START_BYTES.len() as u64;
const EXTENSION: &str = "segment";

#[derive(Debug)]
pub(super) struct Segment {
    pub number: u64,
    pub path: PathBuf,
    pub file: Arc<dyn DiskFile>,
    /// Where the next entry goes. Bytes behind it do not count.
    pub end: u64,
}

impl Segment {
    pub(super) fn create(disk: &dyn Disk, dir: &Path, number: u64) -> io::Result<Self> {
        let path = dir.join(format!("{number:016x}.{EXTENSION}"));
        let file = disk.open(&path, Open::New)?;
        file.write_all_at(&START_BYTES, 0).inspect_err(|_| {
            // An empty file would only be in the way.
            let _ = disk.remove(&path);
        })?;
        Ok(Self { number, path, file, end: START })
    }

    /// Opens what an earlier run left, up to the end of the file.
    pub(super) fn open(disk: &dyn Disk, path: PathBuf, number: u64) -> io::Result<Self> {
        let file = disk.open(&path, Open::Present)?;
        let end = file.len()?;
        Ok(Self { number, path, file, end })
    }

    /// Segments in a folder, by number.
    pub(super) fn list(disk: &dyn Disk, dir: &Path) -> io::Result<Vec<(u64, PathBuf)>> {
        let mut found = Vec::new();
        for path in disk.list(dir)? {
            let is_segment = path.extension().is_some_and(|it| it == EXTENSION);
            let number =
                path.file_stem().and_then(|it| it.to_str()).and_then(|it| u64::from_str_radix(it, 16).ok());
            if let (true, Some(number)) = (is_segment, number) {
                found.push((number, path));
            }
        }
        found.sort_unstable();
        Ok(found)
    }

    /// Whether the file begins as this version writes it.
    pub(super) fn is_ours(&self) -> io::Result<bool> {
        let mut bytes = [0; START_BYTES.len()];
        if self.end < START {
            return Ok(false);
        }
        self.file.read_exact_at(&mut bytes, 0)?;
        Ok(bytes == START_BYTES)
    }

    /// Adds an entry; on failure the segment is as it was.
    pub(super) fn append(&mut self, header: &Header, block: &[u8]) -> io::Result<()> {
        let at = Position { segment: self.number, offset: self.end };
        let mut bytes = Vec::with_capacity(HEADER + block.len());
        bytes.extend_from_slice(&header.encode(at));
        bytes.extend_from_slice(block);
        if let Err(error) = self.file.write_all_at(&bytes, self.end) {
            // A part may have been written. It does not count, and the next entry goes elsewhere.
            let _ = self.file.set_len(self.end);
            return Err(error);
        }
        self.end += bytes.len() as u64;
        Ok(())
    }

    /// The header of a whole entry at `offset`.
    pub(super) fn header(&self, offset: u64) -> io::Result<Option<Header>> {
        if offset + HEADER as u64 > self.end {
            return Ok(None);
        }
        let mut bytes = [0; HEADER];
        self.file.read_exact_at(&mut bytes, offset)?;
        Ok(Header::decode(&bytes, Position { segment: self.number, offset }))
    }

    /// The block behind a header. `None` when it is cut off or its checksum is wrong.
    pub(super) fn block(&self, offset: u64, header: &Header) -> io::Result<Option<Bytes>> {
        if offset + header.size() > self.end {
            return Ok(None);
        }
        let mut block = vec![0; header.len as usize];
        self.file.read_exact_at(&mut block, offset + HEADER as u64)?;
        Ok((crc32fast::hash(&block) == header.payload_crc).then(|| block.into()))
    }

    /// The first header behind `from`, if there is one.
    pub(super) fn resync(&self, from: u64) -> io::Result<Option<u64>> {
        const CHUNK: usize = 64 * 1024;
        let mut chunk = vec![0; CHUNK];
        let mut base = from;
        while base + (HEADER as u64) <= self.end {
            let len = usize::try_from(self.end - base).unwrap_or(CHUNK).min(CHUNK);
            self.file.read_exact_at(&mut chunk[..len], base)?;
            for at in 0..=len - MAGIC.len() {
                if chunk[at..at + MAGIC.len()] == MAGIC && self.header(base + at as u64)?.is_some() {
                    return Ok(Some(base + at as u64));
                }
            }
            // A magic may lie across two chunks.
            base += (len - MAGIC.len() + 1) as u64;
        }
        Ok(None)
    }

    /// Forgets everything from `end` on.
    pub(super) fn truncate(&mut self, end: u64) -> io::Result<()> {
        self.file.set_len(end)?;
        self.file.sync()?;
        self.end = end;
        Ok(())
    }
}
