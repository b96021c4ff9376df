//! `vedetta-chaos`: faults against a system of real processes, and what must hold all the same.

use std::{path::PathBuf, process::ExitCode};

use anyhow::{Context as _, bail, ensure};
use clap::{Args, Parser, Subcommand};
use rand::Rng as _;
use tokio::signal::unix::{SignalKind, signal};
use vedetta_chaos::{
    drills::{self, Drill},
    rig::{Plan, Programs},
    rounds::{self, Rounds},
};

/// Hurts a Vedetta of real processes under load, and says whether it kept its word. Needs root, Java and Maven
/// (`scripts/setup.sh test`) and iproute2.
#[derive(Debug, Parser)]
#[command(version, about, after_help = "Exit codes: 0 all held, 1 something did not, 2 wrong arguments.")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Something goes wrong again and again; what was acknowledged must be there, once, and in its own tenant only.
    Rounds {
        /// How many.
        #[arg(long, default_value_t = 500)]
        rounds: u32,
        /// Decides what happens; a new one each time when not given.
        #[arg(long)]
        seed: Option<u64>,
        /// After how many rounds all is calmed and compared.
        #[arg(long, default_value_t = 25, value_parser = clap::value_parser!(u32).range(1..))]
        check_every: u32,
        #[command(flatten)]
        shape: Shape,
    },
    /// Each service is drained and replaced under load; prints how long acknowledgements stood still.
    Upgrade {
        #[command(flatten)]
        shape: Shape,
    },
    /// Each broker is killed, then each detect; prints how long acknowledgements and findings stood still.
    Failover {
        #[command(flatten)]
        shape: Shape,
    },
    /// No ingest can be reached while an agent offers more than its spool takes; every lost event must be counted.
    Storm {
        #[command(flatten)]
        shape: Shape,
    },
}

/// What is hurt.
#[derive(Debug, Args)]
struct Shape {
    /// Processes of ingest and of detect, each.
    #[arg(long, default_value_t = 2)]
    processes: u32,
    /// Kafka brokers: 1, or 3 with three copies of which two must be written.
    #[arg(long, default_value_t = 3)]
    brokers: u32,
    /// Everything in one network, which is never cut.
    #[arg(long)]
    no_network: bool,
    /// No agents as processes of their own.
    #[arg(long)]
    no_agents: bool,
    /// Folder with `vedetta-load` and `vedetta-agent`; the one of this program when not given.
    #[arg(long)]
    programs: Option<PathBuf>,
}

impl Shape {
    fn plan(self) -> anyhow::Result<Plan> {
        ensure!([1, 3].contains(&self.brokers), "--brokers is 1 or 3");
        let folder = match self.programs {
            Some(folder) => folder,
            None => std::env::current_exe()?.parent().context("a folder")?.to_owned(),
        };
        let program = |name: &str| {
            let path = folder.join(name);
            ensure!(
                path.exists(),
                "{} is missing: cargo build -p vedetta-load -p vedetta-node-agent",
                path.display()
            );
            Ok(path)
        };
        let programs = Programs { load: program("vedetta-load")?, agent: program("vedetta-agent")? };
        Ok(Plan {
            programs,
            processes: self.processes,
            brokers: self.brokers,
            network: !self.no_network,
            agents: !self.no_agents,
        })
    }
}

fn main() -> ExitCode {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(4).enable_all().build();
    let run = |command| runtime.context("threads").and_then(|runtime| runtime.block_on(until_told(command)));
    match run(Cli::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// An end before its time takes down what was started.
async fn until_told(command: Command) -> anyhow::Result<()> {
    let mut terminated = signal(SignalKind::terminate())?;
    tokio::select! {
        done = run(command) => done,
        _ = tokio::signal::ctrl_c() => bail!("interrupted"),
        _ = terminated.recv() => bail!("terminated"),
    }
}

async fn run(command: Command) -> anyhow::Result<()> {
    match command {
        Command::Rounds { rounds: count, seed, check_every, shape } => {
            let seed = seed.unwrap_or_else(|| rand::rng().random_range(0..1_000_000));
            eprintln!("seed {seed}");
            let outcome = rounds::play(&shape.plan()?, &Rounds { count, seed, check_every }).await?;
            println!("{}", outcome.table);
            for (name, times) in outcome.ended {
                println!("{name} ended by itself {times} times and was started again");
            }
            println!(
                "seed {seed}, {count} rounds: nothing lost, doubled or elsewhere; {:?}",
                outcome.compared
            );
        }
        Command::Upgrade { shape } => tell(&drills::upgrade(&shape.plan()?).await?),
        Command::Failover { shape } => tell(&drills::failover(&shape.plan()?).await?),
        Command::Storm { shape } => tell(&drills::storm(&shape.plan()?).await?),
    }
    Ok(())
}

fn tell(drill: &Drill) {
    for (what, time) in &drill.steps {
        println!("{what} {:.2} s", time.as_secs_f64());
    }
    println!("nothing lost, doubled or elsewhere; {:?}", drill.compared);
}
