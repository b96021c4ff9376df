//! How a Vedetta process is composed, started and drained, whatever roles it has.
//!
//! ```text
//!   settings ─► Config ─► bind listeners ─► open log and store ─► build roles ─► run ─► drain
//! ```
//!
//! It knows no role's insides and decides nothing about events. Start with [`Role`], then [`Process`].

mod admin;
pub mod agents_listener;
mod clients;
pub mod config;
mod context;
mod control_feed;
mod dead_letters;
mod drain;
mod main_loop;
mod process;
mod role;
mod telemetry;

pub use clients::Clients;
pub use config::{Config, ConfigError};
pub use context::Context;
pub use control_feed::{ControlFeed, ControlSink};
pub use dead_letters::{DeadLetters, Letter, Obstacle, Reason, Resubmission};
pub use drain::{Drain, Drained};
pub use main_loop::{ProcessArgs, run, run_with, stop_signal};
pub use process::{Addresses, Process};
pub use role::{BuildFuture, Role, Running, Task};

/// Starts logging of the process itself, as configured.
pub fn init_telemetry(config: &Config) -> anyhow::Result<()> {
    telemetry::init(&config.common.telemetry)
}

/// How many roles there are: ingest, detect, query, tenant.
pub const ALL_ROLES: usize = 4;
