//! `vedetta-agent`: the node agent as a program.

mod command;

use std::{io::IsTerminal, process::ExitCode};

use clap::Parser;
use tracing_subscriber::EnvFilter;
use vedetta_node_agent::config::{Cli, Command, Config};

fn main() -> ExitCode {
    let cli = Cli::parse();
    let outcome = Config::resolve(cli.options).map_err(command::Failure::from).and_then(|config| {
        start_logging(&config.log)?;
        match cli.command.unwrap_or_default() {
            Command::Run => command::run(&config),
            Command::Enroll => command::enroll(&config),
            Command::Status => command::status(&config),
        }
    });
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("error: {failure}");
            failure.exit_code()
        }
    }
}

fn start_logging(filter: &str) -> Result<(), command::Failure> {
    let filter = EnvFilter::try_new(filter).map_err(|error| command::Failure::Setting {
        name: "log",
        reason: format!("{error}; expected tracing's filter language, such as `info`"),
    })?;
    let terminal = std::io::stderr().is_terminal();
    // A line that can't be written, for instance into a file on a full disk, is lost. Telling so would be a write to
    // standard error as well, which panics.
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_target(false)
        .with_ansi(terminal)
        .log_internal_errors(false);
    subscriber.with_writer(std::io::stderr).init();
    Ok(())
}
