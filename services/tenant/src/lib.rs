//! What people decide: tenants, users, enrollment tokens, nodes, rules, cases, records that were put aside. Commands in, events out.
//!
//! Deciding is pure (`domain`); loading before and appending after is `application`; `grpc` says
//! both to the outside; `relay` copies what was decided to `log:control`. It never opens telemetry
//! and keeps no view of its own. Start with [`ROLE`], then `domain`.

mod application;
pub mod bootstrap;
mod config;
pub mod domain;
mod grpc;
mod metrics;
mod relay;
mod role;
mod throttle;
mod token_index;

pub use config::Config;
pub use grpc::Service;
pub use role::ROLE;
