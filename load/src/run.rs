//! One scenario, from start to report.

mod neighbour;
mod stop;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail};
use clap::{Args, ValueEnum};

use crate::{
    agents::{Crew, Fleet, Manner, Pace},
    probe::Probe,
    report::{FORMAT, Machine, Memory, Report, Round},
    scenario::{Part, Scenario},
    system::{self, Apart, Launch, System},
};

/// What to run, and on what.
#[derive(Debug, Args)]
pub struct RunArgs {
    /// A file such as load/scenarios/steady.toml.
    pub scenario: PathBuf,
    /// Where the JSON report goes; none when not given.
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
    /// What kind of system.
    #[arg(long, value_enum, default_value_t = Form::Embedded)]
    pub form: Form,
    /// How many times, each on a new system.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    pub rounds: u32,
    /// Keeps log and store in memory instead of on disk (embedded form only).
    #[arg(long)]
    pub memory: bool,
}

/// What kind of system.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Form {
    /// All roles in one process, log and store on its disk.
    Embedded,
    /// Each role in processes of its own, on Kafka and a CQL database.
    Cluster,
}

/// Runs a scenario, prints the table, writes the report; whether the system was correct.
pub fn run(args: &RunArgs) -> anyhow::Result<bool> {
    let scenario = Scenario::load(&args.scenario)?;
    let runtime = tokio::runtime::Runtime::new()?;
    let mut report = Report {
        format: FORMAT,
        machine: Machine::here(),
        form: match (args.form, args.memory) {
            (Form::Embedded, false) => "embedded",
            (Form::Embedded, true) => "embedded in memory",
            (Form::Cluster, false) => "cluster",
            (Form::Cluster, true) => bail!("--memory: only for --form embedded"),
        }
        .to_owned(),
        scenario,
        rounds: Vec::new(),
    };
    for round in 1..=args.rounds {
        if args.rounds > 1 {
            eprintln!("round {round} of {}", args.rounds);
        }
        report.rounds.push(runtime.block_on(drive(&report.scenario, args))?);
    }
    println!("{report}");
    if let Some(path) = &args.json {
        write(&report, path).with_context(|| path.display().to_string())?;
    }
    Ok(report.is_correct())
}

fn write(report: &Report, path: &Path) -> anyhow::Result<()> {
    Ok(std::fs::write(path, serde_json::to_vec_pretty(report)?)?)
}

async fn drive(scenario: &Scenario, args: &RunArgs) -> anyhow::Result<Round> {
    let tenants = scenario.tenants + u32::from(scenario.neighbour.is_some());
    eprintln!("starting a system with {tenants} tenants");
    let mut settings = scenario.settings.clone();
    if args.memory {
        settings.extend(["log.url=memory:", "store.url=memory:"].map(str::to_owned));
    }
    settings.extend(scenario.neighbour.as_ref().map(neighbour::setting));
    let form = match args.form {
        Form::Embedded => system::Form::One,
        Form::Cluster => system::Form::Apart(apart(scenario)),
    };
    let launch = Launch { tenants, settings, form, ..Launch::by(std::env::current_exe()?) };
    let mut system = System::launch(launch).await?;
    let probe = Probe::start(&system).await?;
    let idle = system.peak_memory()?;
    let crew = Crew {
        tenants: &system.tenants[..scenario.tenants as usize],
        per_tenant: scenario.agents_per_tenant,
        block_age: scenario.block_age(),
        manner: if scenario.stop.is_some() { Manner::Lasting } else { Manner::OpenLoop },
        recording: scenario.recording.as_ref().map(|recording| recording.file.clone()),
    };
    let mut fleet = Fleet::of(crew, &system, &probe).await?;
    let memory = Memory { idle, connected: system.peak_memory()?, peak: 0 };
    say_what_is_offered(scenario);
    let (began, cpu) = (Instant::now(), system.cpu()?);
    fleet.pace(Pace {
        events: scenario.recording.as_ref().map_or(scenario.events_per_second.into(), |it| it.speed),
        planted: scenario.planted_per_second.into(),
    });
    let time = Duration::from_secs(scenario.seconds.into());
    let (mut beside, mut stopped) = (None, None);
    match (&scenario.neighbour, &scenario.stop) {
        (Some(neighbour), _) => {
            beside = Some(neighbour::beside(scenario, neighbour, &system, &probe, &mut fleet).await?);
        }
        (None, Some(stop)) => stopped = Some(stop::stop(stop, time, &mut system, &mut fleet).await?),
        (None, None) => fleet.run_for(time).await?,
    }
    eprintln!("waiting until everything kept is acknowledged and found");
    let counts = fleet.finish().await?.now();
    let seconds = began.elapsed().as_secs_f64();
    let judged = probe.judge(&system.tenants).await?;
    let round = Round {
        counts,
        seconds,
        cpu_seconds: match stopped {
            None => (system.cpu()? - cpu).as_secs_f64(),
            Some(_) => f64::NAN,
        },
        // One that was started again has less than the one before.
        memory: Memory { peak: system.peak_memory()?.max(memory.connected), ..memory },
        probe: judged,
        neighbour: beside,
        stop: stopped,
    };
    system.stop()?;
    Ok(round)
}

/// One process of each role, and what a stop leaves over: two of detect, or three brokers.
fn apart(scenario: &Scenario) -> Apart {
    let part = scenario.stop.as_ref().map(|stop| stop.part);
    Apart {
        detect: if part == Some(Part::Detect) { 2 } else { 1 },
        brokers: if part == Some(Part::Broker) { 3 } else { 1 },
        ..Apart::default()
    }
}

fn say_what_is_offered(scenario: &Scenario) {
    let agents = scenario.tenants * scenario.agents_per_tenant;
    let offered = f64::from(agents) * f64::from(scenario.events_per_second);
    match &scenario.recording {
        None => eprintln!("{agents} agents offer {offered:.0} events/s for {} s", scenario.seconds),
        Some(recording) => eprintln!(
            "{agents} agents offer {} at {} times its speed for {} s",
            recording.file.display(),
            recording.speed,
            scenario.seconds
        ),
    }
}

/// A probe that several share.
type SharedProbe = Arc<Probe>;
