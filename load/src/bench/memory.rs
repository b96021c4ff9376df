//! How much memory the system needs while it takes, judges and keeps events at a steady rate.

use std::time::{Duration, Instant};

use anyhow::ensure;
use serde_json::json;

use super::say;
use crate::{
    agents::{Fleet, Manner, Pace},
    probe::Probe,
    report::Machine,
    system::System,
};

const TENANTS: u32 = 2;
const AGENTS_PER_TENANT: u32 = 8;
const BLOCK_AGE: Duration = Duration::from_millis(50);
/// Events a second, all agents together.
const RATE: f64 = 200_000.0;
const TIME: Duration = Duration::from_secs(60);
const PLANTED: f64 = 2.0;
const GOAL_MIB: f64 = 512.0;

/// Measures and prints.
pub(super) async fn measure() -> anyhow::Result<()> {
    let system = System::start(TENANTS, false).await?;
    let probe = Probe::start(&system).await?;
    let mut fleet = Fleet::start(&system, AGENTS_PER_TENANT, BLOCK_AGE, &probe, Manner::OpenLoop).await?;
    let mib = |bytes: u64| bytes as f64 / f64::from(1 << 20);
    let idle = mib(system.peak_memory()?);
    say(&format!("memory at {RATE} events/s"));
    fleet.pace(Pace { events: RATE / f64::from(TENANTS * AGENTS_PER_TENANT), planted: PLANTED });
    let began = Instant::now();
    // Halfway and at the end: what only grows would show as a difference.
    fleet.run_for(TIME / 2).await?;
    let half = mib(system.peak_memory()?);
    fleet.run_for(TIME / 2).await?;
    let seconds = began.elapsed().as_secs_f64();
    let counts = fleet.finish().await?.now();
    let peak = mib(system.peak_memory()?);
    let judged = probe.judge(&system.tenants).await?;
    system.stop()?;
    println!(
        "{}",
        json!({
            "case": "memory", "meaning": "peak resident memory of the system while events are taken, judged and kept",
            "due_per_second": RATE, "accepted_per_second": (counts.accepted as f64 / seconds).round(),
            "refused": counts.refused, "shed": counts.shed, "seconds": seconds,
            "peak_mib_idle": idle, "peak_mib_half_time": half, "peak_mib": peak, "goal_mib": GOAL_MIB,
            "ratio": peak / GOAL_MIB, "probe": judged, "machine": Machine::here(),
        })
    );
    ensure!(judged.is_correct(), "not correct under load: {judged:?}");
    Ok(())
}
