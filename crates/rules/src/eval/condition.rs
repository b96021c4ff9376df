//! A condition by itself, without a rule around it.

use crate::atom::{self, Atom, BuildError};
use crate::fields::{Catalogue, FieldSource};
use crate::filter::{Expr, Filter};

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

fn holds<S: FieldSource + ?Sized>(tree: &Tree, source: &S, buffer: &mut Vec<u8>) -> bool {
    match tree {
        Tree::And(list) => list.iter().all(|t| holds(t, source, buffer)),
        Tree::Or(list) => list.iter().any(|t| holds(t, source, buffer)),
        Tree::Not(child) => !holds(child, source, buffer),
        Tree::Atom(atom) => atom.holds(source, buffer),
    }
}
