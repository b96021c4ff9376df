//! Every stored value carries a version and a checksum over itself and its key, so that damaged or
//! misplaced bytes are recognised.
//!
//! ```text
//!   │ version 1 │ crc32 of key length, key, body (LE) │ body … │
//!   0           1                                     5
//! ```

use bytes::Bytes;

const VERSION: u8 = 1;
const HEADER: usize = 5;

/// Why stored bytes are not a value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Damage {
    /// Too short to be one.
    #[error("only {0} bytes")]
    Short(usize),
    /// Written by a version that this one does not know.
    #[error("format version {0}, known is {VERSION}")]
    Version(u8),
    /// The checksum differs.
    #[error("checksum {found:08x}, expected {expected:08x}")]
    Checksum {
        /// Of the bytes.
        found: u32,
        /// As written beside them.
        expected: u32,
    },
}

/// A body being written, with room before it for what sealing adds, so that a large one is not copied.
#[derive(Debug, Clone)]
pub struct Draft(Vec<u8>);

impl Draft {
    /// An empty one with room for so many bytes.
    pub fn with_capacity(bytes: usize) -> Self {
        let mut draft = Vec::with_capacity(HEADER + bytes);
        draft.resize(HEADER, 0);
        Self(draft)
    }

    /// Where to append the body's bytes.
    pub fn body(&mut self) -> &mut Vec<u8> {
        &mut self.0
    }

    /// Bytes so far, those that sealing adds included.
    pub fn size(&self) -> usize {
        self.0.len()
    }

    /// The stored form under `key`.
    pub fn seal(self, key: &[u8]) -> Bytes {
        let Self(mut sealed) = self;
        // Whatever was done to it, it has room for a header.
        sealed.resize(sealed.len().max(HEADER), 0);
        let checksum = checksum(key, &sealed[HEADER..]);
        sealed[0] = VERSION;
        sealed[1..HEADER].copy_from_slice(&checksum.to_le_bytes());
        sealed.into()
    }
}

impl<T: AsRef<[u8]>> From<T> for Draft {
    fn from(body: T) -> Self {
        let mut draft = Self::with_capacity(body.as_ref().len());
        draft.0.extend_from_slice(body.as_ref());
        draft
    }
}

/// The body in a stored form of which something else has told that it is whole.
pub(crate) fn trusted(sealed: &[u8]) -> &[u8] {
    sealed.get(HEADER..).unwrap_or_default()
}

/// The body of what [`Draft::seal`] made under the same key.
pub fn unseal(key: &[u8], sealed: &Bytes) -> Result<Bytes, Damage> {
    let Some((&[version, a, b, c, d], body)) = sealed.split_first_chunk::<HEADER>() else {
        return Err(Damage::Short(sealed.len()));
    };
    if version != VERSION {
        return Err(Damage::Version(version));
    }
    let (expected, found) = (u32::from_le_bytes([a, b, c, d]), checksum(key, body));
    if found != expected {
        return Err(Damage::Checksum { found, expected });
    }
    Ok(sealed.slice(HEADER..))
}

fn checksum(key: &[u8], body: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&(key.len() as u64).to_le_bytes());
    hasher.update(key);
    hasher.update(body);
    hasher.finalize()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_sealed_value_has_known_bytes() {
        assert_eq!(*Draft::from(b"v").seal(b"k"), [1, 45, 101, 39, 51, b'v']);
    }

    proptest! {
        #[test]
        fn a_value_comes_back_under_its_key_and_no_other(key: Vec<u8>, other: Vec<u8>, body: Vec<u8>) {
            let sealed = Draft::from(&body).seal(&key);
            prop_assert_eq!(unseal(&key, &sealed).unwrap(), body);
            prop_assert!(key == other || unseal(&other, &sealed).is_err());
        }

        #[test]
        fn one_flipped_bit_is_recognised(key: Vec<u8>, body: Vec<u8>, at: prop::sample::Index, bit in 0..8_u8) {
            let mut sealed = Draft::from(&body).seal(&key).to_vec();
            let at = at.index(sealed.len());
            sealed[at] ^= 1 << bit;
            prop_assert!(unseal(&key, &Bytes::from(sealed)).is_err());
        }

        #[test]
        fn arbitrary_bytes_are_refused_or_read_and_never_panic(key: Vec<u8>, bytes: Vec<u8>) {
            let _ = unseal(&key, &Bytes::from(bytes));
        }
    }
}
