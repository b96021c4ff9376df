//! Runs a rule set over events.

mod condition;
pub mod naive;

pub use condition::Condition;

use crate::compile::{Node, NodeId, Program, RuleSet};
use crate::fields::{Fetch, FieldSource, Value};

/// A rule that matched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Match {
    /// Index into [`RuleSet::rules`].
    pub rule: usize,
}

/// Memory that evaluation uses again for each event. One per thread; it fits any rule set.
#[derive(Debug, Default)]
pub struct Scratch {
    /// For each node `generation << 1 | verdict` of the event that it was last asked for.
    memo: Vec<u32>,
    generation: u32,
    /// Texts that were put together for this event, end to end, and where each slot's lies.
    arena: Vec<u8>,
    slots: Vec<Slot>,
    buffer: Vec<u8>,
    spare: Vec<u8>,
    matched: Vec<u32>,
}

#[derive(Debug, Default, Clone, Copy)]
struct Slot {
    generation: u32,
    start: usize,
    end: usize,
}

impl Scratch {
    fn begin(&mut self, program: &Program) {
        self.generation += 1;
        if self.generation > u32::MAX >> 1 {
            self.generation = 1;
            self.memo.fill(0);
            self.slots.fill(Slot::default());
        }
        if self.memo.len() < program.dag.len() {
            self.memo.resize(program.dag.len(), 0);
        }
        if self.slots.len() < program.slot_count {
            self.slots.resize(program.slot_count, Slot::default());
        }
        self.arena.clear();
        self.matched.clear();
    }
}

impl RuleSet {
    /// Appends the enabled rules that an event matches, in their order. Allocates nothing when no
    /// rule matches, once `scratch` has grown (transformers aside).
    pub fn evaluate<S: FieldSource + ?Sized>(&self, source: &S, scratch: &mut Scratch, out: &mut Vec<Match>) {
        let program = &self.program;
        match source.kind() {
            Some(kind) => {
                let Some(index) = program.for_kind(kind) else { return };
                scratch.begin(program);
                let mut buffer = std::mem::take(&mut scratch.buffer);
                index.candidates(source, &mut buffer, |entry| {
                    if holds(program, entry.node, source, scratch) {
                        scratch.matched.push(entry.rule);
                    }
                });
                scratch.buffer = buffer;
            }
            None => {
                scratch.begin(program);
                for entry in program.for_source(source.event_source()) {
                    if holds(program, entry.node, source, scratch) {
                        scratch.matched.push(entry.rule);
                    }
                }
            }
        }
        scratch.matched.sort_unstable();
        scratch.matched.dedup();
        out.extend(scratch.matched.iter().map(|rule| Match { rule: *rule as usize }));
    }
}

fn holds<S: FieldSource + ?Sized>(program: &Program, id: NodeId, source: &S, scratch: &mut Scratch) -> bool {
    let known = scratch.memo[id as usize];
    if known >> 1 == scratch.generation {
        return known & 1 == 1;
    }
    let verdict = match program.dag.node(id) {
        Node::Const(value) => return *value,
        Node::Not(child) => return !holds(program, *child, source, scratch),
        Node::Atom(atom) => atom_holds(program, *atom, source, scratch),
        Node::And(children) => children.iter().all(|c| holds(program, *c, source, scratch)),
        Node::Or(children) => children.iter().any(|c| holds(program, *c, source, scratch)),
    };
    scratch.memo[id as usize] = scratch.generation << 1 | u32::from(verdict);
    verdict
}

fn atom_holds<S: FieldSource + ?Sized>(
    program: &Program,
    atom: u32,
    source: &S,
    scratch: &mut Scratch,
) -> bool {
    let slot = program.slots[atom as usize];
    let atom = &program.dag.atoms()[atom as usize];
    let (Some(field), Some(slot)) = (atom.plain_field(), slot) else {
        return atom.holds(source, &mut scratch.spare);
    };
    let known = scratch.slots[slot as usize];
    if known.generation == scratch.generation {
        return atom.value_holds(Value::Text(&scratch.arena[known.start..known.end]));
    }
    let start = scratch.arena.len();
    match source.fetch(field, &mut scratch.arena) {
        Fetch::Absent => false,
        Fetch::Value(value) => atom.value_holds(value),
        Fetch::Built => {
            let end = scratch.arena.len();
            scratch.slots[slot as usize] = Slot { generation: scratch.generation, start, end };
            atom.value_holds(Value::Text(&scratch.arena[start..end]))
        }
        Fetch::Many => false,
    }
}

#[cfg(test)]
mod tests;
