//! Whether a system has kept its word.

use std::{
    collections::BTreeMap,
    path::Path,
    sync::{Arc, PoisonError},
};

use anyhow::{Context as _, ensure};
use prometheus_client::registry::Registry;
use serde_json::json;
use vedetta_backends::Backends;
use vedetta_load::{
    agents::{Fleet, Run},
    client::Client,
    probe::Probe,
    system::System,
};
use vedetta_model::{Numbers, Ranges, SystemClock, TenantId, Timestamp};
use vedetta_store::{BlockRange, Order};

use crate::until;

/// What was acknowledged, and is there.
#[derive(Debug)]
pub struct Held {
    /// Events, each once, in its own tenant and by its own number.
    pub events: u64,
    /// Findings of planted events, one each.
    pub findings: u64,
}

/// Ends a load by agents that last, and compares what was acknowledged with what people find and with what lies in the store
/// after the system has stopped.
pub async fn held(system: System, fleet: Fleet, probe: &Probe) -> anyhow::Result<Held> {
    let counts = fleet.finish().await?;
    let acknowledged = counts.ranges.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let found = probe.judge(&system.tenants).await?;
    ensure!((found.missing, found.doubled, found.foreign) == (0, 0, 0), "findings: {found:?}");
    for tenant in &system.tenants {
        let sum = events_of(&acknowledged, &tenant.name);
        until("as many events are found as were acknowledged", || async {
            let there = counted(&tenant.client, &tenant.name).await?;
            ensure!(there == sum, "{there} are there, {sum} were acknowledged");
            Ok(Some(()))
        })
        .await?;
    }
    let dir = system.stop()?;
    let stored = stored(dir.path(), acknowledged.keys()).await?;
    ensure!(stored == acknowledged, "other numbers lie in the store than were acknowledged");
    Ok(Held { events: counts.now().accepted, findings: found.found })
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
