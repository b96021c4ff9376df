//! The first page's numbers.

use async_graphql::{Object, SimpleObject};
use vedetta_model::Timestamp;

use crate::{
    graphql::{
        errors::Answer,
        scalars::{DateTime, NodeHealth, Severity},
        scope::Scope,
    },
    readers::{nodes::Health, overview::FindingSums},
};

/// Rules that are listed as the most active.
const TOP_RULES: usize = 10;

/// Findings, cases and nodes in numbers.
#[derive(Debug, Clone)]
pub struct Overview {
    sums: std::sync::Arc<FindingSums>,
    open_cases: u64,
    health: Vec<(Health, u64)>,
    events_read: u64,
    events_lost: u64,
}

/// Findings of a severity.
#[derive(Debug, Clone, SimpleObject)]
pub struct SeverityCount {
    severity: Severity,
    count: u64,
}

/// Findings of a step.
#[derive(Debug, Clone, SimpleObject)]
pub struct TimeCount {
    time: DateTime,
    count: u64,
}

/// Findings of a rule.
#[derive(Debug, Clone, SimpleObject)]
pub struct RuleCount {
    /// The rule's name.
    pub rule: String,
    /// The highest of its findings.
    pub severity: Severity,
    /// How many.
    pub count: u64,
}

/// Nodes of a health.
#[derive(Debug, Clone, SimpleObject)]
pub struct HealthCount {
    health: NodeHealth,
    count: u64,
}

impl Overview {
    /// Adds it up.
    pub async fn read(scope: &Scope, since: Timestamp, now: Timestamp) -> Answer<Self> {
        let nodes = scope.views().all_nodes().await?;
        let patience = scope.state().patience();
        let count = |health| nodes.iter().filter(|node| node.health(now, patience) == health).count() as u64;
        let total = |of: fn(&crate::projections::nodes::StatusRow) -> u64| {
            nodes.iter().filter_map(|node| node.status.as_ref()).map(of).sum()
        };
        Ok(Self {
            sums: scope.sums(since).await?,
            open_cases: scope.views().open_cases().await?,
            health: Health::ALL.into_iter().map(|health| (health, count(health))).collect(),
            events_read: total(|status| status.events_read),
            events_lost: total(|status| status.events_lost),
        })
    }
}

#[Object]
impl Overview {
    /// The beginning of the first span that was counted.
    async fn since(&self) -> DateTime {
        self.sums.since.into()
    }
    async fn findings(&self) -> u64 {
        self.sums.total
    }
    async fn findings_by_severity(&self) -> Vec<SeverityCount> {
        let counts = self.sums.by_severity.iter().rev();
        counts
            .map(|(severity, count)| SeverityCount { severity: (*severity).into(), count: *count })
            .collect()
    }
    /// Findings per step, oldest first; steps without findings are there with 0.
    async fn findings_over_time(&self) -> Vec<TimeCount> {
        self.sums
            .over_time
            .iter()
            .map(|(time, count)| TimeCount { time: (*time).into(), count: *count })
            .collect()
    }
    async fn top_rules(&self) -> Vec<RuleCount> {
        let rules = self.sums.top_rules(TOP_RULES).into_iter();
        rules.map(|(rule, severity, count)| RuleCount { rule, severity: severity.into(), count }).collect()
    }
    async fn open_cases(&self) -> u64 {
        self.open_cases
    }
    async fn nodes_by_health(&self) -> Vec<HealthCount> {
        self.health
            .iter()
            .map(|(health, count)| HealthCount { health: (*health).into(), count: *count })
            .collect()
    }
    async fn events_read(&self) -> f64 {
        self.events_read as f64
    }
    async fn events_lost(&self) -> f64 {
        self.events_lost as f64
    }
}
