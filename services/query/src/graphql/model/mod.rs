//! The objects of the API, one file per noun.

pub mod activity;
pub mod case;
pub mod change;
pub mod dead_letter;
pub mod event;
pub mod finding;
pub mod freshness;
pub mod node;
pub mod overview;
pub mod process;
pub mod rule;
pub mod rule_set;
pub mod tenant;
pub mod token;
pub mod viewer;

use async_graphql::{ID, Interface};

pub use case::Case;
pub use dead_letter::DeadLetter;
pub use finding::Finding;
pub use node::WatchedNode;
pub use rule::Rule;
pub use tenant::Tenant;
pub use token::EnrollmentToken;

/// What has a global id and can be fetched by `node(id:)`.
#[derive(Debug, Clone, Interface)]
#[graphql(name = "Node", field(name = "id", ty = "ID"))]
pub enum NodeObject {
    /// A tenant.
    Tenant(Tenant),
    /// A finding.
    Finding(Finding),
    /// A case.
    Case(Case),
    /// A machine that runs the agent.
    WatchedNode(WatchedNode),
    /// A rule.
    Rule(Rule),
    /// An enrollment token.
    EnrollmentToken(EnrollmentToken),
    /// A record that was put aside.
    DeadLetter(DeadLetter),
}
