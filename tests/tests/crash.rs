//! A whole system is killed again and again, also on its way up, while agents send. Afterwards: what was acknowledged is
//! there once, in its own tenant, and each planted event is one finding.
//!
//! `VEDETTA_CRASH_ROUNDS` and `VEDETTA_CRASH_SEED` repeat a run or make it longer.

use std::{
    collections::BTreeMap,
    path::Path,
    sync::{Arc, PoisonError},
    time::Duration,
};

use anyhow::{Context as _, ensure};
use prometheus_client::registry::Registry;
use rand::{Rng as _, SeedableRng as _, rngs::StdRng};
use serde_json::json;
use vedetta_backends::Backends;
use vedetta_load::{
    agents::{Fleet, Manner, Pace, Run},
    probe::Probe,
    system::System,
};
use vedetta_model::{Numbers, Ranges, SystemClock, TenantId, Timestamp};
use vedetta_store::{BlockRange, Order};
use vedetta_tests::{Client, binary, until};

const TENANTS: u32 = 2;
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

    let mut system = System::start_program(&binary("vedetta-load")?, TENANTS, vec![]).await?;
    let probe = Probe::start(&system).await?;
    let block_age = Duration::from_millis(20);
    let mut fleet = Fleet::start(&system, AGENTS_PER_TENANT, block_age, &probe, Manner::Lasting).await?;
    fleet.pace(PACE);
    for round in 0..rounds {
        fleet.run_for(moment(600)).await?;
        system.kill()?;
        if round % 3 == 0 {
            system.launch()?;
            fleet.run_for(moment(400)).await?;
            system.kill()?;
        }
        system.launch()?;
        tokio::task::block_in_place(|| system.serves()).with_context(|| format!("round {round}"))?;
    }
    fleet.run_for(moment(600)).await?;
    let counts = fleet.finish().await?;
    let acknowledged = counts.ranges.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let accepted = counts.now().accepted;
    ensure!(accepted > rounds * 50, "{accepted} events in {rounds} rounds prove little");

    let found = probe.judge(&system.tenants).await?;
    ensure!((found.missing, found.doubled, found.foreign) == (0, 0, 0), "findings: {found:?}");
    ensure!(found.planted > rounds, "findings: {found:?}");
    for tenant in &system.tenants {
        let sum = events_of(&acknowledged, &tenant.name);
        until("as many events are found as were acknowledged", || async {
            let there = counted(&tenant.client, &tenant.name).await?;
            ensure!(there <= sum, "{there} are there, {sum} were acknowledged");
            Ok((there == sum).then_some(()))
        })
        .await?;
    }
    let dir = system.stop()?;
    ensure!(
        stored(dir.path(), acknowledged.keys()).await? == acknowledged,
        "other numbers than acknowledged"
    );
    eprintln!(
        "{rounds} kills, {accepted} events acknowledged, {} findings; none lost or doubled",
        found.found
    );
    Ok(())
}

fn events_of(acknowledged: &BTreeMap<Run, Ranges>, tenant: &str) -> u64 {
    let of_tenant = acknowledged.iter().filter(|(run, _)| run.tenant.as_str() == tenant);
    let all = Numbers { first: 0, last: u64::MAX };
    of_tenant.flat_map(|(_, ranges)| ranges.within(all)).map(|part| part.last - part.first + 1).sum()
}

async fn counted(client: &Client, tenant: &str) -> anyhow::Result<u64> {
    let query = "query($tenant: String!) { tenant(id: $tenant) { activityCounts(by: [\"evt.type\"]) { total complete } } }";
    let data = client.ask(query, json!({ "tenant": tenant })).await?;
    let counts = &data["tenant"]["activityCounts"];
    ensure!(counts["complete"] == json!(true), "the count was broken off: {counts}");
    Ok(counts["total"].as_f64().with_context(|| counts.to_string())? as u64)
}

/// The numbers that lie in the store, each of which must lie there once.
async fn stored(data: &Path, runs: impl Iterator<Item = &Run>) -> anyhow::Result<BTreeMap<Run, Ranges>> {
    let url = format!("file:{}", data.join("db").display());
    let backends = Backends::open(&url, &url, &mut Registry::default(), Arc::new(SystemClock)).await?;
    let mut there: BTreeMap<Run, Ranges> = BTreeMap::new();
    let mut tenants: Vec<TenantId> = runs.map(|run| run.tenant.clone()).collect();
    tenants.dedup();
    for tenant in tenants {
        let (since, until) = (Timestamp::from_nanos(i64::MIN), Timestamp::from_nanos(i64::MAX));
        let range = BlockRange { tenant: tenant.clone(), since, until, order: Order::Ascending };
        let mut after = None;
        loop {
            let page = backends.blocks.heads(&range, after, 1000).await?;
            for head in page.heads {
                let run = Run { tenant: head.tenant, node: head.node, boot: head.boot };
                let numbers = Numbers { first: head.first, last: head.last };
                let ranges = there.entry(run).or_default();
                ensure!(ranges.overlapping(numbers).is_none(), "{numbers} of {} lies there twice", head.node);
                ensure!(
                    u64::from(head.count) == numbers.last - numbers.first + 1,
                    "{numbers} has {} events",
                    head.count
                );
                ranges.add(numbers);
            }
            after = page.next;
            if after.is_none() {
                break;
            }
        }
    }
    backends.close().await;
    Ok(there)
}
