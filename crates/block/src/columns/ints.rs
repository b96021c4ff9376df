//! A column of whole numbers: the least of them, and for each row how far it is above, in as few
//! bytes as the farthest needs. None at all when all are the same.

/// A column to be written.
#[derive(Debug, Clone, Default)]
pub struct IntsBuilder(Vec<i64>);

impl IntsBuilder {
    pub fn push(&mut self, value: i64) {
        self.0.push(value);
    }

    /// Whether reading it as missing gives the same.
    pub fn is_default(&self) -> bool {
        self.0.iter().all(|value| *value == 0)
    }

    /// Base, width, and how to append the rows.
    pub fn encode(&self, out: &mut Vec<u8>) -> (i64, u8) {
        let base = self.0.iter().copied().min().unwrap_or(0);
        let farthest = self.0.iter().map(|value| above(*value, base)).max().unwrap_or(0);
        let width = match farthest {
            0 => 0,
            1..=0xff => 1,
            0x100..=0xffff => 2,
            0x1_0000..=0xff_ffff => 3,
            0x100_0000..=0xffff_ffff => 4,
            0x1_0000_0000..=0xffff_ffff_ffff => 6,
            _ => 8,
        };
        out.reserve(self.0.len() * usize::from(width));
        for value in &self.0 {
            out.extend_from_slice(&above(*value, base).to_le_bytes()[..usize::from(width)]);
        }
        (base, width)
    }
}

/// Numbers wrap: the widest range has all 64 bits.
const fn above(value: i64, base: i64) -> u64 {
    value.wrapping_sub(base).cast_unsigned()
}

/// A column that is read. A missing one is all zero.
#[derive(Debug, Clone, Copy, Default)]
pub struct Ints<'a> {
    base: i64,
    width: usize,
    bytes: &'a [u8],
}

impl<'a> Ints<'a> {
    /// `bytes` has `width` bytes for each row.
    pub const fn new(base: i64, width: usize, bytes: &'a [u8]) -> Self {
        Self { base, width, bytes }
    }

    /// The number in a row; of a row that is not there, the base.
    pub fn get(&self, row: usize) -> i64 {
        if self.width == 0 {
            return self.base;
        }
        let mut number = [0; 8];
        if let Some(bytes) = self.bytes.get(row * self.width..(row + 1) * self.width) {
            number[..self.width].copy_from_slice(bytes);
        }
        self.base.wrapping_add(i64::from_le_bytes(number))
    }
}
