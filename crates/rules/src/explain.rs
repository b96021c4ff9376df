//! Why a rule does, or does not, match an event.

use serde::{Deserialize, Serialize};

use crate::compile::RuleSet;
use crate::fields::FieldSource;
use crate::filter::ast::Named;
use crate::filter::{Expr, canonical, write_check};

/// The answer, part by part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Explanation {
    /// The rule's name.
    pub rule: String,
    /// The version that was asked.
    pub version: String,
    /// Whether the rule is evaluated at all.
    pub enabled: bool,
    /// Whether its condition holds.
    pub matched: bool,
    /// The exceptions that let the event through, where the rest of the condition holds.
    pub stopped_by: Vec<String>,
    /// The condition, part by part.
    pub tree: Part,
}

/// A part of a condition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// What kind of part.
    pub kind: PartKind,
    /// A macro's or exception's name, or a comparison's text; empty for the rest.
    pub text: String,
    /// Whether it holds.
    pub holds: bool,
    /// A comparison's left side for this event; `None` when the event has no such value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// Its parts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<Part>,
}

/// What kind of part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PartKind {
    /// All parts have to hold.
    And,
    /// One part has to hold.
    Or,
    /// The part may not hold.
    Not,
    /// What a macro stands for.
    Macro,
    /// What an exception lets through.
    Exception,
    /// A comparison.
    Check,
}

impl RuleSet {
    /// Explains a rule's verdict on an event. `None` when there is no rule of that name.
    pub fn explain<S: FieldSource + ?Sized>(&self, rule: &str, source: &S) -> Option<Explanation> {
        let rule = self.rule(rule)?;
        let tree = self.part(&rule.expr, source);
        let of_source = rule.source == source.event_source();
        let mut stopped_by = Vec::new();
        if let (Expr::And(_), [first, holes @ ..]) = (&rule.expr, tree.parts.as_slice())
            && first.holds
        {
            let stopping = holes.iter().filter(|hole| !hole.holds).filter_map(|hole| hole.parts.first());
            stopped_by.extend(stopping.filter(|p| p.kind == PartKind::Exception).map(|p| p.text.clone()));
        }
        Some(Explanation {
            rule: rule.name.clone(),
            version: rule.version.clone(),
            enabled: rule.enabled,
            matched: tree.holds && of_source,
            stopped_by,
            tree,
        })
    }

    fn part<S: FieldSource + ?Sized>(&self, expr: &Expr, source: &S) -> Part {
        let all = |list: &[Expr]| list.iter().map(|e| self.part(e, source)).collect::<Vec<_>>();
        let part = |kind, holds, parts| Part { kind, text: String::new(), holds, value: None, parts };
        match expr {
            Expr::And(list) => {
                let parts = all(list);
                part(PartKind::And, parts.iter().all(|p| p.holds), parts)
            }
            Expr::Or(list) => {
                let parts = all(list);
                part(PartKind::Or, parts.iter().any(|p| p.holds), parts)
            }
            Expr::Not(child) => {
                let child = self.part(child, source);
                part(PartKind::Not, !child.holds, vec![child])
            }
            Expr::Named(name, child) => {
                let child = self.part(child, source);
                let (kind, text) = match name {
                    Named::Macro(name) => (PartKind::Macro, name),
                    Named::Exception(name) => (PartKind::Exception, name),
                };
                Part { text: text.clone(), ..part(kind, child.holds, vec![child]) }
            }
            Expr::Macro(..) => Part { text: canonical(expr), ..part(PartKind::Macro, false, Vec::new()) },
            Expr::Check(check) => {
                let mut text = String::new();
                write_check(&mut text, check);
                let atom = self.program.dag.atom_named(&text);
                let holds = atom.is_some_and(|a| a.holds(source, &mut Vec::new()));
                let value = atom.and_then(|a| a.show_value(source));
                Part { text, value, ..part(PartKind::Check, holds, Vec::new()) }
            }
        }
    }
}
