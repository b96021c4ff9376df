//! The language of conditions: text → tree → canonical text. Names of macros and lists stay names
//! here; compiling a rule set puts their content in.

pub mod ast;
pub mod escape;
mod lexer;
mod parser;
mod print;

use std::fmt;

pub use ast::{Check, Expr, Literal, Modifier, Named, Op, Operand, Position, Right, Transformer};
pub use print::{write_check, write_expr, write_operand};

/// A condition that parsed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter {
    expr: Expr,
}

impl Filter {
    /// Reads a condition.
    pub fn parse(text: &str) -> Result<Self, ParseError> {
        parser::parse(text).map(|expr| Self { expr })
    }

    /// The tree.
    pub fn expr(&self) -> &Expr {
        &self.expr
    }

    /// The same condition in the one form that all ways of writing it share.
    pub fn canonical(&self) -> String {
        canonical(&self.expr)
    }
}

/// The canonical text of a tree.
pub fn canonical(expr: &Expr) -> String {
    let mut out = String::new();
    write_expr(&mut out, expr);
    out
}

/// Reads what may stand after `%` in an output text: a field or a transformer. Gives it with the
/// number of bytes it takes.
pub fn parse_operand_prefix(text: &str) -> Result<(Operand, usize), ParseError> {
    parser::parse_operand_prefix(text)
}

/// Why a text is no condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParseError {
    /// Where.
    pub position: Position,
    /// What is wrong, in Falco's words where it has some.
    pub message: String,
    /// What would have been accepted there.
    pub expected: Vec<String>,
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at line {}, column {}", self.message, self.position.line, self.position.column)
    }
}

impl std::error::Error for ParseError {}
