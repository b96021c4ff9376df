//! Which types of event a condition asks for by name, as Falco finds them: only `evt.type` counts.

use std::collections::BTreeSet;

use crate::filter::{Check, Expr, Literal, Op, Operand, Right};

/// A rule that asks for more types than this, or for none by name, is tried on very many events.
const MANY: usize = 50;

/// Types of event, by their names.
enum Types {
    Only(BTreeSet<String>),
    AllBut(BTreeSet<String>),
}

impl Types {
    fn both(self, other: Self) -> Self {
        match (self, other) {
            (Self::Only(a), Self::Only(b)) => Self::Only(&a & &b),
            (Self::Only(a), Self::AllBut(b)) | (Self::AllBut(b), Self::Only(a)) => Self::Only(&a - &b),
            (Self::AllBut(a), Self::AllBut(b)) => Self::AllBut(&a | &b),
        }
    }

    fn either(self, other: Self) -> Self {
        match (self, other) {
            (Self::Only(a), Self::Only(b)) => Self::Only(&a | &b),
            (Self::Only(a), Self::AllBut(b)) | (Self::AllBut(b), Self::Only(a)) => Self::AllBut(&b - &a),
            (Self::AllBut(a), Self::AllBut(b)) => Self::AllBut(&a & &b),
        }
    }
}

/// Whether a condition is about so many types of event that it slows everything down.
pub(super) fn too_many(condition: &Expr) -> bool {
    match types(condition, false) {
        Types::Only(names) => names.len() > MANY,
        Types::AllBut(_) => true,
    }
}

fn types(expr: &Expr, negated: bool) -> Types {
    match expr {
        Expr::And(list) if !negated => all(list, negated),
        Expr::Or(list) if negated => all(list, negated),
        Expr::And(list) | Expr::Or(list) => {
            let none = Types::Only(BTreeSet::new());
            list.iter().fold(none, |found, child| found.either(types(child, negated)))
        }
        Expr::Not(child) => types(child, !negated),
        Expr::Named(_, child) => types(child, negated),
        Expr::Macro(..) => Types::AllBut(BTreeSet::new()),
        Expr::Check(check) => named_by(check, negated),
    }
}

fn all(list: &[Expr], negated: bool) -> Types {
    let every = Types::AllBut(BTreeSet::new());
    list.iter().fold(every, |found, child| found.both(types(child, negated)))
}

fn named_by(check: &Check, negated: bool) -> Types {
    let every = Types::AllBut(BTreeSet::new());
    let Operand::Field { name, .. } = &check.left else { return every };
    if name != "evt.type" && name != "syscall.type" {
        return every;
    }
    let values: &[Literal] = match &check.right {
        Some(Right::Value(value)) => std::slice::from_ref(value),
        Some(Right::List(values)) => values,
        _ => return every,
    };
    let names = values.iter().map(|value| value.to_text().into_owned()).collect();
    match check.op {
        Op::Eq | Op::EqEq | Op::In if !negated => Types::Only(names),
        Op::Eq | Op::EqEq | Op::In => Types::AllBut(names),
        Op::Ne if negated => Types::Only(names),
        Op::Ne => Types::AllBut(names),
        _ => every,
    }
}
