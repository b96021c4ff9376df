//! One scenario, from start to report.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use anyhow::Context as _;

use crate::{
    agents::{Fleet, Manner, Pace},
    probe::Probe,
    report::{Machine, Report},
    scenario::Scenario,
    system::System,
};

/// Runs a scenario, prints the table, writes the report; whether the system was correct.
pub fn run(file: &Path, json: Option<&Path>, memory: bool) -> anyhow::Result<bool> {
    let scenario = Scenario::load(file)?;
    let report = tokio::runtime::Runtime::new()?.block_on(drive(scenario, memory))?;
    println!("{report}");
    if let Some(path) = json {
        std::fs::write(path, serde_json::to_vec_pretty(&report)?)
            .with_context(|| path.display().to_string())?;
    }
    Ok(report.is_correct())
}

async fn drive(scenario: Scenario, memory: bool) -> anyhow::Result<Report> {
    eprintln!("starting a system with {} tenants", scenario.tenants);
    let system = System::start(scenario.tenants, memory).await?;
    let probe = Probe::start(&system).await?;
    let mut fleet =
        Fleet::start(&system, scenario.agents_per_tenant, scenario.block_age(), &probe, Manner::OpenLoop)
            .await?;
    let agents = scenario.tenants * scenario.agents_per_tenant;
    let offered = f64::from(agents) * f64::from(scenario.events_per_second);
    eprintln!("{agents} agents offer {offered:.0} events/s for {} s", scenario.seconds);
    let (began, cpu) = (Instant::now(), system.cpu()?);
    fleet.pace(Pace {
        events: scenario.events_per_second.into(),
        planted: scenario.planted_per_second.into(),
    });
    fleet.run_for(Duration::from_secs(scenario.seconds.into())).await?;
    eprintln!("waiting until everything kept is acknowledged and found");
    let counts = fleet.finish().await?;
    let seconds = began.elapsed().as_secs_f64();
    let probe = probe.judge(&system.tenants).await?;
    let report = Report {
        machine: Machine::here(),
        backend: if memory { "memory" } else { "embedded" }.to_owned(),
        counts: counts.now(),
        seconds,
        cpu_seconds: (system.cpu()? - cpu).as_secs_f64(),
        probe,
        scenario,
    };
    system.stop()?;
    Ok(report)
}
