//! Which rules an event can possibly match, found from one value that each rule insists on: an
//! exact text or number, the beginning or the end of a text, or something in it. Rules that insist
//! on none are tried every time.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use aho_corasick::AhoCorasick;

use super::dag::{Dag, Node, NodeId};
use crate::fields::{Fetch, Field, FieldSource, Value};

/// A rule with the condition that is left to test.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) rule: u32,
    pub(crate) node: NodeId,
}

type Buckets = HashMap<Box<[u8]>, Vec<Entry>, BuildHasherDefault<Mixer>>;

#[derive(Debug, Default)]
pub(crate) struct Index {
    groups: Vec<Group>,
    residual: Vec<Entry>,
}

/// The rules that insist on a value of one field.
#[derive(Debug)]
struct Group {
    field: Field,
    exact: Buckets,
    /// By length, shortest first.
    prefixes: Vec<(usize, Buckets)>,
    suffixes: Vec<(usize, Buckets)>,
    /// What is looked for inside, all at once.
    inside: Vec<(Box<[u8]>, Entry)>,
    finder: Option<AhoCorasick>,
}

/// What a condition insists on.
struct Witness<'d> {
    field: &'d Field,
    wants: Wants<'d>,
}

enum Wants<'d> {
    OneOf(Vec<&'d [u8]>),
    Number(&'d [i128]),
    Prefix(Vec<&'d [u8]>),
    Suffix(Vec<&'d [u8]>),
    Inside(Vec<&'d [u8]>),
}

impl Witness<'_> {
    /// How well it tells events apart: smaller is better.
    fn rank(&self) -> usize {
        let shortest = |values: &[&[u8]]| values.iter().map(|v| v.len()).min().unwrap_or_default();
        match &self.wants {
            Wants::OneOf(values) => values.len(),
            Wants::Number(values) => values.len(),
            Wants::Prefix(values) => 300usize.saturating_sub(shortest(values)),
            Wants::Suffix(values) => 400usize.saturating_sub(shortest(values)),
            Wants::Inside(values) => 500usize.saturating_sub(shortest(values)),
        }
    }
}

fn witness(dag: &Dag, node: NodeId) -> Option<Witness<'_>> {
    match dag.node(node) {
        Node::Atom(atom) => {
            let atom = &dag.atoms()[*atom as usize];
            let field = atom.plain_field()?;
            if let Some(values) = atom.number_test().and_then(|t| t.equal_to()) {
                return Some(Witness { field, wants: Wants::Number(values) });
            }
            let test = atom.text_test()?;
            let useful = |values: &Vec<&[u8]>| !values.is_empty() && values.iter().all(|v| !v.is_empty());
            let wants = test
                .equal_to()
                .map(Wants::OneOf)
                .or_else(|| test.prefixes().filter(useful).map(Wants::Prefix))
                .or_else(|| test.suffixes().filter(useful).map(Wants::Suffix))
                .or_else(|| test.inside().filter(useful).map(Wants::Inside))?;
            Some(Witness { field, wants })
        }
        Node::And(children) => children.iter().filter_map(|c| witness(dag, *c)).min_by_key(Witness::rank),
        Node::Or(children) => {
            let mut all: Option<(&Field, Vec<&[u8]>)> = None;
            for child in children {
                let Witness { field, wants: Wants::OneOf(values) } = witness(dag, *child)? else {
                    return None;
                };
                match &mut all {
                    None => all = Some((field, values)),
                    Some((same, list)) if *same == field => list.extend(values),
                    Some(_) => return None,
                }
            }
            let (field, mut values) = all?;
            values.sort_unstable();
            values.dedup();
            Some(Witness { field, wants: Wants::OneOf(values) })
        }
        Node::Not(_) | Node::Const(_) => None,
    }
}

impl Index {
    pub(crate) fn build(dag: &Dag, entries: &[Entry]) -> Self {
        let mut index = Self::default();
        for entry in entries {
            match witness(dag, entry.node) {
                None => index.residual.push(*entry),
                Some(witness) => index.group(witness.field).add(&witness.wants, *entry),
            }
        }
        for group in &mut index.groups {
            group.prefixes.sort_unstable_by_key(|(len, _)| *len);
            group.suffixes.sort_unstable_by_key(|(len, _)| *len);
            if !group.inside.is_empty() {
                // It can't fail but for a size that rules never reach; then they are tried one by one.
                group.finder = AhoCorasick::new(group.inside.iter().map(|(needle, _)| needle)).ok();
                if group.finder.is_none() {
                    index.residual.extend(group.inside.drain(..).map(|(_, entry)| entry));
                }
            }
        }
        index
    }

    fn group(&mut self, field: &Field) -> &mut Group {
        let at = match self.groups.iter().position(|g| g.field == *field) {
            Some(at) => at,
            None => {
                self.groups.push(Group {
                    field: field.clone(),
                    exact: Buckets::default(),
                    prefixes: Vec::new(),
                    suffixes: Vec::new(),
                    inside: Vec::new(),
                    finder: None,
                });
                self.groups.len() - 1
            }
        };
        &mut self.groups[at]
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.groups.is_empty() && self.residual.is_empty()
    }

    /// Hands over the entries that an event may match; the same one perhaps more than once.
    pub(crate) fn candidates<S: FieldSource + ?Sized>(
        &self,
        source: &S,
        buffer: &mut Vec<u8>,
        mut visit: impl FnMut(Entry),
    ) {
        for group in &self.groups {
            buffer.clear();
            match source.fetch(&group.field, buffer) {
                Fetch::Value(Value::Text(text)) => group.candidates(text, &mut visit),
                Fetch::Built => group.candidates(buffer, &mut visit),
                Fetch::Value(Value::Int(n)) => group.numbered(n.into(), &mut visit),
                Fetch::Value(Value::Uint(n)) => group.numbered(n.into(), &mut visit),
                Fetch::Value(Value::Bool(b)) => group.numbered(b.into(), &mut visit),
                Fetch::Value(Value::Double(_) | Value::Ip(_)) | Fetch::Absent | Fetch::Many => {}
            }
        }
        self.residual.iter().copied().for_each(visit);
    }
}

impl Group {
    fn add(&mut self, wants: &Wants<'_>, entry: Entry) {
        fn of_length(lengths: &mut Vec<(usize, Buckets)>, len: usize) -> &mut Buckets {
            let at = match lengths.iter().position(|(l, _)| *l == len) {
                Some(at) => at,
                None => {
                    lengths.push((len, Buckets::default()));
                    lengths.len() - 1
                }
            };
            &mut lengths[at].1
        }
        match wants {
            Wants::OneOf(values) => {
                for value in values {
                    self.exact.entry((*value).into()).or_default().push(entry);
                }
            }
            Wants::Number(values) => {
                for value in *values {
                    self.exact.entry(value.to_le_bytes().into()).or_default().push(entry);
                }
            }
            Wants::Prefix(values) => {
                for value in values {
                    of_length(&mut self.prefixes, value.len())
                        .entry((*value).into())
                        .or_default()
                        .push(entry);
                }
            }
            Wants::Suffix(values) => {
                for value in values {
                    of_length(&mut self.suffixes, value.len())
                        .entry((*value).into())
                        .or_default()
                        .push(entry);
                }
            }
            Wants::Inside(values) => self.inside.extend(values.iter().map(|v| ((*v).into(), entry))),
        }
    }

    fn numbered(&self, number: i128, visit: &mut impl FnMut(Entry)) {
        if let Some(entries) = self.exact.get(&number.to_le_bytes()[..]) {
            entries.iter().copied().for_each(visit);
        }
    }

    fn candidates(&self, text: &[u8], visit: &mut impl FnMut(Entry)) {
        let mut take = |found: Option<&Vec<Entry>>| {
            if let Some(entries) = found {
                entries.iter().copied().for_each(&mut *visit);
            }
        };
        if !self.exact.is_empty() {
            take(self.exact.get(text));
        }
        for (len, buckets) in self.prefixes.iter().take_while(|(len, _)| *len <= text.len()) {
            take(buckets.get(&text[..*len]));
        }
        for (len, buckets) in self.suffixes.iter().take_while(|(len, _)| *len <= text.len()) {
            take(buckets.get(&text[text.len() - len..]));
        }
        if let Some(finder) = &self.finder {
            for found in finder.find_overlapping_iter(text) {
                visit(self.inside[found.pattern().as_usize()].1);
            }
        }
    }
}

/// A fast hash for short texts. Keys come from rules, so nobody can make them collide on purpose.
#[derive(Debug, Default)]
struct Mixer(u64);

impl Mixer {
    fn mix(&mut self, word: u64) {
        self.0 = (self.0.rotate_left(5) ^ word).wrapping_mul(0x517c_c1b7_2722_0a95);
    }
}

impl Hasher for Mixer {
    fn write(&mut self, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks::<8>();
        words.iter().for_each(|w| self.mix(u64::from_le_bytes(*w)));
        let mut last = [0; 8];
        last[..rest.len()].copy_from_slice(rest);
        self.mix(u64::from_le_bytes(last) ^ (bytes.len() as u64) << 56);
    }

    fn write_usize(&mut self, n: usize) {
        self.mix(n as u64);
    }

    fn finish(&self) -> u64 {
        self.0 ^ self.0 >> 32
    }
}
