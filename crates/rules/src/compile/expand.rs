//! Puts the content of macros and lists where their names stand.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::definitions::{Definitions, Parts};
use crate::atom::MAX_VALUES;
use crate::diagnostic::{Code, Diagnostic, Level};
use crate::filter::ast::Named;
use crate::filter::escape::unescape;
use crate::filter::{Check, Expr, Filter, Literal, Position, Right, write_check};

/// How long a condition may be, in bytes.
const MAX_LENGTH: usize = 1 << 20;
/// How large a condition may grow when names are replaced.
const MAX_CHECKS: usize = 20_000;
/// How deep it may then nest, macros and parentheses together.
const MAX_DEPTH: usize = 400;

/// How large a condition became.
#[derive(Debug, Clone, Copy, Default)]
struct Size {
    checks: usize,
    depth: usize,
}

pub(super) struct Expander<'d> {
    definitions: &'d Definitions,
    lists: BTreeMap<&'d str, Vec<Literal>>,
    /// Names of lists that are more than one word.
    odd_lists: Vec<&'d str>,
    macros: BTreeMap<&'d str, Option<(Expr, Size)>>,
    /// Macros that are being expanded, outermost first.
    open: Vec<&'d str>,
    used_macros: BTreeSet<&'d str>,
    used_lists: BTreeSet<&'d str>,
    /// Where each comparison, by its canonical text, was first written.
    origins: HashMap<String, Parts>,
    diagnostics: &'d mut Vec<Diagnostic>,
}

/// Where an expansion stands: what errors point at, and what is visible from there.
struct Scope<'p> {
    text: &'p Parts,
    /// Only what was defined before this step can be seen.
    before: usize,
}

impl<'d> Expander<'d> {
    pub(super) fn new(definitions: &'d Definitions, diagnostics: &'d mut Vec<Diagnostic>) -> Self {
        let mut expander = Self {
            definitions,
            lists: BTreeMap::new(),
            odd_lists: definitions
                .lists
                .keys()
                .filter(|name| name.contains(char::is_whitespace))
                .map(String::as_str)
                .collect(),
            macros: BTreeMap::new(),
            open: Vec::new(),
            used_macros: BTreeSet::new(),
            used_lists: BTreeSet::new(),
            origins: HashMap::new(),
            diagnostics,
        };
        expander.resolve_lists();
        // Macros that nothing uses have to be right too.
        let mut by_order: Vec<_> = definitions.macros.iter().collect();
        by_order.sort_by_key(|(_, it)| it.order.changed);
        for (name, _) in by_order {
            expander.macro_content(name);
        }
        expander.used_macros.clear();
        expander.used_lists.clear();
        expander
    }

    pub(super) fn diagnostics(&mut self) -> &mut Vec<Diagnostic> {
        self.diagnostics
    }

    /// A list may name lists that were defined before it was last changed.
    fn resolve_lists(&mut self) {
        let mut by_order: Vec<_> = self.definitions.lists.iter().collect();
        by_order.sort_by_key(|(_, list)| list.order.changed);
        for (name, list) in by_order {
            let mut values = Vec::new();
            for item in &list.items {
                let earlier =
                    self.definitions.lists.get(item).filter(|l| l.order.defined < list.order.changed);
                match earlier.and_then(|_| self.lists.get(&**item)) {
                    Some(content) => values.extend(content.iter().cloned()),
                    None => values.push(unquote(item)),
                }
                if values.len() > MAX_VALUES {
                    let message = format!("list '{name}' has more than {MAX_VALUES} values");
                    self.diagnostics.push(list.place.error(Code::LoadErrValidate, message));
                    values.clear();
                    break;
                }
            }
            self.lists.insert(name, values);
        }
    }

    /// A rule's condition with all names replaced. `None` when something was wrong.
    pub(super) fn condition(&mut self, text: &Parts) -> Option<Expr> {
        let expr = self.parse(text)?;
        let mut size = Size::default();
        let expr = self.expand(expr, &Scope { text, before: usize::MAX }, 0, &mut size)?;
        if size.checks > MAX_CHECKS {
            let message = format!("condition has more than {MAX_CHECKS} comparisons");
            let code = Code::LoadErrCompileCondition;
            self.diagnostics.extend(text.error_at(Position::default(), code, message));
            return None;
        }
        Some(expr)
    }

    fn parse(&mut self, text: &Parts) -> Option<Expr> {
        let joined = self.quote_odd_lists(text.text());
        if joined.len() > MAX_LENGTH {
            let message = format!("condition is longer than {MAX_LENGTH} bytes");
            let code = Code::LoadErrCompileCondition;
            self.diagnostics.extend(text.error_at(Position::default(), code, message));
            return None;
        }
        match Filter::parse(&joined) {
            Ok(filter) => Some(filter.expr().clone()),
            Err(error) => {
                self.diagnostics.extend(text.parse_error(&error));
                None
            }
        }
    }

    /// A list whose name is no word can still be named between parentheses and commas.
    fn quote_odd_lists(&self, text: String) -> String {
        self.odd_lists.iter().fold(text, |text, name| {
            let mut out = String::with_capacity(text.len());
            let mut rest = &*text;
            while let Some(at) = rest.find(name) {
                let (before, after) = (&rest[..at], &rest[at + name.len()..]);
                out.push_str(before);
                let bounded =
                    out.trim_end().ends_with(['(', ',']) && after.trim_start().starts_with([')', ',']);
                if bounded {
                    out.push('"');
                }
                out.push_str(name);
                if bounded {
                    out.push('"');
                }
                rest = after;
            }
            out.push_str(rest);
            out
        })
    }

    fn expand(&mut self, expr: Expr, scope: &Scope<'_>, level: usize, size: &mut Size) -> Option<Expr> {
        size.depth = size.depth.max(level);
        // Every child is visited, so that one look finds all errors.
        let children = |this: &mut Self, children: Vec<Expr>, size: &mut Size| {
            let expanded: Vec<_> =
                children.into_iter().map(|c| this.expand(c, scope, level + 1, size)).collect();
            expanded.into_iter().collect::<Option<Vec<_>>>()
        };
        Some(match expr {
            Expr::And(list) => Expr::And(children(self, list, size)?),
            Expr::Or(list) => Expr::Or(children(self, list, size)?),
            Expr::Not(child) => Expr::Not(Box::new(self.expand(*child, scope, level + 1, size)?)),
            Expr::Named(name, child) => {
                Expr::Named(name, Box::new(self.expand(*child, scope, level + 1, size)?))
            }
            Expr::Check(check) => {
                size.checks += 1;
                let check = self.check(check);
                let mut text = String::new();
                write_check(&mut text, &check);
                self.origins.entry(text).or_insert_with(|| scope.text.clone());
                Expr::Check(check)
            }
            Expr::Macro(name, position) => {
                let known = self.definitions.macros.get_key_value(&name);
                let Some((name, _)) = known.filter(|(_, m)| m.order.defined < scope.before) else {
                    let message = format!("Undefined macro '{name}' used in filter.");
                    self.diagnostics.extend(scope.text.error_at(position, Code::LoadErrValidate, message));
                    return None;
                };
                self.used_macros.insert(name);
                let (content, of_macro) = self.macro_content(name)?;
                size.checks += of_macro.checks;
                size.depth = size.depth.max(level + 1 + of_macro.depth);
                let too_large = if size.checks > MAX_CHECKS {
                    format!("condition grows beyond {MAX_CHECKS} comparisons when macros are replaced")
                } else if size.depth > MAX_DEPTH {
                    format!("macros nest deeper than {MAX_DEPTH} levels")
                } else {
                    String::new()
                };
                if !too_large.is_empty() {
                    let code = Code::LoadErrCompileCondition;
                    self.diagnostics.extend(scope.text.error_at(position, code, too_large));
                    return None;
                }
                Expr::Named(Named::Macro(name.clone()), Box::new(content))
            }
        })
    }

    /// What a macro stands for, and how large that is.
    fn macro_content(&mut self, name: &'d str) -> Option<(Expr, Size)> {
        if let Some(done) = self.macros.get(name) {
            return done.clone();
        }
        let definition = self.definitions.macros.get(name)?;
        if self.open.contains(&name) {
            let cycle = self.open.iter().copied().chain([name]).collect::<Vec<_>>().join(" → ");
            let message = format!("Macro stands for itself: {cycle}");
            self.diagnostics.push(definition.place.error(Code::LoadErrValidate, message));
            return None;
        }
        if self.open.len() > MAX_DEPTH {
            let message = format!("macros nest deeper than {MAX_DEPTH} levels");
            self.diagnostics.push(definition.place.error(Code::LoadErrValidate, message));
            return None;
        }
        self.open.push(name);
        let mut size = Size::default();
        let content = self.parse(&definition.condition).and_then(|expr| {
            let scope = Scope { text: &definition.condition, before: definition.order.changed };
            self.expand(expr, &scope, 0, &mut size)
        });
        self.open.pop();
        let content = content.map(|expr| (expr, size));
        self.macros.insert(name, content.clone());
        content
    }

    /// What is wrong with a comparison, where it was first written.
    pub(super) fn error_in_check(&self, check: &Check, at: Position, message: &str) -> Option<Diagnostic> {
        let mut text = String::new();
        write_check(&mut text, check);
        let parts = self.origins.get(&text)?;
        parts.error_at(at, Code::LoadErrCompileCondition, message)
    }

    /// Puts lists in.
    pub(super) fn check(&mut self, mut check: Check) -> Check {
        check.right = match check.right {
            Some(Right::List(values)) => {
                let mut out = Vec::with_capacity(values.len());
                for value in values {
                    match value.as_str().and_then(|name| self.list(name)) {
                        Some(content) => out.extend(content),
                        None => out.push(value),
                    }
                    // A comparison of so many values is refused where it is built.
                    if out.len() > MAX_VALUES {
                        break;
                    }
                }
                Some(Right::List(out))
            }
            Some(Right::Name(name)) => Some(match self.list(&name) {
                Some(content) => Right::List(content),
                None => Right::Name(name),
            }),
            // A list of one value may stand for that value.
            Some(Right::Value(value)) => {
                let is_list =
                    value.as_str().filter(|name| self.lists.get(name).is_some_and(|l| l.len() == 1));
                let content = is_list.and_then(|name| self.list(name)).and_then(|mut l| l.pop());
                Some(Right::Value(content.unwrap_or(value)))
            }
            other => other,
        };
        check
    }

    fn list(&mut self, name: &str) -> Option<Vec<Literal>> {
        let (name, content) = self.lists.get_key_value(name)?;
        let content = content.clone();
        self.used_lists.insert(name);
        Some(content)
    }

    /// Warns of macros and lists that no rule needs, itself or through others.
    pub(super) fn warn_of_unused(&mut self) {
        let mut named = self.words_of_macros();
        for (name, definition) in &self.definitions.macros {
            if !self.used_macros.contains(&**name) && !named.contains(name) {
                self.diagnostics.push(definition.place.diagnostic(
                    Level::Warning,
                    Code::LoadUnusedMacro,
                    format!("Macro not referred to by any other rule/macro: '{name}'"),
                ));
            }
        }
        named.extend(self.definitions.lists.values().flat_map(|list| list.items.iter().cloned()));
        for (name, definition) in &self.definitions.lists {
            if !self.used_lists.contains(&**name) && !named.contains(name) {
                self.diagnostics.push(definition.place.diagnostic(
                    Level::Warning,
                    Code::LoadUnusedList,
                    format!("List not referred to by any other rule/macro/list: '{name}'"),
                ));
            }
        }
    }

    /// What could be a name in the macros, but for the name of the macro itself.
    fn words_of_macros(&self) -> HashSet<String> {
        let mut words = HashSet::new();
        for (name, definition) in &self.definitions.macros {
            let text = definition.condition.text();
            let of_text = text.split(|c: char| c.is_whitespace() || "()\"'=,".contains(c));
            words.extend(of_text.filter(|word| !word.is_empty() && word != name).map(str::to_owned));
        }
        words
    }
}

/// The constant that a list's item or an exception's value writes: quotes inside the YAML text are
/// quotes of the condition.
pub(super) fn unquote(item: &str) -> Literal {
    match item.as_bytes() {
        [open @ (b'"' | b'\''), inner @ .., close] if open == close => {
            unescape(*open, inner).map_or_else(|_| item.into(), |bytes| Literal(bytes.into()))
        }
        _ => item.into(),
    }
}
