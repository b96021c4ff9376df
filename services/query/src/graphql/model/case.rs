//! A case.

use std::sync::Arc;

use async_graphql::{ID, InputObject, Object, SimpleObject, Union};

use super::{Finding, WatchedNode, change::Change, finding::FindingConnection, overview::RuleCount};
use crate::{
    graphql::{
        connection::{PageArgs, connection, cost},
        errors::Answer,
        ids::Kind,
        scalars::{CaseState, DateTime, Disposition, Severity},
        scope::Scope,
    },
    readers::{
        cases::{CaseQuery, CaseView, Entry},
        findings::FindingQuery,
    },
};

connection!(CaseConnection, CaseEdge, Case, "cases");

/// Which cases.
#[derive(Debug, Clone, Default, InputObject)]
pub struct CaseFilter {
    /// One of these.
    pub states: Option<Vec<CaseState>>,
    /// One of these.
    pub severities: Option<Vec<Severity>>,
    /// Somebody's.
    pub assignee_id: Option<ID>,
    /// On this node.
    pub node_id: Option<ID>,
    /// Substring of the title, any case.
    pub text: Option<String>,
}

impl CaseFilter {
    /// What is asked for; `None` when an id is not of this tenant, so that nothing can match.
    pub fn query(self, scope: &Scope) -> Option<CaseQuery> {
        Some(CaseQuery {
            states: self.states.unwrap_or_default().into_iter().map(Into::into).collect(),
            severities: self.severities.unwrap_or_default().into_iter().map(Into::into).collect(),
            assignee: self.assignee_id.map(|id| scope.key(Kind::User, &id).ok_or(())).transpose().ok()?,
            node: self.node_id.map(|id| scope.key(Kind::WatchedNode, &id).ok_or(())).transpose().ok()?,
            text: self.text.filter(|text| !text.is_empty()).map(|text| text.to_lowercase()),
        })
    }
}

/// Findings that belong together, and what people made of them.
#[derive(Debug, Clone)]
pub struct Case {
    scope: Scope,
    case: Arc<CaseView>,
}

/// What stands in a case's timeline.
#[derive(Debug, Clone, Union)]
pub enum TimelineEntry {
    /// A finding.
    Finding(Finding),
    /// What somebody wrote.
    Comment(Comment),
    /// A decision.
    Change(Change),
}

/// What somebody wrote about a case.
#[derive(Debug, Clone, SimpleObject)]
pub struct Comment {
    time: DateTime,
    author: String,
    text: String,
}

impl Case {
    /// From what was read.
    pub fn of(scope: &Scope, case: CaseView) -> Self {
        Self { scope: scope.clone(), case: Arc::new(case) }
    }
}

#[Object]
impl Case {
    /// Global: good for `node(id:)`.
    pub(super) async fn id(&self) -> ID {
        self.scope.id(Kind::Case, self.case.row.id)
    }
    async fn title(&self) -> String {
        self.case.row.title()
    }
    /// The highest of its findings.
    async fn severity(&self) -> Severity {
        self.case.row.severity.into()
    }
    async fn state(&self) -> CaseState {
        self.case.decided.state.into()
    }
    async fn disposition(&self) -> Option<Disposition> {
        self.case.decided.disposition.map(Into::into)
    }
    async fn assignee_name(&self) -> Option<&str> {
        self.case.decided.assignee_name.as_deref()
    }
    async fn first_seen(&self) -> DateTime {
        self.case.row.first_seen.into()
    }
    async fn last_seen(&self) -> DateTime {
        self.case.row.last_seen.into()
    }
    async fn finding_count(&self) -> u64 {
        self.case.row.count
    }
    /// Per rule: how many findings.
    async fn rules(&self) -> Vec<RuleCount> {
        let rules = self.case.row.rules.iter();
        let mut rules: Vec<_> = rules
            .map(|(rule, tally)| RuleCount {
                rule: rule.clone(),
                severity: tally.severity.into(),
                count: tally.count,
            })
            .collect();
        rules.sort_by_key(|rule| std::cmp::Reverse(rule.count));
        rules
    }
    async fn techniques(&self) -> Vec<&str> {
        self.case.row.techniques.iter().map(String::as_str).collect()
    }
    async fn hostname(&self) -> &str {
        &self.case.row.hostname
    }
    async fn watched_node(&self) -> Answer<Option<WatchedNode>> {
        let node = self.scope.watched_node(self.case.row.node).await?;
        Ok(node.map(|node| WatchedNode::of(&self.scope, node)))
    }
    #[graphql(complexity = "cost(first, 100, child_complexity)")]
    async fn findings(
        &self,
        #[graphql(default = 100)] first: Option<i32>,
        after: Option<String>,
    ) -> Answer<FindingConnection> {
        let args = PageArgs::new(first, 100, after.as_deref())?;
        let query = FindingQuery { case: Some(self.case.row.id), ..FindingQuery::default() };
        let slice = self.scope.views().findings(&query, args.after(), args.first).await?;
        Ok(FindingConnection::of(&args, slice, |row| Finding::of(&self.scope, row)))
    }
    /// Findings, comments and decisions in order of time, oldest first. Of a long one, the newest 500 of each.
    #[graphql(complexity = "50 + child_complexity * 20")]
    async fn timeline(&self) -> Answer<Vec<TimelineEntry>> {
        let entries = self.scope.views().timeline(&self.case.row.id).await?;
        let entry = |entry| match entry {
            Entry::Finding(row) => TimelineEntry::Finding(Finding::of(&self.scope, *row)),
            Entry::Change(mut row) => match row.comment.take() {
                Some(text) => {
                    TimelineEntry::Comment(Comment { time: row.time.into(), author: row.actor, text })
                }
                None => TimelineEntry::Change(Change::of(&self.scope, *row)),
            },
        };
        Ok(entries.into_iter().map(entry).collect())
    }
}
