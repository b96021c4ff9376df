//! Values that are computed: fields behind transformers, and fields that stand on the right.

use std::net::IpAddr;

use super::text::agrees;
use super::transform;
use crate::fields::{Fetch, Field, FieldSource, Plural, Value};
use crate::filter::{Literal, Op, Transformer};

/// What stands on one side of a comparison, with its fields resolved.
#[derive(Debug, Clone)]
pub(crate) enum Expression {
    Field(Field),
    Constant(Literal),
    List(Vec<Expression>),
    Call { transformer: Transformer, args: Vec<Expression>, index: Option<u8> },
}

/// A value that stands for itself.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum OwnedValue {
    Text(Vec<u8>),
    Int(i64),
    Uint(u64),
    Double(f64),
    Bool(bool),
    Ip(IpAddr),
}

impl OwnedValue {
    fn of(value: Value<'_>) -> Self {
        match value {
            Value::Text(bytes) => Self::Text(bytes.to_vec()),
            Value::Int(n) => Self::Int(n),
            Value::Uint(n) => Self::Uint(n),
            Value::Double(n) => Self::Double(n),
            Value::Bool(b) => Self::Bool(b),
            Value::Ip(ip) => Self::Ip(ip),
        }
    }

    pub(crate) fn borrow(&self) -> Value<'_> {
        match self {
            Self::Text(bytes) => Value::Text(bytes),
            Self::Int(n) => Value::Int(*n),
            Self::Uint(n) => Value::Uint(*n),
            Self::Double(n) => Value::Double(*n),
            Self::Bool(b) => Value::Bool(*b),
            Self::Ip(ip) => Value::Ip(*ip),
        }
    }

    fn into_text(self) -> Vec<u8> {
        match self {
            Self::Text(bytes) => bytes,
            other => {
                let mut out = Vec::new();
                other.borrow().text_bytes(&mut out);
                out
            }
        }
    }
}

/// What an expression comes to.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Owned {
    Absent,
    One(OwnedValue),
    List(Vec<OwnedValue>),
}

impl Expression {
    /// The value for an event; a field of which one value would have to agree gives its first.
    pub(crate) fn evaluate<S: FieldSource + ?Sized>(&self, source: &S, buffer: &mut Vec<u8>) -> Owned {
        match (self, self.evaluate_all(source, buffer)) {
            (Self::Field(field), Owned::List(mut values)) if field.plural == Plural::Any => {
                match values.len() {
                    0 => Owned::Absent,
                    _ => Owned::One(values.swap_remove(0)),
                }
            }
            (_, value) => value,
        }
    }

    /// The same with all values of such a field.
    pub(crate) fn evaluate_all<S: FieldSource + ?Sized>(&self, source: &S, buffer: &mut Vec<u8>) -> Owned {
        match self {
            Self::Constant(literal) => Owned::One(OwnedValue::Text(literal.0.to_vec())),
            Self::Field(field) => {
                buffer.clear();
                match source.fetch(field, buffer) {
                    Fetch::Absent => Owned::Absent,
                    Fetch::Value(value) => Owned::One(OwnedValue::of(value)),
                    Fetch::Built => Owned::One(OwnedValue::Text(buffer.clone())),
                    Fetch::Many => {
                        let mut values = Vec::new();
                        source.each(field, buffer, &mut |value| {
                            values.push(OwnedValue::of(value));
                            false
                        });
                        if values.is_empty() { Owned::Absent } else { Owned::List(values) }
                    }
                }
            }
            Self::List(items) => {
                let mut values = Vec::with_capacity(items.len());
                for item in items {
                    match item.evaluate(source, buffer) {
                        Owned::Absent => return Owned::Absent,
                        Owned::One(value) => values.push(value),
                        Owned::List(more) => values.extend(more),
                    }
                }
                Owned::List(values)
            }
            Self::Call { transformer, args, index } => {
                let args: Vec<_> = args.iter().map(|a| a.evaluate(source, buffer)).collect();
                call(*transformer, args, *index).unwrap_or(Owned::Absent)
            }
        }
    }
}

fn call(transformer: Transformer, args: Vec<Owned>, index: Option<u8>) -> Option<Owned> {
    if args.contains(&Owned::Absent) {
        return None;
    }
    let mut args = args.into_iter();
    let first = args.next()?;
    match transformer {
        Transformer::Val => Some(first),
        Transformer::ToLower => each_text(first, |t| Some(t.to_ascii_lowercase())),
        Transformer::ToUpper => each_text(first, |t| Some(t.to_ascii_uppercase())),
        Transformer::B64 => each_text(first, transform::base64),
        Transformer::Basename => each_text(first, |t| Some(transform::basename(t).to_vec())),
        Transformer::Len => Some(Owned::One(OwnedValue::Uint(match first {
            Owned::List(values) => values.len() as u64,
            Owned::One(value) => value.into_text().len() as u64,
            Owned::Absent => return None,
        }))),
        Transformer::Concat => {
            let parts = std::iter::once(first).chain(args).map(one_text);
            let parts: Option<Vec<_>> = parts.collect();
            Some(Owned::One(OwnedValue::Text(parts?.concat())))
        }
        Transformer::Join => {
            let between = one_text(first)?;
            let parts = list_texts(args.next()?);
            Some(Owned::One(OwnedValue::Text(parts.join(&*between))))
        }
        Transformer::GetOpt => {
            let words = match first {
                Owned::One(line) => {
                    line.into_text().split(u8::is_ascii_whitespace).map(<[u8]>::to_vec).collect()
                }
                list => list_texts(list),
            };
            options(&words, &one_text(args.next()?)?, index)
        }
    }
}

fn options(words: &[Vec<u8>], spec: &[u8], index: Option<u8>) -> Option<Owned> {
    let found = transform::getopt(words, spec);
    if let Some(letter) = index {
        // The last one given counts.
        let last = found.into_iter().rfind(|o| o.given == letter)?;
        return Some(Owned::One(OwnedValue::Text(last.argument.unwrap_or_default())));
    }
    let mut values = Vec::new();
    for option in found {
        values.push(OwnedValue::Text(option.letter.map(|l| vec![l]).unwrap_or_default()));
        values.extend(option.argument.map(OwnedValue::Text));
    }
    Some(Owned::List(values))
}

fn one_text(value: Owned) -> Option<Vec<u8>> {
    match value {
        Owned::One(value) => Some(value.into_text()),
        Owned::Absent | Owned::List(_) => None,
    }
}

fn list_texts(value: Owned) -> Vec<Vec<u8>> {
    match value {
        Owned::Absent => Vec::new(),
        Owned::One(value) => vec![value.into_text()],
        Owned::List(values) => values.into_iter().map(OwnedValue::into_text).collect(),
    }
}

fn each_text(value: Owned, apply: impl Fn(&[u8]) -> Option<Vec<u8>>) -> Option<Owned> {
    let one = |value: OwnedValue| apply(&value.into_text()).map(OwnedValue::Text);
    Some(match value {
        Owned::One(value) => Owned::One(one(value)?),
        Owned::List(values) => Owned::List(values.into_iter().map(one).collect::<Option<_>>()?),
        Owned::Absent => return None,
    })
}

/// Compares two values of one event.
pub(super) fn compare<S: FieldSource + ?Sized>(
    op: Op,
    left: &Expression,
    right: &Expression,
    source: &S,
    buffer: &mut Vec<u8>,
) -> bool {
    let (left, right) = (left.evaluate(source, buffer), right.evaluate(source, buffer));
    let rights = match right {
        Owned::Absent => return false,
        Owned::One(value) => vec![value],
        Owned::List(values) => values,
    };
    let agrees_with_one = |left: &OwnedValue| rights.iter().any(|right| pair(op, left, right));
    match left {
        Owned::Absent => false,
        Owned::One(value) => agrees_with_one(&value),
        Owned::List(values) if op == Op::In => !values.is_empty() && values.iter().all(agrees_with_one),
        Owned::List(values) => values.iter().any(agrees_with_one),
    }
}

fn pair(op: Op, left: &OwnedValue, right: &OwnedValue) -> bool {
    use std::cmp::Ordering;
    let number = |value: &OwnedValue| match value {
        OwnedValue::Int(n) => Some(i128::from(*n)),
        OwnedValue::Uint(n) => Some(i128::from(*n)),
        _ => None,
    };
    let ordered = |ordering: Option<Ordering>| match op {
        Op::Lt => ordering == Some(Ordering::Less),
        Op::Gt => ordering == Some(Ordering::Greater),
        Op::Le => matches!(ordering, Some(Ordering::Less | Ordering::Equal)),
        Op::Ge => matches!(ordering, Some(Ordering::Greater | Ordering::Equal)),
        Op::Ne => ordering != Some(Ordering::Equal),
        _ => ordering == Some(Ordering::Equal),
    };
    match (left, right) {
        (OwnedValue::Text(left), OwnedValue::Text(right)) => agrees(op, left, right) != (op == Op::Ne),
        (OwnedValue::Double(left), OwnedValue::Double(right)) => ordered(left.partial_cmp(right)),
        (OwnedValue::Bool(left), OwnedValue::Bool(right)) => ordered(Some(left.cmp(right))),
        (OwnedValue::Ip(left), OwnedValue::Ip(right)) => ordered(Some(left.cmp(right))),
        (left, right) => match (number(left), number(right)) {
            (Some(left), Some(right)) => ordered(Some(left.cmp(&right))),
            _ => false,
        },
    }
}

impl Expression {
    /// The fields that it needs; without any one of them it has no value.
    pub(crate) fn fields(&self) -> Vec<&Field> {
        match self {
            Self::Constant(_) => Vec::new(),
            Self::Field(field) => vec![field],
            Self::List(items) | Self::Call { args: items, .. } => {
                items.iter().flat_map(Self::fields).collect()
            }
        }
    }
}
