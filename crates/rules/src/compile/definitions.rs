//! Macros, lists and rules after the items of all files were merged.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::diagnostic::{Code, Diagnostic, Level};
use crate::file::source::Source;
use crate::file::{ExceptionItem, Mark, Named};
use crate::filter::{ParseError, Position};

/// A place in one of the files.
#[derive(Debug, Clone)]
pub(super) struct Place {
    pub(super) source: Source,
    pub(super) mark: Mark,
}

impl Place {
    pub(super) fn diagnostic(&self, level: Level, code: Code, message: impl Into<String>) -> Diagnostic {
        self.source.diagnostic(level, code, self.mark, message)
    }

    pub(super) fn error(&self, code: Code, message: impl Into<String>) -> Diagnostic {
        self.diagnostic(Level::Error, code, message)
    }
}

/// A text that was put together from parts that stand in different places; cheap to copy.
#[derive(Debug, Clone, Default)]
pub(super) struct Parts(Arc<Vec<(Place, String)>>);

impl Parts {
    pub(super) fn new(source: &Source, text: &Named) -> Self {
        let mut parts = Self::default();
        parts.push(source, text);
        parts
    }

    pub(super) fn push(&mut self, source: &Source, text: &Named) {
        let place = Place { source: source.clone(), mark: text.mark };
        Arc::make_mut(&mut self.0).push((place, text.text.clone()));
    }

    /// The whole text, as Falco joins it.
    pub(super) fn text(&self) -> String {
        self.0.iter().map(|(_, text)| text.trim_end()).collect::<Vec<_>>().join(" ")
    }

    /// What is wrong at a place in the whole text.
    pub(super) fn error_at(
        &self,
        at: Position,
        code: Code,
        message: impl Into<String>,
    ) -> Option<Diagnostic> {
        let mut start = 0;
        let mut found = None;
        for (place, text) in self.0.iter() {
            if at.offset >= start || found.is_none() {
                found = Some((place, text, at.offset.saturating_sub(start)));
            }
            start += text.trim_end().len() + 1;
        }
        let (place, text, offset) = found?;
        let mark = place.source.locate(place.mark, text, Position { offset, ..at });
        Some(place.source.diagnostic(Level::Error, code, mark, message))
    }

    pub(super) fn parse_error(&self, error: &ParseError) -> Option<Diagnostic> {
        let mut diagnostic = self.error_at(error.position, Code::LoadErrCompileCondition, &*error.message)?;
        diagnostic.expected.clone_from(&error.expected);
        Some(diagnostic)
    }
}

/// Where a name was first defined and last changed: a macro or list sees only what was defined
/// before its last change.
#[derive(Debug, Clone, Copy)]
pub(super) struct Order {
    pub(super) defined: usize,
    pub(super) changed: usize,
}

#[derive(Debug, Clone)]
pub(super) struct MacroDefinition {
    pub(super) place: Place,
    pub(super) order: Order,
    pub(super) condition: Parts,
}

#[derive(Debug, Clone)]
pub(super) struct ListDefinition {
    pub(super) place: Place,
    pub(super) order: Order,
    pub(super) items: Vec<String>,
}

#[derive(Debug, Clone)]
pub(super) struct RuleDefinition {
    pub(super) name: String,
    pub(super) place: Place,
    pub(super) description: String,
    pub(super) condition: Parts,
    pub(super) output: Parts,
    pub(super) priority: String,
    pub(super) event_source: String,
    pub(super) tags: Vec<String>,
    pub(super) enabled: bool,
    pub(super) skip_if_unknown_filter: bool,
    /// Whether to say so when the rule asks for too many types of event.
    pub(super) warn_evttypes: bool,
    pub(super) exceptions: Vec<(Place, ExceptionItem)>,
}

/// All of them.
#[derive(Debug, Default)]
pub(super) struct Definitions {
    pub(super) macros: BTreeMap<String, MacroDefinition>,
    pub(super) lists: BTreeMap<String, ListDefinition>,
    /// In the order in which they were first defined.
    pub(super) rules: Vec<RuleDefinition>,
}
