//! A reader over foreign bytes that never looks past their end.

/// What is left of some bytes. Every step gives `None` past the end.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cursor<'b> {
    rest: &'b [u8],
}

impl<'b> Cursor<'b> {
    pub(crate) fn new(bytes: &'b [u8]) -> Self {
        Self { rest: bytes }
    }

    pub(crate) fn left(&self) -> usize {
        self.rest.len()
    }

    pub(crate) fn rest(&self) -> &'b [u8] {
        self.rest
    }

    pub(crate) fn take(&mut self, count: usize) -> Option<&'b [u8]> {
        let (head, rest) = self.rest.split_at_checked(count)?;
        self.rest = rest;
        Some(head)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.try_into().ok()
    }

    pub(crate) fn u8(&mut self) -> Option<u8> {
        Some(self.array::<1>()?[0])
    }

    pub(crate) fn u16(&mut self) -> Option<u16> {
        self.array().map(u16::from_le_bytes)
    }

    pub(crate) fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }

    pub(crate) fn i32(&mut self) -> Option<i32> {
        self.array().map(i32::from_le_bytes)
    }

    pub(crate) fn u64(&mut self) -> Option<u64> {
        self.array().map(u64::from_le_bytes)
    }

    pub(crate) fn i64(&mut self) -> Option<i64> {
        self.array().map(i64::from_le_bytes)
    }

    /// Bytes whose number, 16 bits, stands before them.
    pub(crate) fn counted(&mut self) -> Option<&'b [u8]> {
        let count = self.u16()?;
        self.take(usize::from(count))
    }

    /// An entry whose length, 32 bits, may stand before it. The length counts itself or not,
    /// which differs between lists.
    pub(crate) fn entry(&mut self, counts_itself: bool) -> Option<Self> {
        let length = usize::try_from(self.u32()?).ok()?;
        let length = if counts_itself { length.checked_sub(4)? } else { length };
        self.take(length).map(Self::new)
    }
}
