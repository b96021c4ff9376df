//! Domain events: what people (and enrolling nodes) decided, as every service reads it.
//!
//! The tenant service decides and writes them to an event stream; a relay copies them to
//! `log:control`, where detect, ingest and query read them. The fold of each stream lives here
//! beside its events, so that all readers agree on the state at any version. Deciding lives in
//! the tenant service.
//!
//! On the wire an event is JSON: `{"type": "RuleDisabled", …}` in an [`Envelope`]. New fields get
//! `#[serde(default)]`; a change of meaning gets a new event name and an upcaster ([`upcast`]).

mod case;
mod dead_letter;
mod node;
mod rule_set;
mod tenant;
mod token;
mod user;

pub use case::{Case, CaseEvent, CaseState, Comment, Disposition};
pub use dead_letter::{DeadLetter, DeadLetterEvent, Decided};
pub use node::{Node, NodeEvent};
pub use rule_set::{ConfigFile, RuleException, RuleSet, RuleSetEvent};
pub use tenant::{Limits, Tenant, TenantEvent};
pub use token::{Token, TokenEvent, TokenRefusal};
pub use user::{Permission, User, UserEvent};

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;
use uuid::Uuid;

use crate::{TenantId, Timestamp, UserId};

/// Who decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Actor {
    /// A signed-in person.
    User {
        /// Who.
        id: UserId,
        /// Their sign-in name at the time.
        name: String,
    },
    /// A node that enrolls or renews.
    Node {
        /// Which.
        id: crate::NodeId,
    },
    /// The system itself, for instance at first start.
    System,
}

impl std::fmt::Display for Actor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::User { name, .. } => f.write_str(name),
            Self::Node { id } => write!(f, "{id}"),
            Self::System => f.write_str("system"),
        }
    }
}

/// The event of any aggregate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "aggregate", content = "event", rename_all = "snake_case")]
pub enum DomainEvent {
    /// A tenant.
    Tenant(TenantEvent),
    /// A user.
    User(UserEvent),
    /// An enrollment token.
    Token(TokenEvent),
    /// A node.
    Node(NodeEvent),
    /// A tenant's rule set.
    RuleSet(RuleSetEvent),
    /// A case.
    Case(CaseEvent),
    /// A record that was put aside.
    DeadLetter(DeadLetterEvent),
}

impl DomainEvent {
    /// The names of all aggregates: whoever goes over all streams asks for these.
    pub const AGGREGATES: [&'static str; 7] =
        ["tenant", "user", "token", "node", "rule_set", "case", "dead_letter"];

    /// Name of the aggregate, as in stream ids: `tenant`, `user`, `token`, `node`, `rule_set`, `case`, `dead_letter`.
    pub const fn aggregate(&self) -> &'static str {
        match self {
            Self::Tenant(_) => Self::AGGREGATES[0],
            Self::User(_) => Self::AGGREGATES[1],
            Self::Token(_) => Self::AGGREGATES[2],
            Self::Node(_) => Self::AGGREGATES[3],
            Self::RuleSet(_) => Self::AGGREGATES[4],
            Self::Case(_) => Self::AGGREGATES[5],
            Self::DeadLetter(_) => Self::AGGREGATES[6],
        }
    }

    /// The event's own name in past tense, such as `RuleDisabled`.
    pub fn name(&self) -> String {
        let value = match self {
            Self::Tenant(e) => serde_json::to_value(e),
            Self::User(e) => serde_json::to_value(e),
            Self::Token(e) => serde_json::to_value(e),
            Self::Node(e) => serde_json::to_value(e),
            Self::RuleSet(e) => serde_json::to_value(e),
            Self::Case(e) => serde_json::to_value(e),
            Self::DeadLetter(e) => serde_json::to_value(e),
        };
        value.ok().and_then(|v| Some(v.get("type")?.as_str()?.to_owned())).unwrap_or_default()
    }
}

/// A domain event with its place in history.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Envelope {
    /// Unique id: a repeat has the same one.
    pub id: Uuid,
    /// Whose.
    pub tenant: TenantId,
    /// Which aggregate instance; with [`DomainEvent::aggregate`] it names the stream.
    pub stream: SmolStr,
    /// Its number in the stream: 1, 2, 3 … .
    pub version: u64,
    /// When it was decided.
    pub time: Timestamp,
    /// Who decided.
    pub actor: Actor,
    /// What was decided.
    #[serde(flatten)]
    pub event: DomainEvent,
}

/// Why bytes are no domain event.
#[derive(Debug, thiserror::Error)]
#[error("not a domain event: {0}")]
pub struct DecodeError(#[from] serde_json::Error);

impl Envelope {
    /// The bytes for the log.
    pub fn encode(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// Reads bytes from the log, older forms included.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let value = serde_json::from_slice(bytes)?;
        Ok(serde_json::from_value(upcast(value))?)
    }
}

/// Brings an older form to the present one, step by step. Every form ever written is still accepted.
pub fn upcast(value: serde_json::Value) -> serde_json::Value {
    value
}
