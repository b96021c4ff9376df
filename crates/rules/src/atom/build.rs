//! Checks a comparison against the catalogue and makes it ready to run.

use std::net::IpAddr;

use super::number::{self, NumberTest};
use super::operand::Expression;
use super::text::TextTest;
use super::{Atom, How, Network, Test};
use crate::fields::{Catalogue, Field, FieldType, Plural};
use crate::filter::{Check, Literal, Op, Operand, Position, Right, Transformer, write_check};

/// How many values the right side of a comparison may have.
pub(crate) const MAX_VALUES: usize = 1_000_000;

/// Why a comparison can't be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BuildError {
    /// Where in the condition.
    pub position: Position,
    /// What is wrong.
    pub message: String,
    /// The field is not in the catalogue: rules may ask to be skipped then.
    pub unknown_field: bool,
}

/// What an expression gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Shape {
    field_type: FieldType,
    list: bool,
}

/// Makes an atom. Names of lists must have been replaced. Warnings about constants that look like
/// something else are appended to `warnings`.
pub fn build(check: &Check, catalogue: &Catalogue, warnings: &mut Vec<String>) -> Result<Atom, BuildError> {
    let fail = |message: String| BuildError { position: check.position, message, unknown_field: false };
    let left = resolve(&check.left, catalogue)?;
    let shape = shape(&left).map_err(fail)?;
    comparable(check.op, shape).map_err(fail)?;
    let test = match &check.right {
        None => Test::Exists,
        Some(Right::Operand(operand)) => {
            let right = resolve(operand, catalogue)?;
            right_side(check.op, &left, shape, &right).map_err(fail)?;
            Test::Operand { op: check.op, right }
        }
        Some(Right::Value(value)) => constants(check, shape, std::slice::from_ref(value)).map_err(fail)?,
        Some(Right::List(values)) => constants(check, shape, values).map_err(fail)?,
        Some(Right::Name(name)) => {
            return Err(fail(format!("'{name}' is not a list that is defined before")));
        }
    };
    warn(check, catalogue, warnings);
    let mut text = String::new();
    write_check(&mut text, check);
    Ok(Atom { text, check: check.clone(), cost: cost(check, &left), left, test })
}

/// Whether all fields that a comparison names exist.
pub(crate) fn fields_exist(check: &Check, catalogue: &Catalogue) -> Result<(), BuildError> {
    resolve(&check.left, catalogue)?;
    match &check.right {
        Some(Right::Operand(operand)) => resolve(operand, catalogue).map(|_| ()),
        _ => Ok(()),
    }
}

fn resolve(operand: &Operand, catalogue: &Catalogue) -> Result<Expression, BuildError> {
    Ok(match operand {
        Operand::Constant(literal) => Expression::Constant(literal.clone()),
        Operand::Field { name, arg, position } => {
            Expression::Field(catalogue.resolve(name, arg.as_ref()).map_err(|e| BuildError {
                position: *position,
                message: e.to_string(),
                unknown_field: matches!(e, crate::fields::FieldError::Unknown(_)),
            })?)
        }
        Operand::List(items) => {
            Expression::List(items.iter().map(|i| resolve(i, catalogue)).collect::<Result<_, _>>()?)
        }
        Operand::Call { transformer, args, index, position } => {
            let args = args.iter().map(|a| resolve(a, catalogue)).collect::<Result<_, _>>()?;
            let fail = |message: String| BuildError { position: *position, message, unknown_field: false };
            let index = match index.as_ref().map(|i| &*i.0) {
                None => None,
                Some(_) if *transformer != Transformer::GetOpt => {
                    return Err(fail(format!("transformer '{transformer}' takes no argument in brackets")));
                }
                Some([letter]) => Some(*letter),
                Some(_) => {
                    return Err(fail("'getopt' wants the letter of one option in brackets".to_owned()));
                }
            };
            Expression::Call { transformer: *transformer, args, index }
        }
    })
}

/// Resolves what an output text names and checks that it has a value to show.
pub(crate) fn resolve_output(operand: &Operand, catalogue: &Catalogue) -> Result<Expression, String> {
    let expression = resolve(operand, catalogue).map_err(|e| e.message)?;
    shape(&expression)?;
    Ok(expression)
}

fn shape(expression: &Expression) -> Result<Shape, String> {
    let text = Shape { field_type: FieldType::Text, list: false };
    match expression {
        Expression::Field(field) => {
            Ok(Shape { field_type: field.field_type, list: field.plural == Plural::List })
        }
        Expression::Constant(_) => Ok(text),
        Expression::List(items) => {
            for item in items {
                if shape(item)?.list {
                    return Err("a list can't hold another list".to_owned());
                }
            }
            Ok(Shape { list: true, ..text })
        }
        Expression::Call { transformer, args, index } => {
            if let Some(Expression::Field(field)) = args.iter().find(|a| is_plural_field(a)) {
                return Err(format!("field '{}' does not support transformers", field.name));
            }
            let shapes: Vec<_> = args.iter().map(shape).collect::<Result<_, _>>()?;
            call_shape(*transformer, &shapes, index.is_some())
        }
    }
}

/// A field that stands for several values; `evt.type` does only where a call has several names.
fn is_plural_field(expression: &Expression) -> bool {
    matches!(expression, Expression::Field(Field { plural: Plural::Any, base, .. })
        if base != "evt.type" && base != "syscall.type")
}

fn call_shape(transformer: Transformer, args: &[Shape], indexed: bool) -> Result<Shape, String> {
    use FieldType::{Bytes, Text, Uint};
    let count = |n: usize| {
        if args.len() == n {
            Ok(())
        } else {
            Err(format!("transformer '{transformer}' takes {n} argument(s), not {}", args.len()))
        }
    };
    let one_of = |accepted: &[FieldType]| {
        count(1)?;
        if accepted.contains(&args[0].field_type) {
            Ok(args[0])
        } else {
            let given = args[0].field_type.describe();
            Err(format!(
                "can't add field transformer: type '{given}' is not supported by '{transformer}' transformer"
            ))
        }
    };
    let text = Shape { field_type: Text, list: false };
    match transformer {
        Transformer::Val => count(1).map(|()| args[0]),
        Transformer::ToLower | Transformer::ToUpper | Transformer::Basename => one_of(&[Text]),
        Transformer::B64 => one_of(&[Text, Bytes]),
        Transformer::Len => {
            count(1)?;
            if !args[0].list {
                one_of(&[Text, Bytes])?;
            }
            Ok(Shape { field_type: Uint, list: false })
        }
        Transformer::Join => {
            count(2)?;
            match (args[0], args[1]) {
                (Shape { field_type: Text, list: false }, Shape { list: true, .. }) => Ok(text),
                _ => Err("transformer 'join' takes a text and a list".to_owned()),
            }
        }
        Transformer::Concat => match args {
            [] => Err("transformer 'concat' takes at least one argument".to_owned()),
            args if args.iter().any(|a| a.list) => Err("transformer 'concat' takes no lists".to_owned()),
            _ => Ok(text),
        },
        Transformer::GetOpt => {
            count(2)?;
            if args[0].field_type == Text && args[1] == text {
                Ok(Shape { list: !indexed, ..text })
            } else {
                Err("transformer 'getopt' takes a list of texts and a text".to_owned())
            }
        }
    }
}

/// Which operators a type has.
fn comparable(op: Op, shape: Shape) -> Result<(), String> {
    use Op as O;
    if op == O::Exists {
        return Ok(());
    }
    let equality = matches!(op, O::Eq | O::EqEq | O::Ne | O::In | O::Intersects);
    if shape.list {
        return if matches!(op, O::In | O::Intersects) {
            Ok(())
        } else {
            Err(format!("'{op}' operator not supported list filters"))
        };
    }
    let (fine, what) = match shape.field_type {
        FieldType::Any => (true, ""),
        FieldType::Int | FieldType::Uint | FieldType::Port | FieldType::Double => {
            (equality || op.takes_number(), "numeric")
        }
        FieldType::Bool => (equality, "numeric"),
        FieldType::Ip | FieldType::Net => (equality, "ip address and network"),
        FieldType::Text => (!matches!(op, O::BContains | O::BStartsWith), "string"),
        FieldType::Bytes => {
            let more =
                matches!(op, O::Contains | O::StartsWith | O::EndsWith | O::BContains | O::BStartsWith);
            (equality || more, "buffer")
        }
    };
    if fine { Ok(()) } else { Err(format!("'{op}' operator not supported for {what} filters")) }
}

fn right_side(op: Op, left: &Expression, left_shape: Shape, right: &Expression) -> Result<(), String> {
    if matches!(op, Op::PMatch | Op::Regex) {
        return Err(format!("operator '{op}' doesn't support right-hand side fields"));
    }
    if left_shape.field_type == FieldType::Net {
        return Err("field type 'IPNET' doesn't support right-hand side fields".to_owned());
    }
    for side in [left, right] {
        if let Expression::Field(field) = side
            && (is_plural_field(side) || field.field_type == FieldType::Any)
        {
            return Err(format!("field '{}' can't be compared with a right-hand side field", field.name));
        }
    }
    let right_shape = shape(right)?;
    if left_shape == right_shape {
        return Ok(());
    }
    let describe = |s: Shape| format!("'{}'{}", s.field_type.describe(), if s.list { " (list)" } else { "" });
    Err(format!(
        "left-hand side has type {} while the right-hand side field has incompatible type {}",
        describe(left_shape),
        describe(right_shape)
    ))
}

fn constants(check: &Check, shape: Shape, values: &[Literal]) -> Result<Test, String> {
    if values.len() > MAX_VALUES {
        return Err(format!("a comparison with more than {MAX_VALUES} values"));
    }
    let how = How::of(check.op, check.modifier);
    let texts = || -> Result<TextTest, String> {
        let decode = |v: &Literal| match check.op {
            Op::BContains | Op::BStartsWith => hex(v),
            _ => Ok(v.0.clone()),
        };
        TextTest::new(check.op, how, values.iter().map(decode).collect::<Result<_, _>>()?)
    };
    let numbers = || -> Result<NumberTest, String> {
        let numbers: Result<_, _> = values.iter().map(|v| number::parse(v, shape.field_type)).collect();
        Ok(NumberTest::new(check.op, how, numbers?))
    };
    Ok(match shape.field_type {
        FieldType::Text | FieldType::Bytes => Test::Text(texts()?),
        FieldType::Any => Test::Dynamic { number: numbers().ok(), text: texts()? },
        FieldType::Int | FieldType::Uint | FieldType::Port | FieldType::Double => Test::Number(numbers()?),
        FieldType::Bool => {
            let parse = |v: &Literal| match v.as_str() {
                Some("true") => Ok(true),
                Some("false") => Ok(false),
                _ => Err(format!("filter error: unrecognized boolean value {}", v.to_text())),
            };
            Test::Bool { values: values.iter().map(parse).collect::<Result<_, _>>()?, how }
        }
        FieldType::Ip => {
            let parse = |v: &Literal| {
                let address = v.as_str().and_then(|t| t.parse::<IpAddr>().ok());
                address.ok_or_else(|| format!("unrecognized IP address {}", v.to_text()))
            };
            Test::Address { values: values.iter().map(parse).collect::<Result<_, _>>()?, how }
        }
        FieldType::Net => Test::Net { values: values.iter().map(network).collect::<Result<_, _>>()?, how },
    })
}

fn hex(value: &Literal) -> Result<Box<[u8]>, String> {
    let digit = |b: u8| char::from(b).to_digit(16).and_then(|d| u8::try_from(d).ok());
    let bytes = value.0.chunks(2).map(|pair| match pair {
        [high, low] => Some(digit(*high)? << 4 | digit(*low)?),
        _ => None,
    });
    bytes
        .collect::<Option<_>>()
        .ok_or_else(|| format!("filter error: {} is not a valid hex string", value.to_text()))
}

fn network(value: &Literal) -> Result<Network, String> {
    let parse = || {
        let (address, prefix) = match value.as_str()?.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix.parse::<u8>().ok()?)),
            None => (value.as_str()?, None),
        };
        let address: IpAddr = address.parse().ok()?;
        let longest = if address.is_ipv4() { 32 } else { 128 };
        let prefix = prefix.unwrap_or(longest);
        (prefix <= longest).then_some(Network { address, prefix })
    };
    parse().ok_or_else(|| format!("unrecognized IP network {}", value.to_text()))
}

/// Warns of constants that look like a field or transformer, and of regular expressions that a
/// plain operator could replace.
fn warn(check: &Check, catalogue: &Catalogue, warnings: &mut Vec<String>) {
    let values = match &check.right {
        Some(Right::Value(value)) => std::slice::from_ref(value),
        Some(Right::List(values)) => values,
        _ => return,
    };
    for text in values.iter().filter_map(Literal::as_str) {
        let name = text.split('[').next().unwrap_or(text);
        let call = text.split_once('(').and_then(|(word, _)| Transformer::from_text(word));
        if catalogue.contains(name) {
            warnings.push(format!(
                "'{text}' may be a valid field misused as a const string value: write val({text}) to compare with it"
            ));
        } else if call.is_some() {
            warnings.push(format!(
                "'{text}' may be a valid field transformer misused as a const string value: leave the quotes out"
            ));
        }
        if check.op == Op::Regex && is_plain_regex(text) {
            warnings.push(format!(
                "regex '{text}' only looks for a fixed text: '=', 'startswith', 'contains' or 'endswith' is faster"
            ));
        }
    }
}

fn is_plain_regex(pattern: &str) -> bool {
    let open = [".*", ".+", ".?"];
    let inner = pattern.strip_prefix('^').unwrap_or(pattern);
    let inner = inner.strip_suffix('$').unwrap_or(inner);
    let inner = open.iter().find_map(|o| inner.strip_prefix(o)).unwrap_or(inner);
    let inner = open.iter().find_map(|o| inner.strip_suffix(o)).unwrap_or(inner);
    !inner.is_empty() && !inner.contains(|c| r"\.+*?()|[]{}^$".contains(c))
}

fn cost(check: &Check, left: &Expression) -> u32 {
    let field = match left {
        Expression::Field(field) => match (field.plural, &*field.base) {
            (Plural::Any, "evt.type" | "syscall.type") => 1,
            (Plural::Any | Plural::List, _) => 40,
            (
                _,
                "proc.cmdline" | "proc.pcmdline" | "proc.args" | "proc.exeline" | "evt.args" | "evt.info",
            ) => 30,
            (_, "proc.sname" | "proc.cwd") => 20,
            (_, base) if base.starts_with("evt.arg") => 10,
            _ => 2,
        },
        _ => 200,
    };
    let test = match check.op {
        Op::Exists | Op::Eq | Op::EqEq | Op::Ne | Op::Lt | Op::Le | Op::Gt | Op::Ge => 1,
        Op::In | Op::Intersects | Op::StartsWith | Op::EndsWith | Op::BStartsWith => 3,
        Op::Contains | Op::BContains => 8,
        Op::PMatch | Op::Glob | Op::IGlob | Op::IContains => 15,
        Op::Regex => 60,
    };
    field + test
}
