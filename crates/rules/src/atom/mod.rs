//! An atom: one comparison, type-checked against the catalogue and made ready to run. Rules share
//! atoms that read the same.

mod build;
mod number;
mod operand;
mod pattern;
mod text;
mod transform;

use std::net::IpAddr;

use crate::fields::{Fetch, Field, FieldSource, Plural, Value};
use crate::filter::{Check, Modifier, Op};

pub use build::{BuildError, build};
pub(crate) use build::{MAX_VALUES, fields_exist, resolve_output};
pub(crate) use number::NumberTest;
pub(crate) use operand::{Expression, Owned, OwnedValue};
pub(crate) use text::TextTest;

/// One comparison, ready to run.
#[derive(Debug)]
pub struct Atom {
    /// Its canonical text.
    pub text: String,
    /// The comparison as parsed.
    pub check: Check,
    pub(crate) left: Expression,
    pub(crate) test: Test,
    /// A rough order of what is cheap to find out, for choosing what to ask first.
    pub(crate) cost: u32,
}

#[derive(Debug)]
pub(crate) enum Test {
    Exists,
    Text(TextTest),
    Number(NumberTest),
    Bool {
        values: Vec<bool>,
        how: How,
    },
    Address {
        values: Vec<IpAddr>,
        how: How,
    },
    Net {
        values: Vec<Network>,
        how: How,
    },
    /// The value's own type decides.
    Dynamic {
        number: Option<NumberTest>,
        text: TextTest,
    },
    /// Compared with another value of the event.
    Operand {
        op: Op,
        right: Expression,
    },
}

/// An address and the length of its network part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Network {
    pub(crate) address: IpAddr,
    pub(crate) prefix: u8,
}

impl Network {
    fn contains(self, ip: IpAddr) -> bool {
        let shift = |bits: u32| bits.saturating_sub(u32::from(self.prefix));
        match (self.address, ip) {
            (IpAddr::V4(net), IpAddr::V4(ip)) => {
                let differ = u64::from(net.to_bits() ^ ip.to_bits());
                differ >> shift(32) == 0
            }
            (IpAddr::V6(net), IpAddr::V6(ip)) => {
                let differ = net.to_bits() ^ ip.to_bits();
                differ.checked_shr(shift(128)).unwrap_or(0) == 0
            }
            _ => false,
        }
    }
}

/// How one value has to agree with the values on the right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct How {
    /// The comparison is "not equal".
    pub(crate) negated: bool,
    pub(crate) quantity: Quantity,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Quantity {
    One,
    Any,
    All,
}

impl How {
    fn of(op: Op, modifier: Option<Modifier>) -> Self {
        let quantity = match modifier {
            Some(Modifier::OneOf) => Quantity::One,
            Some(Modifier::AllOf) => Quantity::All,
            Some(Modifier::AnyOf) | None => Quantity::Any,
        };
        Self { negated: op == Op::Ne, quantity }
    }

    /// Applies it, given which values are equal.
    fn judge<T>(self, values: &[T], equal: impl Fn(&T) -> bool) -> bool {
        let mut agree = values.iter().filter(|v| equal(v) != self.negated);
        match self.quantity {
            Quantity::Any => agree.next().is_some(),
            Quantity::One => agree.next().is_some() && agree.next().is_none(),
            Quantity::All => !values.is_empty() && agree.count() == values.len(),
        }
    }
}

impl Test {
    /// Whether one value agrees.
    fn holds(&self, value: Value<'_>) -> bool {
        match (self, value) {
            (Self::Exists, _) => true,
            (Self::Text(test) | Self::Dynamic { text: test, .. }, Value::Text(bytes)) => test.holds(bytes),
            (Self::Number(test) | Self::Dynamic { number: Some(test), .. }, value) => test.holds(value),
            (Self::Bool { values, how }, Value::Bool(b)) => how.judge(values, |v| *v == b),
            (Self::Address { values, how }, Value::Ip(ip)) => how.judge(values, |v| *v == ip),
            (Self::Net { values, how }, Value::Ip(ip)) => how.judge(values, |v| v.contains(ip)),
            _ => false,
        }
    }
}

impl Atom {
    /// Whether the comparison holds for an event.
    pub fn holds<S: FieldSource + ?Sized>(&self, source: &S, buffer: &mut Vec<u8>) -> bool {
        if let Test::Operand { op, right } = &self.test {
            return operand::compare(*op, &self.left, right, source, buffer);
        }
        match &self.left {
            Expression::Field(field) => self.field_holds(field, source, buffer),
            computed => match computed.evaluate(source, buffer) {
                Owned::Absent => false,
                Owned::One(value) => self.test.holds(value.borrow()),
                Owned::List(values) if matches!(self.check.op, Op::In) => {
                    !values.is_empty() && values.iter().all(|v| self.test.holds(v.borrow()))
                }
                Owned::List(values) => values.iter().any(|v| self.test.holds(v.borrow())),
            },
        }
    }

    fn field_holds<S: FieldSource + ?Sized>(&self, field: &Field, source: &S, buffer: &mut Vec<u8>) -> bool {
        buffer.clear();
        match source.fetch(field, buffer) {
            Fetch::Absent => false,
            Fetch::Value(value) => self.test.holds(value),
            Fetch::Built => self.test.holds(Value::Text(buffer)),
            Fetch::Many => {
                // All of a list have to be `in`, and none of several may equal what `!=` names.
                let all = match field.plural {
                    Plural::List => self.check.op == Op::In,
                    Plural::Any | Plural::One => self.check.op == Op::Ne,
                };
                let (mut seen, mut verdict) = (false, all);
                source.each(field, buffer, &mut |value| {
                    seen = true;
                    verdict = self.test.holds(value);
                    verdict != all
                });
                seen && verdict
            }
        }
    }

    /// The field of a plain comparison of one value with constants.
    pub(crate) fn plain_field(&self) -> Option<&Field> {
        match (&self.left, &self.test) {
            (_, Test::Operand { .. }) => None,
            (Expression::Field(field), _) if field.plural == Plural::One => Some(field),
            _ => None,
        }
    }

    /// Whether a plain comparison holds for a value of its field.
    pub(crate) fn value_holds(&self, value: Value<'_>) -> bool {
        self.test.holds(value)
    }

    /// The fields without any one of which it can't hold.
    pub(crate) fn fields(&self) -> Vec<&Field> {
        let mut fields = self.left.fields();
        if let Test::Operand { right, .. } = &self.test {
            fields.extend(right.fields());
        }
        fields
    }

    /// The comparison of a number with constants, where it is one.
    pub(crate) fn number_test(&self) -> Option<&NumberTest> {
        match &self.test {
            Test::Number(test) => Some(test),
            _ => None,
        }
    }

    /// The comparison of a text with constants, where it is one.
    pub(crate) fn text_test(&self) -> Option<&TextTest> {
        match &self.test {
            Test::Text(test) => Some(test),
            _ => None,
        }
    }

    /// What the left side is for an event, as an explanation shows it.
    pub fn show_value<S: FieldSource + ?Sized>(&self, source: &S) -> Option<String> {
        let shown = |values: &[OwnedValue]| {
            let mut out = String::new();
            for (i, value) in values.iter().enumerate() {
                if i > 0 {
                    out.push_str(", ");
                }
                value.borrow().write_to(&mut out);
            }
            out
        };
        match self.left.evaluate_all(source, &mut Vec::new()) {
            Owned::Absent => None,
            Owned::One(value) => Some(shown(&[value])),
            Owned::List(values) => Some(format!("({})", shown(&values))),
        }
    }
}
