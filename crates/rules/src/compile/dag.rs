//! Conditions as one graph in which equal parts are the same node, so that an event needs each
//! answer only once, whichever rules ask for it.

use std::collections::HashMap;

use vedetta_model::Kind;

use crate::atom::{Atom, Expression};
use crate::fields::{Fetch, Field, FieldSource, Known, Value, category, is_available, type_names};

/// A node's place in the graph.
pub(crate) type NodeId = u32;

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Node {
    Const(bool),
    Atom(u32),
    Not(NodeId),
    And(Box<[NodeId]>),
    Or(Box<[NodeId]>),
}

#[derive(Debug, Default)]
pub(crate) struct Dag {
    nodes: Vec<Node>,
    costs: Vec<u32>,
    ids: HashMap<Node, NodeId>,
    atoms: Vec<Atom>,
    atom_ids: HashMap<String, u32>,
}

impl Dag {
    pub(crate) fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id as usize]
    }

    pub(crate) fn len(&self) -> usize {
        self.nodes.len()
    }

    pub(crate) fn atoms(&self) -> &[Atom] {
        &self.atoms
    }

    /// The atom that reads so, where there is one.
    pub(crate) fn atom_named(&self, text: &str) -> Option<&Atom> {
        self.atom_ids.get(text).map(|id| &self.atoms[*id as usize])
    }

    fn intern(&mut self, node: Node) -> NodeId {
        if let Some(id) = self.ids.get(&node) {
            return *id;
        }
        let cost = match &node {
            Node::Const(_) => 0,
            Node::Atom(atom) => self.atoms[*atom as usize].cost,
            Node::Not(child) => self.cost(*child),
            Node::And(children) | Node::Or(children) => {
                children.iter().fold(0, |sum: u32, c| sum.saturating_add(self.cost(*c)))
            }
        };
        let id = u32::try_from(self.nodes.len()).unwrap_or(u32::MAX);
        self.nodes.push(node.clone());
        self.costs.push(cost);
        self.ids.insert(node, id);
        id
    }

    fn cost(&self, id: NodeId) -> u32 {
        self.costs[id as usize]
    }

    pub(crate) fn constant(&mut self, value: bool) -> NodeId {
        self.intern(Node::Const(value))
    }

    /// The node of a comparison; `make` is asked when none reads the same yet.
    pub(crate) fn atom<E>(
        &mut self,
        text: &str,
        make: impl FnOnce() -> Result<Atom, E>,
    ) -> Result<NodeId, E> {
        let id = match self.atom_ids.get(text) {
            Some(id) => *id,
            None => {
                let id = u32::try_from(self.atoms.len()).unwrap_or(u32::MAX);
                self.atoms.push(make()?);
                self.atom_ids.insert(text.to_owned(), id);
                id
            }
        };
        Ok(self.intern(Node::Atom(id)))
    }

    pub(crate) fn not(&mut self, child: NodeId) -> NodeId {
        match *self.node(child) {
            Node::Const(value) => self.constant(!value),
            Node::Not(inner) => inner,
            _ => self.intern(Node::Not(child)),
        }
    }

    pub(crate) fn and(&mut self, children: Vec<NodeId>) -> NodeId {
        self.join(children, true)
    }

    pub(crate) fn or(&mut self, children: Vec<NodeId>) -> NodeId {
        self.join(children, false)
    }

    /// `and` leaves out what is true and ends at what is false; `or` the other way round.
    fn join(&mut self, children: Vec<NodeId>, neutral: bool) -> NodeId {
        let mut flat = Vec::with_capacity(children.len());
        for child in children {
            match self.node(child) {
                Node::Const(value) if *value == neutral => {}
                Node::Const(_) => return child,
                Node::And(inner) if neutral => flat.extend_from_slice(inner),
                Node::Or(inner) if !neutral => flat.extend_from_slice(inner),
                _ => flat.push(child),
            }
        }
        flat.sort_unstable_by_key(|id| (self.cost(*id), *id));
        flat.dedup();
        match flat[..] {
            [] => self.constant(neutral),
            [only] => only,
            _ if neutral => self.intern(Node::And(flat.into())),
            _ => self.intern(Node::Or(flat.into())),
        }
    }

    /// The condition as far as the kind of event does not settle it already.
    pub(crate) fn specialise(
        &mut self,
        id: NodeId,
        kind: Kind,
        memo: &mut HashMap<NodeId, NodeId>,
    ) -> NodeId {
        if let Some(done) = memo.get(&id) {
            return *done;
        }
        let result = match self.node(id).clone() {
            Node::Const(_) => id,
            Node::Atom(atom) => match settled(&self.atoms[atom as usize], kind) {
                Some(value) => self.constant(value),
                None => id,
            },
            Node::Not(child) => {
                let child = self.specialise(child, kind, memo);
                self.not(child)
            }
            Node::And(children) => {
                let children = children.iter().map(|c| self.specialise(*c, kind, memo)).collect();
                self.and(children)
            }
            Node::Or(children) => {
                let children = children.iter().map(|c| self.specialise(*c, kind, memo)).collect();
                self.or(children)
            }
        };
        memo.insert(id, result);
        result
    }
}

/// What a comparison comes to for every event of a kind, where that is the same for all of them.
pub(crate) fn settled(atom: &Atom, kind: Kind) -> Option<bool> {
    if atom.fields().iter().any(|field| !is_available(field, kind)) {
        return Some(false);
    }
    let Expression::Field(field) = &atom.left else { return None };
    if atom.fields().len() > 1 || !is_fixed(field.known?, kind) {
        return None;
    }
    let mut verdicts =
        type_names(kind).iter().map(|names| atom.holds(&Sample { kind, names }, &mut Vec::new()));
    let first = verdicts.next()?;
    verdicts.all(|verdict| verdict == first).then_some(first)
}

/// Whether a field's value follows from the kind (and the name of the system call).
fn is_fixed(known: Known, kind: Kind) -> bool {
    use Known as K;
    match known {
        K::EvtType
        | K::SyscallType
        | K::EvtDir
        | K::EvtSource
        | K::EvtCategory
        | K::EvtIsAsync
        | K::EvtIsIo
        | K::EvtIsIoRead
        | K::EvtIsIoWrite
        | K::EvtIsWait => true,
        K::EvtIsOpenRead | K::EvtIsOpenWrite | K::EvtIsOpenExec | K::EvtIsOpenCreate => {
            kind != Kind::FileOpen
        }
        _ => false,
    }
}

/// An event of which only the kind is known.
struct Sample {
    kind: Kind,
    names: &'static [&'static str],
}

impl FieldSource for Sample {
    fn kind(&self) -> Option<Kind> {
        Some(self.kind)
    }

    fn fetch<'s>(&'s self, field: &Field, _: &mut Vec<u8>) -> Fetch<'s> {
        match field.known {
            Some(Known::EvtType | Known::SyscallType) => Fetch::Many,
            Some(Known::EvtDir) => Fetch::some("<"),
            Some(Known::EvtSource) => Fetch::some("syscall"),
            Some(Known::EvtCategory) => Fetch::some(category(self.kind)),
            _ => Fetch::bool(false),
        }
    }

    fn each(&self, _: &Field, _: &mut Vec<u8>, visit: &mut dyn FnMut(Value<'_>) -> bool) {
        let _ = self.names.iter().any(|name| visit((*name).into()));
    }
}
