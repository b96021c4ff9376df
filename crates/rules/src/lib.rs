//! The Falco rule language: parse, compile, evaluate, explain.
//!
//! Rule files are read by [`RuleFile::parse`], and compiled together by [`RuleSet::compile`] into
//! what [`RuleSet::evaluate`] runs over events. [`RuleSet::explain`] says why a rule did or did
//! not match. This crate does no IO and knows no async; what it evaluates is a `vedetta_model`
//! event with the processes of its batch ([`EventView`]).
//!
//! It never reads a file, a clock or a socket, and never decides what is done about a match.
//!
//! Start with [`filter`] (the language of conditions), then [`mod@file`] (rule files), [`atom`]
//! (one comparison), `compile` (macros, exceptions, the shared graph) and [`eval`]. A field is
//! added in `fields/known.rs`, with its value in `fields/view/`; one of an audit log in the table of
//! its source, in `fields/sources/`.

pub mod atom;
mod builtin;
mod compile;
pub mod conformance;
pub mod diagnostic;
pub mod eval;
pub mod explain;
pub mod fields;
pub mod file;
pub mod filter;
mod need;
pub mod output;
#[doc(hidden)]
pub mod samples;
pub mod testing;

#[cfg(test)]
mod language;

pub use builtin::builtin;

pub use compile::{Overrides, Rule, RuleSet};
pub use diagnostic::{Code, Diagnostic, Level};
pub use eval::{Condition, Match, Scratch};
pub use explain::Explanation;
pub use fields::{Catalogue, EventView, FieldSource, JsonEvent, KindSet, MapEvent, ReadError};
pub use file::RuleFile;
pub use filter::Filter;
pub use need::{Hints, Need};
