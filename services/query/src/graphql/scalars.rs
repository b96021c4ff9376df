//! Scalars and enums that stand for words of the model.

use async_graphql::{Enum, InputValueError, InputValueResult, Scalar, ScalarType, Value};
use vedetta_model::{Timestamp, control, event};

use crate::readers::{nodes, tokens};

/// RFC 3339 time with up to nanoseconds, for instance 2026-01-31T08:00:00Z
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DateTime(pub Timestamp);

#[Scalar]
impl ScalarType for DateTime {
    fn parse(value: Value) -> InputValueResult<Self> {
        match &value {
            Value::String(text) => text.parse().map(Self).map_err(InputValueError::custom),
            _ => Err(InputValueError::expected_type(value)),
        }
    }
    fn to_value(&self) -> Value {
        Value::String(self.0.to_string())
    }
}

impl From<Timestamp> for DateTime {
    fn from(time: Timestamp) -> Self {
        Self(time)
    }
}

/// How bad.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "vedetta_model::Severity")]
pub enum Severity {
    /// Worth knowing, no action asked.
    Informational,
    /// Rarely a problem by itself.
    Low,
    /// Look at it when there is time.
    Medium,
    /// Look at it today.
    High,
    /// Look at it now.
    Critical,
}

/// What a person may do in a tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "control::Permission")]
pub enum Permission {
    /// See findings, cases, nodes, rules.
    Read,
    /// Work on cases.
    Triage,
    /// Change rules and exceptions.
    ManageRules,
    /// Create and revoke enrollment tokens, remove nodes.
    ManageNodes,
    /// Create users, change limits.
    Administer,
}

/// Where the work on a case stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "control::CaseState")]
pub enum CaseState {
    /// Nobody works on it yet.
    Open,
    /// Somebody does.
    InProgress,
    /// Done; see the disposition.
    Closed,
}

/// What a case turned out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "control::Disposition")]
pub enum Disposition {
    /// A real attack or misuse.
    TruePositive,
    /// The rule was wrong.
    FalsePositive,
    /// Real, and meant.
    Benign,
}

/// How a node is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "nodes::Health")]
pub enum NodeHealth {
    /// It reports and loses nothing.
    Healthy,
    /// It lost events a moment ago.
    Losing,
    /// It should report and doesn't.
    Silent,
    /// Its agent ended in good order.
    Stopped,
    /// It may no longer send.
    Removed,
    /// It enrolled and never reported.
    NeverSeen,
}

/// Where events can be lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "event::LossStage")]
pub enum LossStage {
    /// The kernel program could not read what it needed.
    Kernel,
    /// The ring between kernel and agent was full.
    Ring,
    /// The agent could not decode what the kernel program sent.
    Decode,
    /// The spool on disk was full, or broken.
    Spool,
    /// The server refused the batch for good.
    Server,
}

/// Whether an enrollment token still enrolls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "tokens::TokenState")]
pub enum TokenState {
    /// It does.
    Valid,
    /// Its time is over.
    Expired,
    /// It has enrolled as many nodes as it may.
    UsedUp,
    /// It was taken back.
    Revoked,
}
