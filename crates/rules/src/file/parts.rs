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
        let fields_node = find(entries, "fields");
        let single = fields_node.is_some_and(|n| n.list().is_none());
        let list_or_one = |n: &Node| match n.list() {
            Some(list) => list.iter().filter_map(|i| i.text()).map(|t| t.trim().to_owned()).collect(),
            None => n.text().map(|t| t.trim().to_owned()).into_iter().collect::<Vec<_>>(),
        };
        let fields = fields_node.map(list_or_one);
        let comps = find(entries, "comps").map(list_or_one).unwrap_or_default();
        let values = match find(entries, "values") {
            None => Vec::new(),
            Some(values) => match values.list() {
                Some(list) => list.iter().filter_map(value).collect(),
                None => value(values).into_iter().collect(),
            },
        };
        Some(ExceptionItem { name, mark: node.mark, fields, single, comps, values })
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
