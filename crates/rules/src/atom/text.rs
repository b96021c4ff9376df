//! Comparisons of texts and bytes.

use memchr::memmem;

use super::pattern::{glob, path_prefix};
use super::{How, Quantity};
use crate::filter::Op;

#[derive(Debug)]
pub(crate) struct TextTest {
    op: Op,
    how: How,
    needles: Needles,
}

#[derive(Debug)]
enum Needles {
    /// Compared for equality with one text.
    Equal(Box<[u8]>),
    /// Compared for equality with many.
    Set(Set),
    /// One text to be found inside.
    Inside(Box<memmem::Finder<'static>>),
    Patterns(Vec<regex::bytes::Regex>),
    Plain(Vec<Box<[u8]>>),
}

/// Texts to be equal to, found by length and halving.
#[derive(Debug)]
pub(crate) struct Set {
    sorted: Vec<Box<[u8]>>,
    /// Bit `n` is set when there is a text of `n` bytes; the last bit stands for all longer ones.
    lengths: u64,
}

impl Set {
    fn new(values: Vec<Box<[u8]>>) -> Self {
        let lengths = values.iter().fold(0, |bits, v| bits | 1 << v.len().min(63));
        let mut sorted = values;
        sorted.sort_unstable();
        sorted.dedup();
        Self { sorted, lengths }
    }

    fn contains(&self, text: &[u8]) -> bool {
        self.lengths >> text.len().min(63) & 1 == 1
            && self.sorted.binary_search_by(|v| (**v).cmp(text)).is_ok()
    }
}

impl TextTest {
    /// Makes a test; regular expressions are the only constants that can be wrong.
    pub(super) fn new(op: Op, how: How, mut values: Vec<Box<[u8]>>) -> Result<Self, String> {
        let plain = how.quantity == Quantity::Any && !how.negated;
        let needles = match op {
            Op::Regex => {
                let compiled: Result<Vec<_>, _> = values.iter().map(|v| compile_regex(v)).collect();
                Needles::Patterns(compiled?)
            }
            Op::Eq | Op::EqEq | Op::Ne if values.len() == 1 => Needles::Equal(values.swap_remove(0)),
            Op::Eq | Op::EqEq | Op::In | Op::Intersects if plain => Needles::Set(Set::new(values)),
            Op::Contains | Op::BContains if values.len() == 1 => {
                Needles::Inside(Box::new(memmem::Finder::new(&*values[0]).into_owned()))
            }
            _ => Needles::Plain(values),
        };
        Ok(Self { op, how, needles })
    }

    pub(super) fn holds(&self, text: &[u8]) -> bool {
        match &self.needles {
            Needles::Equal(value) => (**value == *text) != self.how.negated,
            Needles::Set(set) => set.contains(text),
            Needles::Inside(finder) => finder.find(text).is_some(),
            Needles::Patterns(patterns) => self.how.judge(patterns, |p| p.is_match(text)),
            Needles::Plain(values) => self.how.judge(values, |v| agrees(self.op, text, v)),
        }
    }

    /// The texts of which the tested one has to be equal to one, where that is what is tested.
    pub(crate) fn equal_to(&self) -> Option<Vec<&[u8]>> {
        match &self.needles {
            Needles::Equal(value) if !self.how.negated => Some(vec![value]),
            Needles::Set(set) => Some(set.sorted.iter().map(|v| &**v).collect()),
            _ => None,
        }
    }
}

impl TextTest {
    /// Texts with one of which the tested one has to begin, where that follows from the test.
    pub(crate) fn prefixes(&self) -> Option<Vec<&[u8]>> {
        match self.op {
            Op::StartsWith => self.plain_values(),
            Op::Glob => {
                self.plain_values().map(|patterns| patterns.into_iter().map(literal_prefix).collect())
            }
            _ => None,
        }
    }

    /// Texts with one of which the tested one has to end, where that is what is tested.
    pub(crate) fn suffixes(&self) -> Option<Vec<&[u8]>> {
        (self.op == Op::EndsWith).then(|| self.plain_values()).flatten()
    }

    /// Texts of which the tested one has to hold one, where that is what is tested.
    pub(crate) fn inside(&self) -> Option<Vec<&[u8]>> {
        match &self.needles {
            Needles::Inside(finder) => Some(vec![finder.needle()]),
            Needles::Plain(_) if self.op == Op::Contains => self.plain_values(),
            _ => None,
        }
    }

    /// The values of which one has to agree (all of them, or exactly one, is more than that).
    fn plain_values(&self) -> Option<Vec<&[u8]>> {
        match &self.needles {
            Needles::Plain(values) if !self.how.negated => Some(values.iter().map(|v| &**v).collect()),
            _ => None,
        }
    }
}

/// What stands in a shell pattern before anything that is not itself.
fn literal_prefix(pattern: &[u8]) -> &[u8] {
    let end = pattern.iter().position(|b| b"*?[\\".contains(b)).unwrap_or(pattern.len());
    &pattern[..end]
}

fn compile_regex(pattern: &[u8]) -> Result<regex::bytes::Regex, String> {
    let text = std::str::from_utf8(pattern).map_err(|_| "invalid regex pattern: not UTF-8".to_owned())?;
    regex::bytes::RegexBuilder::new(&format!("^(?:{text})$"))
        .dot_matches_new_line(true)
        .size_limit(1 << 20)
        .build()
        .map_err(|e| {
            format!("invalid regex pattern: {}", e.to_string().lines().last().unwrap_or_default().trim())
        })
}

/// Whether `text` agrees with one constant; "not equal" is left to the caller.
pub(super) fn agrees(op: Op, text: &[u8], value: &[u8]) -> bool {
    match op {
        Op::Exists => true,
        Op::Eq | Op::EqEq | Op::Ne | Op::In | Op::Intersects => text == value,
        Op::Lt => text < value,
        Op::Le => text <= value,
        Op::Gt => text > value,
        Op::Ge => text >= value,
        Op::Glob => glob(value, text, false),
        Op::IGlob => glob(value, text, true),
        Op::Contains | Op::BContains => memmem::find(text, value).is_some(),
        Op::IContains => value.is_empty() || text.windows(value.len()).any(|w| w.eq_ignore_ascii_case(value)),
        Op::StartsWith | Op::BStartsWith => text.starts_with(value),
        Op::EndsWith => text.ends_with(value),
        Op::PMatch => path_prefix(value, text),
        // Regular expressions are compiled beforehand.
        Op::Regex => false,
    }
}
