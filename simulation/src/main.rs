//! `vedetta-simulate`: one seed, or many.
#![expect(unsafe_code, reason = "libraries take the seed's chance for the system's")]

use std::{
    ffi::{c_uint, c_void},
    io::{IsTerminal as _, Write as _},
    process::ExitCode,
};

use clap::{Parser, Subcommand};
use vedetta_model::simulated::{self, Bug};
use vedetta_simulation::{
    many::{self, Seeds, Summary},
    random, run,
};

/// What the C library's function does, with bytes by the seed. Linked in place of it, so that no library finds other chance.
///
/// # Safety
/// `buffer` has room for `length` bytes, as with the C library's.
#[unsafe(no_mangle)]
unsafe extern "C" fn getrandom(buffer: *mut c_void, length: usize, _flags: c_uint) -> isize {
    // SAFETY: the caller's promise.
    random::fill(unsafe { std::slice::from_raw_parts_mut(buffer.cast::<u8>(), length) });
    length.cast_signed()
}

/// Runs the whole service path in one thread under a seed, with everything going wrong, and checks that what was
/// acknowledged is what can be asked for. Exit codes: 0 all is well, 1 something must hold and does not, 2 wrong arguments.
#[derive(Debug, Parser)]
#[command(version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Play one seed and tell each step.
    One {
        /// The seed.
        seed: u64,
        /// Tell the outcome only, as JSON.
        #[arg(long)]
        json: bool,
        /// A bug to switch on.
        #[arg(long, value_parser = bug)]
        bug: Option<Bug>,
        /// What the services log: a filter such as `warn` or `vedetta_query=debug`.
        #[arg(long, default_value = "off")]
        log: String,
    },
    /// Play many seeds, each in a process of its own.
    Many {
        /// How many.
        #[arg(long, default_value_t = 200)]
        seeds: u64,
        /// The first.
        #[arg(long, default_value_t = 1)]
        from: u64,
        /// How many at a time; 0 for one a processor.
        #[arg(long, default_value_t = 0)]
        jobs: usize,
        /// A bug to switch on; then a failure is what is hoped for.
        #[arg(long, value_parser = bug)]
        bug: Option<Bug>,
        /// Stop after this many failures.
        #[arg(long, default_value_t = 5)]
        failures: usize,
    },
}

fn bug(name: &str) -> Result<Bug, String> {
    let named = Bug::ALL.into_iter().find(|bug| format!("{bug:?}") == name);
    named.ok_or_else(|| format!("expected one of {:?}", Bug::ALL))
}

fn main() -> ExitCode {
    match Cli::parse().command {
        Command::One { seed, json, bug, log } => one(seed, json, bug, &log),
        Command::Many { seeds, from, jobs, bug, failures } => {
            let at_once =
                if jobs > 0 { jobs } else { std::thread::available_parallelism().map_or(1, usize::from) };
            let Ok(program) = std::env::current_exe() else {
                eprintln!("error: this program can't tell where it lies");
                return ExitCode::FAILURE;
            };
            all(&Seeds { program, from, count: seeds, at_once, bug, failures })
        }
    }
}

fn one(seed: u64, json: bool, bug: Option<Bug>, log: &str) -> ExitCode {
    if let Some(bug) = bug {
        simulated::plant(bug);
    }
    if log != "off" {
        let filter = tracing_subscriber::EnvFilter::new(log);
        tracing_subscriber::fmt().with_env_filter(filter).without_time().with_writer(std::io::stderr).init();
    }
    // On a thread of its own, where nothing that came before has drawn: telling more changes nothing.
    let played = std::thread::spawn(move || {
        random::seed(seed);
        run::play(seed, !json)
    });
    let outcome = match played.join() {
        Ok(Ok(outcome)) => outcome,
        Err(_) => return ExitCode::FAILURE,
        Ok(Err(error)) => {
            eprintln!("error: seed {seed} could not be played: {error:#}");
            return ExitCode::FAILURE;
        }
    };
    if json {
        println!("{}", serde_json::to_string(&outcome).unwrap_or_default());
    } else {
        for violation in &outcome.violations {
            println!("VIOLATED: {violation}");
        }
        println!(
            "seed {seed}: {} events, {:.0} s, trace {:?}",
            outcome.events, outcome.seconds, outcome.trace
        );
    }
    if outcome.violations.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn all(seeds: &Seeds) -> ExitCode {
    let aloud = std::io::stderr().is_terminal();
    let summary = many::play(seeds, |summary| {
        if aloud {
            eprint!("\r{} of {} played, {} failed ", summary.played, seeds.count, summary.failed.len());
            // Progress that can't be shown is no failure.
            let _ = std::io::stderr().flush();
        }
    });
    if aloud {
        eprintln!();
    }
    tell(&summary, seeds);
    if summary.failed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn tell(summary: &Summary, seeds: &Seeds) {
    for (what, counted) in [("fault", &summary.faults), ("point", &summary.points)] {
        for (name, times) in counted {
            println!("{what:<6} {name:<24} {times:>8}");
        }
    }
    for missed in summary.missed() {
        println!("never  {missed}");
    }
    for (seed, violations) in &summary.failed {
        println!("FAILED seed {seed}: play it again with `vedetta-simulate one {seed}`");
        violations.iter().take(5).for_each(|violation| println!("       {violation}"));
    }
    println!(
        "{} seeds from {}, {} failed; {} events acknowledged; {:.0} s simulated in {:.1} s ({:.0} : 1)",
        summary.played,
        seeds.from,
        summary.failed.len(),
        summary.events,
        summary.simulated,
        summary.took,
        summary.simulated / summary.took.max(f64::EPSILON),
    );
}
