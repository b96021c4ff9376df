//! A file's text and the places in it.

use std::sync::Arc;

use crate::diagnostic::{Code, Diagnostic, Level};
use crate::filter::Position;

/// A place in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Mark {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// Characters from the beginning.
    pub(crate) index: usize,
}

/// A file's name and text; cheap to copy.
#[derive(Debug, Clone)]
pub(crate) struct Source {
    name: Arc<str>,
    text: Arc<str>,
    /// Where each line begins.
    lines: Arc<[usize]>,
}

/// How much of a line a diagnostic shows.
const SNIPPET_CHARS: usize = 160;

impl Source {
    pub(crate) fn new(name: &str, text: &str) -> Self {
        let lines = std::iter::once(0).chain(memchr::memchr_iter(b'\n', text.as_bytes()).map(|at| at + 1));
        Self { name: name.into(), text: text.into(), lines: lines.collect() }
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    pub(crate) fn diagnostic(
        &self,
        severity: Level,
        code: Code,
        mark: Mark,
        message: impl Into<String>,
    ) -> Diagnostic {
        let line = mark.line.max(1);
        let start = self.lines.get(line - 1).copied().unwrap_or(self.text.len());
        let snippet = self.text.get(start..).and_then(|rest| rest.lines().next()).unwrap_or_default();
        Diagnostic {
            severity,
            code,
            file: self.name.to_string(),
            line,
            column: mark.column.max(1),
            message: message.into(),
            expected: Vec::new(),
            snippet: snippet.chars().take(SNIPPET_CHARS).collect(),
        }
    }

    /// Where in the file a place within a scalar's text stands. Folding and indentation change only
    /// white space, so the place is found by counting what is not.
    pub(crate) fn locate(&self, scalar: Mark, text: &str, at: Position) -> Mark {
        let before = text.get(..at.offset).unwrap_or(text);
        let printed = |text: &str| text.chars().filter(|c| !c.is_whitespace()).count();
        let wanted = printed(before);
        // The end of the text is just behind its last character, not where the next text begins.
        let at_end = wanted == printed(text);
        let mut here = Mark { index: scalar.index, ..scalar };
        let mut chars = self.text.chars().skip(scalar.index).peekable();
        match chars.peek() {
            // The header of a block: the text begins on the next line.
            Some('|' | '>') => {
                for c in chars.by_ref() {
                    here.step(c);
                    if c == '\n' {
                        break;
                    }
                }
            }
            Some(quote @ ('"' | '\'')) => {
                here.step(*quote);
                chars.next();
            }
            _ => {}
        }
        let mut seen = 0;
        for c in chars {
            if !c.is_whitespace() {
                if seen == wanted {
                    break;
                }
                seen += 1;
            }
            here.step(c);
            if at_end && seen == wanted {
                break;
            }
        }
        here
    }
}

impl Mark {
    fn step(&mut self, c: char) {
        self.index += 1;
        if c == '\n' {
            self.line += 1;
            self.column = 1;
        } else {
            self.column += 1;
        }
    }
}
