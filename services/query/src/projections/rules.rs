//! The rules of a tenant as they stand now, one row each.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use vedetta_model::{
    Severity, Timestamp,
    control::{DomainEvent, Envelope, RuleException, RuleSet, RuleSetEvent},
};
use vedetta_rules::{Overrides, RuleFile};
use vedetta_store::{View, ViewKey};

use super::{ApplyError, Draft};

/// A rule by its name.
pub const RULES: View = View("rules");
/// One row per tenant: which rules there are, and who added which exception.
pub const INDEX: View = View("rule_index");

/// A rule as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleRow {
    /// Its name.
    pub name: String,
    /// Hash of what it compiles from.
    pub version: String,
    /// What it is for.
    pub description: String,
    /// Its condition as written.
    pub condition: String,
    /// Its output text.
    pub output: String,
    /// How bad a match is.
    pub severity: Severity,
    /// Its tags.
    pub tags: Vec<String>,
    /// Which events it looks at.
    pub source: String,
    /// The file it came in.
    pub file: String,
    /// Whether it is evaluated.
    pub enabled: bool,
    /// The rule as it stands in its file.
    pub text: String,
    /// Exceptions that people added.
    pub exceptions: Vec<ExceptionRow>,
}

/// An exception that somebody added.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExceptionRow {
    /// The exception.
    pub exception: RuleException,
    /// Who added it, when and why.
    #[serde(flatten)]
    pub added: Added,
}

/// Who added an exception, when and why.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Added {
    /// Why.
    pub reason: String,
    /// Who, by name.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct IndexRow {
    names: BTreeSet<String>,
    /// By rule and exception name.
    added: BTreeMap<String, BTreeMap<String, Added>>,
}

/// Rules that a change touched: what people want to see of them, before and after.
#[derive(Debug, Default)]
pub struct Touched {
    /// As they were.
    pub before: BTreeMap<String, Value>,
    /// As they are.
    pub after: BTreeMap<String, Value>,
}

impl Touched {
    /// Their names.
    pub fn names(&self) -> BTreeSet<&str> {
        self.before.keys().chain(self.after.keys()).map(String::as_str).collect()
    }
}

/// Compiles a rule set's state, as detect does. An error holds one line per mistake.
pub fn compile_state(state: &RuleSet) -> Result<vedetta_rules::RuleSet, String> {
    let join = |found: Vec<vedetta_rules::Diagnostic>| {
        found.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    };
    let mut files = Vec::with_capacity(state.files.len());
    for (name, text) in &state.files {
        files.push(RuleFile::parse(name, text).map_err(join)?);
    }
    vedetta_rules::RuleSet::compile(&files, &Overrides::from(state)).map_err(join)
}

/// The key of a rule's row.
pub fn key_of(tenant: &vedetta_model::TenantId, name: &str) -> ViewKey {
    ViewKey::new(tenant, RULES, name.as_bytes().to_vec())
}

/// Writes the rows of a rule set that just changed. Rules that don't compile here leave the rows as
/// they were, as they leave what detect runs.
pub(super) async fn compile(
    draft: &mut Draft<'_>,
    envelope: &Envelope,
    state: &RuleSet,
) -> Result<Touched, ApplyError> {
    let tenant = &envelope.tenant;
    let index_key = ViewKey::new(tenant, INDEX, "index");
    let mut index: IndexRow = draft.get(&index_key).await?.unwrap_or_default();
    if let DomainEvent::RuleSet(event) = &envelope.event {
        index.take(event, envelope);
    }
    let compiled = match compile_state(state) {
        Ok(compiled) => compiled,
        Err(what) => {
            tracing::error!(%tenant, version = envelope.version, what, "rules do not compile here; their rows stay as they were");
            draft.put(index_key, &index)?;
            return Ok(Touched::default());
        }
    };

    let mut touched = Touched::default();
    let mut names = BTreeSet::new();
    for rule in compiled.rules() {
        names.insert(rule.name.clone());
        let added = index.added.get(&rule.name);
        let exceptions = state.exceptions.get(&rule.name).into_iter().flatten().map(|(name, exception)| {
            let added = added.and_then(|of_rule| of_rule.get(name)).cloned().unwrap_or_default();
            ExceptionRow { exception: exception.clone(), added }
        });
        let row = RuleRow {
            name: rule.name.clone(),
            version: rule.version.clone(),
            description: rule.description.clone(),
            condition: rule.condition.clone(),
            output: rule.output.clone(),
            severity: rule.severity,
            tags: rule.tags.clone(),
            source: rule.source.clone(),
            file: rule.file.clone(),
            enabled: rule.enabled,
            text: state.files.get(&rule.file).map(|file| text_of(file, &rule.name)).unwrap_or_default(),
            exceptions: exceptions.collect(),
        };
        put(draft, &mut touched, tenant, row).await?;
    }
    for gone in index.names.difference(&names) {
        let key = key_of(tenant, gone);
        if let Some(row) = draft.get::<RuleRow>(&key).await? {
            touched.before.insert(gone.clone(), facts(&row));
        }
        draft.delete(key);
    }
    index.names = names;
    draft.put(index_key, &index)?;
    Ok(touched)
}

/// The item of a rule file that defines a rule: a list item at the left edge, without the comments
/// that lead to the next one. The whole file when it is written in another way.
fn text_of(file: &str, name: &str) -> String {
    let mut items: Vec<Vec<&str>> = Vec::new();
    for line in file.lines() {
        if line.starts_with("- ") {
            items.push(Vec::new());
        }
        if let Some(item) = items.last_mut() {
            item.push(line);
        }
    }
    let defines = |item: &[&str]| {
        let values = item.iter().filter_map(|line| line.get(2..)?.strip_prefix("rule:"));
        values.map(|value| value.trim().trim_matches(['"', '\''])).any(|value| value == name)
    };
    let Some(mut item) = items.into_iter().find(|item| defines(item)) else { return file.to_owned() };
    while item.last().is_some_and(|line| line.trim().is_empty() || line.starts_with('#')) {
        item.pop();
    }
    item.join("\n")
}

async fn put(
    draft: &mut Draft<'_>,
    touched: &mut Touched,
    tenant: &vedetta_model::TenantId,
    row: RuleRow,
) -> Result<(), ApplyError> {
    let key = key_of(tenant, &row.name);
    let before: Option<RuleRow> = draft.get(&key).await?;
    if before.as_ref() == Some(&row) {
        return Ok(());
    }
    if let Some(before) = &before {
        touched.before.insert(row.name.clone(), facts(before));
    }
    touched.after.insert(row.name.clone(), facts(&row));
    draft.put(key, &row)
}

fn facts(row: &RuleRow) -> Value {
    let exceptions: Vec<&str> = row.exceptions.iter().map(|e| e.exception.name.as_str()).collect();
    json!({ "enabled": row.enabled, "version": row.version, "severity": row.severity, "exceptions": exceptions })
}

impl IndexRow {
    fn take(&mut self, event: &RuleSetEvent, envelope: &Envelope) {
        match event {
            RuleSetEvent::ExceptionAdded { rule, exception, reason } => {
                let added =
                    Added { reason: reason.clone(), by: envelope.actor.to_string(), at: envelope.time };
                self.added.entry(rule.clone()).or_default().insert(exception.name.clone(), added);
            }
            RuleSetEvent::ExceptionRemoved { rule, name, .. } => {
                if let Some(of_rule) = self.added.get_mut(rule) {
                    of_rule.remove(name);
                }
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_of_a_rule_is_its_own_item() {
        let file = "# head\n- list: a\n  items: [x]\n\n- rule: One\n  desc: d\n\n# of two\n- enabled: false\n  rule: \"Two\"\n";
        assert_eq!(text_of(file, "One"), "- rule: One\n  desc: d");
        assert_eq!(text_of(file, "Two"), "- enabled: false\n  rule: \"Two\"");
        assert_eq!(text_of(file, "Three"), file);
    }
}
