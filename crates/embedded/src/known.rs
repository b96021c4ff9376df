//! What is known to be on the disk, noted in a small file beside the engine's.
//!
//! The engine takes the files that it finds for all there are. It would go on without a journal or a space that is gone,
//! and without the end of a journal that was cut off, and say nothing. So each commit carries a number, and the last one
//! that was acknowledged is noted here, with the spaces that there are. The note is an aid: it is never ahead of the disk,
//! it is exact when a process was killed, and may lag when a machine lost power.
//!
//! ```text
//!   file = slot slot                      written in turn: whatever happens, one of them is whole
//!   slot = crc32 of the rest u32 │ version 1 │ turn u64 │ commit u64 │ spaces u16 │ space u64 …      (LE, 4096 bytes)
//! ```

use std::{
    collections::BTreeSet,
    fs::{File, OpenOptions},
    io,
    os::unix::fs::FileExt as _,
    path::Path,
};

use crate::journal::take;

/// The file's name.
pub const NAME: &str = "vedetta.known";

const VERSION: u8 = 1;
const SLOT: usize = 4096;
const HEAD: usize = 4 + 1 + 8 + 8 + 2;
const MOST_SPACES: usize = (SLOT - HEAD) / 8;

/// What a note says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Known {
    /// The newest commit that was acknowledged; 0 when none was.
    pub commit: u64,
    /// The engine's numbers of spaces.
    pub spaces: BTreeSet<u64>,
}

/// The note of a directory; `None` when there is none that can be read.
pub fn read(dir: &Path) -> io::Result<Option<Known>> {
    let path = dir.join(NAME);
    let bytes = match std::fs::read(&path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let newest = newest(&bytes);
    if newest.is_none() {
        let file = path.display();
        tracing::warn!(%file, "unreadable: whether files of the database are missing can't be checked this time");
    }
    Ok(newest.map(|(_, known)| known))
}

fn newest(bytes: &[u8]) -> Option<(u64, Known)> {
    bytes.chunks(SLOT).filter_map(decode).max_by_key(|(turn, _)| *turn)
}

/// The file, open for noting.
#[derive(Debug)]
pub struct Notes {
    file: File,
    turn: u64,
    known: Known,
}

impl Notes {
    /// Opens or makes the file of a directory, and notes `known` durably.
    pub fn open(dir: &Path, known: Known) -> io::Result<Self> {
        let path = dir.join(NAME);
        let turn = std::fs::read(&path).ok().and_then(|bytes| newest(&bytes)).map_or(0, |(turn, _)| turn);
        let file = OpenOptions::new().create(true).truncate(false).write(true).open(&path)?;
        let mut notes = Self { file, turn, known };
        notes.write()?;
        notes.file.sync_all()?;
        File::open(dir)?.sync_all()?;
        Ok(notes)
    }

    /// A commit is durable.
    pub fn commit(&mut self, commit: u64) -> io::Result<()> {
        self.known.commit = commit;
        self.write()
    }

    /// There is a space. Durable when this returns.
    pub fn space(&mut self, space: u64) -> io::Result<()> {
        if self.known.spaces.insert(space) {
            self.write()?;
            self.file.sync_data()?;
        }
        Ok(())
    }

    fn write(&mut self) -> io::Result<()> {
        let slot = encode(self.turn + 1, &self.known)?;
        self.file.write_all_at(&slot, (self.turn + 1) % 2 * SLOT as u64)?;
        self.turn += 1;
        Ok(())
    }
}

fn encode(turn: u64, known: &Known) -> io::Result<Vec<u8>> {
    let count = known.spaces.len();
    let Some(count) = u16::try_from(count).ok().filter(|_| count <= MOST_SPACES) else {
        return Err(io::Error::other(format!("{count} spaces, at most {MOST_SPACES} are possible")));
    };
    let mut slot = vec![0; 4];
    slot.push(VERSION);
    slot.extend(turn.to_le_bytes());
    slot.extend(known.commit.to_le_bytes());
    slot.extend(count.to_le_bytes());
    slot.extend(known.spaces.iter().flat_map(|space| space.to_le_bytes()));
    let checksum = crc32fast::hash(&slot[4..]);
    slot[..4].copy_from_slice(&checksum.to_le_bytes());
    Ok(slot)
}

fn decode(slot: &[u8]) -> Option<(u64, Known)> {
    let mut rest = slot;
    let checksum = u32::from_le_bytes(take(&mut rest)?);
    let body = rest;
    let version = u8::from_le_bytes(take(&mut rest)?);
    let turn = u64::from_le_bytes(take(&mut rest)?);
    let commit = u64::from_le_bytes(take(&mut rest)?);
    let count = u16::from_le_bytes(take(&mut rest)?);
    let mut spaces = BTreeSet::new();
    for _ in 0..count {
        spaces.insert(u64::from_le_bytes(take(&mut rest)?));
    }
    let whole = version == VERSION && crc32fast::hash(&body[..body.len() - rest.len()]) == checksum;
    whole.then_some((turn, Known { commit, spaces }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_newest_note_counts_and_a_bad_one_leaves_the_one_before() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(read(dir.path()).unwrap(), None);
        let mut notes = Notes::open(dir.path(), Known::default()).unwrap();
        notes.space(7).unwrap();
        for commit in 1..=5 {
            notes.commit(commit).unwrap();
            assert_eq!(read(dir.path()).unwrap(), Some(Known { commit, spaces: [7].into() }));
        }
        let path = dir.path().join(NAME);
        let bytes = std::fs::read(&path).unwrap();
        for at in 0..HEAD + 8 {
            // Seven notes were written, so the newest lies in the second slot.
            let mut bad = bytes.clone();
            bad[SLOT + at] ^= 4;
            std::fs::write(&path, bad).unwrap();
            assert_eq!(read(dir.path()).unwrap().unwrap().commit, 4, "byte {at}");
        }
        std::fs::write(&path, &bytes[..20]).unwrap();
        assert_eq!(read(dir.path()).unwrap(), None);
        std::fs::write(&path, bytes).unwrap();
        let more = Known { commit: 9, spaces: [7, 8].into() };
        Notes::open(dir.path(), more.clone()).unwrap();
        assert_eq!(read(dir.path()).unwrap(), Some(more));
    }

    #[test]
    fn more_spaces_than_fit_are_refused_and_the_note_stays() {
        let dir = tempfile::tempdir().unwrap();
        let most = Known { commit: 1, spaces: (0..MOST_SPACES as u64).collect() };
        let mut notes = Notes::open(dir.path(), most.clone()).unwrap();
        assert_eq!(read(dir.path()).unwrap(), Some(most.clone()));
        assert!(notes.space(u64::MAX).is_err());
        assert_eq!(read(dir.path()).unwrap(), Some(most));
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..9000)) {
            newest(&bytes);
        }
    }
}
