//! From YAML to items. Errors are collected, so that one look at a file finds all of them.

use super::item::{Change, Item, ItemBody, ListItem, MacroItem, Named, RuleItem};
use super::source::{Mark, Source};
use super::yaml::{Node, Yaml};
use crate::diagnostic::{Code, Diagnostic, Level};

/// Keys of a rule that an `override` may append to, and those it may replace.
const APPENDABLE: [&str; 5] = ["condition", "output", "desc", "tags", "exceptions"];
const REPLACEABLE: [&str; 11] = [
    "condition",
    "output",
    "desc",
    "priority",
    "tags",
    "exceptions",
    "enabled",
    "warn_evttypes",
    "skip-if-unknown-filter",
    "capture",
    "capture_duration",
];

pub(super) struct Reader {
    source: Source,
    diagnostics: Vec<Diagnostic>,
}

pub(super) type Entries<'n> = &'n [(Node, Node)];

pub(super) fn find<'n>(entries: Entries<'n>, key: &str) -> Option<&'n Node> {
    entries.iter().rfind(|(k, _)| k.text() == Some(key)).map(|(_, value)| value)
}

fn named(node: &Node) -> Option<Named> {
    node.text().map(|text| Named { text: text.to_owned(), mark: node.mark })
}

/// Whether a macro's name can be written in a condition.
fn is_macro_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// Whether a list's name can.
fn is_list_name(name: &str) -> bool {
    !name.contains(|c: char| c.is_whitespace() || "()\"'=,".contains(c))
}

impl Reader {
    pub(super) fn new(source: Source) -> Self {
        Self { source, diagnostics: Vec::new() }
    }

    pub(super) fn finish(self) -> (Source, Vec<Diagnostic>) {
        (self.source, self.diagnostics)
    }

    pub(super) fn error(&mut self, code: Code, mark: Mark, message: impl Into<String>, expected: &[&str]) {
        let mut diagnostic = self.source.diagnostic(Level::Error, code, mark, message);
        diagnostic.expected = expected.iter().map(|e| (*e).to_owned()).collect();
        self.diagnostics.push(diagnostic);
    }

    fn warning(&mut self, code: Code, mark: Mark, message: impl Into<String>) {
        self.diagnostics.push(self.source.diagnostic(Level::Warning, code, mark, message));
    }

    pub(super) fn invalid(&mut self, mark: Mark, message: impl Into<String>, expected: &[&str]) {
        self.error(Code::LoadErrYamlValidate, mark, message, expected);
    }

    pub(super) fn item(&mut self, node: &Node) -> Option<Item> {
        const KINDS: &[&str] =
            &["rule", "macro", "list", "required_engine_version", "required_plugin_versions"];
        let Some(entries) = node.map() else {
            self.invalid(
                node.mark,
                format!("Unexpected element type: found {}", node.describe()),
                &["a mapping"],
            );
            return None;
        };
        for (key, value) in entries {
            match key.text() {
                Some("rule") => return self.rule(node.mark, entries, value),
                Some("macro") => return self.macro_item(node.mark, entries, value),
                Some("list") => return self.list_item(node.mark, entries, value),
                Some("required_engine_version") => {
                    self.engine_version(value);
                    return None;
                }
                Some("required_plugin_versions") => {
                    self.plugin_versions(value);
                    return None;
                }
                _ => {}
            }
        }
        let key = entries.first().and_then(|(k, _)| k.text()).unwrap_or_default();
        self.warning(
            Code::LoadUnknownItem,
            node.mark,
            format!("Unknown top level item '{key}', one of {}", KINDS.join(", ")),
        );
        None
    }

    /// The name behind `rule:`, `macro:` or `list:`.
    fn name(&mut self, what: &str, value: &Node) -> Option<Named> {
        match named(value) {
            Some(name) if !name.text.is_empty() && !value.is_null() => Some(name),
            Some(_) => {
                self.invalid(value.mark, format!("Mapping for key '{what}' is empty"), &["a name"]);
                None
            }
            None => {
                self.invalid(
                    value.mark,
                    format!("Value is not a scalar value: '{what}' is {}", value.describe()),
                    &["a name"],
                );
                None
            }
        }
    }

    fn macro_name(&mut self, value: &Node) -> Option<Named> {
        let name = self.name("macro", value)?;
        if !is_macro_name(&name.text) {
            let message = "Macro has an invalid name. Macro names should match a regular expression: [a-zA-Z]+[a-zA-Z0-9_]*";
            self.warning(Code::LoadInvalidMacroName, name.mark, message);
        }
        Some(name)
    }

    fn list_name(&mut self, value: &Node) -> Option<Named> {
        let name = self.name("list", value)?;
        if !is_list_name(&name.text) {
            let message = "List has an invalid name. List names should match a regular expression: [^()\"'[:space:]=,]+";
            self.warning(Code::LoadInvalidListName, name.mark, message);
        }
        Some(name)
    }

    pub(super) fn unknown_keys(&mut self, entries: Entries<'_>, known: &[&str]) {
        for (key, _) in entries {
            if let Some(name) = key.text().filter(|name| !known.contains(name)) {
                self.warning(Code::LoadUnknownKey, key.mark, format!("Unknown key '{name}'"));
            }
        }
    }

    fn macro_item(&mut self, mark: Mark, entries: Entries<'_>, name: &Node) -> Option<Item> {
        self.unknown_keys(entries, &["macro", "condition", "append", "override"]);
        let name = self.macro_name(name)?;
        let append = self.appends(entries, "condition")?;
        let condition = self.required_text(mark, entries, "condition")?;
        Some(Item { mark, body: ItemBody::Macro(MacroItem { name, condition, append }) })
    }

    fn list_item(&mut self, mark: Mark, entries: Entries<'_>, name: &Node) -> Option<Item> {
        self.unknown_keys(entries, &["list", "items", "append", "override"]);
        let name = self.list_name(name)?;
        let append = self.appends(entries, "items")?;
        let Some(node) = find(entries, "items") else {
            self.invalid(mark, "Item has no mapping for key 'items'", &["items: [...]"]);
            return None;
        };
        let items = match &node.value {
            Yaml::List(items) => self.each(items, named)?,
            _ if node.is_null() => Vec::new(),
            _ => {
                self.invalid(node.mark, "Value of 'items' must be a list", &["a list"]);
                return None;
            }
        };
        Some(Item { mark, body: ItemBody::List(ListItem { name, items, append }) })
    }

    /// Whether a macro or list adds to one before it.
    fn appends(&mut self, entries: Entries<'_>, key: &str) -> Option<bool> {
        let old = self.old_append(entries)?;
        let overrides = self.overrides(entries, &[key], &[key])?;
        self.not_both(entries, old, !overrides.is_empty())?;
        Some(old || overrides.iter().any(|(_, change)| *change == Change::Append))
    }

    fn old_append(&mut self, entries: Entries<'_>) -> Option<bool> {
        let Some(node) = find(entries, "append") else { return Some(false) };
        let append = self.bool(node, "append")?;
        if append {
            self.warning(
                Code::LoadDeprecatedItem,
                node.mark,
                "'append' key is deprecated. Add an 'append' entry (e.g. 'condition: append') under 'override' instead.",
            );
        }
        Some(append)
    }

    fn not_both(&mut self, entries: Entries<'_>, append: bool, overrides: bool) -> Option<()> {
        if !(append && overrides) {
            return Some(());
        }
        let mark = find(entries, "override").map(|n| n.mark).unwrap_or_default();
        self.invalid(
            mark,
            "Keys 'override' and 'append: true' cannot be used together. Add an 'append' entry (e.g. 'condition: append') under 'override' instead.",
            &[],
        );
        None
    }

    fn overrides(
        &mut self,
        entries: Entries<'_>,
        appendable: &[&str],
        replaceable: &[&str],
    ) -> Option<Vec<(String, Change)>> {
        let Some(node) = find(entries, "override") else { return Some(Vec::new()) };
        let Some(map) = node.map() else {
            self.invalid(
                node.mark,
                "Value of 'override' must be a mapping",
                &["a mapping such as condition: append"],
            );
            return None;
        };
        let mut overrides = Vec::new();
        for (key, value) in map {
            let name = key.text().unwrap_or_default();
            let change = match value.text() {
                Some("append") if appendable.contains(&name) => Change::Append,
                Some("replace") if replaceable.contains(&name) => Change::Replace,
                Some("append") => {
                    let message = format!("Key '{name}' cannot be appended to, use 'replace' instead");
                    self.invalid(key.mark, message, appendable);
                    return None;
                }
                Some("replace") => {
                    self.invalid(key.mark, format!("Key '{name}' cannot be replaced"), replaceable);
                    return None;
                }
                other => {
                    let message = format!(
                        "Invalid override operation for key '{name}': '{}'",
                        other.unwrap_or(value.describe())
                    );
                    self.invalid(value.mark, message, &["append", "replace"]);
                    return None;
                }
            };
            if find(entries, name).is_none() {
                let how = value.text().unwrap_or_default();
                let message =
                    format!("An {how} override for '{name}' was specified but '{name}' is not defined");
                self.invalid(key.mark, message, &[]);
                return None;
            }
            overrides.push((name.to_owned(), change));
        }
        let all = || appendable.iter().chain(replaceable);
        let left = |name: &str| all().any(|n| *n == name) && overrides.iter().all(|(n, _)| n != name);
        let forgotten = entries.iter().filter_map(|(key, _)| Some((key.text()?, key.mark)));
        if let Some((name, mark)) = forgotten.filter(|_| !overrides.is_empty()).find(|(name, _)| left(name)) {
            let message =
                format!("Unexpected key '{name}': no corresponding entry under 'override' is defined.");
            self.invalid(mark, message, &["an entry under override"]);
            return None;
        }
        Some(overrides)
    }

    pub(super) fn required_text(&mut self, mark: Mark, entries: Entries<'_>, key: &str) -> Option<Named> {
        match find(entries, key) {
            None => {
                self.invalid(mark, format!("Item has no mapping for key '{key}'"), &[key]);
                None
            }
            Some(node) => self.text(node, key),
        }
    }

    fn text(&mut self, node: &Node, key: &str) -> Option<Named> {
        match named(node) {
            Some(text) if !text.text.is_empty() && !node.is_null() => Some(text),
            Some(_) => {
                self.invalid(node.mark, format!("Mapping for key '{key}' is empty"), &["a text"]);
                None
            }
            None => {
                self.invalid(
                    node.mark,
                    format!("Value of '{key}' must be a text, not {}", node.describe()),
                    &["a text"],
                );
                None
            }
        }
    }

    fn bool(&mut self, node: &Node, key: &str) -> Option<bool> {
        match node.text().map(str::to_ascii_lowercase).as_deref() {
            Some("true" | "yes" | "on" | "y") => Some(true),
            Some("false" | "no" | "off" | "n") => Some(false),
            _ => {
                self.invalid(
                    node.mark,
                    format!("Value of '{key}' must be true or false"),
                    &["true", "false"],
                );
                None
            }
        }
    }

    /// The items of a list, which all have to be texts.
    pub(super) fn each<T>(&mut self, items: &[Node], take: impl Fn(&Node) -> Option<T>) -> Option<Vec<T>> {
        let taken = items.iter().map(|item| take(item).ok_or(item));
        match taken.collect() {
            Ok(items) => Some(items),
            Err(item) => {
                let message = format!("sequence value is not scalar: found {}", item.describe());
                self.invalid(item.mark, message, &["a text"]);
                None
            }
        }
    }

    fn texts(&mut self, node: &Node, key: &str) -> Option<Vec<String>> {
        match node.list() {
            Some(items) => self.each(items, |item| item.text().map(str::to_owned)),
            None if node.is_null() => Some(Vec::new()),
            None => {
                self.invalid(node.mark, format!("Value of '{key}' must be a list"), &["a list"]);
                None
            }
        }
    }

    fn rule(&mut self, mark: Mark, entries: Entries<'_>, name: &Node) -> Option<Item> {
        self.unknown_keys(
            entries,
            &[
                "rule",
                "desc",
                "condition",
                "output",
                "priority",
                "source",
                "tags",
                "exceptions",
                "enabled",
                "warn_evttypes",
                "skip-if-unknown-filter",
                "append",
                "override",
                "capture",
                "capture_duration",
                "tests",
            ],
        );
        let name = self.name("rule", name)?;
        let before = self.errors();
        let append = self.old_append(entries)?;
        let overrides = self.overrides(entries, &APPENDABLE, &REPLACEABLE)?;
        self.not_both(entries, append, !overrides.is_empty())?;
        let mut rule = RuleItem {
            name: name.text,
            mark: name.mark,
            append,
            overrides: overrides.into_iter().collect(),
            ..RuleItem::default()
        };
        for (key, value) in entries {
            self.rule_key(&mut rule, key, value);
        }
        self.rule_is_whole(mark, &rule);
        (self.errors() == before).then_some(Item { mark, body: ItemBody::Rule(Box::new(rule)) })
    }

    fn errors(&self) -> usize {
        self.diagnostics.iter().filter(|d| d.is_error()).count()
    }

    fn rule_key(&mut self, rule: &mut RuleItem, key: &Node, value: &Node) {
        let Some(name) = key.text() else { return };
        match name {
            "desc" => rule.description = self.text(value, name).map(|text| text.text),
            "condition" => rule.condition = self.text(value, name),
            "output" => rule.output = self.text(value, name),
            "source" => rule.source = named(value).filter(|s| !s.text.is_empty()),
            "tags" => rule.tags = self.texts(value, name),
            "enabled" => rule.enabled = self.bool(value, name),
            "warn_evttypes" => rule.warn_evttypes = self.bool(value, name),
            "skip-if-unknown-filter" => rule.skip_if_unknown_filter = self.bool(value, name),
            "capture" => {
                self.bool(value, name);
            }
            "capture_duration" if value.text().and_then(|t| t.parse::<u32>().ok()).is_none() => {
                self.invalid(value.mark, "Value of 'capture_duration' must be a number", &["milliseconds"]);
            }
            "priority" => {
                let text = value.text().unwrap_or_default();
                if vedetta_model::Severity::from_falco_priority(text).is_none() {
                    self.invalid(
                        value.mark,
                        format!("Invalid priority '{text}'"),
                        &["emergency", "alert", "critical", "error", "warning", "notice", "info", "debug"],
                    );
                }
                rule.priority = named(value);
            }
            "exceptions" => rule.exceptions = self.exceptions(value),
            "tests" => rule.tests = self.tests(value),
            _ => {}
        }
    }

    /// A rule that is no change needs its four parts.
    fn rule_is_whole(&mut self, mark: Mark, rule: &RuleItem) {
        if rule.append && rule.condition.is_none() && rule.exceptions.is_none() {
            self.error(
                Code::LoadErrValidate,
                mark,
                "Appended rule must have exceptions or condition property",
                &["condition", "exceptions"],
            );
        }
        if rule.is_switch() {
            self.warning(
                Code::LoadDeprecatedItem,
                mark,
                "The standalone 'enabled' key usage is deprecated. The correct approach requires also a 'replace' entry under the 'override' key (i.e. 'enabled: replace').",
            );
        }
        if rule.is_change() || rule.is_switch() {
            return;
        }
        let parts = [
            ("condition", rule.condition.is_some()),
            ("output", rule.output.is_some()),
            ("desc", rule.description.is_some()),
            ("priority", rule.priority.is_some()),
        ];
        let missing: Vec<_> = parts.iter().filter(|(_, there)| !there).map(|(key, _)| *key).collect();
        if let [first, ..] = missing[..] {
            self.invalid(mark, format!("Item has no mapping for key '{first}'"), &missing);
        }
    }
}
