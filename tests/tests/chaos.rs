//! A system of separate processes on three brokers and a database, each in a network of its own, is hurt again and again; what was
//! acknowledged is there, once, in its own tenant. `make chaos` plays many more rounds of the same.
//!
//! `VEDETTA_CHAOS_ROUNDS` and `VEDETTA_CHAOS_SEED` repeat a run or make it longer.

use anyhow::ensure;
use vedetta_chaos::{
    rig::{Plan, Programs},
    rounds::{Rounds, play},
};
use vedetta_tests::binary;

fn setting(name: &str) -> Option<u64> {
    std::env::var(name).ok().and_then(|value| value.parse().ok())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn processes_and_links_fail_again_and_again_and_nothing_is_lost_or_doubled() -> anyhow::Result<()> {
    let count = u32::try_from(setting("VEDETTA_CHAOS_ROUNDS").unwrap_or(8))?;
    // Kills, pauses and cuts of services and brokers; when they hit is chance enough.
    let seed = setting("VEDETTA_CHAOS_SEED").unwrap_or(5);
    eprintln!("VEDETTA_CHAOS_SEED={seed} VEDETTA_CHAOS_ROUNDS={count}");
    let programs = Programs { load: binary("vedetta-load")?, agent: binary("vedetta-agent")? };
    let plan = Plan { programs, processes: 2, brokers: 3, network: true, agents: true };
    let outcome = play(&plan, &Rounds { count, seed, check_every: 100 }).await?;
    let compared = outcome.compared;
    eprintln!("{}{compared:?}", outcome.table);
    let least = u64::from(count);
    ensure!(
        compared.events > least * 20 && compared.findings >= least / 2 && compared.spooled > 0,
        "{compared:?} of {count} rounds proves little"
    );
    Ok(())
}
