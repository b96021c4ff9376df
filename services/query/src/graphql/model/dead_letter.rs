//! A record that nobody could use.

use std::sync::Arc;

use async_graphql::{Enum, ID, Object, SimpleObject};
use vedetta_log::Position;
use vedetta_model::{Kind as EventKind, control::Decided};

use super::WatchedNode;
use crate::{
    graphql::{connection::connection, errors::Answer, ids::Kind, scalars::DateTime, scope::Scope},
    projections::dead_letters::BlockFacts,
    readers::dead_letters::DeadLetterView,
};

connection!(DeadLetterConnection, DeadLetterEdge, DeadLetter, "records that were put aside");

/// What became of a record that was put aside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub enum DeadLetterState {
    /// Somebody has still to look at it.
    Open,
    /// It was sent again.
    Resubmitted,
    /// Somebody saw it and left it.
    Dismissed,
}

/// Who decided about a record that was put aside, and when.
#[derive(Debug, Clone, SimpleObject)]
pub struct DeadLetterDecision {
    /// Who, by name.
    by: String,
    /// When.
    time: DateTime,
    /// Why; may be empty.
    reason: String,
}

impl From<&Decided> for DeadLetterDecision {
    fn from(decided: &Decided) -> Self {
        Self { by: decided.by.clone(), time: decided.time.into(), reason: decided.reason.clone() }
    }
}

/// A record that was put aside because it could not be used: what it holds is missing everywhere else.
#[derive(Debug, Clone)]
pub struct DeadLetter {
    scope: Scope,
    view: Arc<DeadLetterView>,
}

impl DeadLetter {
    /// From what was read.
    pub fn of(scope: &Scope, view: DeadLetterView) -> Self {
        Self { scope: scope.clone(), view: Arc::new(view) }
    }

    async fn other(&self, place: Option<&String>) -> Answer<Option<Self>> {
        let Some(place) = place.and_then(|place| place.parse::<Position>().ok()) else { return Ok(None) };
        let view = self.scope.views().dead_letter(&place).await?;
        Ok(view.map(|view| Self::of(&self.scope, view)))
    }
}

#[Object]
impl DeadLetter {
    pub(super) async fn id(&self) -> ID {
        self.scope.id(Kind::DeadLetter, self.view.row.place())
    }
    /// Topic, partition and offset it lay at.
    async fn place(&self) -> String {
        self.view.row.place()
    }
    /// The topic it lay in.
    async fn topic(&self) -> &str {
        &self.view.row.topic
    }
    async fn partition(&self) -> u32 {
        self.view.row.partition
    }
    async fn offset(&self) -> f64 {
        self.view.row.offset as f64
    }
    /// When it was put aside.
    async fn time(&self) -> DateTime {
        self.view.row.time.into()
    }
    /// Who could not use it, for instance detect. With several the last.
    async fn stage(&self) -> &str {
        &self.view.row.stage
    }
    /// What was wrong with it.
    async fn why(&self) -> &str {
        &self.view.row.why
    }
    /// Its size, whether or not it was kept.
    async fn bytes(&self) -> f64 {
        self.view.row.bytes as f64
    }
    /// What its header says, where that can be read.
    async fn header(&self) -> Option<DeadLetterHeader> {
        let facts = self.view.row.header.clone().ok()?;
        Some(DeadLetterHeader { scope: self.scope.clone(), facts })
    }
    /// Why its header can't be read.
    async fn unreadable(&self) -> Option<&str> {
        self.view.row.header.as_ref().err().map(String::as_str)
    }
    /// What became of it.
    async fn state(&self) -> DeadLetterState {
        let decided = &self.view.decided;
        match (&decided.resubmitted, &decided.dismissed) {
            (Some(_), _) => DeadLetterState::Resubmitted,
            (None, Some(_)) => DeadLetterState::Dismissed,
            (None, None) => DeadLetterState::Open,
        }
    }
    /// Who sent it again.
    async fn resubmitted(&self) -> Option<DeadLetterDecision> {
        self.view.decided.resubmitted.as_ref().map(Into::into)
    }
    /// Who saw it and left it.
    async fn dismissed(&self) -> Option<DeadLetterDecision> {
        self.view.decided.dismissed.as_ref().map(Into::into)
    }
    /// Why it can't be sent again; null when it can.
    async fn obstacle(&self) -> Option<String> {
        self.view.row.obstacle.map(|obstacle| obstacle.to_string())
    }
    /// How often this record had been sent again before it came here.
    async fn attempts(&self) -> u32 {
        self.view.row.again_times
    }
    /// The letter that was sent again and came back as this one.
    async fn resubmission_of(&self) -> Answer<Option<DeadLetter>> {
        self.other(self.view.row.again_of.as_ref()).await
    }
    /// What it came back as when it was sent again and failed again.
    async fn failed_again(&self) -> Answer<Option<DeadLetter>> {
        self.other(self.view.row.failed_again.as_ref()).await
    }
}

/// What the header of a block of events says. Nothing of it was checked against the record that it came in.
#[derive(Debug, Clone)]
pub struct DeadLetterHeader {
    scope: Scope,
    facts: BlockFacts,
}

#[Object]
impl DeadLetterHeader {
    /// Whose events they are; null for a node that the tenant does not have.
    async fn watched_node(&self) -> Answer<Option<WatchedNode>> {
        let node = self.scope.watched_node(self.facts.node).await?;
        Ok(node.map(|node| WatchedNode::of(&self.scope, node)))
    }
    /// The node's own id (nod_…).
    async fn node_id(&self) -> String {
        self.facts.node.to_string()
    }
    /// The agent run that numbered them.
    async fn boot_id(&self) -> String {
        self.facts.boot.to_string()
    }
    /// Number of its first event.
    async fn first(&self) -> f64 {
        self.facts.first as f64
    }
    /// Number of its last event.
    async fn last(&self) -> f64 {
        self.facts.last as f64
    }
    /// How many events are in it.
    async fn events(&self) -> u32 {
        self.facts.events
    }
    /// Time of the earliest.
    async fn earliest(&self) -> DateTime {
        self.facts.earliest.into()
    }
    /// Time of the latest.
    async fn latest(&self) -> DateTime {
        self.facts.latest.into()
    }
    /// Which kinds of event, such as process.exec; the number of one that has no name here.
    async fn kinds(&self) -> Vec<String> {
        let name = |&number: &u16| {
            EventKind::try_from(number).map_or_else(|_| number.to_string(), |kind| kind.as_str().to_owned())
        };
        self.facts.kinds.iter().map(name).collect()
    }
}
