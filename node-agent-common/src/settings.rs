//! What the agent tells the programs while they run.

use crate::record::Record;

/// How many [`Rule`]s a filter holds.
pub const RULES: usize = 32;
/// How much of a path's name a [`Rule`] compares.
pub const NAME: usize = 16;

/// One prefix of at most two names, each cut to [`NAME`] bytes and filled with zeros. An empty
/// second name stands for any.
#[repr(C)]
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Rule {
    /// The name below the root.
    pub first: [u64; 2],
    /// The name below that.
    pub second: [u64; 2],
}

/// Which opens for reading leave the kernel. It may let too much pass, never too little: whoever
/// wants an exact answer looks again.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReadFilter {
    /// Not 0: all of them.
    pub all: u32,
    /// How many of the rules count.
    pub count: u32,
    /// A path passes when one of these holds.
    pub rules: [Rule; RULES],
}

impl ReadFilter {
    /// Nothing passes.
    pub const NONE: Self = Self { all: 0, count: 0, rules: [Rule { first: [0; 2], second: [0; 2] }; RULES] };
}

/// A name as rules compare it.
pub const fn name_key(name: &[u8]) -> [u64; 2] {
    let mut bytes = [[0u8; 8]; 2];
    let mut i = 0;
    while i < name.len() && i < NAME {
        bytes[i / 8][i % 8] = name[i];
        i += 1;
    }
    [u64::from_ne_bytes(bytes[0]), u64::from_ne_bytes(bytes[1])]
}

// SAFETY: integers only, no padding (asserted below).
unsafe impl Record for ReadFilter {}
const _: () = assert!(size_of::<ReadFilter>() == 8 + RULES * 32);
