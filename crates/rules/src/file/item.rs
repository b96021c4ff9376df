//! The items of a rule file.

use std::collections::BTreeMap;

use super::exception::ExceptionItem;
use super::source::Mark;

/// One item.
#[derive(Debug, Clone)]
pub struct Item {
    /// Where it begins.
    pub mark: Mark,
    /// What it is.
    pub body: ItemBody,
}

/// What an item is.
#[derive(Debug, Clone)]
pub enum ItemBody {
    /// `- rule:`
    Rule(Box<RuleItem>),
    /// `- macro:`
    Macro(MacroItem),
    /// `- list:`
    List(ListItem),
}

/// A text and its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// The text.
    pub text: String,
    /// Where it begins.
    pub mark: Mark,
}

/// The text of a condition, or of another field that is parsed later.
pub type Condition = Named;

/// What an item does to one of the same name that stands before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// Adds to the value.
    Append,
    /// Takes its place.
    Replace,
}

/// A macro.
#[derive(Debug, Clone)]
pub struct MacroItem {
    /// Its name.
    pub name: Named,
    /// What it stands for.
    pub condition: Condition,
    /// It adds to the macro of the same name.
    pub append: bool,
}

/// A list.
#[derive(Debug, Clone)]
pub struct ListItem {
    /// Its name.
    pub name: Named,
    /// Its values: texts as written, or names of lists.
    pub items: Vec<Named>,
    /// It adds to the list of the same name.
    pub append: bool,
}

/// A rule, or a change to one.
#[derive(Debug, Clone, Default)]
pub struct RuleItem {
    /// Its name.
    pub name: String,
    /// Where the name stands.
    pub mark: Mark,
    /// `desc`
    pub description: Option<String>,
    /// `condition`
    pub condition: Option<Condition>,
    /// `output`
    pub output: Option<Condition>,
    /// `priority`
    pub priority: Option<Named>,
    /// `source`
    pub source: Option<Named>,
    /// `tags`
    pub tags: Option<Vec<String>>,
    /// `exceptions`
    pub exceptions: Option<Vec<ExceptionItem>>,
    /// `enabled`
    pub enabled: Option<bool>,
    /// `warn_evttypes`
    pub warn_evttypes: Option<bool>,
    /// `skip-if-unknown-filter`
    pub skip_if_unknown_filter: Option<bool>,
    /// `append: true`
    pub append: bool,
    /// `override`: what happens to which key.
    pub overrides: BTreeMap<String, Change>,
    /// `tests`: events with what the rule has to make of them.
    pub tests: Vec<TestItem>,
}

impl RuleItem {
    /// It changes a rule instead of defining one.
    pub fn is_change(&self) -> bool {
        self.append || !self.overrides.is_empty()
    }

    /// It only turns a rule on or off.
    pub fn is_switch(&self) -> bool {
        self.enabled.is_some()
            && !self.is_change()
            && self.condition.is_none()
            && self.output.is_none()
            && self.description.is_none()
            && self.priority.is_none()
    }
}

/// One test of a rule.
#[derive(Debug, Clone)]
pub struct TestItem {
    /// What it shows.
    pub name: String,
    /// Where it stands.
    pub mark: Mark,
    /// The event's fields.
    pub event: serde_json::Map<String, serde_json::Value>,
    /// Whether the rule has to match.
    pub expect_match: bool,
}
