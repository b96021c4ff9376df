//! `vedetta-load`: drives a Vedetta and says how it held.

use std::{path::PathBuf, process::ExitCode};

use clap::{Parser, Subcommand};
use vedetta_load::{bench, compare, model, run, serve};

/// Drives a Vedetta and says how it held.
#[derive(Debug, Parser)]
#[command(
    version,
    about,
    after_help = "Exit codes: 0 done and correct, 1 failed or not correct, 2 wrong arguments."
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Runs a scenario and prints what came of it.
    Run(run::RunArgs),
    /// Two reports of one scenario side by side, and which differences are more than noise.
    Compare {
        /// The JSON report of the one.
        before: PathBuf,
        /// And of the other.
        after: PathBuf,
    },
    /// Blocks beside rows, keeping and searching, end-to-end events a second at the first loss, the API beside the
    /// store, peak memory, system call → finding p50/p99. Needs root and the agent, built beside this program.
    Bench {
        /// Which figures; all when none is named.
        parts: Vec<bench::Part>,
    },
    /// What an installation of some size needs: brokers, partitions, processes, database nodes, disk, network, what costs most
    /// and what breaks first, each line with the measured constants it is made from.
    Model(model::ModelArgs),
    /// Used by the others: a system in this process, until standard input ends.
    #[command(hide = true)]
    Serve(serve::ServeArgs),
}

fn main() -> ExitCode {
    let outcome = match Cli::parse().command {
        Command::Run(args) => run::run(&args),
        Command::Compare { before, after } => compare::run(&before, &after),
        Command::Bench { parts } => bench::run(&parts).map(|()| true),
        Command::Model(args) => model::run(&args).map(|()| true),
        Command::Serve(args) => serve::run(&args).map(|()| true),
    };
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
