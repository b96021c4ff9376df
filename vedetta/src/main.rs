//! The one process: all roles of Vedetta, or some of them, and the tools around it.
//!
//! Nothing here knows what an event is: it parses arguments and hands over. Start with `cli`.

mod block_command;
mod bootstrap_command;
mod cli;
mod cluster;
mod config_check;
mod config_command;
mod copy_command;
mod doctor;
mod down;
mod first_block;
mod first_time;
mod health;
mod local_agent;
mod migrate_command;
mod rebuild_command;
mod rules_command;
mod up;
mod welcome;

use std::process::ExitCode;

use clap::Parser;
use vedetta_runtime::Role;

/// All roles, in the order in which they are built: those that serve others first.
pub const ROLES: [Role; 4] =
    [vedetta_tenant::ROLE, vedetta_ingest::ROLE, vedetta_detect::ROLE, vedetta_query::ROLE];

fn main() -> ExitCode {
    cli::Cli::parse().run()
}
