//! A machine that runs the agent.

use std::sync::Arc;

use async_graphql::{ID, Object, SimpleObject};
use vedetta_model::event::Loss;

use crate::{
    graphql::{
        connection::{PageArgs, connection, cost},
        errors::Answer,
        ids::Kind,
        scalars::{DateTime, LossStage, NodeHealth},
        scope::Scope,
    },
    projections::nodes::StatusRow,
    readers::nodes::{Coverage, NodeView},
};

connection!(WatchedNodeConnection, WatchedNodeEdge, WatchedNode, "nodes");

/// A machine that runs the agent.
#[derive(Debug, Clone)]
pub struct WatchedNode {
    scope: Scope,
    node: Arc<NodeView>,
}

/// Events that were lost.
#[derive(Debug, Clone, SimpleObject)]
pub struct LossEntry {
    since: DateTime,
    until: DateTime,
    stage: LossStage,
    cpu: Option<u32>,
    hook: String,
    count: f64,
}

/// A span in which a node was watched, or not.
#[derive(Debug, Clone, SimpleObject)]
pub struct CoverageSpan {
    from: DateTime,
    until: DateTime,
    watched: bool,
    events: f64,
    lost: f64,
}

impl From<Loss> for LossEntry {
    fn from(loss: Loss) -> Self {
        Self {
            since: loss.since.into(),
            until: loss.until.into(),
            stage: loss.stage.into(),
            cpu: loss.cpu,
            hook: loss.hook,
            count: loss.count as f64,
        }
    }
}

impl From<Coverage> for CoverageSpan {
    fn from(span: Coverage) -> Self {
        Self {
            from: span.from.into(),
            until: span.until.into(),
            watched: span.watched,
            events: span.events as f64,
            lost: span.lost as f64,
        }
    }
}

impl WatchedNode {
    /// From what was read.
    pub fn of(scope: &Scope, node: NodeView) -> Self {
        Self { scope: scope.clone(), node: Arc::new(node) }
    }

    fn status(&self) -> Option<&StatusRow> {
        self.node.status.as_ref()
    }

    fn beat(&self, of: impl Fn(&vedetta_model::event::Heartbeat) -> u64) -> f64 {
        self.status().and_then(|status| status.heartbeat.as_ref()).map_or(0, of) as f64
    }
}

#[Object]
impl WatchedNode {
    /// Global: good for `node(id:)`.
    pub(super) async fn id(&self) -> ID {
        self.scope.id(Kind::WatchedNode, self.node.id)
    }
    async fn hostname(&self) -> &str {
        &self.node.node.hostname
    }
    async fn health(&self) -> NodeHealth {
        self.node.health(self.scope.now(), self.scope.state().patience()).into()
    }
    async fn enrolled(&self) -> DateTime {
        self.node.node.enrolled.unwrap_or_default().into()
    }
    async fn last_seen(&self) -> Option<DateTime> {
        self.status().map(|status| status.last_seen.into())
    }
    async fn agent_version(&self) -> &str {
        let reported = self.status().map(|status| status.started.version.as_str());
        reported.filter(|version| !version.is_empty()).unwrap_or(&self.node.node.agent_version)
    }
    async fn kernel(&self) -> Option<&str> {
        self.status().map(|status| status.started.kernel.as_str()).filter(|kernel| !kernel.is_empty())
    }
    async fn hooks(&self) -> &[String] {
        self.status().map_or(&[], |status| &status.started.hooks)
    }
    async fn certificate_expires(&self) -> Option<DateTime> {
        self.node.node.certificate_expires.map(Into::into)
    }
    /// All agent runs together.
    async fn events_read(&self) -> f64 {
        self.status().map_or(0, |status| status.events_read) as f64
    }
    /// All agent runs together.
    async fn events_lost(&self) -> f64 {
        self.status().map_or(0, |status| status.events_lost) as f64
    }
    async fn spool_bytes(&self) -> f64 {
        self.beat(|beat| beat.spool_bytes)
    }
    async fn cpu_millis(&self) -> f64 {
        self.beat(|beat| beat.cpu_millis)
    }
    async fn rss_bytes(&self) -> f64 {
        self.beat(|beat| beat.rss_bytes)
    }
    /// Every loss that was reported, newest first.
    #[graphql(complexity = "cost(first, 100, child_complexity)")]
    async fn ledger(
        &self,
        from: Option<DateTime>,
        until: Option<DateTime>,
        #[graphql(default = 100)] first: Option<i32>,
    ) -> Answer<Vec<LossEntry>> {
        let args = PageArgs::new(first, 100, None)?;
        let (from, until) = (from.map(|time| time.0), until.map(|time| time.0));
        let losses = self.scope.views().losses(&self.node.id, from, until, args.first).await?;
        Ok(losses.into_iter().map(Into::into).collect())
    }
    /// Watched spans and gaps, oldest first: what "nothing found" is worth. Nothing before it enrolled.
    #[graphql(complexity = "20 + child_complexity * 10")]
    async fn coverage(&self, from: Option<DateTime>, until: Option<DateTime>) -> Answer<Vec<CoverageSpan>> {
        let until = until.map_or_else(|| self.scope.now(), |time| time.0);
        // Nobody meant to watch it before, so that is no gap.
        let from = from.map(|time| self.node.node.enrolled.map_or(time.0, |enrolled| enrolled.max(time.0)));
        let spans = self.scope.views().coverage(&self.node.id, from, until).await?;
        Ok(spans.into_iter().map(Into::into).collect())
    }
}
