//! A rule.

use std::sync::Arc;

use async_graphql::{ID, InputObject, Object, SimpleObject};

use super::{
    change::{Change, ChangeConnection},
    tenant::DAY,
};
use crate::{
    graphql::{
        connection::{PageArgs, connection, cost},
        errors::Answer,
        ids::Kind,
        scalars::{DateTime, Severity},
        scope::Scope,
    },
    projections::rules::RuleRow,
    readers::rules::RuleQuery,
};

connection!(RuleConnection, RuleEdge, Rule, "rules");

/// Which rules.
#[derive(Debug, Clone, Default, InputObject)]
pub struct RuleFilter {
    /// On or off.
    pub enabled: Option<bool>,
    /// One of these.
    pub severities: Option<Vec<Severity>>,
    /// Of this MITRE ATT&CK technique.
    pub technique: Option<String>,
    /// Substring of name, description or condition, any case.
    pub text: Option<String>,
}

impl RuleFilter {
    /// What is asked for.
    pub fn query(self) -> RuleQuery {
        RuleQuery {
            enabled: self.enabled,
            severities: self.severities.unwrap_or_default().into_iter().map(Into::into).collect(),
            technique: self.technique,
            text: self.text.filter(|text| !text.is_empty()).map(|text| text.to_lowercase()),
        }
    }
}

/// Detection logic, as it stands now.
#[derive(Debug, Clone)]
pub struct Rule {
    scope: Scope,
    row: Arc<RuleRow>,
}

/// A hole in a rule that somebody made.
#[derive(Debug, Clone, SimpleObject)]
pub struct RuleException {
    name: String,
    fields: Vec<String>,
    comps: Vec<String>,
    values: Vec<Vec<String>>,
    reason: String,
    added_by: String,
    added: DateTime,
}

impl Rule {
    /// From its row.
    pub fn of(scope: &Scope, row: RuleRow) -> Self {
        Self { scope: scope.clone(), row: Arc::new(row) }
    }
}

#[Object]
impl Rule {
    /// Global: good for `node(id:)`.
    pub(super) async fn id(&self) -> ID {
        self.scope.id(Kind::Rule, &self.row.name)
    }
    async fn name(&self) -> &str {
        &self.row.name
    }
    async fn version(&self) -> &str {
        &self.row.version
    }
    async fn description(&self) -> &str {
        &self.row.description
    }
    async fn condition(&self) -> &str {
        &self.row.condition
    }
    async fn output(&self) -> &str {
        &self.row.output
    }
    async fn severity(&self) -> Severity {
        self.row.severity.into()
    }
    async fn tags(&self) -> &[String] {
        &self.row.tags
    }
    async fn techniques(&self) -> Vec<String> {
        self.row.techniques()
    }
    async fn source(&self) -> &str {
        &self.row.source
    }
    async fn file(&self) -> &str {
        &self.row.file
    }
    async fn enabled(&self) -> bool {
        self.row.enabled
    }
    /// Exceptions that people added; those in the file are part of `text`.
    async fn exceptions(&self) -> Vec<RuleException> {
        let exceptions = self.row.exceptions.iter().cloned();
        exceptions
            .map(|row| RuleException {
                name: row.exception.name,
                fields: row.exception.fields,
                comps: row.exception.comps,
                values: row.exception.values,
                reason: row.added.reason,
                added_by: row.added.by,
                added: row.added.at.into(),
            })
            .collect()
    }
    /// The rule as it stands in its file.
    async fn text(&self) -> &str {
        &self.row.text
    }
    /// Since a day ago unless told otherwise.
    async fn finding_count(&self, since: Option<DateTime>) -> Answer<u64> {
        let since = since.map_or_else(|| self.scope.now().before(DAY), |since| since.0);
        let sums = self.scope.sums(since).await?;
        Ok(sums.by_rule.get(&self.row.name).map_or(0, |(_, count)| *count))
    }
    #[graphql(complexity = "cost(first, 50, child_complexity)")]
    async fn changes(
        &self,
        #[graphql(default = 50)] first: Option<i32>,
        after: Option<String>,
    ) -> Answer<ChangeConnection> {
        let args = PageArgs::new(first, 50, after.as_deref())?;
        let slice = self.scope.views().rule_changes(&self.row.name, args.after(), args.first).await?;
        Ok(ChangeConnection::of(&args, slice, |row| Change::of(&self.scope, row)))
    }
}
