//! The canonical text of a condition: the same for conditions that differ only in blanks, quotes
//! and needless parentheses.

use super::ast::{Check, Expr, Operand, Right};
use super::escape::{write_literal, write_quoted};

/// Appends the canonical text of `expr`.
pub fn write_expr(out: &mut String, expr: &Expr) {
    match expr {
        Expr::And(children) => write_joined(out, children, " and "),
        Expr::Or(children) => write_joined(out, children, " or "),
        Expr::Not(child) => {
            out.push_str("not ");
            write_expr(out, child);
        }
        Expr::Macro(name, _) => out.push_str(name),
        Expr::Named(_, child) => write_expr(out, child),
        Expr::Check(check) => write_check(out, check),
    }
}

fn write_joined(out: &mut String, children: &[Expr], between: &str) {
    out.push('(');
    for (i, child) in children.iter().enumerate() {
        if i > 0 {
            out.push_str(between);
        }
        write_expr(out, child);
    }
    out.push(')');
}

/// Appends the canonical text of one comparison.
pub fn write_check(out: &mut String, check: &Check) {
    write_operand(out, &check.left);
    out.push(' ');
    out.push_str(check.op.as_str());
    if let Some(modifier) = check.modifier {
        out.push(' ');
        out.push_str(modifier.as_str());
    }
    let Some(right) = &check.right else { return };
    out.push(' ');
    match right {
        Right::Value(value) => write_literal(out, &value.0),
        Right::Name(name) => out.push_str(name),
        Right::Operand(operand) => write_operand(out, operand),
        Right::List(values) => {
            out.push('(');
            for (i, value) in values.iter().enumerate() {
                if i > 0 {
                    out.push_str(", ");
                }
                write_literal(out, &value.0);
            }
            out.push(')');
        }
    }
}

/// Appends the canonical text of a field or transformer.
pub fn write_operand(out: &mut String, operand: &Operand) {
    match operand {
        Operand::Field { name, arg, .. } => {
            out.push_str(name);
            write_argument(out, arg.as_ref().map(|a| &*a.0));
        }
        Operand::Call { transformer, args, index, .. } => {
            out.push_str(transformer.as_str());
            out.push('(');
            write_operands(out, args);
            out.push(')');
            write_argument(out, index.as_ref().map(|a| &*a.0));
        }
        // Inside a transformer a constant is always quoted.
        Operand::Constant(value) => write_quoted(out, &value.0),
        Operand::List(items) => {
            out.push('(');
            write_operands(out, items);
            out.push(')');
        }
    }
}

fn write_argument(out: &mut String, arg: Option<&[u8]>) {
    if let Some(arg) = arg {
        out.push('[');
        // Brackets may stand in a bare value, not in a bare argument.
        if arg.iter().any(|b| matches!(b, b'[' | b']')) {
            write_quoted(out, arg);
        } else {
            write_literal(out, arg);
        }
        out.push(']');
    }
}

fn write_operands(out: &mut String, operands: &[Operand]) {
    for (i, operand) in operands.iter().enumerate() {
        if i > 0 {
            out.push_str(", ");
        }
        write_operand(out, operand);
    }
}
