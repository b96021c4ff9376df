//! Rules as they stand now.

use bytes::Bytes;
use vedetta_model::{Severity, finding::is_technique};

use super::{List, ReadError, Slice, Views};
use crate::projections::{
    keys::Key,
    rules::{RULES, RuleRow},
};

/// Which rules.
#[derive(Debug, Clone, Default)]
pub struct RuleQuery {
    /// On or off.
    pub enabled: Option<bool>,
    /// One of these; all when empty.
    pub severities: Vec<Severity>,
    /// Of this technique.
    pub technique: Option<String>,
    /// With this in name, description or condition, in lower case.
    pub text: Option<String>,
}

impl RuleQuery {
    fn admits(&self, row: &RuleRow) -> bool {
        let has = |text: &str| {
            [&row.name, &row.description, &row.condition].iter().any(|f| f.to_lowercase().contains(text))
        };
        self.enabled.is_none_or(|enabled| enabled == row.enabled)
            && (self.severities.is_empty() || self.severities.contains(&row.severity))
            && self.technique.as_ref().is_none_or(|technique| row.tags.contains(technique))
            && self.text.as_deref().is_none_or(has)
    }
}

impl RuleRow {
    /// The MITRE ATT&CK technique ids among the tags.
    pub fn techniques(&self) -> Vec<String> {
        self.tags.iter().filter(|tag| is_technique(tag)).cloned().collect()
    }
}

impl Views {
    /// One rule.
    pub async fn rule(&self, name: &str) -> Result<Option<RuleRow>, ReadError> {
        self.row(RULES, Key::new().raw(name.as_bytes())).await
    }

    /// Rules, by name.
    pub async fn rules(
        &self,
        query: &RuleQuery,
        after: Option<&[u8]>,
        want: usize,
    ) -> Result<Slice<RuleRow>, ReadError> {
        let keep = |_: Bytes, row: RuleRow| async move { Ok(Some(row).filter(|row| query.admits(row))) };
        self.scan(&List::of(RULES, Key::new()), after, want, keep).await
    }
}
