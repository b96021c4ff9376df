//! One record in the ring.
//!
//! ```text
//!   0        64            64 + body
//!   | Header | body of its family | Segment | bytes | Segment | bytes | …
//! ```
//! The header and the body have a fixed size; names and arguments follow as segments, so that a
//! record takes only the room it needs.

use core::mem::size_of;

/// What every record begins with: when, who, and how the call ended.
#[repr(C)]
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Header {
    /// `CLOCK_MONOTONIC`, in nanoseconds.
    pub time: u64,
    /// When the thread group's leader started, in nanoseconds since boot: with `tgid` it names the process.
    pub start: u64,
    /// Process id, as the root pid namespace has it.
    pub tgid: u32,
    /// Thread id, as the root pid namespace has it.
    pub tid: u32,
    /// What the system call returned; 0 where there is no call.
    pub result: i64,
    /// Real user id.
    pub uid: u32,
    /// Effective user id.
    pub euid: u32,
    /// Real group id.
    pub gid: u32,
    /// Effective group id.
    pub egid: u32,
    /// Which program wrote this: a [`crate::Hook`].
    pub hook: u8,
    /// Which system call: a [`crate::Call`], 0 where there is none.
    pub call: u8,
    /// `TRUNCATED` and its like.
    pub flags: u16,
    /// Counts the execs of the thread: tells two programs in one process apart.
    pub exec_id: u32,
    /// The processor it happened on.
    pub cpu: u32,
    /// Filler.
    pub reserved: u32,
}

/// The record's tail did not fit and was cut.
pub const TRUNCATED: u16 = 1;

/// What a segment's bytes are.
#[repr(C)]
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Segment {
    /// Which argument this is: a [`Slot`].
    pub slot: u8,
    /// How the bytes are written: [`TEXT`] or [`NAMES`], and the flags of a path.
    pub form: u8,
    /// How many bytes follow.
    pub len: u16,
}

/// Plain bytes, without a closing zero, as a program or the kernel had them.
pub const TEXT: u8 = 0;
/// The names of a path from the leaf to the root, each with its length (one byte) before it.
pub const NAMES: u8 = 1;
/// Mask of the part of `form` that says how the bytes are written.
pub const FORM_MASK: u8 = 0x0f;
/// The walk ended before the root: the path is longer than the programs follow.
pub const CUT: u8 = 0x80;
/// The file hangs in no folder (memfd, pipe, socket).
pub const DETACHED: u8 = 0x40;
/// The name had been removed when it was read.
pub const DELETED: u8 = 0x20;

/// Names the arguments that segments carry.
#[repr(u8)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Slot {
    /// The path of a file the kernel had open: complete, links resolved.
    File = 1,
    /// The first path argument, as the program wrote it.
    First = 2,
    /// The folder that a relative [`Slot::First`] begins at.
    FirstBase = 3,
    /// The second path argument, as the program wrote it.
    Second = 4,
    /// The folder that a relative [`Slot::Second`] begins at.
    SecondBase = 5,
    /// A third text argument (the type of a file system).
    Third = 6,
    /// The program file.
    Exe = 7,
    /// The current directory.
    Cwd = 8,
    /// The command line: arguments, each closed by a zero.
    Args = 9,
    /// The control group's path in its hierarchy.
    Cgroup = 10,
    /// Our end's Unix socket name, as in `sun_path`.
    Local = 11,
    /// The other end's Unix socket name.
    Remote = 12,
    /// A `sockaddr` as the program wrote it.
    Sockaddr = 13,
}

impl Slot {
    /// The slot with this number.
    pub const fn from_number(number: u8) -> Option<Self> {
        Some(match number {
            1 => Self::File,
            2 => Self::First,
            3 => Self::FirstBase,
            4 => Self::Second,
            5 => Self::SecondBase,
            6 => Self::Third,
            7 => Self::Exe,
            8 => Self::Cwd,
            9 => Self::Args,
            10 => Self::Cgroup,
            11 => Self::Local,
            12 => Self::Remote,
            13 => Self::Sockaddr,
            _ => return None,
        })
    }
}

/// A struct that is nothing but integers: any bytes of its size are a value of it.
///
/// # Safety
/// Implement it only for `repr(C)` structs without padding whose fields take every bit pattern.
pub unsafe trait Record: Copy {}

/// Splits a record off the front of `bytes`; `None` when they are too few.
pub fn take<T: Record>(bytes: &[u8]) -> Option<(T, &[u8])> {
    if bytes.len() < size_of::<T>() {
        return None;
    }
    let (head, rest) = bytes.split_at(size_of::<T>());
    // SAFETY: `head` is exactly as long as `T`, and `Record` promises that any bytes are a `T`.
    let value = unsafe { head.as_ptr().cast::<T>().read_unaligned() };
    Some((value, rest))
}

/// The bytes of a record.
pub const fn bytes_of<T: Record>(record: &T) -> &[u8] {
    // SAFETY: `Record` promises that `T` has no padding; the slice borrows the record.
    unsafe { core::slice::from_raw_parts(core::ptr::from_ref(record).cast(), size_of::<T>()) }
}

// SAFETY: every bit pattern is a number.
unsafe impl Record for u64 {}
// SAFETY: integers only, no padding (asserted below).
unsafe impl Record for Header {}
// SAFETY: integers only, no padding (asserted below).
unsafe impl Record for Segment {}

const _: () = assert!(size_of::<Header>() == 64 && size_of::<Segment>() == 4);

/// No record is longer than this.
pub const MAX_RECORD: usize = TAIL_LIMIT + MAX_TEXT + 512;
/// A new segment is begun only below this position.
pub const TAIL_LIMIT: usize = 8191;
/// No text is longer than this (`PATH_MAX`).
pub const MAX_TEXT: usize = 4096;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_survives_its_bytes() {
        let header = Header { time: 1, tgid: 7, result: -2, hook: 3, exec_id: 9, ..Header::default() };
        let bytes = bytes_of(&header);
        assert_eq!(take::<Header>(bytes), Some((header, &[][..])));
        assert_eq!(take::<Header>(&bytes[1..]), None);
    }
}
