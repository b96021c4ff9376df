//! What runs: the graph, and for each kind of event the rules that it can match.

use std::collections::HashMap;

use vedetta_model::Kind;

use super::dag::{Dag, Node, NodeId};
use super::index::{Entry, Index};
use super::merge::DEFAULT_SOURCE;
use crate::fields::KindSet;

#[derive(Debug)]
pub(crate) struct Program {
    pub(crate) dag: Dag,
    /// By the kind's place in [`Kind::ALL`].
    by_kind: Vec<Index>,
    /// For events whose kind is not known: by the source of events that the rules are about.
    by_source: HashMap<String, Vec<Entry>>,
    /// For each atom the slot in which a text that its field is put together from is kept.
    pub(crate) slots: Vec<Option<u32>>,
    pub(crate) slot_count: usize,
}

/// A rule on its way into a program.
pub(crate) struct Candidate {
    pub(crate) node: NodeId,
    pub(crate) enabled: bool,
    /// The source of events that it is about.
    pub(crate) source: String,
}

impl Program {
    /// Files the rules by kind. Gives with it the kinds that each rule can match, enabled or not.
    pub(crate) fn build(mut dag: Dag, rules: &[Candidate]) -> (Self, Vec<KindSet>) {
        let mut kinds = vec![KindSet::EMPTY; rules.len()];
        let mut entries_by_kind = Vec::new();
        for &kind in Kind::ALL {
            let mut memo = HashMap::new();
            let mut entries = Vec::new();
            for (rule, candidate) in rules.iter().enumerate().filter(|(_, c)| c.source == DEFAULT_SOURCE) {
                let node = dag.specialise(candidate.node, kind, &mut memo);
                if *dag.node(node) == Node::Const(false) {
                    continue;
                }
                kinds[rule].insert(kind);
                if candidate.enabled {
                    entries.push(Entry { rule: number(rule), node });
                }
            }
            entries_by_kind.push(entries);
        }
        let by_kind = entries_by_kind.iter().map(|entries| Index::build(&dag, entries)).collect();
        let mut by_source: HashMap<String, Vec<Entry>> = HashMap::new();
        for (rule, candidate) in rules.iter().enumerate().filter(|(_, c)| c.enabled) {
            let entry = Entry { rule: number(rule), node: candidate.node };
            by_source.entry(candidate.source.clone()).or_default().push(entry);
        }
        let (slots, slot_count) = slots(&dag);
        (Self { dag, by_kind, by_source, slots, slot_count }, kinds)
    }

    pub(crate) fn for_kind(&self, kind: Kind) -> Option<&Index> {
        self.by_kind.get(KindSet::position(kind)).filter(|index| !index.is_empty())
    }

    pub(crate) fn for_source(&self, source: &str) -> &[Entry] {
        self.by_source.get(source).map(Vec::as_slice).unwrap_or_default()
    }
}

fn number(rule: usize) -> u32 {
    u32::try_from(rule).unwrap_or(u32::MAX)
}

/// One slot for each field that plain comparisons ask for.
fn slots(dag: &Dag) -> (Vec<Option<u32>>, usize) {
    let mut by_name: HashMap<&str, u32> = HashMap::new();
    let mut slots = Vec::with_capacity(dag.atoms().len());
    for atom in dag.atoms() {
        slots.push(atom.plain_field().map(|field| {
            let next = number(by_name.len());
            *by_name.entry(&field.name).or_insert(next)
        }));
    }
    let count = by_name.len();
    (slots, count)
}
