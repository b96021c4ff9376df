//! A small summary of what a block's events can be looked up by, so that most blocks need not be opened.
//!
//! A Bloom filter: a term that is in the block is always said to be; one that is not is said to be in
//! about one block of forty.

use std::net::IpAddr;

use hashbrown::HashSet;
use vedetta_model::{Event, Process, Term};
use xxhash_rust::xxh3::{Xxh3, xxh3_64};

/// Bits for each distinct term.
const BITS_PER_TERM: usize = 8;
/// How many bits a term sets.
const PROBES: u64 = 5;
/// How many directories are remembered, by their lengths. None is empty.
const RECENT: usize = 32;
/// Largest digest. A block with more terms than it has room for is opened more often than need be.
pub const MAX_BYTES: usize = 4096;

/// See the module. One without bytes says yes to everything: older blocks have none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Digest(Box<[u8]>);

impl Digest {
    /// Of the processes that act in the events, and of the events.
    pub(crate) fn of(processes: &[Process], events: &[Event]) -> Self {
        let mut hashes = HashSet::new();
        let mut acting = vec![false; processes.len()];
        // Most events are near one that was just looked at: a directory that is known is not hashed again.
        let mut recent = [""; RECENT];
        for event in events {
            event.terms(|term| {
                if let Term::Directory(path) = term {
                    let before = std::mem::replace(&mut recent[path.len() % RECENT], path);
                    if before == path {
                        return;
                    }
                }
                hashes.insert(hash(&term));
            });
            if let Some(acts) = event.process.and_then(|index| acting.get_mut(index as usize)) {
                *acts = true;
            }
        }
        for (process, _) in processes.iter().zip(acting).filter(|(_, acts)| *acts) {
            process.terms(|term| {
                hashes.insert(hash(&term));
            });
        }
        let bytes = (hashes.len() * BITS_PER_TERM).div_ceil(8).clamp(1, MAX_BYTES);
        let mut digest = Self(vec![0; bytes].into());
        for hash in hashes {
            for bit in probes(hash, digest.0.len()) {
                digest.0[bit / 8] |= 1 << (bit % 8);
            }
        }
        digest
    }

    pub(crate) fn from_bytes(bytes: &[u8]) -> Self {
        Self(bytes.into())
    }

    /// Its bytes, as they stand in the header.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Whether an event of the block may have to do with it. Never no when one has.
    pub fn may_hold(&self, term: &Term<'_>) -> bool {
        self.0.is_empty() || probes(hash(term), self.0.len()).all(|bit| self.0[bit / 8] >> (bit % 8) & 1 == 1)
    }
}

/// The bits that stand for a hash in a digest of so many bytes.
fn probes(hash: u64, bytes: usize) -> impl Iterator<Item = usize> {
    let bits = bytes as u64 * 8;
    let step = hash >> 32 | 1;
    (0..PROBES).map(move |n| (hash.wrapping_add(n.wrapping_mul(step)) % bits) as usize)
}

/// XXH3 of a byte for what it is, and the text or number.
fn hash(term: &Term<'_>) -> u64 {
    match term {
        Term::ProcessName(name) => hash_of(1, name.as_bytes()),
        Term::Executable(path) => hash_of(2, path.as_bytes()),
        Term::Pid(pid) => hash_of(3, &pid.to_le_bytes()),
        Term::User(name) => hash_of(4, name.as_bytes()),
        Term::Container(id) => hash_of(5, id.as_bytes()),
        Term::Address(IpAddr::V4(ip)) => hash_of(6, &ip.octets()),
        Term::Address(IpAddr::V6(ip)) => hash_of(6, &ip.octets()),
        Term::Directory(path) => hash_of(7, path.as_bytes()),
    }
}

fn hash_of(what: u8, bytes: &[u8]) -> u64 {
    // Short ones in one piece: the state of a hasher fed in parts has half a kilobyte, and to set it up takes longer
    // than the hash.
    const SHORT: usize = 127;
    let mut piece = [0; 1 + SHORT];
    piece[0] = what;
    if let Some(rest) = piece[1..].get_mut(..bytes.len()) {
        rest.copy_from_slice(bytes);
        return xxh3_64(&piece[..=bytes.len()]);
    }
    let mut hasher = Xxh3::new();
    hasher.update(&piece[..1]);
    hasher.update(bytes);
    hasher.digest()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_those_of_the_format() {
        // Digests lie on disks: another hash would make blocks disappear from searches.
        assert_eq!(hash(&Term::ProcessName("bash")), xxhash_rust::xxh3::xxh3_64(b"\x01bash"));
        assert_eq!(hash(&Term::Pid(1)), xxhash_rust::xxh3::xxh3_64(b"\x03\x01\0\0\0"));
        for length in [0, 126, 127, 128, 300] {
            let path = "x".repeat(length);
            let whole = format!("\x07{path}");
            assert_eq!(
                hash(&Term::Directory(&path)),
                xxhash_rust::xxh3::xxh3_64(whole.as_bytes()),
                "{length}"
            );
        }
        let of_bash: Vec<_> = probes(hash(&Term::ProcessName("bash")), 100).collect();
        assert_eq!(of_bash.len(), 5);
        assert!(of_bash.iter().all(|bit| *bit < 800));
    }

    #[test]
    fn without_bytes_nothing_is_ruled_out() {
        assert!(Digest::default().may_hold(&Term::Pid(7)));
    }
}
