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
    fs::File,
    io::{self, Read as _},
    path::Path,
};

use rustix::fs::SeekFrom;
use xxhash_rust::xxh3::Xxh3;

/// What a journal file looks like.
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
    /// Whole batches lie behind unreadable bytes.
    Damaged {
        /// Where the unreadable bytes begin.
        at: u64,
        /// Where the next whole batch begins.
        next: u64,
    },
}

/// Looks through one file.
pub fn look_through(file: &Path) -> io::Result<Verdict> {
    let mut file = File::open(file)?;
    let length = written(&file)?;
    let mut bytes = Vec::new();
    rustix::fs::seek(&file, SeekFrom::Start(0))?;
    (&mut file).take(length).read_to_end(&mut bytes)?;
    Ok(judge(&bytes))
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

fn judge(bytes: &[u8]) -> Verdict {
    let mut at = 0;
    while let Some(length) = batch(&bytes[at..]) {
        at += length;
    }
    let Some(last) = last_set(&bytes[at..]).map(|last| at + last) else {
        return if at == 0 { Verdict::Empty } else { Verdict::Whole };
    };
    let next = (at + 1..=last).find(|&from| bytes[from] == START && batch(&bytes[from..]).is_some());
    match next {
        Some(next) => Verdict::Damaged { at: at as u64, next: next as u64 },
        None => Verdict::Torn { keep: at as u64, rest: (last + 1 - at) as u64 },
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

/// The length of the whole batch at the beginning of `bytes`.
fn batch(bytes: &[u8]) -> Option<usize> {
    let mut rest = bytes;
    if u8::from_le_bytes(take(&mut rest)?) != START {
        return None;
    }
    let items = u32::from_le_bytes(take(&mut rest)?);
    let _number = u64::from_le_bytes(take(&mut rest)?);
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
                rest = rest.get(key.checked_add(stored)?..)?;
            }
            CLEAR => rest = rest.get(8..)?,
            _ => return None,
        }
        hasher.update(&item[..item.len() - rest.len()]);
    }
    if u8::from_le_bytes(take(&mut rest)?) != END || u64::from_le_bytes(take(&mut rest)?) != hasher.digest() {
        return None;
    }
    (take(&mut rest)? == *b"FJL\x03").then(|| bytes.len() - rest.len())
}

fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (head, tail) = rest.split_first_chunk()?;
    *rest = tail;
    Some(*head)
}

#[cfg(test)]
mod tests {
    use super::*;
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
            batch.commit().unwrap();
        }
        let file = dir.path().join("0.jnl");
        assert_eq!(look_through(&file).unwrap(), Verdict::Whole);
        let bytes = std::fs::read(file).unwrap();
        bytes[..end_of(&bytes) + 100].to_vec()
    }

    fn end_of(bytes: &[u8]) -> usize {
        bytes.iter().rposition(|&b| b != 0).unwrap() + 1
    }

    #[test]
    fn what_the_engine_writes_is_whole() {
        let bytes = written();
        assert_eq!(judge(&bytes), Verdict::Whole);
        assert_eq!(judge(&bytes[..end_of(&bytes)]), Verdict::Whole);
        assert_eq!(judge(&[]), Verdict::Empty);
        assert_eq!(judge(&[0; 10_000]), Verdict::Empty);
    }

    #[test]
    fn a_last_batch_that_stops_early_is_torn() {
        let bytes = written();
        let (length, end) = (batch(&bytes).unwrap(), end_of(&bytes));
        for cut in length * 2 + 1..end {
            let rest = bytes[length * 2..cut].iter().rposition(|&b| b != 0).unwrap() as u64 + 1;
            assert_eq!(judge(&bytes[..cut]), Verdict::Torn { keep: length as u64 * 2, rest });
        }
    }

    #[test]
    fn a_bad_byte_before_a_whole_batch_is_damage_wherever_it_lies() {
        let bytes = written();
        let length = batch(&bytes).unwrap();
        for at in length..length * 2 {
            let mut bad = bytes.clone();
            bad[at] ^= 0x10;
            // The batch's own number is not covered by its checksum: the engine does not notice either.
            let number = length + 5..length + 13;
            let expected = if number.contains(&at) {
                Verdict::Whole
            } else {
                Verdict::Damaged { at: length as u64, next: length as u64 * 2 }
            };
            assert_eq!(judge(&bad), expected, "byte {at}");
        }
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(0..6_u8, 0..300)) {
            judge(&bytes);
        }
    }
}
