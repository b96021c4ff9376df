//! A column of whole numbers: the least of them, and for each row how far it is above, in as few
//! bytes as the farthest needs. None at all when all are the same.

/// A column to be written.
#[derive(Debug, Clone, Default)]
pub struct IntsBuilder(Vec<i64>);

impl IntsBuilder {
    pub fn push(&mut self, value: i64) {
        self.0.push(value);
    }

    pub const fn len(&self) -> usize {
        self.0.len()
    }

    /// What its rows have in common: from this on they can be written. `None` for a column that reads the same
    /// when it is missing.
    pub fn span(&self) -> Option<Span> {
        // One pass without branches over the rows.
        let (least, most) = self
            .0
            .iter()
            .fold((i64::MAX, i64::MIN), |(least, most), value| (least.min(*value), most.max(*value)));
        if self.0.is_empty() || (least, most) == (0, 0) {
            return None;
        }
        let width = match above(most, least) {
            0 => 0,
            1..=0xff => 1,
            0x100..=0xffff => 2,
            0x1_0000..=0xff_ffff => 3,
            0x100_0000..=0xffff_ffff => 4,
            0x1_0000_0000..=0xffff_ffff_ffff => 6,
            _ => 8,
        };
        Some(Span { base: least, width })
    }

    /// Appends the rows.
    pub fn encode(&self, Span { base, width }: Span, out: &mut Vec<u8>) {
        match width {
            0 => {}
            1 => out.extend(self.0.iter().map(|value| above(*value, base) as u8)),
            2 => self.encode_as::<2>(base, out),
            3 => self.encode_as::<3>(base, out),
            4 => self.encode_as::<4>(base, out),
            6 => self.encode_as::<6>(base, out),
            _ => self.encode_as::<8>(base, out),
        }
    }

    /// A width that is known makes a copy of one or two instructions.
    fn encode_as<const WIDTH: usize>(&self, base: i64, out: &mut Vec<u8>) {
        let from = out.len();
        out.resize(from + self.0.len() * WIDTH, 0);
        for (place, value) in out[from..].chunks_exact_mut(WIDTH).zip(&self.0) {
            place.copy_from_slice(&above(*value, base).to_le_bytes()[..WIDTH]);
        }
    }
}

/// Where a column's numbers begin, and how many bytes the farthest from there needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    pub base: i64,
    pub width: u8,
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
        let above = match self.width {
            0 => Some(0),
            1 => self.bytes.get(row).map(|byte| i64::from(*byte)),
            2 => self.number::<2>(row),
            3 => self.number::<3>(row),
            4 => self.number::<4>(row),
            5 => self.number::<5>(row),
            6 => self.number::<6>(row),
            7 => self.number::<7>(row),
            _ => self.number::<8>(row),
        };
        self.base.wrapping_add(above.unwrap_or(0))
    }

    /// A width that is known makes a load of one or two instructions.
    fn number<const WIDTH: usize>(&self, row: usize) -> Option<i64> {
        let from = row.checked_mul(WIDTH)?;
        let bytes = self.bytes.get(from..)?.first_chunk::<WIDTH>()?;
        let mut number = [0; 8];
        number[..WIDTH].copy_from_slice(bytes);
        Some(i64::from_le_bytes(number))
    }
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;

    proptest! {
        #[test]
        fn every_row_comes_back_at_every_width(base: i64, bits in 0_u32..64, rows in vec(any::<u64>(), 1..40)) {
            let mut column = IntsBuilder::default();
            let rows: Vec<i64> =
                rows.iter().map(|n| base.wrapping_add((n & ((1 << bits) - 1)).cast_signed())).collect();
            rows.iter().for_each(|row| column.push(*row));
            let Some(span) = column.span() else {
                prop_assert!(rows.iter().all(|row| *row == 0));
                return Ok(());
            };
            let mut bytes = Vec::new();
            column.encode(span, &mut bytes);
            prop_assert_eq!(bytes.len(), rows.len() * usize::from(span.width));
            let read = Ints::new(span.base, span.width.into(), &bytes);
            let back: Vec<i64> = (0..rows.len()).map(|row| read.get(row)).collect();
            prop_assert_eq!(back, rows);
        }

        #[test]
        fn a_row_that_is_not_there_is_the_base(base: i64, width in 0_usize..=8, bytes in vec(any::<u8>(), 0..20)) {
            let column = Ints::new(base, width, &bytes);
            let rows = bytes.len().checked_div(width).unwrap_or(0);
            prop_assert_eq!(column.get(rows), base);
            prop_assert_eq!(column.get(usize::MAX), base);
        }
    }
}
