//! Whether a system has kept its word: what was acknowledged is there, once, in its own tenant and nowhere else.

use std::{
    collections::BTreeMap,
    sync::{Arc, PoisonError},
    time::{Duration, Instant},
};

use anyhow::{Context as _, ensure};
use prometheus_client::registry::Registry;
use serde_json::json;
use vedetta_backends::Backends;
use vedetta_model::{Numbers, Ranges, SystemClock, TenantId, Timestamp};
use vedetta_store::{BlockRange, BlockStore, Order};

use crate::{
    agents::{Counts, Fleet, Run},
    client::Client,
    probe::Probe,
    system::{System, Tenant},
};

/// How long what was acknowledged may take to be found by people.
const PATIENCE: Duration = Duration::from_secs(180);
/// Between two looks.
const PAUSE: Duration = Duration::from_millis(100);

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
    let findings = found(&system.tenants, probe).await?;
    let acknowledged = acknowledged(&counts);
    for tenant in &system.tenants {
        counted(&tenant.client, &tenant.name, events_of(&acknowledged, &tenant.name)).await?;
    }
    let tenants =
        system.tenants.iter().map(|tenant| Ok(tenant.name.parse()?)).collect::<anyhow::Result<_>>()?;
    let stopped = system.stop()?;
    let (log, store) = stopped.urls();
    let backends = Backends::open(log, store, &mut Registry::default(), Arc::new(SystemClock)).await?;
    let stored = stored(&*backends.blocks, tenants).await;
    backends.close().await;
    ensure!(stored? == acknowledged, "other numbers lie in the store than were acknowledged");
    Ok(Held { events: counts.now().accepted, findings })
}

/// The numbers that were acknowledged so far.
pub fn acknowledged(counts: &Counts) -> BTreeMap<Run, Ranges> {
    counts.ranges.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

/// How many events of a tenant these are.
pub fn events_of(ranges: &BTreeMap<Run, Ranges>, tenant: &str) -> u64 {
    ranges.iter().filter(|(run, _)| run.tenant.as_str() == tenant).map(|(_, ranges)| events(ranges)).sum()
}

/// How many numbers these are.
pub fn events(ranges: &Ranges) -> u64 {
    let all = Numbers { first: 0, last: u64::MAX };
    ranges.within(all).into_iter().map(|part| part.last - part.first + 1).sum()
}

/// Waits until each planted event that was acknowledged is one finding in its own tenant, and none is elsewhere; how many.
pub async fn found(tenants: &[Tenant], probe: &Probe) -> anyhow::Result<u64> {
    let found = probe.judge(tenants).await?;
    ensure!((found.missing, found.doubled, found.foreign) == (0, 0, 0), "findings: {found:?}");
    Ok(found.found)
}

/// Waits until a tenant's people find as many events as this.
pub async fn counted(client: &Client, tenant: &str, events: u64) -> anyhow::Result<()> {
    let begin = Instant::now();
    loop {
        let there = count(client, tenant).await;
        match there {
            Ok(there) if there == events => return Ok(()),
            there if begin.elapsed() > PATIENCE => {
                let there = there?;
                anyhow::bail!("{there} events of {tenant} are there, {events} were acknowledged");
            }
            _ => tokio::time::sleep(PAUSE).await,
        }
    }
}

async fn count(client: &Client, tenant: &str) -> anyhow::Result<u64> {
    let query = "query($tenant: String!) { tenant(id: $tenant) { activityCounts(by: [\"evt.type\"]) { total complete } } }";
    let data = client.ask(query, json!({ "tenant": tenant })).await?;
    let counts = &data["tenant"]["activityCounts"];
    ensure!(counts["complete"] == json!(true), "the count was broken off: {counts}");
    Ok(counts["total"].as_f64().with_context(|| counts.to_string())? as u64)
}

/// The numbers that lie in the store of these tenants, each of which must lie there once.
pub async fn stored(
    blocks: &dyn BlockStore,
    tenants: Vec<TenantId>,
) -> anyhow::Result<BTreeMap<Run, Ranges>> {
    let mut there: BTreeMap<Run, Ranges> = BTreeMap::new();
    for tenant in tenants {
        let (since, until) = (Timestamp::from_nanos(i64::MIN), Timestamp::from_nanos(i64::MAX));
        let range = BlockRange { tenant, since, until, order: Order::Ascending };
        let mut after = None;
        loop {
            let page = blocks.heads(&range, after, 1000).await?;
            for head in page.heads {
                ensure!(head.tenant == range.tenant, "{} has a block of {}", range.tenant, head.tenant);
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
    Ok(there)
}
