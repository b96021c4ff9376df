//! The plain way to evaluate: each rule's condition is walked from its root for each event. Slow,
//! and easy to see through: the yardstick for [`RuleSet::evaluate`], in tests and benches.

use super::Match;
use crate::atom::Atom;
use crate::compile::{Dag, RuleSet};
use crate::fields::FieldSource;
use crate::filter::{Expr, write_check};

/// A condition whose comparisons are looked up.
enum Tree<'r> {
    And(Vec<Tree<'r>>),
    Or(Vec<Tree<'r>>),
    Not(Box<Tree<'r>>),
    Atom(&'r Atom),
    Never,
}

/// The conditions of a rule set's enabled rules.
pub struct Walker<'r> {
    rules: Vec<(usize, &'r str, Tree<'r>)>,
}

impl std::fmt::Debug for Walker<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Walker").field("rules", &self.rules.len()).finish()
    }
}

impl<'r> Walker<'r> {
    /// Prepares the enabled rules of a set.
    pub fn new(set: &'r RuleSet) -> Self {
        let enabled = set.rules.iter().enumerate().filter(|(_, r)| r.enabled);
        let rules = enabled.map(|(i, r)| (i, &*r.source, tree(&r.expr, &set.program.dag))).collect();
        Self { rules }
    }

    /// Appends the rules that an event matches, in their order.
    pub fn evaluate<S: FieldSource + ?Sized>(&self, source: &S, out: &mut Vec<Match>) {
        let mut buffer = Vec::new();
        for (rule, event_source, tree) in &self.rules {
            if *event_source == source.event_source() && holds(tree, source, &mut buffer) {
                out.push(Match { rule: *rule });
            }
        }
    }
}

fn tree<'r>(expr: &Expr, dag: &'r Dag) -> Tree<'r> {
    match expr {
        Expr::And(list) => Tree::And(list.iter().map(|e| tree(e, dag)).collect()),
        Expr::Or(list) => Tree::Or(list.iter().map(|e| tree(e, dag)).collect()),
        Expr::Not(child) => Tree::Not(Box::new(tree(child, dag))),
        Expr::Named(_, child) => tree(child, dag),
        Expr::Macro(..) => Tree::Never,
        Expr::Check(check) => {
            let mut text = String::new();
            write_check(&mut text, check);
            dag.atom_named(&text).map_or(Tree::Never, Tree::Atom)
        }
    }
}

fn holds<S: FieldSource + ?Sized>(tree: &Tree<'_>, source: &S, buffer: &mut Vec<u8>) -> bool {
    match tree {
        Tree::And(list) => list.iter().all(|t| holds(t, source, buffer)),
        Tree::Or(list) => list.iter().any(|t| holds(t, source, buffer)),
        Tree::Not(child) => !holds(child, source, buffer),
        Tree::Atom(atom) => atom.holds(source, buffer),
        Tree::Never => false,
    }
}
