//! From an exception to the condition that it excludes.

use super::definitions::Place;
use super::expand::unquote;
use crate::diagnostic::{Code, Diagnostic, Level};
use crate::fields::Catalogue;
use crate::file::{ExceptionItem, ExceptionValue};
use crate::filter::{Check, Expr, Literal, Modifier, Op, Operand, Position, Right, parse_operand_prefix};

/// One field with its operator.
struct Column {
    field: Operand,
    op: Op,
    modifier: Option<Modifier>,
}

/// The condition under which an exception lets an event through. `None` when it has no values.
pub(super) fn condition(
    place: &Place,
    item: &ExceptionItem,
    catalogue: &Catalogue,
    diagnostics: &mut Vec<Diagnostic>,
) -> Result<Option<Expr>, Diagnostic> {
    let refuse = |message: String| place.error(Code::LoadErrValidate, message);
    let columns = columns(item, catalogue).map_err(refuse)?;
    if item.values.is_empty() {
        return Ok(None);
    }
    if let ([column], true) = (columns.as_slice(), item.single) {
        return single(column, &item.values).map(Some).map_err(refuse);
    }
    let mut rows = Vec::new();
    for row in &item.values {
        let ExceptionValue::List(values) = row else {
            return Err(refuse("Fields and values lists must have equal length".to_owned()));
        };
        if values.is_empty() {
            diagnostics.push(place.diagnostic(
                Level::Warning,
                Code::LoadExceptionNoValues,
                format!("Exception '{}' has an empty row of values", item.name),
            ));
            continue;
        }
        if values.len() != columns.len() {
            return Err(refuse("Fields and values lists must have equal length".to_owned()));
        }
        let checks: Result<Vec<_>, _> =
            columns.iter().zip(values).map(|(c, v)| check(c, std::slice::from_ref(v))).collect();
        rows.push(join(checks.map_err(refuse)?, Expr::And));
    }
    Ok((!rows.is_empty()).then(|| join(rows, Expr::Or)))
}

fn join(mut children: Vec<Expr>, join: fn(Vec<Expr>) -> Expr) -> Expr {
    if children.len() == 1 { children.swap_remove(0) } else { join(children) }
}

fn columns(item: &ExceptionItem, catalogue: &Catalogue) -> Result<Vec<Column>, String> {
    let fields = item.fields.as_deref().unwrap_or_default();
    if item.single && !item.one_comp {
        return Err("Fields and comps must both be strings".to_owned());
    }
    if !item.comps.is_empty() && (item.comps.len() != fields.len() || item.single != item.one_comp) {
        return Err("Fields and comps lists must have equal length".to_owned());
    }
    let usual = if item.single { "in" } else { "=" };
    let comps = item.comps.iter().map(String::as_str).chain(std::iter::repeat(usual));
    fields.iter().zip(comps).map(|(field, comp)| column(field, comp, catalogue)).collect()
}

fn column(field: &str, comp: &str, catalogue: &Catalogue) -> Result<Column, String> {
    let unsupported = || format!("'{field}' is not a supported filter field");
    let operand = match parse_operand_prefix(field) {
        Ok((operand, len)) if len == field.len() => operand,
        _ => return Err(unsupported()),
    };
    if let Operand::Field { name, arg, .. } = &operand {
        catalogue.resolve(name, arg.as_ref()).map_err(|_| unsupported())?;
    }
    let mut words = comp.split_whitespace();
    let op = words.next().and_then(Op::from_text);
    let modifier = words.next().map(Modifier::from_text);
    let (op, modifier) = match (op, modifier, words.next()) {
        (Some(op), None, None) => (op, None),
        (Some(op), Some(Some(modifier)), None) if !op.takes_list() && !op.takes_number() => {
            (op, Some(modifier))
        }
        _ => return Err(format!("'{comp}' is not a supported comparison operator")),
    };
    Ok(Column { field: operand, op, modifier })
}

/// All values of an exception whose `fields` is one text.
fn single(column: &Column, values: &[ExceptionValue]) -> Result<Expr, String> {
    if !takes_list(column) {
        return Err("When fields is a single value, comps must be one of (in, pmatch, intersects)".to_owned());
    }
    if values.iter().any(|value| matches!(value, ExceptionValue::List(_))) {
        return Err("Expected values array to contain a list of strings".to_owned());
    }
    check(column, values)
}

fn takes_list(column: &Column) -> bool {
    column.op.takes_list() || column.modifier.is_some()
}

fn check(column: &Column, values: &[ExceptionValue]) -> Result<Expr, String> {
    let right = if takes_list(column) {
        let mut flat = Vec::new();
        for value in values {
            flatten(value, &mut flat);
        }
        Right::List(flat)
    } else {
        match values {
            [ExceptionValue::Text(text)] => Right::Value(unquote(text)),
            _ => return Err(format!("operator '{}' takes one value, not a list", column.op)),
        }
    };
    Ok(Expr::Check(Check {
        left: column.field.clone(),
        op: column.op,
        modifier: column.modifier,
        right: (column.op != Op::Exists).then_some(right),
        position: Position::default(),
    }))
}

fn flatten(value: &ExceptionValue, out: &mut Vec<Literal>) {
    match value {
        // A text may be a list written as in a condition: `(a, b)`.
        ExceptionValue::Text(text) => match text.trim().strip_prefix('(').and_then(|t| t.strip_suffix(')')) {
            Some(inner) => {
                out.extend(inner.split(',').map(str::trim).filter(|t| !t.is_empty()).map(unquote));
            }
            None => out.push(unquote(text)),
        },
        ExceptionValue::List(values) => values.iter().for_each(|v| flatten(v, out)),
    }
}
