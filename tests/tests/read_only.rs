//! A disk that takes no more writes, and one that forgets what was not synced, under a whole system.

use std::time::Duration;

use anyhow::ensure;
use serde_json::json;
use vedetta_load::{
    agents::{Fleet, Manner, Pace},
    probe::Probe,
    system::{Launch, System},
};
use vedetta_tests::{Client, binary, disk::Disk, held, until};

const ROUNDS: u64 = 3;
const MIB: u64 = 1 << 20;

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_fails_makes_agents_wait_and_loses_nothing_that_was_acknowledged() -> anyhow::Result<()> {
    let disk = Disk::new(1024 * MIB)?;
    let launch = Launch { within: disk.path(), ..Launch::by(binary("vedetta-load")?) };
    let mut system = System::launch(launch).await?;
    let client = system.tenants[0].client.clone();
    let probe = Probe::start(&system).await?;
    let block_age = Duration::from_millis(20);
    let mut fleet = Fleet::start(&system, 2, block_age, &probe, Manner::Lasting).await?;
    fleet.pace(Pace { events: 500.0, planted: 5.0 });
    for round in 0..ROUNDS {
        fleet.run_for(Duration::from_millis(700)).await?;
        until("a finding", || async { Ok(has_findings(&client).await?.then_some(())) }).await?;
        disk.fail()?;
        let before = fleet.counts().now();
        until("agents are told to wait", || async {
            Ok((fleet.counts().now().refused > before.refused).then_some(()))
        })
        .await?;
        ensure!(has_findings(&client).await?, "what can still be read is not shown");
        system.kill()?;
        if round == 0 {
            disk.replug_read_only()?;
            system.relaunch()?;
            let refused = tokio::task::block_in_place(|| system.serves());
            ensure!(refused.is_err(), "it started on a disk that takes no writes");
        }
        disk.replug()?;
        system.relaunch()?;
        tokio::task::block_in_place(|| system.serves())?;
    }
    let held = held(system, fleet, &probe).await?;
    ensure!(held.events > 100 && held.findings > ROUNDS, "{held:?} proves little");
    Ok(())
}

async fn has_findings(client: &Client) -> anyhow::Result<bool> {
    let query = "query { tenant(id: \"load-0\") { findings(first: 1) { nodes { id } } } }";
    let found = client.ask(query, json!({})).await?;
    Ok(found["tenant"]["findings"]["nodes"].as_array().is_some_and(|all| !all.is_empty()))
}
