//! How a Vedetta process is composed, started and drained, whatever roles it has.
//!
//! ```text
//!   settings ─► Config ─► bind listeners ─► answer for health ─► open log and store ─► build roles ─► run ─► drain
//! ```
//!
//! It knows no role's insides and decides nothing about events. Start with [`Role`], then [`Process`].

mod admin;
pub mod agents_listener;
mod begun;
mod clients;
mod clocks;
pub mod config;
mod context;
mod control_feed;
mod dead_letters;
mod drain;
mod listeners;
mod main_loop;
mod opening;
mod process;
mod role;
mod secrets;
mod telemetry;

pub use clients::Clients;
pub use config::{Config, ConfigError};
pub use context::Context;
pub use control_feed::{ControlFeed, ControlSink};
pub use dead_letters::{DeadLetters, Letter, Obstacle, Reason, Resubmission};
pub use drain::{Drain, Drained};
pub use listeners::Addresses;
pub use main_loop::{ProcessArgs, run, run_with, stop_signal};
pub use opening::make_topics;
pub use process::Process;
pub use role::{BuildFuture, Role, Running, Task};
pub use secrets::Secrets;

/// Starts logging of the process itself, as configured.
pub fn init_telemetry(config: &Config) -> anyhow::Result<()> {
    telemetry::init(&config.common.telemetry)
}

/// Says why a process ends, as its log lines are configured.
pub fn say_failure(config: &Config, error: &anyhow::Error) {
    telemetry::say_failure(&config.common.telemetry, error);
}

/// How many roles there are: ingest, detect, query, tenant.
pub const ALL_ROLES: usize = 4;
