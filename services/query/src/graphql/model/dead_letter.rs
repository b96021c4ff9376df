//! A record that nobody could use.

use async_graphql::Object;

use super::WatchedNode;
use crate::{
    graphql::{connection::connection, errors::Answer, scalars::DateTime, scope::Scope},
    projections::dead_letters::DeadLetterRow,
};

connection!(DeadLetterConnection, DeadLetterEdge, DeadLetter, "records that were put aside");

/// A record that was put aside because it could not be used: what it holds is missing everywhere else.
#[derive(Debug, Clone)]
pub struct DeadLetter {
    scope: Scope,
    row: DeadLetterRow,
}

impl DeadLetter {
    /// From its row.
    pub fn of(scope: &Scope, row: DeadLetterRow) -> Self {
        Self { scope: scope.clone(), row }
    }
}

#[Object]
impl DeadLetter {
    /// Topic, partition and offset it lay at.
    async fn place(&self) -> String {
        format!("{}/{}/{}", self.row.topic, self.row.partition, self.row.offset)
    }
    /// When it was put aside.
    async fn time(&self) -> DateTime {
        self.row.time.into()
    }
    /// Who could not use it, for instance detect.
    async fn stage(&self) -> &str {
        &self.row.stage
    }
    /// What was wrong with it.
    async fn why(&self) -> &str {
        &self.row.why
    }
    async fn bytes(&self) -> f64 {
        self.row.bytes as f64
    }
    /// How many events are in it; null when that can't be read.
    async fn events(&self) -> Option<u32> {
        self.row.block.map(|block| block.events)
    }
    /// Whose events they are, where that can be read.
    async fn watched_node(&self) -> Answer<Option<WatchedNode>> {
        let Some(block) = self.row.block else { return Ok(None) };
        let node = self.scope.watched_node(block.node).await?;
        Ok(node.map(|node| WatchedNode::of(&self.scope, node)))
    }
}
