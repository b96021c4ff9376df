//! The command line.

use std::{path::PathBuf, process::ExitCode};

use clap::{CommandFactory, Parser, Subcommand};
use vedetta_runtime::{ProcessArgs, Role};

use crate::{
    ROLES, block_command, bootstrap_command, cluster::ClusterCommand, config_command, copy_command, doctor,
    down, health, local_agent::LocalAgentArgs, migrate_command, rebuild_command, rules_command, up,
};

/// Runtime security and observability: watches what really runs, finds what should not.
#[derive(Debug, Parser)]
#[command(
    version,
    about,
    after_help = "Exit codes: 0 done, 1 failed or a check found problems, 2 wrong arguments or settings, 130 stopped at once by a second signal.\n\
                  Settings: a file (--config), variables such as VEDETTA_LISTEN__PUBLIC, or --set listen.public=…; `vedetta config show` lists all."
)]
pub struct Cli {
    #[command(flatten)]
    process: ProcessArgs,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Everything on this machine: all roles, the first-time set-up, and the agent as a process of its own.
    Up(LocalAgentArgs),
    /// Runs roles until a signal.
    Run {
        /// Which roles; all of them when not given.
        #[arg(long, value_name = "ROLE", value_delimiter = ',', value_parser = role)]
        role: Vec<Role>,
    },
    /// Stops what `up` or `run` started with the same data folder, and waits until it is down.
    Down,
    /// Starts this machine's agent again, for an installation that `up` made.
    Agent(LocalAgentArgs),
    /// Checks this machine: kernel, BTF, capabilities, ports, disk. One line each, with what to do.
    Doctor,
    /// Sets up what roles need that run apart: keys, topics, schema, tenant, administrator, rules. Changes nothing when it is there.
    Bootstrap(bootstrap_command::BootstrapArgs),
    /// The distributed form on this machine: Kafka, a CQL database, every role apart.
    #[command(subcommand)]
    Cluster(ClusterCommand),
    /// Asks the process with these settings whether it is ready, and what it waits for. Fails when it is not.
    Health,
    /// Makes the schema that a `scylla://` store needs, or brings it to this build's version. Changes nothing when it is there.
    Migrate {
        /// Which store; that of the settings when not given.
        #[arg(long, value_name = "URL")]
        store: Option<String>,
    },
    /// Moves an installation to another log and store, on this machine or in a cluster, and compares both. The source must be
    /// stopped and the target empty. When it is cut, run it again: it goes on.
    Copy(copy_command::CopyArgs),
    /// Drops the rows that people query and makes them again from the log, for instance after some were damaged. Vedetta must be
    /// stopped. What was made of records that the log has no more is left as it is.
    Rebuild(rebuild_command::RebuildArgs),
    /// Settings.
    #[command(subcommand)]
    Config(config_command::ConfigCommand),
    /// Rule files.
    #[command(subcommand)]
    Rules(rules_command::RulesCommand),
    /// Blocks of events.
    #[command(subcommand)]
    Block(block_command::BlockCommand),
    /// Prints a completion script for a shell.
    Completions {
        /// Which shell.
        shell: clap_complete::Shell,
    },
}

fn role(name: &str) -> Result<Role, String> {
    ROLES.into_iter().find(|role| role.name == name).ok_or_else(|| {
        format!("no such role; there are {}", ROLES.iter().map(|r| r.name).collect::<Vec<_>>().join(", "))
    })
}

impl Cli {
    /// Does what was asked.
    pub fn run(self) -> ExitCode {
        match self.command {
            Command::Completions { shell } => {
                clap_complete::generate(shell, &mut Self::command(), "vedetta", &mut std::io::stdout());
                ExitCode::SUCCESS
            }
            Command::Rules(command) => command.run(),
            Command::Block(command) => command.run(),
            Command::Config(command) => command.run(&self.process),
            Command::Up(agent) => with_config(&self.process, |config| up::run(config, &agent)),
            Command::Agent(agent) => with_config(&self.process, |config| up::run_agent(config, &agent)),
            Command::Down => with_config(&self.process, down::run),
            Command::Bootstrap(args) => {
                with_config(&self.process, |config| bootstrap_command::run(config, &args))
            }
            Command::Cluster(command) => with_config(&self.process, |config| command.run(config)),
            Command::Health => with_config(&self.process, health::run),
            Command::Migrate { store } => {
                with_config(&self.process, |config| migrate_command::run(config, store.as_deref()))
            }
            Command::Copy(args) => with_config(&self.process, |config| args.run(config)),
            Command::Rebuild(args) => {
                with_config(&self.process, |config| rebuild_command::run(config, &args))
            }
            Command::Doctor => with_config(&self.process, doctor::run),
            Command::Run { role } => with_config(&self.process, |config| {
                let roles = if role.is_empty() { ROLES.to_vec() } else { role };
                // Where nothing lies on this disk, nothing is written to it, and any number may run.
                let uses_disk = config.common.places().is_ok_and(|places| places.uses_disk());
                let pid = uses_disk.then(|| down::PidFile::create(&config.common.data_dir));
                let _pid = match pid.transpose() {
                    Ok(pid) => pid,
                    Err(error) => return failed(&error),
                };
                vedetta_runtime::run_with(config, &roles)
            }),
        }
    }
}

fn with_config(args: &ProcessArgs, run: impl FnOnce(&vedetta_runtime::Config) -> ExitCode) -> ExitCode {
    match args.load() {
        Ok(config) => run(&config),
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(2)
        }
    }
}

/// Says what went wrong.
pub fn failed(error: &anyhow::Error) -> ExitCode {
    eprintln!("error: {error:#}");
    ExitCode::FAILURE
}

/// A path as people like to read it.
pub fn shown(path: &std::path::Path) -> String {
    std::fs::canonicalize(path).unwrap_or_else(|_| PathBuf::from(path)).display().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn an_unknown_role_is_refused_with_the_known_ones() {
        let error = Cli::try_parse_from(["vedetta", "run", "--role", "indexer"]).unwrap_err().to_string();
        assert!(error.contains("ingest"), "{error}");
    }
}
