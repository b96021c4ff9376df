//! Decisions: the present state of every stream, what changed it, and the rules that are in force.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use vedetta_log::{Record, Topic};
use vedetta_model::{
    TenantId,
    control::{Case, CaseState, DeadLetter, DomainEvent, Envelope, Node, RuleSet, Tenant, Token, User},
};
use vedetta_store::{View, ViewChange, ViewKey};

use super::{ApplyError, Draft, Projection, Rows, changes, keys::Key, rules};

/// The [`StreamRow`] of each stream, by aggregate and id.
pub const STREAMS: View = View("streams");
/// How many cases are closed, per source partition.
pub const CLOSED_CASES: View = View("closed_cases");

const VIEWS: &[View] = &[
    STREAMS,
    CLOSED_CASES,
    changes::CHANGES,
    changes::BY_STREAM,
    changes::BY_RULE,
    rules::RULES,
    rules::INDEX,
];

/// A stream's state at a version.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StreamRow {
    /// The number of its newest event.
    pub version: u64,
    /// The fold of its events. Secrets and their hashes are left out.
    pub state: State,
}

/// The state of any aggregate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "aggregate", content = "state", rename_all = "snake_case")]
pub enum State {
    /// A tenant.
    Tenant(Tenant),
    /// A user.
    User(User),
    /// An enrollment token.
    Token(Token),
    /// A node.
    Node(Node),
    /// A rule set.
    RuleSet(RuleSet),
    /// A case.
    Case(Case),
    /// A record that was put aside.
    DeadLetter(DeadLetter),
}

impl State {
    /// What a stream is before its first event.
    fn before_first(event: &DomainEvent) -> Self {
        match event {
            DomainEvent::Tenant(_) => Self::Tenant(Tenant::default()),
            DomainEvent::User(_) => Self::User(User::default()),
            DomainEvent::Token(_) => Self::Token(Token::default()),
            DomainEvent::Node(_) => Self::Node(Node::default()),
            DomainEvent::RuleSet(_) => Self::RuleSet(RuleSet::default()),
            DomainEvent::Case(_) => Self::Case(Case::default()),
            DomainEvent::DeadLetter(_) => Self::DeadLetter(DeadLetter::default()),
        }
    }

    /// Takes one event in. False when the event is another aggregate's.
    fn take(&mut self, envelope: &Envelope) -> bool {
        match (self, &envelope.event) {
            (Self::Tenant(state), DomainEvent::Tenant(event)) => state.apply(event, envelope.time),
            (Self::User(state), DomainEvent::User(event)) => {
                state.apply(event, envelope.time);
                state.password_hash.clear();
            }
            (Self::Token(state), DomainEvent::Token(event)) => {
                state.apply(event, envelope.time);
                state.secret_sha256.clear();
            }
            (Self::Node(state), DomainEvent::Node(event)) => state.apply(event, envelope.time),
            (Self::RuleSet(state), DomainEvent::RuleSet(event)) => state.apply(event),
            (Self::Case(state), DomainEvent::Case(event)) => {
                state.apply(event, &envelope.actor.to_string(), envelope.time);
            }
            (Self::DeadLetter(state), DomainEvent::DeadLetter(event)) => {
                state.apply(event, &envelope.actor.to_string(), envelope.time);
            }
            _ => return false,
        }
        true
    }

    fn is_closed_case(&self) -> bool {
        matches!(self, Self::Case(case) if case.state == CaseState::Closed)
    }
}

/// The key of a stream's row.
pub fn key_of(tenant: &TenantId, aggregate: &str, stream: &str) -> ViewKey {
    ViewKey::new(tenant, STREAMS, Key::new().text(aggregate).text(stream))
}

/// The control feed to rows. A stream's events come from one partition, in order.
#[derive(Debug, Clone, Copy, Default)]
pub struct Control;

#[async_trait]
impl Projection for Control {
    fn name(&self) -> &'static str {
        "control"
    }
    fn source(&self) -> Topic {
        Topic::CONTROL
    }
    fn views(&self) -> &'static [View] {
        VIEWS
    }
    fn holds_places(&self) -> bool {
        true
    }
    async fn apply(&self, record: &Record, rows: &dyn Rows) -> Result<Vec<ViewChange>, ApplyError> {
        let envelope =
            Envelope::decode(&record.payload).map_err(|error| ApplyError::Poison(error.to_string()))?;
        if envelope.tenant != record.tenant {
            return Err(ApplyError::Poison("a decision names another tenant than its record".to_owned()));
        }
        let mut draft = Draft::on(rows);
        let key = key_of(&envelope.tenant, envelope.event.aggregate(), &envelope.stream);
        let present: Option<StreamRow> = draft.get(&key).await?;
        if present.as_ref().is_some_and(|row| envelope.version <= row.version) {
            return Ok(Vec::new());
        }
        let before = present.map_or_else(|| State::before_first(&envelope.event), |row| row.state);
        let mut after = before.clone();
        if !after.take(&envelope) {
            return Err(ApplyError::Poison("a decision is of another aggregate than its stream".to_owned()));
        }

        let touched = match &after {
            State::RuleSet(state) => rules::compile(&mut draft, &envelope, state).await?,
            _ => rules::Touched::default(),
        };
        changes::note(&mut draft, &envelope, (&before, &after), &touched)?;
        if before.is_closed_case() != after.is_closed_case() {
            let partition = u64::from(record.position.partition.index);
            let key = ViewKey::new(&envelope.tenant, CLOSED_CASES, Key::new().number(partition));
            let closed: u64 = draft.get(&key).await?.unwrap_or(0);
            let closed = if after.is_closed_case() { closed + 1 } else { closed.saturating_sub(1) };
            draft.put(key, &closed)?;
        }
        draft.put(key, &StreamRow { version: envelope.version, state: after })?;
        Ok(draft.into_changes())
    }
}
