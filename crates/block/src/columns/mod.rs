//! The body of a block as columns: whole numbers with as few bytes as their range needs, and
//! dictionaries for texts and addresses. `FORMAT.md` shows the bytes.
//!
//! [`write()`] takes rows apart, [`read()`] puts them together, and [`Columns`] are read where they lie; [`cells`] says which type becomes
//! which columns, the same way for both.

mod cells;
mod in_place;
mod ints;
mod layout;
mod reader;
mod writer;

pub use in_place::{Actor, Columns, Seen, SeenEvents};
pub use reader::read;
pub use writer::write;

/// Tables of a body. Those of event kinds follow, in the order of the header's list.
mod table {
    /// One row for each event.
    pub const EVENTS: u32 = 0;
    /// One for each process.
    pub const PROCESSES: u32 = 1;
    /// One for each member of a list, such as an argument, in the order of their owners.
    pub const MEMBERS: u32 = 2;
    /// One for each distinct address of a socket.
    pub const ADDRESSES: u32 = 3;
    /// One for each distinct text: its length. The texts themselves end the body.
    pub const TEXTS: u32 = 4;
    /// The first kind's.
    pub const KINDS: u32 = 16;
}

/// Most events and most processes: columns that repeat one value take no bytes, so that bytes alone
/// would not hold a liar back.
pub const MAX_ROWS: usize = 1 << 17;
/// Most list members, addresses and texts. An agent's largest batch stays far below, however many
/// and small the arguments that somebody gives to a program.
pub const MAX_PARTS: usize = 1 << 20;
/// Most bytes of text that the rows of a body may refer to, repeats included.
pub const MAX_TEXT: usize = 64 << 20;
