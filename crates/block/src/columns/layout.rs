//! How tables lie in a body.

use super::ints::Ints;
use crate::BlockError;

/// Seven bits a byte, the last one below 128.
pub fn put_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Small numbers of either sign are small.
pub const fn zigzag(value: i64) -> u64 {
    ((value << 1) ^ (value >> 63)).cast_unsigned()
}

const fn unzigzag(value: u64) -> i64 {
    (value >> 1).cast_signed() ^ -((value & 1).cast_signed())
}

/// Takes fields off the front.
#[derive(Debug)]
pub struct Cursor<'a>(pub &'a [u8]);

impl<'a> Cursor<'a> {
    pub fn take(&mut self, count: usize) -> Result<&'a [u8], BlockError> {
        let (taken, rest) =
            self.0.split_at_checked(count).ok_or(BlockError::Content("it ends inside a column"))?;
        self.0 = rest;
        Ok(taken)
    }

    pub fn varint(&mut self) -> Result<u64, BlockError> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.take(1)?[0];
            if shift == 63 && byte > 1 {
                break;
            }
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(BlockError::Content("a number is longer than 64 bits"))
    }

    pub fn signed(&mut self) -> Result<i64, BlockError> {
        self.varint().map(unzigzag)
    }

    /// A number of rows.
    pub fn rows(&mut self, most: usize) -> Result<usize, BlockError> {
        let rows = usize::try_from(self.varint()?).unwrap_or(usize::MAX);
        if rows > most {
            return Err(BlockError::Content("a table has too many rows"));
        }
        Ok(rows)
    }
}

/// The columns of a table, by their numbers. Those that this build does not know stay unread; those
/// that an older build did not write are missing and read as zero.
#[derive(Debug, Clone, Default)]
pub struct Table<'a>(Vec<Ints<'a>>);

impl<'a> Table<'a> {
    pub fn set(&mut self, column: usize, ints: Ints<'a>) {
        if self.0.len() <= column {
            self.0.resize(column + 1, Ints::default());
        }
        self.0[column] = ints;
    }

    pub fn column(&self, column: usize) -> Ints<'a> {
        self.0.get(column).copied().unwrap_or_default()
    }

    pub fn get(&self, column: usize, row: usize) -> i64 {
        self.0.get(column).map_or(0, |ints| ints.get(row))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn numbers_come_back(value: i64) {
            let mut bytes = Vec::new();
            put_varint(&mut bytes, zigzag(value));
            let mut cursor = Cursor(&bytes);
            prop_assert_eq!(cursor.signed().unwrap(), value);
            prop_assert!(cursor.0.is_empty());
        }
    }

    #[test]
    fn a_number_that_never_ends_is_refused() {
        assert!(Cursor(&[0xff; 11]).varint().is_err());
        assert!(Cursor(&[0xff; 3]).varint().is_err());
    }
}
