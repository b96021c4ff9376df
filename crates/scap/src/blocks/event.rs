//! Event blocks.

use super::Block;
use crate::Error;
use crate::cursor::Cursor;
use crate::table;

/// How an event block is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Shape {
    /// Flags stand after the processor's number.
    pub(crate) flags: bool,
    /// The number of parameters stands in the header.
    pub(crate) counted: bool,
    /// Lengths of parameters take 32 bits, not 16.
    pub(crate) large: bool,
}

/// The event is only there for the state it changes.
const STATE_ONLY: u32 = 1;
/// No event of the table has more.
const MOST_PARAMETERS: usize = 64;

/// An event as it stands in the capture.
#[derive(Debug, Clone)]
pub(crate) struct RawEvent<'c> {
    /// Nanoseconds since 1970.
    pub(crate) time: u64,
    pub(crate) tid: i64,
    pub(crate) cpu: u16,
    /// The event's number in the table.
    pub(crate) code: u16,
    pub(crate) state_only: bool,
    pub(crate) parameters: Vec<&'c [u8]>,
}

impl<'c> RawEvent<'c> {
    pub(crate) fn enters(&self) -> bool {
        self.code.is_multiple_of(2)
    }

    pub(crate) fn bytes(&self, at: usize) -> Option<&'c [u8]> {
        self.parameters.get(at).copied()
    }

    fn exactly<const N: usize>(&self, at: usize) -> Option<[u8; N]> {
        self.bytes(at)?.try_into().ok()
    }

    pub(crate) fn i64(&self, at: usize) -> Option<i64> {
        self.exactly(at).map(i64::from_le_bytes)
    }

    pub(crate) fn u64(&self, at: usize) -> Option<u64> {
        self.exactly(at).map(u64::from_le_bytes)
    }

    pub(crate) fn u32(&self, at: usize) -> Option<u32> {
        self.exactly(at).map(u32::from_le_bytes)
    }

    pub(crate) fn i32(&self, at: usize) -> Option<i32> {
        self.exactly(at).map(i32::from_le_bytes)
    }

    pub(crate) fn u16(&self, at: usize) -> Option<u16> {
        self.exactly(at).map(u16::from_le_bytes)
    }

    pub(crate) fn u8(&self, at: usize) -> Option<u8> {
        self.exactly(at).map(u8::from_le_bytes)
    }

    /// A text without what follows its first zero byte.
    pub(crate) fn text(&self, at: usize) -> Option<&'c [u8]> {
        self.bytes(at).map(until_zero)
    }
}

/// The bytes before the first zero.
pub(crate) fn until_zero(bytes: &[u8]) -> &[u8] {
    bytes.split(|b| *b == 0).next().unwrap_or_default()
}

/// Reads an event. `None` for one whose number the table lacks: a newer driver wrote it.
pub(crate) fn read<'c>(block: &Block<'c>, shape: Shape) -> Result<Option<RawEvent<'c>>, Error> {
    let short = || block.damaged("the event is shorter than its header");
    let mut body = Cursor::new(block.body);
    let cpu = body.u16().ok_or_else(short)?;
    let flags = if shape.flags { body.u32().ok_or_else(short)? } else { 0 };
    let mut head = body;
    let (time, tid) = (head.u64().ok_or_else(short)?, head.i64().ok_or_else(short)?);
    let length = usize::try_from(head.u32().ok_or_else(short)?).map_err(|_| short())?;
    let code = head.u16().ok_or_else(short)?;
    let Some(info) = table::event(code) else { return Ok(None) };
    let given = if shape.counted { Some(head.u32().ok_or_else(short)?) } else { None };
    let header = body.left() - head.left();
    // Old drivers counted the length of these two three too high.
    let over = if given.is_none() && matches!(info.name, "notification" | "infra") { 3 } else { 0 };
    let inner = length
        .checked_sub(header + over)
        .filter(|inner| *inner <= head.left())
        .ok_or_else(|| block.damaged("the event's length is not that of its block"))?;
    let data = head.take(inner).unwrap_or_default();
    let parameters = match given {
        Some(count) => {
            let count = usize::try_from(count).unwrap_or(usize::MAX).min(MOST_PARAMETERS);
            cut(data, count, shape.large).map(|(parameters, _)| parameters)
        }
        None => guess(data, info.parameters.len()),
    };
    let parameters =
        parameters.ok_or_else(|| block.damaged("the lengths of the parameters are not that of the event"))?;
    let state_only = flags & STATE_ONLY != 0;
    Ok(Some(RawEvent { time, tid, cpu, code, state_only, parameters }))
}

/// Cuts parameters out of an event's data. Gives what is left over, too.
fn cut(data: &[u8], count: usize, large: bool) -> Option<(Vec<&[u8]>, usize)> {
    let mut lengths = Cursor::new(data);
    let mut values = lengths;
    values.take(count * if large { 4 } else { 2 })?;
    let mut parameters = Vec::with_capacity(count);
    for _ in 0..count {
        let length = if large { usize::try_from(lengths.u32()?).ok()? } else { usize::from(lengths.u16()?) };
        parameters.push(values.take(length)?);
    }
    Some((parameters, values.left()))
}

/// Old captures don't say how many parameters an event has: it is the number, from the table's
/// downwards, with which the lengths come out even.
fn guess(data: &[u8], most: usize) -> Option<Vec<&[u8]>> {
    (0..=most).rev().find_map(|count| match cut(data, count, false) {
        Some((parameters, 0)) => Some(parameters),
        _ => None,
    })
}
