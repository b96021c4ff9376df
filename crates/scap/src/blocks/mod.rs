//! The blocks of a capture (FORMAT.md has a picture).

pub(crate) mod event;
pub(crate) mod fds;
pub(crate) mod interfaces;
pub(crate) mod processes;
pub(crate) mod users;

use crate::Error;
use crate::cursor::Cursor;

/// A section header's type number. Reads the same in both byte orders.
const SECTION: u32 = 0x0a0d_0d0a;
const MAGIC: u32 = 0x1a2b_3c4d;
const MAJOR: u16 = 1;

/// What a block holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Section,
    /// Nothing in it is a field of an event: boot time, memory, host name.
    Machine,
    /// Version 1 to 9.
    Processes(u8),
    Fds {
        sized: bool,
    },
    Interfaces {
        sized: bool,
    },
    Users {
        sized: bool,
    },
    Event(event::Shape),
    Other,
}

impl Kind {
    fn of(number: u32) -> Self {
        let event = |flags, counted, large| Self::Event(event::Shape { flags, counted, large });
        match number {
            SECTION => Self::Section,
            0x201 | 0x8002_abcd => Self::Machine,
            0x202 | 0x8000_abcd => Self::Processes(1),
            0x207 | 0x8013_abcd => Self::Processes(2),
            0x209 | 0x8014_abcd => Self::Processes(3),
            0x210 => Self::Processes(4),
            0x211 => Self::Processes(5),
            0x212 => Self::Processes(6),
            0x213 => Self::Processes(7),
            0x214 => Self::Processes(8),
            0x215 => Self::Processes(9),
            0x203 | 0x8001_abcd => Self::Fds { sized: false },
            0x218 => Self::Fds { sized: true },
            0x205 | 0x8011_abcd => Self::Interfaces { sized: false },
            0x219 => Self::Interfaces { sized: true },
            0x206 | 0x8012_abcd => Self::Users { sized: false },
            0x220 => Self::Users { sized: true },
            0x204 | 0x8010_abcd => event(false, false, false),
            0x208 => event(true, false, false),
            0x216 => event(false, true, false),
            0x217 => event(true, true, false),
            0x221 => event(false, true, true),
            0x222 => event(true, true, true),
            _ => Self::Other,
        }
    }
}

/// A block without its header and trailer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Block<'c> {
    pub(crate) kind: Kind,
    pub(crate) number: u32,
    /// Where it begins.
    pub(crate) at: usize,
    pub(crate) body: &'c [u8],
}

impl Block<'_> {
    pub(crate) fn damaged(&self, what: &'static str) -> Error {
        Error::Damaged { at: self.at, kind: self.number, what }
    }
}

/// The blocks, one after the other. Ends after the first error.
#[derive(Debug, Clone)]
pub(crate) struct Blocks<'c> {
    bytes: &'c [u8],
    at: usize,
}

impl<'c> Blocks<'c> {
    /// Reads the section header.
    pub(crate) fn open(bytes: &'c [u8]) -> Result<Self, Error> {
        let mut blocks = Self { bytes, at: 0 };
        let first = match blocks.next() {
            Some(Ok(block)) if block.kind == Kind::Section => block,
            _ => return Err(Error::NotACapture),
        };
        let mut body = Cursor::new(first.body);
        let (magic, major) = (body.u32(), body.u16());
        if magic != Some(MAGIC) {
            let what = "its byte order is another".to_owned();
            return Err(Error::Unsupported { what });
        }
        match major {
            Some(MAJOR) => Ok(blocks),
            major => Err(Error::Unsupported { what: format!("its format is {major:?}, not {MAJOR}") }),
        }
    }

    fn read(&mut self) -> Result<Block<'c>, Error> {
        let at = self.at;
        let torn = Error::Torn { at };
        let mut cursor = Cursor::new(self.bytes.get(at..).unwrap_or_default());
        let (Some(number), Some(length)) = (cursor.u32(), cursor.u32()) else { return Err(torn) };
        let block = Block { kind: Kind::of(number), number, at, body: &[] };
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        let Some(inner) = length.checked_sub(12) else {
            return Err(block.damaged("its length is below that of its header"));
        };
        let body = cursor.take(inner).ok_or(torn.clone())?;
        let trailer = cursor.u32().ok_or(torn)?;
        if usize::try_from(trailer) != Ok(length) {
            return Err(block.damaged("its two lengths differ"));
        }
        self.at = at + length;
        Ok(Block { body, ..block })
    }
}

impl<'c> Iterator for Blocks<'c> {
    type Item = Result<Block<'c>, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.at >= self.bytes.len() {
            return None;
        }
        let read = self.read();
        if read.is_err() {
            self.at = self.bytes.len();
        }
        Some(read)
    }
}
