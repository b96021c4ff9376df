//! Merges the items of all files, in order: later ones replace, append to or switch earlier ones.

use std::collections::HashMap;

use super::definitions::{Definitions, ListDefinition, MacroDefinition, Order, Parts, Place, RuleDefinition};
use crate::diagnostic::{Code, Diagnostic, Level};
use crate::file::{Change, ExceptionItem, Item, ItemBody, ListItem, MacroItem, RuleFile, RuleItem};

/// The source of events that a rule is about when it does not say.
pub(super) const DEFAULT_SOURCE: &str = "syscall";

pub(super) fn merge(files: &[RuleFile], diagnostics: &mut Vec<Diagnostic>) -> Definitions {
    let mut merger =
        Merger { definitions: Definitions::default(), rule_index: HashMap::new(), diagnostics, step: 0 };
    for file in files {
        for item in &file.items {
            merger.step += 1;
            merger.take(file, item);
        }
    }
    merger.definitions
}

struct Merger<'d> {
    definitions: Definitions,
    rule_index: HashMap<String, usize>,
    diagnostics: &'d mut Vec<Diagnostic>,
    step: usize,
}

impl Merger<'_> {
    fn take(&mut self, file: &RuleFile, item: &Item) {
        let place = Place { source: file.source.clone(), mark: item.mark };
        match &item.body {
            ItemBody::Macro(it) => self.macro_item(place, it),
            ItemBody::List(it) => self.list_item(place, it),
            ItemBody::Rule(it) => self.rule(place, it),
        }
    }

    fn refuse(&mut self, place: &Place, message: String) {
        self.diagnostics.push(place.error(Code::LoadErrValidate, message));
    }

    fn order(&self, before: Option<Order>) -> Order {
        Order { defined: before.map_or(self.step, |o| o.defined), changed: self.step }
    }

    fn macro_item(&mut self, place: Place, item: &MacroItem) {
        let before = self.definitions.macros.get_mut(&item.name.text);
        if item.append {
            match before {
                Some(it) => {
                    it.condition.push(&place.source, &item.condition);
                    it.order.changed = self.step;
                }
                None => self.refuse(
                    &place,
                    "Macro uses 'append' or 'override.condition: append' but no macro by that name already exists"
                        .to_owned(),
                ),
            }
            return;
        }
        let order = before.map(|it| it.order);
        let definition = MacroDefinition {
            condition: Parts::new(&place.source, &item.condition),
            order: self.order(order),
            place,
        };
        self.definitions.macros.insert(item.name.text.clone(), definition);
    }

    fn list_item(&mut self, place: Place, item: &ListItem) {
        let items = item.items.iter().map(|i| i.text.clone());
        let before = self.definitions.lists.get_mut(&item.name.text);
        if item.append {
            match before {
                Some(it) => {
                    it.items.extend(items);
                    it.order.changed = self.step;
                }
                None => self.refuse(
                    &place,
                    "List uses 'append' or 'override.items: append' but no list by that name already exists"
                        .to_owned(),
                ),
            }
            return;
        }
        let order = before.map(|it| it.order);
        let definition = ListDefinition { items: items.collect(), order: self.order(order), place };
        self.definitions.lists.insert(item.name.text.clone(), definition);
    }

    fn rule(&mut self, place: Place, item: &RuleItem) {
        let index = self.rule_index.get(&item.name).copied();
        match index {
            None if item.is_change() => {
                let how = if item.append { "'append'".to_owned() } else { override_words(item) };
                let message = format!("Rule uses {how} but no rule by that name already exists");
                self.refuse(&place, message);
            }
            None if item.is_switch() => self.refuse(
                &place,
                format!("Rule has 'enabled' key but no rule by that name already exists: '{}'", item.name),
            ),
            None => {
                let exceptions = item.exceptions.clone().unwrap_or_default();
                let mut rule = new_rule(place.clone(), item);
                self.define_exceptions(&mut rule, &place, exceptions, false);
                self.rule_index.insert(item.name.clone(), self.definitions.rules.len());
                self.definitions.rules.push(rule);
            }
            Some(index) => {
                let mut rule = self.definitions.rules[index].clone();
                let is_new = !item.is_switch() && !item.is_change();
                let default = is_new.then_some(DEFAULT_SOURCE);
                let source = item.source.as_ref().map(|source| source.text.as_str()).or(default);
                if source.is_some_and(|source| source != rule.event_source) {
                    self.refuse(&place, "Rule has been re-defined with a different source".to_owned());
                    return;
                }
                if item.is_switch() {
                    rule.enabled = item.enabled.unwrap_or(rule.enabled);
                } else if item.is_change() {
                    self.change(&mut rule, &place, item);
                } else {
                    rule = new_rule(place.clone(), item);
                    self.define_exceptions(
                        &mut rule,
                        &place,
                        item.exceptions.clone().unwrap_or_default(),
                        false,
                    );
                }
                self.definitions.rules[index] = rule;
            }
        }
    }

    fn change(&mut self, rule: &mut RuleDefinition, place: &Place, item: &RuleItem) {
        let of = |key: &str| match item.overrides.get(key) {
            None if item.append => Some(Change::Append),
            change => change.copied(),
        };
        let parts = |parts: &mut Parts, change, text: &Option<crate::file::Condition>| {
            if let (Some(change), Some(text)) = (change, text) {
                match change {
                    Change::Append => parts.push(&place.source, text),
                    Change::Replace => *parts = Parts::new(&place.source, text),
                }
            }
        };
        parts(&mut rule.condition, of("condition"), &item.condition);
        if !item.append {
            parts(&mut rule.output, of("output"), &item.output);
            match (of("desc"), &item.description) {
                (Some(Change::Append), Some(text)) => {
                    rule.description.push(' ');
                    rule.description.push_str(text);
                }
                (Some(Change::Replace), Some(text)) => rule.description.clone_from(text),
                _ => {}
            }
            match (of("tags"), &item.tags) {
                (Some(Change::Append), Some(tags)) => {
                    let new: Vec<_> = tags.iter().filter(|t| !rule.tags.contains(t)).cloned().collect();
                    rule.tags.extend(new);
                }
                (Some(Change::Replace), Some(tags)) => rule.tags.clone_from(tags),
                _ => {}
            }
            if let (Some(_), Some(priority)) = (of("priority"), &item.priority) {
                rule.priority.clone_from(&priority.text);
            }
            if of("enabled").is_some() {
                rule.enabled = item.enabled.unwrap_or(rule.enabled);
            }
            if of("skip-if-unknown-filter").is_some() {
                rule.skip_if_unknown_filter = item.skip_if_unknown_filter.unwrap_or_default();
            }
            if of("warn_evttypes").is_some() {
                rule.warn_evttypes = item.warn_evttypes.unwrap_or(true);
            }
        }
        if let (Some(change), Some(exceptions)) = (of("exceptions"), &item.exceptions) {
            if change == Change::Replace {
                rule.exceptions.clear();
            }
            self.define_exceptions(rule, place, exceptions.clone(), change == Change::Append);
        }
    }

    fn define_exceptions(
        &mut self,
        rule: &mut RuleDefinition,
        place: &Place,
        exceptions: Vec<ExceptionItem>,
        append: bool,
    ) {
        for item in exceptions {
            let here = Place { mark: item.mark, ..place.clone() };
            let before = rule.exceptions.iter_mut().find(|(_, e)| e.name == item.name);
            match (before, append) {
                (Some((_, before)), true) => {
                    if item.fields.is_some() {
                        let message = "Can not append exception fields to existing exception, only values";
                        self.diagnostics.push(here.error(Code::LoadErrValidate, message));
                    }
                    if !item.comps.is_empty() {
                        let message = "Can not append exception comps to existing exception, only values";
                        self.diagnostics.push(here.error(Code::LoadErrValidate, message));
                    }
                    if item.values.is_empty() {
                        self.diagnostics.push(here.diagnostic(
                            Level::Warning,
                            Code::LoadAppendNoValues,
                            format!("Overriding/appending exception with no values: '{}'", item.name),
                        ));
                    }
                    before.values.extend(item.values);
                }
                (Some((_, before)), false) => {
                    self.diagnostics.push(here.diagnostic(
                        Level::Warning,
                        Code::LoadExceptionNameNotUnique,
                        format!("Multiple definitions of exception '{}' in the same rule", item.name),
                    ));
                    *before = item;
                }
                (None, _) if item.fields.as_ref().is_none_or(Vec::is_empty) => {
                    self.diagnostics.push(if append {
                        let message = "Rule exception must have fields property with a list of fields";
                        here.error(Code::LoadErrValidate, message)
                    } else {
                        here.error(Code::LoadErrYamlValidate, "Item has no mapping for key 'fields'")
                    });
                }
                (None, true) if item.values.is_empty() => {
                    let message = "Rule exception must have values property with a list of values";
                    self.diagnostics.push(here.error(Code::LoadErrValidate, message));
                }
                (None, _) => rule.exceptions.push((here, item)),
            }
        }
    }
}

fn override_words(item: &RuleItem) -> String {
    let words: Vec<_> = item
        .overrides
        .iter()
        .map(|(key, change)| match change {
            Change::Append => format!("'override.{key}: append'"),
            Change::Replace => format!("'override.{key}: replace'"),
        })
        .collect();
    words.join(" or ")
}

fn new_rule(place: Place, item: &RuleItem) -> RuleDefinition {
    let parts = |text: &Option<crate::file::Condition>| {
        text.as_ref().map(|t| Parts::new(&place.source, t)).unwrap_or_default()
    };
    RuleDefinition {
        name: item.name.clone(),
        description: item.description.clone().unwrap_or_default(),
        condition: parts(&item.condition),
        output: parts(&item.output),
        priority: item.priority.as_ref().map(|p| p.text.clone()).unwrap_or_default(),
        event_source: item.source.as_ref().map_or_else(|| DEFAULT_SOURCE.to_owned(), |s| s.text.clone()),
        tags: item.tags.clone().unwrap_or_default(),
        enabled: item.enabled.unwrap_or(true),
        skip_if_unknown_filter: item.skip_if_unknown_filter.unwrap_or_default(),
        warn_evttypes: item.warn_evttypes.unwrap_or(true),
        exceptions: Vec::new(),
        place,
    }
}
