//! A whole system is killed again and again, also on its way up, while agents send. Afterwards: what was acknowledged is
//! there once, in its own tenant, and each planted event is one finding.
//!
//! `VEDETTA_CRASH_ROUNDS` and `VEDETTA_CRASH_SEED` repeat a run or make it longer.

use std::time::Duration;

use anyhow::{Context as _, ensure};
use rand::{Rng as _, SeedableRng as _, rngs::StdRng};
use vedetta_load::{
    agents::{Fleet, Manner, Pace},
    probe::Probe,
    system::{Launch, System},
};
use vedetta_tests::{binary, held};

const AGENTS_PER_TENANT: u32 = 3;
const PACE: Pace = Pace { events: 300.0, planted: 4.0 };

fn setting(name: &str) -> Option<u64> {
    std::env::var(name).ok().and_then(|value| value.parse().ok())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_system_killed_again_and_again_keeps_what_it_acknowledged() -> anyhow::Result<()> {
    let rounds = setting("VEDETTA_CRASH_ROUNDS").unwrap_or(15);
    let seed =
        setting("VEDETTA_CRASH_SEED").unwrap_or_else(|| StdRng::from_os_rng().random_range(0..1_000_000));
    eprintln!("VEDETTA_CRASH_SEED={seed} VEDETTA_CRASH_ROUNDS={rounds}");
    let mut rng = StdRng::seed_from_u64(seed);
    let mut moment = |most| Duration::from_millis(rng.random_range(0..most));

    let mut system = System::launch(Launch { tenants: 2, ..Launch::by(binary("vedetta-load")?) }).await?;
    let probe = Probe::start(&system).await?;
    let block_age = Duration::from_millis(20);
    let mut fleet = Fleet::start(&system, AGENTS_PER_TENANT, block_age, &probe, Manner::Lasting).await?;
    fleet.pace(PACE);
    for round in 0..rounds {
        fleet.run_for(moment(600)).await?;
        system.kill()?;
        if round % 3 == 0 {
            system.relaunch()?;
            fleet.run_for(moment(400)).await?;
            system.kill()?;
        }
        system.relaunch()?;
        tokio::task::block_in_place(|| system.serves()).with_context(|| format!("round {round}"))?;
    }
    fleet.run_for(moment(600)).await?;
    let held = held(system, fleet, &probe).await?;
    ensure!(held.events > rounds * 50 && held.findings > rounds, "{held:?} of {rounds} rounds proves little");
    eprintln!("{rounds} kills, {held:?}; none lost or doubled");
    Ok(())
}
