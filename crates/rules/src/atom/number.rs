//! Comparisons of numbers.

use super::{How, Quantity};
use crate::fields::{FieldType, Value};
use crate::filter::{Literal, Op};

/// Well-known services that a rule may name instead of a port.
const SERVICES: [(&str, i128); 14] = [
    ("ftp", 21),
    ("ssh", 22),
    ("telnet", 23),
    ("smtp", 25),
    ("domain", 53),
    ("http", 80),
    ("pop3", 110),
    ("ntp", 123),
    ("imap", 143),
    ("ldap", 389),
    ("https", 443),
    ("ldaps", 636),
    ("mysql", 3306),
    ("postgresql", 5432),
];

#[derive(Debug)]
pub(crate) struct NumberTest {
    op: Op,
    how: How,
    values: Vec<i128>,
}

impl NumberTest {
    pub(super) fn new(op: Op, how: How, values: Vec<i128>) -> Self {
        Self { op, how, values }
    }

    /// The numbers of which the tested one has to be equal to one, where that is what is tested.
    pub(crate) fn equal_to(&self) -> Option<&[i128]> {
        let equality = matches!(self.op, Op::Eq | Op::EqEq | Op::In | Op::Intersects);
        (equality && !self.how.negated && self.how.quantity == Quantity::Any).then_some(&self.values)
    }

    pub(super) fn holds(&self, value: Value<'_>) -> bool {
        match value {
            Value::Int(n) => self.integer(n.into()),
            Value::Uint(n) => self.integer(n.into()),
            Value::Bool(b) => self.integer(b.into()),
            Value::Double(n) => self.fraction(n),
            Value::Text(_) | Value::Ip(_) => false,
        }
    }

    fn integer(&self, n: i128) -> bool {
        match self.op {
            Op::Lt => self.values.iter().all(|v| n < *v),
            Op::Le => self.values.iter().all(|v| n <= *v),
            Op::Gt => self.values.iter().all(|v| n > *v),
            Op::Ge => self.values.iter().all(|v| n >= *v),
            _ => self.how.judge(&self.values, |v| *v == n),
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "constants of fractions are small whole numbers")]
    fn fraction(&self, n: f64) -> bool {
        match self.op {
            Op::Lt => self.values.iter().all(|v| n < *v as f64),
            Op::Le => self.values.iter().all(|v| n <= *v as f64),
            Op::Gt => self.values.iter().all(|v| n > *v as f64),
            Op::Ge => self.values.iter().all(|v| n >= *v as f64),
            _ => self.how.judge(&self.values, |v| *v as f64 == n),
        }
    }
}

/// Reads a constant as a number of the field's type.
pub(super) fn parse(literal: &Literal, field_type: FieldType) -> Result<i128, String> {
    let text = literal.to_text();
    let parsed = match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(digits) => i128::from_str_radix(digits, 16).ok(),
        None => text.parse().ok(),
    };
    let parsed = parsed.or_else(|| {
        let service = SERVICES.iter().find(|(name, _)| field_type == FieldType::Port && *name == text);
        service.map(|(_, port)| *port)
    });
    let range = match field_type {
        FieldType::Port => 0..=i128::from(u16::MAX),
        FieldType::Uint => 0..=i128::from(u64::MAX),
        _ => i128::from(i64::MIN)..=i128::from(u64::MAX),
    };
    parsed
        .filter(|n| range.contains(n))
        .ok_or_else(|| format!("{text} is not a valid {}", field_type.describe()))
}
