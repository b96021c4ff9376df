//! Which rules are in force for a tenant, with every change that made them so.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

/// A rule file as it was imported.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConfigFile {
    /// Its name, unique in the rule set; `builtin/…` for those that ship with Vedetta.
    pub name: String,
    /// Its text.
    pub text: String,
}

/// A named hole in a rule, in the form of Falco's structured exceptions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleException {
    /// Its name, unique in the rule: letters, digits, `_` and `-`.
    pub name: String,
    /// Fields that are compared, such as `proc.name`.
    pub fields: Vec<String>,
    /// One operator per field, such as `=` or `startswith`.
    pub comps: Vec<String>,
    /// Rows of one value per field; an event that agrees with any row is let through.
    pub values: Vec<Vec<String>>,
}

/// What happened to a tenant's rule set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub enum RuleSetEvent {
    /// Rule files came in; files of the same name are replaced.
    RulesImported {
        /// The files.
        files: Vec<ConfigFile>,
    },
    /// Rule files were taken out.
    RulesRemoved {
        /// Their names.
        files: Vec<String>,
    },
    /// A rule was turned on.
    RuleEnabled {
        /// Its name.
        rule: String,
        /// Why.
        #[serde(default)]
        reason: String,
    },
    /// A rule was turned off.
    RuleDisabled {
        /// Its name.
        rule: String,
        /// Why.
        #[serde(default)]
        reason: String,
    },
    /// An exception was added to a rule, or one of the same name replaced.
    ExceptionAdded {
        /// The rule's name.
        rule: String,
        /// The exception.
        exception: RuleException,
        /// Why.
        #[serde(default)]
        reason: String,
    },
    /// An exception was taken away.
    ExceptionRemoved {
        /// The rule's name.
        rule: String,
        /// The exception's name.
        name: String,
        /// Why.
        #[serde(default)]
        reason: String,
    },
}

/// A rule set's state: the fold of its events. Compiling it gives what detect runs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleSet {
    /// Rule files by name.
    pub files: BTreeMap<String, String>,
    /// Rules that people turned on, though their file says otherwise.
    pub enabled: BTreeSet<String>,
    /// Rules that people turned off.
    pub disabled: BTreeSet<String>,
    /// Exceptions that people added, by rule and exception name.
    pub exceptions: BTreeMap<String, BTreeMap<String, RuleException>>,
}

impl RuleSet {
    /// Takes one event in.
    pub fn apply(&mut self, event: &RuleSetEvent) {
        match event {
            RuleSetEvent::RulesImported { files } => {
                self.files.extend(files.iter().map(|f| (f.name.clone(), f.text.clone())));
            }
            RuleSetEvent::RulesRemoved { files } => self.files.retain(|name, _| !files.contains(name)),
            RuleSetEvent::RuleEnabled { rule, .. } => {
                self.disabled.remove(rule);
                self.enabled.insert(rule.clone());
            }
            RuleSetEvent::RuleDisabled { rule, .. } => {
                self.enabled.remove(rule);
                self.disabled.insert(rule.clone());
            }
            RuleSetEvent::ExceptionAdded { rule, exception, .. } => {
                self.exceptions
                    .entry(rule.clone())
                    .or_default()
                    .insert(exception.name.clone(), exception.clone());
            }
            RuleSetEvent::ExceptionRemoved { rule, name, .. } => {
                if let Some(of_rule) = self.exceptions.get_mut(rule) {
                    of_rule.remove(name);
                    if of_rule.is_empty() {
                        self.exceptions.remove(rule);
                    }
                }
            }
        }
    }
}
