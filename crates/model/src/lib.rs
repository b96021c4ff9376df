//! The words everything else speaks: ids, time, severities, kernel events, findings, and the
//! domain events that people's decisions leave behind.
//!
//! This crate does no IO and knows no async. Start with [`ids`], then [`event`] (facts from
//! nodes) and [`control`] (decisions of people).

pub mod ids;
pub mod time;
pub mod severity;
pub mod event;
pub mod finding;
pub mod control;
pub mod ranges;
pub mod simulated;

pub use event::{Event, Kind, Payload, Process, ProcessKey, Term};
pub use finding::Finding;
pub use ids::{BootId, CaseId, EventId, FindingId, NodeId, TenantId, TokenId, UserId};
pub use ranges::{Numbers, Ranges};
pub use severity::Severity;
pub use time::{Clock, ManualClock, SystemClock, Timestamp};
