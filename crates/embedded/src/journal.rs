//! Looks through a journal file before the engine does.
//!
//! The engine cuts a journal at the first place it can't read. That is right for a write that a
//! crash cut short, and would silently drop acknowledged data when bytes in the middle went bad.
//! The difference: after a torn write nothing whole follows, because each commit waits for the disk
//! before the next begins.
//!
//! ```text
//!   batch  = start item* end
//!   start  = 1, items u32, number u64
//!   item   = 2, type u8, compression u8, keyspace u64, key length u16, value length u32, stored length u32, key, value
//!          | 4, keyspace u64
//!   end    = 3, xxh3 of all items u64, "FJL" 3
//! ```

use std::{
    fs::{File, OpenOptions},
    io::{self, Read as _},
    ops::RangeInclusive,
    os::unix::fs::FileExt as _,
    path::Path,
};

use rustix::fs::SeekFrom;
use xxhash_rust::xxh3::Xxh3;

use crate::sealed::trusted;

/// The key under which each batch carries the number of its commit: one more than the one before.
pub const MARK: &[u8] = b"\0commit";

/// What a journal file looks like.
#[derive(Debug, PartialEq, Eq)]
pub struct Journal {
    /// Its end, or what is wrong with it.
    pub verdict: Verdict,
    /// The commits in it, from its first to its last. `None` when none carries a number.
    pub commits: Option<RangeInclusive<u64>>,
}

/// See [`Journal`].
#[derive(Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing, or zeros.
    Empty,
    /// Batches, then nothing or zeros.
    Whole,
    /// Batches, then the beginning of one that was never finished.
    Torn {
        /// Where the last whole batch ends.
        keep: u64,
        /// How many bytes follow.
        rest: u64,
    },
    /// What can't be after a crash.
    Damaged {
        /// What and where.
        what: String,
    },
}

/// Looks through one file.
pub fn look_through(file: &Path) -> io::Result<Journal> {
    Ok(judge(&content(&mut File::open(file)?)?))
}

/// Writes once more, and makes durable, what is not known to be acknowledged: the batches behind commit `last`. Gives their
/// bytes.
///
/// After a sync that failed, the system's memory holds what the disk may not, takes it for written, and answers the next
/// sync with yes (Rebello et al., "Can Applications Recover from fsync Failures?", USENIX ATC 2020). What is read here
/// would be acknowledged when it is sent again, and would be gone after the next power cut.
pub fn write_again(file: &Path, last: u64) -> io::Result<u64> {
    let mut file = OpenOptions::new().read(true).write(true).open(file)?;
    let bytes = content(&mut file)?;
    let (mut at, mut from) = (0, None);
    while let Some(batch) = batch(&bytes[at..]) {
        if from.is_none() && batch.commit.is_none_or(|commit| commit > last) {
            from = Some(at);
        }
        at += batch.length;
    }
    let again = &bytes[from.unwrap_or(at)..at];
    if !again.is_empty() {
        file.write_all_at(again, (at - again.len()) as u64)?;
        file.sync_data()?;
    }
    Ok(again.len() as u64)
}

fn content(file: &mut File) -> io::Result<Vec<u8>> {
    let length = written(file)?;
    let mut bytes = Vec::new();
    rustix::fs::seek(&*file, SeekFrom::Start(0))?;
    file.take(length).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Where the last byte that was ever written ends. A journal is made long and empty; on most file
/// systems the rest takes no space, and need not be read.
fn written(file: &File) -> io::Result<u64> {
    let length = file.metadata()?.len();
    let mut end = 0;
    while end < length {
        let data = match rustix::fs::seek(file, SeekFrom::Data(end)) {
            Ok(data) => data,
            Err(rustix::io::Errno::NXIO) => return Ok(end),
            // This file system can't tell.
            Err(_) => return Ok(length),
        };
        end = rustix::fs::seek(file, SeekFrom::Hole(data))?;
    }
    Ok(length)
}

fn judge(bytes: &[u8]) -> Journal {
    let (mut at, mut before) = (0, Batch::default());
    let mut commits: Option<RangeInclusive<u64>> = None;
    let damaged = |what, commits| Journal { verdict: Verdict::Damaged { what }, commits };
    while let Some(batch) = batch(&bytes[at..]) {
        // The engine orders by this number, which no checksum covers.
        if at > 0 && batch.number <= before.number {
            let (number, before) = (batch.number, before.number);
            return damaged(format!("at byte {at} batch {number} follows batch {before}"), commits);
        }
        if let Some(commit) = batch.commit {
            if before.commit.is_some_and(|before| before + 1 != commit) {
                let before = before.commit.unwrap_or_default();
                return damaged(format!("at byte {at} commit {commit} follows commit {before}"), commits);
            }
            commits = Some(commits.map_or(commit, |seen| *seen.start())..=commit);
        }
        at += batch.length;
        before = batch;
    }
    let Some(last) = last_set(&bytes[at..]).map(|last| at + last) else {
        return Journal { verdict: if at == 0 { Verdict::Empty } else { Verdict::Whole }, commits };
    };
    let next = (at + 1..=last).find(|&from| bytes[from] == START && batch(&bytes[from..]).is_some());
    match next {
        Some(next) => damaged(format!("bytes {at} to {next} can't be read, and whole data follows"), commits),
        None => Journal { verdict: Verdict::Torn { keep: at as u64, rest: (last + 1 - at) as u64 }, commits },
    }
}

/// The last byte that is not zero.
fn last_set(bytes: &[u8]) -> Option<usize> {
    const ZEROS: [u8; 4096] = [0; 4096];
    let mut end = bytes.len();
    while end >= ZEROS.len() && bytes[end - ZEROS.len()..end] == ZEROS {
        end -= ZEROS.len();
    }
    bytes[..end].iter().rposition(|&b| b != 0)
}

const START: u8 = 1;
const ITEM: u8 = 2;
const END: u8 = 3;
const CLEAR: u8 = 4;

/// A whole batch.
#[derive(Debug, Default)]
struct Batch {
    length: usize,
    /// The engine's.
    number: u64,
    /// Ours.
    commit: Option<u64>,
}

/// The whole batch at the beginning of `bytes`.
fn batch(bytes: &[u8]) -> Option<Batch> {
    let mut rest = bytes;
    if u8::from_le_bytes(take(&mut rest)?) != START {
        return None;
    }
    let items = u32::from_le_bytes(take(&mut rest)?);
    let number = u64::from_le_bytes(take(&mut rest)?);
    let mut commit = None;
    let mut hasher = Xxh3::new();
    for _ in 0..items {
        let item = rest;
        match u8::from_le_bytes(take(&mut rest)?) {
            ITEM => {
                let [_type, compression] = take(&mut rest)?;
                let _keyspace = u64::from_le_bytes(take(&mut rest)?);
                let key = usize::from(u16::from_le_bytes(take(&mut rest)?));
                let _length = u32::from_le_bytes(take(&mut rest)?);
                let stored = u32::from_le_bytes(take(&mut rest)?) as usize;
                if compression > 1 {
                    return None;
                }
                let (key, value) = rest.get(..key.checked_add(stored)?)?.split_at(key);
                if key == MARK {
                    commit = commit_number(value);
                }
                rest = &rest[key.len() + stored..];
            }
            CLEAR => rest = rest.get(8..)?,
            _ => return None,
        }
        hasher.update(&item[..item.len() - rest.len()]);
    }
    if u8::from_le_bytes(take(&mut rest)?) != END || u64::from_le_bytes(take(&mut rest)?) != hasher.digest() {
        return None;
    }
    let whole = take(&mut rest)? == *b"FJL\x03";
    whole.then(|| Batch { length: bytes.len() - rest.len(), number, commit })
}

/// The number in what is stored under [`MARK`].
pub fn commit_number(sealed: &[u8]) -> Option<u64> {
    Some(u64::from_le_bytes(trusted(sealed).try_into().ok()?))
}

/// The first bytes of what is left.
pub fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (head, tail) = rest.split_first_chunk()?;
    *rest = tail;
    Some(*head)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Draft;
    use proptest::prelude::*;

    /// The batches of a real journal.
    fn written() -> Vec<u8> {
        let dir = tempfile::tempdir().unwrap();
        let db = fjall::Database::builder(dir.path())
            .journal_compression(fjall::CompressionType::None)
            .open()
            .unwrap();
        let space = db.keyspace("s", fjall::KeyspaceCreateOptions::default).unwrap();
        for n in 0..3_u8 {
            let mut batch = db.batch();
            batch.insert(&space, [n], vec![n; 100]);
            batch.remove(&space, [n + 1]);
            batch.insert(&space, MARK, Draft::from((u64::from(n) + 7).to_le_bytes()).seal(MARK));
            batch.commit().unwrap();
        }
        let file = dir.path().join("0.jnl");
        assert_eq!(look_through(&file).unwrap(), Journal { verdict: Verdict::Whole, commits: Some(7..=9) });
        let bytes = std::fs::read(file).unwrap();
        bytes[..end_of(&bytes) + 100].to_vec()
    }

    fn end_of(bytes: &[u8]) -> usize {
        bytes.iter().rposition(|&b| b != 0).unwrap() + 1
    }

    #[test]
    fn what_the_engine_writes_is_whole() {
        let bytes = written();
        assert_eq!(judge(&bytes).verdict, Verdict::Whole);
        assert_eq!(judge(&bytes[..end_of(&bytes)]).verdict, Verdict::Whole);
        for nothing in [&[][..], &[0; 10_000]] {
            assert_eq!(judge(nothing), Journal { verdict: Verdict::Empty, commits: None });
        }
    }

    #[test]
    fn a_last_batch_that_stops_early_is_torn() {
        let bytes = written();
        let (length, end) = (batch(&bytes).unwrap().length, end_of(&bytes));
        for cut in length * 2 + 1..end {
            let rest = bytes[length * 2..cut].iter().rposition(|&b| b != 0).unwrap() as u64 + 1;
            let verdict = Verdict::Torn { keep: length as u64 * 2, rest };
            assert_eq!(judge(&bytes[..cut]), Journal { verdict, commits: Some(7..=8) });
        }
    }

    #[test]
    fn a_bad_byte_before_a_whole_batch_is_damage_wherever_it_lies() {
        let bytes = written();
        let length = batch(&bytes).unwrap().length;
        for at in length..length * 2 {
            let mut bad = bytes.clone();
            bad[at] ^= 0x10;
            assert!(matches!(judge(&bad).verdict, Verdict::Damaged { .. }), "byte {at}");
        }
    }

    #[test]
    fn what_is_behind_the_last_known_commit_is_written_again_and_nothing_changes() {
        let (dir, bytes) = (tempfile::tempdir().unwrap(), written());
        let length = batch(&bytes).unwrap().length as u64;
        let file = dir.path().join("0.jnl");
        std::fs::write(&file, &bytes).unwrap();
        for (last, batches) in [(9, 0), (8, 1), (7, 2), (0, 3)] {
            assert_eq!(write_again(&file, last).unwrap(), length * batches, "behind {last}");
            assert_eq!(std::fs::read(&file).unwrap(), bytes, "behind {last}");
        }
    }

    #[test]
    fn a_batch_that_is_missing_between_two_is_damage() {
        let mut bytes = written();
        let length = batch(&bytes).unwrap().length;
        bytes.drain(length..length * 2);
        let what = format!("at byte {length} commit 9 follows commit 7");
        assert_eq!(judge(&bytes), Journal { verdict: Verdict::Damaged { what }, commits: Some(7..=7) });
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(0..6_u8, 0..300)) {
            judge(&bytes);
        }
    }
}
