//! The nested parts of a rule: its exceptions and its tests.

use super::exception::{ExceptionItem, ExceptionValue};
use super::item::TestItem;
use super::reader::{Reader, find};
use super::yaml::{Node, Yaml};

impl Reader {
    pub(super) fn exceptions(&mut self, node: &Node) -> Option<Vec<ExceptionItem>> {
        let Some(items) = node.list() else {
            if !node.is_null() {
                self.invalid(node.mark, "Rule exceptions must be a sequence", &["a list"]);
            }
            return None;
        };
        Some(items.iter().filter_map(|item| self.exception(item)).collect())
    }

    fn exception(&mut self, node: &Node) -> Option<ExceptionItem> {
        let Some(entries) = node.map() else {
            self.invalid(node.mark, "Rule exception is not a mapping", &["a mapping"]);
            return None;
        };
        let name = self.required_text(node.mark, entries, "name")?.text;
        let (fields, single) = match find(entries, "fields") {
            None => (None, false),
            Some(node) => {
                let (fields, single) = self.list_or_one(node)?;
                (Some(fields), single)
            }
        };
        let (comps, one_comp) = match find(entries, "comps") {
            None => (Vec::new(), single),
            Some(node) => self.list_or_one(node)?,
        };
        let values = match find(entries, "values") {
            None => Vec::new(),
            Some(values) => match values.list() {
                Some(list) => list.iter().filter_map(value).collect(),
                None if values.is_null() => Vec::new(),
                None => {
                    self.invalid(values.mark, "Rule exception values must be a sequence", &["a list"]);
                    return None;
                }
            },
        };
        Some(ExceptionItem { name, mark: node.mark, fields, single, comps, one_comp, values })
    }

    /// Texts, and whether there is just one that is no list.
    fn list_or_one(&mut self, node: &Node) -> Option<(Vec<String>, bool)> {
        match node.list() {
            Some(list) => Some((self.each(list, |item| item.text().map(|t| t.trim().to_owned()))?, false)),
            None => Some((node.text().map(|t| t.trim().to_owned()).into_iter().collect(), true)),
        }
    }

    pub(super) fn tests(&mut self, node: &Node) -> Vec<TestItem> {
        let Some(items) = node.list() else {
            self.invalid(node.mark, "Value of 'tests' must be a list", &["a list"]);
            return Vec::new();
        };
        items.iter().filter_map(|item| self.test(item)).collect()
    }

    fn test(&mut self, node: &Node) -> Option<TestItem> {
        const EXPECTED: &[&str] = &["name", "event", "expect: match or no_match"];
        let entries = node.map().unwrap_or_default();
        self.unknown_keys(entries, &["name", "event", "expect"]);
        let name = find(entries, "name").and_then(Node::text);
        let event = find(entries, "event").filter(|n| n.map().is_some()).map(Node::to_json);
        let expect = match find(entries, "expect").and_then(Node::text) {
            Some("match") => Some(true),
            Some("no_match") => Some(false),
            _ => None,
        };
        match (name, event, expect) {
            (Some(name), Some(serde_json::Value::Object(event)), Some(expect_match)) => {
                Some(TestItem { name: name.to_owned(), mark: node.mark, event, expect_match })
            }
            _ => {
                self.invalid(node.mark, "A test needs a name, an event and what to expect", EXPECTED);
                None
            }
        }
    }
}

fn value(node: &Node) -> Option<ExceptionValue> {
    match &node.value {
        Yaml::Scalar(scalar) => Some(ExceptionValue::Text(scalar.text.clone())),
        Yaml::List(items) => Some(ExceptionValue::List(items.iter().filter_map(value).collect())),
        Yaml::Map(_) => None,
    }
}
