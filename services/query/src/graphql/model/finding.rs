//! A finding.

use std::sync::Arc;

use async_graphql::{ID, InputObject, Object, SimpleObject};

use super::{Case, WatchedNode, event::Event, process::Process};
use crate::{
    graphql::{
        connection::connection,
        errors::Answer,
        ids::Kind,
        scalars::{DateTime, Severity},
        scope::Scope,
    },
    projections::findings::FindingRow,
    readers::findings::FindingQuery,
};

connection!(FindingConnection, FindingEdge, Finding, "findings");

/// Which findings.
#[derive(Debug, Clone, Default, InputObject)]
pub struct FindingFilter {
    /// One of these.
    pub severities: Option<Vec<Severity>>,
    /// Of this rule.
    pub rule: Option<String>,
    /// On this node.
    pub node_id: Option<ID>,
    /// In this case.
    pub case_id: Option<ID>,
    /// Of this MITRE ATT&CK technique.
    pub technique: Option<String>,
    /// Substring of message, process name or command line, any case.
    pub text: Option<String>,
    /// Not before.
    pub from: Option<DateTime>,
    /// Before.
    pub until: Option<DateTime>,
}

impl FindingFilter {
    /// What is asked for; `None` when an id is not of this tenant, so that nothing can match.
    pub fn query(self, scope: &Scope) -> Option<FindingQuery> {
        let node = self.node_id.map(|id| scope.key(Kind::WatchedNode, &id).ok_or(())).transpose().ok()?;
        let case = self.case_id.map(|id| scope.key(Kind::Case, &id).ok_or(())).transpose().ok()?;
        Some(FindingQuery {
            severities: self.severities.unwrap_or_default().into_iter().map(Into::into).collect(),
            rule: self.rule,
            node,
            case,
            technique: self.technique,
            text: self.text.filter(|text| !text.is_empty()).map(|text| text.to_lowercase()),
            from: self.from.map(|time| time.0),
            until: self.until.map(|time| time.0),
        })
    }
}

/// One match of a rule, with its evidence.
#[derive(Debug, Clone)]
pub struct Finding {
    scope: Scope,
    row: Arc<FindingRow>,
}

/// A field of a rule's output.
#[derive(Debug, Clone, SimpleObject)]
pub struct Field {
    name: String,
    value: String,
}

/// The rule as it was when it matched.
#[derive(Debug, Clone, SimpleObject)]
pub struct FindingRule {
    name: String,
    version: String,
    description: String,
    condition: String,
    tags: Vec<String>,
    rule_set_version: u64,
}

impl Finding {
    /// From its row.
    pub fn of(scope: &Scope, row: impl Into<Arc<FindingRow>>) -> Self {
        Self { scope: scope.clone(), row: row.into() }
    }
}

#[Object]
impl Finding {
    /// Global: good for `node(id:)`.
    pub(super) async fn id(&self) -> ID {
        self.scope.id(Kind::Finding, self.row.finding.id)
    }
    /// When the event happened, by the node's clock.
    async fn time(&self) -> DateTime {
        self.row.finding.time.into()
    }
    /// When it was found.
    async fn detected(&self) -> DateTime {
        self.row.finding.detected.into()
    }
    async fn severity(&self) -> Severity {
        self.row.finding.severity.into()
    }
    async fn message(&self) -> &str {
        &self.row.finding.message
    }
    async fn rule(&self) -> FindingRule {
        let rule = &self.row.finding.rule;
        FindingRule {
            name: rule.name.clone(),
            version: rule.version.clone(),
            description: rule.description.clone(),
            condition: rule.condition.clone(),
            tags: rule.tags.clone(),
            rule_set_version: rule.rule_set_version,
        }
    }
    /// MITRE ATT&CK technique ids.
    async fn techniques(&self) -> Vec<&str> {
        self.row.finding.rule.techniques().collect()
    }
    /// Fields of the rule's output, in its order.
    async fn fields(&self) -> Vec<Field> {
        let fields = self.row.finding.fields.iter();
        fields.map(|(name, value)| Field { name: name.clone(), value: value.clone() }).collect()
    }
    async fn hostname(&self) -> &str {
        &self.row.finding.hostname
    }
    async fn watched_node(&self) -> Answer<Option<WatchedNode>> {
        let node = self.scope.watched_node(self.row.finding.node).await?;
        Ok(node.map(|node| WatchedNode::of(&self.scope, node)))
    }
    async fn case(&self) -> Answer<Option<Case>> {
        Ok(self.scope.case(self.row.case).await?.map(|case| Case::of(&self.scope, case)))
    }
    /// Null for a condition such as a silent node.
    async fn event(&self) -> Option<Event> {
        self.row.finding.evidence.as_ref().map(Event::of)
    }
    /// The process that did it, then its parent, and so on up.
    #[graphql(complexity = "child_complexity * 8")]
    async fn lineage(&self) -> Vec<Process> {
        let evidence = self.row.finding.evidence.iter();
        evidence.flat_map(|evidence| &evidence.lineage).cloned().map(Process::of).collect()
    }
}
