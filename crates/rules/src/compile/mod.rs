//! From rule files to what runs: items are merged, names replaced by what they stand for,
//! exceptions folded in, comparisons type-checked and shared, and rules filed by the kinds of
//! event that they can match.

mod dag;
mod event_types;
mod definitions;
mod doubts;
mod exceptions;
mod expand;
mod index;
mod merge;
mod program;
mod rule_set;

pub(crate) use dag::{Dag, Node, NodeId, settled};
pub(crate) use program::Program;
pub use rule_set::{Overrides, Rule, RuleSet};

#[cfg(test)]
mod tests;
