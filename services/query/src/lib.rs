//! Log to views to people: projections, GraphQL, subscriptions, the console.
//!
//! ```text
//!   log ─► projections ─► view store ─► readers ─► graphql ─► http ─► people
//!    └► archive ─► block store ───────┘               └─ mutations ─► tenant service
//! ```
//!
//! It decides nothing: a mutation is handed to the tenant service with the caller's own session, and
//! its outcome is read back from the views. Views can be dropped at any time and come back the same.
//! Start with [`mod@projections`], then [`readers`], then [`graphql`].

pub mod archive;
pub mod compact;
pub mod config;
mod cookies;
pub mod freshness;
pub mod graphql;
mod http;
pub mod metrics;
pub mod projections;
pub mod readers;
mod role;
pub mod session;
pub mod state;
pub mod tail;
pub mod trim;

pub use config::Config;
pub use http::router;
pub use role::{ROLE, groups, projections};
