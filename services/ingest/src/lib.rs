//! Agents to log: authenticates nodes, checks their blocks, appends them, and only then
//! acknowledges them. Turns enrollment tokens into certificates with the tenant service's word.
//!
//! It never opens a block's body, keeps nothing that it could not lose, and decides nothing about
//! who may enroll. Being the one that writes to `log:telemetry`, it also carries out that a record which was put
//! aside is sent again. Start with [`ROLE`], then `grpc` (what agents call) and `stream` (one agent's
//! stream of blocks).

mod admission;
mod buckets;
mod config;
mod control;
mod grpc;
mod metrics;
mod progress;
mod quarantine;
mod resubmit;
mod role;
mod run;
mod stream;

pub use config::Config;
pub use resubmit::GROUP as RESUBMIT_GROUP;
pub use role::ROLE;
