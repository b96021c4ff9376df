//! How row keys are made: parts that sort as wanted and can't run into each other.

use bytes::Bytes;
use uuid::Uuid;
use vedetta_model::Timestamp;

/// The bytes of a row's key, part by part.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Key(Vec<u8>);

impl Key {
    /// An empty key.
    pub const fn new() -> Self {
        Self(Vec::new())
    }
    /// A text with its length before it: no text is the beginning of another.
    pub fn text(mut self, text: &str) -> Self {
        let bytes = &text.as_bytes()[..text.len().min(usize::from(u16::MAX))];
        self.0.extend_from_slice(&u16::try_from(bytes.len()).unwrap_or(u16::MAX).to_be_bytes());
        self.0.extend_from_slice(bytes);
        self
    }
    /// An id.
    pub fn uuid(mut self, id: &Uuid) -> Self {
        self.0.extend_from_slice(id.as_bytes());
        self
    }
    /// A number, smallest first.
    pub fn number(mut self, number: u64) -> Self {
        self.0.extend_from_slice(&number.to_be_bytes());
        self
    }
    /// A number, greatest first.
    pub fn number_descending(self, number: u64) -> Self {
        self.number(!number)
    }
    /// A time, oldest first.
    pub fn time(self, time: Timestamp) -> Self {
        self.number(sortable(time))
    }
    /// A time, newest first.
    pub fn newest_first(self, time: Timestamp) -> Self {
        self.number(!sortable(time))
    }
    /// Bytes as they are.
    pub fn raw(mut self, bytes: &[u8]) -> Self {
        self.0.extend_from_slice(bytes);
        self
    }
    /// The bytes.
    pub fn as_slice(&self) -> &[u8] {
        &self.0
    }
}

impl From<Key> for Bytes {
    fn from(key: Key) -> Self {
        key.0.into()
    }
}

/// The sign bit is turned so that times before 1970 sort first.
const fn sortable(time: Timestamp) -> u64 {
    time.as_nanos().cast_unsigned() ^ (1 << 63)
}

/// Reads the parts of a key back, in the order they were written. `None` when it ends early.
#[derive(Debug, Clone, Copy)]
pub struct Parts<'a>(pub &'a [u8]);

impl<'a> Parts<'a> {
    /// The next `n` bytes.
    pub fn raw(&mut self, n: usize) -> Option<&'a [u8]> {
        let (part, rest) = self.0.split_at_checked(n)?;
        self.0 = rest;
        Some(part)
    }
    /// See [`Key::number`].
    pub fn number(&mut self) -> Option<u64> {
        Some(u64::from_be_bytes(self.raw(8)?.try_into().ok()?))
    }
    /// See [`Key::uuid`].
    pub fn uuid(&mut self) -> Option<Uuid> {
        Uuid::from_slice(self.raw(16)?).ok()
    }
    /// See [`Key::text`].
    pub fn text(&mut self) -> Option<&'a str> {
        let len = u16::from_be_bytes(self.raw(2)?.try_into().ok()?);
        std::str::from_utf8(self.raw(usize::from(len))?).ok()
    }
    /// See [`Key::time`].
    pub fn time(&mut self) -> Option<Timestamp> {
        Some(Timestamp::from_nanos((self.number()? ^ (1 << 63)).cast_signed()))
    }
    /// See [`Key::newest_first`].
    pub fn newest_first(&mut self) -> Option<Timestamp> {
        Some(Timestamp::from_nanos((!self.number()? ^ (1 << 63)).cast_signed()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_sort_both_ways_also_before_1970() {
        let times = [i64::MIN, -1, 0, 1, i64::MAX].map(Timestamp::from_nanos);
        for pair in times.windows(2) {
            assert!(Key::new().time(pair[0]).0 < Key::new().time(pair[1]).0);
            assert!(Key::new().newest_first(pair[0]).0 > Key::new().newest_first(pair[1]).0);
        }
        for time in times {
            assert_eq!(Parts(Key::new().time(time).as_slice()).time(), Some(time));
            assert_eq!(Parts(Key::new().newest_first(time).as_slice()).newest_first(), Some(time));
        }
    }

    #[test]
    fn no_text_part_is_the_beginning_of_another() {
        let (a, b) = (Key::new().text("ab").text("c"), Key::new().text("a").text("bc"));
        assert!(!a.as_slice().starts_with(b.as_slice()) && a != b);
        let mut parts = Parts(a.as_slice());
        assert_eq!((parts.text(), parts.text(), parts.text()), (Some("ab"), Some("c"), None));
    }
}
