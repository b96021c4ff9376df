//! Rule files: what they say, with the place of each part. Nothing is looked up here; an item that
//! appends to another, or takes a macro's name for granted, is read like any other.

mod exception;
mod item;
mod parts;
mod reader;
pub(crate) mod source;
mod versions;
pub(crate) mod yaml;

pub use exception::{ExceptionItem, ExceptionValue};
pub use item::{Change, Condition, Item, ItemBody, ListItem, MacroItem, Named, RuleItem, TestItem};
pub use source::Mark;

use crate::diagnostic::{Code, Diagnostic};
use source::Source;

/// The version of Falco's engine whose rule files are understood.
pub const ENGINE_VERSION: (u64, u64, u64) = (0, 60, 0);

/// A rule file that was read.
#[derive(Debug, Clone)]
pub struct RuleFile {
    pub(crate) source: Source,
    /// Its items, in order.
    pub items: Vec<Item>,
    /// What is odd about it.
    pub warnings: Vec<Diagnostic>,
}

impl RuleFile {
    /// Reads a rule file. All errors are given, not only the first.
    pub fn parse(name: &str, text: &str) -> Result<Self, Vec<Diagnostic>> {
        let source = Source::new(name, text);
        let documents = yaml::parse(&source).map_err(|e| vec![e])?;
        let mut reader = reader::Reader::new(source);
        let mut items = Vec::new();
        for document in &documents {
            if document.is_null() {
                continue;
            }
            match document.list() {
                Some(list) => {
                    let there = list.iter().filter(|node| !node.is_null());
                    items.extend(there.filter_map(|node| reader.item(node)));
                }
                None => reader.error(
                    Code::LoadErrYamlValidate,
                    document.mark,
                    format!("Rules content is not yaml array of objects: found {}", document.describe()),
                    &["a list of rules, macros and lists"],
                ),
            }
        }
        let (source, diagnostics) = reader.finish();
        if diagnostics.iter().any(Diagnostic::is_error) {
            return Err(diagnostics);
        }
        Ok(Self { source, items, warnings: diagnostics })
    }

    /// The name it was read under.
    pub fn name(&self) -> &str {
        self.source.name()
    }

    /// Its text.
    pub fn text(&self) -> &str {
        self.source.text()
    }

    /// The rules that it defines or changes.
    pub fn rules(&self) -> impl Iterator<Item = &RuleItem> {
        self.items.iter().filter_map(|item| match &item.body {
            ItemBody::Rule(rule) => Some(&**rule),
            ItemBody::Macro(_) | ItemBody::List(_) => None,
        })
    }
}

#[cfg(test)]
mod tests;
