//! Comparisons that may not mean what they say.

use crate::diagnostic::Code;
use crate::fields::is_event_type;
use crate::filter::{Check, Literal, Op, Operand, Right};
use crate::output::ABSENT;

/// What is odd about a comparison, with the code that Falco has for it.
pub(super) fn doubts(check: &Check) -> Vec<(Code, String)> {
    let Operand::Field { name, .. } = &check.left else { return Vec::new() };
    let values: &[Literal] = match &check.right {
        Some(Right::Value(value)) => std::slice::from_ref(value),
        Some(Right::List(values)) => values,
        _ => return Vec::new(),
    };
    let mut doubts = Vec::new();
    // Names of events that do not exist: such a comparison never holds.
    let by_name = matches!(check.op, Op::Eq | Op::EqEq | Op::Ne | Op::In);
    if by_name && (name == "evt.type" || name == "syscall.type") {
        let unknown = values.iter().map(Literal::to_text).filter(|name| !is_event_type(name));
        doubts.extend(
            unknown.map(|name| (Code::LoadSuspiciousCondition, format!("unknown event type '{name}'"))),
        );
    }
    // Once these fields were the text `<NA>` where an event lacks them; now they have no value.
    let by_text = by_name || matches!(check.op, Op::Intersects | Op::PMatch);
    let of_audit = name.starts_with("ka.") || name.starts_with("jevt.");
    if by_text && of_audit && values.iter().any(|value| value.as_str() == Some(ABSENT)) {
        let message = format!("'{name}' is never equal to '{ABSENT}': use 'exists' instead");
        doubts.push((Code::LoadUnsafeNaCheck, message));
    }
    doubts
}
