//! A condition by itself, without a rule around it.

use vedetta_model::Kind;

use crate::atom::{self, Atom, BuildError};
use crate::compile::settled;
use crate::fields::{Catalogue, FieldSource, KindSet};
use crate::filter::{Expr, Filter};
use crate::need::Need;

/// A condition that is ready to run. It names no macros or lists.
#[derive(Debug)]
pub struct Condition {
    tree: Tree,
    /// What may not mean what it says.
    pub warnings: Vec<String>,
}

#[derive(Debug)]
enum Tree {
    And(Vec<Tree>),
    Or(Vec<Tree>),
    Not(Box<Tree>),
    Atom(Box<Atom>),
}

impl Condition {
    /// Type-checks a filter.
    pub fn compile(filter: &Filter, catalogue: &Catalogue) -> Result<Self, BuildError> {
        let mut warnings = Vec::new();
        let tree = compile(filter.expr(), catalogue, &mut warnings)?;
        Ok(Self { tree, warnings })
    }

    /// Whether it holds for an event.
    pub fn holds<S: FieldSource + ?Sized>(&self, source: &S) -> bool {
        holds(&self.tree, source, &mut Vec::new())
    }

    /// The kinds of event that it may hold for.
    pub fn kinds(&self) -> KindSet {
        let mut kinds = KindSet::EMPTY;
        Kind::ALL.iter().filter(|kind| verdicts(&self.tree, **kind).0).for_each(|kind| kinds.insert(*kind));
        kinds
    }

    /// What must be there for it to hold for an event.
    pub fn need(&self) -> Need<'_> {
        Need::all([Need::Kinds(self.kinds()), need(&self.tree)])
    }
}

fn compile(expr: &Expr, catalogue: &Catalogue, warnings: &mut Vec<String>) -> Result<Tree, BuildError> {
    let mut all =
        |list: &[Expr]| list.iter().map(|e| compile(e, catalogue, warnings)).collect::<Result<_, _>>();
    Ok(match expr {
        Expr::And(list) => Tree::And(all(list)?),
        Expr::Or(list) => Tree::Or(all(list)?),
        Expr::Not(child) => Tree::Not(Box::new(compile(child, catalogue, warnings)?)),
        Expr::Named(_, child) => compile(child, catalogue, warnings)?,
        Expr::Check(check) => Tree::Atom(Box::new(atom::build(check, catalogue, warnings)?)),
        Expr::Macro(name, position) => {
            let message = format!("Undefined macro '{name}' used in filter.");
            return Err(BuildError { position: *position, message, unknown_field: false });
        }
    })
}

/// Whether it can be true and can be false for events of a kind.
fn verdicts(tree: &Tree, kind: Kind) -> (bool, bool) {
    let each = |list: &[Tree]| -> Vec<_> { list.iter().map(|t| verdicts(t, kind)).collect() };
    match tree {
        Tree::And(list) => {
            let each = each(list);
            (each.iter().all(|(yes, _)| *yes), each.iter().any(|(_, no)| *no))
        }
        Tree::Or(list) => {
            let each = each(list);
            (each.iter().any(|(yes, _)| *yes), each.iter().all(|(_, no)| *no))
        }
        Tree::Not(child) => {
            let (yes, no) = verdicts(child, kind);
            (no, yes)
        }
        Tree::Atom(atom) => settled(atom, kind).map_or((true, true), |verdict| (verdict, !verdict)),
    }
}

fn need(tree: &Tree) -> Need<'_> {
    match tree {
        Tree::And(list) => Need::all(list.iter().map(need)),
        Tree::Or(list) => Need::any(list.iter().map(need)),
        Tree::Not(_) => Need::Nothing,
        Tree::Atom(atom) => Need::of(atom),
    }
}

fn holds<S: FieldSource + ?Sized>(tree: &Tree, source: &S, buffer: &mut Vec<u8>) -> bool {
    match tree {
        Tree::And(list) => list.iter().all(|t| holds(t, source, buffer)),
        Tree::Or(list) => list.iter().any(|t| holds(t, source, buffer)),
        Tree::Not(child) => !holds(child, source, buffer),
        Tree::Atom(atom) => atom.holds(source, buffer),
    }
}
