//! A hash over many things in their order.

use xxhash_rust::xxh3::Xxh3;

/// Counts, bytes and a chain over what was fed.
#[derive(Clone, Default)]
pub struct Digest {
    pub count: u64,
    pub bytes: u64,
    chain: Xxh3,
}

impl Digest {
    /// Takes in one thing made of these parts. Each goes in with its length, so that parts can't run into each other.
    pub fn feed<'a>(&mut self, parts: impl IntoIterator<Item = &'a [u8]>) {
        self.count += 1;
        for part in parts {
            self.chain.update(&(part.len() as u64).to_le_bytes());
            self.chain.update(part);
            self.bytes += part.len() as u64;
        }
    }

    /// Takes in all that another one was fed, as one thing.
    pub fn join(&mut self, other: &Self) {
        self.chain.update(&other.chain.digest128().to_le_bytes());
        self.count += other.count;
        self.bytes += other.bytes;
    }

    /// For people and for comparing.
    pub fn shown(&self) -> String {
        format!("{:032x}", self.chain.digest128())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(things: &[&[&[u8]]]) -> String {
        let mut digest = Digest::default();
        things.iter().for_each(|parts| digest.feed(parts.iter().copied()));
        digest.shown()
    }

    #[test]
    fn order_and_borders_count() {
        assert_eq!(of(&[&[b"a", b"b"]]), of(&[&[b"a", b"b"]]));
        assert_ne!(of(&[&[b"a", b"b"]]), of(&[&[b"ab", b""]]));
        assert_ne!(of(&[&[b"a"], &[b"b"]]), of(&[&[b"b"], &[b"a"]]));
    }
}
