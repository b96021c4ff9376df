//! What must hold once all is calm: what was acknowledged is there, once, in its own tenant and nowhere else.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context as _, ensure};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD as URL_SAFE_NO_PAD};
use prometheus_client::registry::Registry;
use serde_json::{Value, json};
use tokio::task::block_in_place;
use vedetta_backends::Backends;
use vedetta_load::{
    agents::Run,
    client::Client,
    held::{acknowledged, counted, events_of, found, stored},
    system::Tenant,
};
use vedetta_model::{NodeId, Ranges, SystemClock};

use crate::{
    rig::Rig,
    spooling::{Account, Spooling},
};

/// How long the system may take to come to rest.
const PATIENCE: Duration = Duration::from_secs(120);
const PAUSE: Duration = Duration::from_millis(200);

/// What was compared.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Compared {
    /// Acknowledged events, each stored once.
    pub events: u64,
    /// Planted events, each one finding.
    pub findings: u64,
    /// Events of agents that are processes, each stored once.
    pub spooled: u64,
    /// Events that those counted as lost.
    pub lost: u64,
}

impl Rig {
    /// Lets the load pause, waits until all is calm, compares, and lets the load go on.
    pub async fn check(&mut self) -> anyhow::Result<Compared> {
        ensure!(
            self.fleet.quiet(PATIENCE).await?,
            "not everything is acknowledged after {PATIENCE:?} of calm: {:?}",
            self.fleet.counts().now()
        );
        let compared = self.compare().await?;
        self.go_on();
        Ok(compared)
    }

    /// The same at the end, with the accounts of agents that are processes.
    pub async fn check_last(&mut self) -> anyhow::Result<Compared> {
        let mut compared = self.check().await?;
        self.fleet.quiet(PATIENCE).await?;
        let mut accounts = BTreeMap::new();
        for agent in &mut self.agents {
            accounts.insert(agent.name().to_owned(), block_in_place(|| agent.drain())?);
        }
        let Some(tenant) = self.tenant_of_processes() else { return Ok(compared) };
        compared.spooled = patiently(|| self.accounts_balance(tenant, &accounts)).await?;
        compared.lost = accounts.values().map(|account| account.lost).sum();
        Ok(compared)
    }

    /// Of each agent that is a process, what it offered is stored or counted; how much is stored.
    async fn accounts_balance(
        &self,
        tenant: &Tenant,
        accounts: &BTreeMap<String, Account>,
    ) -> anyhow::Result<u64> {
        let (nodes, there) = (nodes(tenant).await?, self.stored().await?);
        let balance = |agent: &Spooling| {
            let (id, ledger) = nodes.get(agent.name()).context("a node for each agent")?;
            agent.balances(*id, &there, accounts[agent.name()], ledger)
        };
        self.agents.iter().map(balance).sum()
    }

    async fn compare(&self) -> anyhow::Result<Compared> {
        let acknowledged = acknowledged(self.fleet.counts());
        let findings = found(self.tenants(), &self.probe).await?;
        for Tenant { name, client } in self.tenants() {
            counted(client, name, events_of(&acknowledged, name)).await?;
            patiently(|| self.every_node_is_where_it_belongs(client, name, &acknowledged)).await?;
        }
        patiently(|| self.acknowledged_is_stored(&acknowledged)).await?;
        let events = self.tenants().iter().map(|tenant| events_of(&acknowledged, &tenant.name)).sum();
        Ok(Compared { events, findings, ..Compared::default() })
    }

    async fn acknowledged_is_stored(&self, acknowledged: &BTreeMap<Run, Ranges>) -> anyhow::Result<()> {
        let mut there = self.stored().await?;
        if let Some(tenant) = self.tenant_of_processes() {
            // Theirs are judged at the end; here they must only not be anywhere else.
            there.retain(|run, _| run.tenant.as_str() != tenant.name);
        }
        ensure!(
            there == *acknowledged,
            "other numbers lie in the store than were acknowledged: {}",
            difference(&there, acknowledged)
        );
        Ok(())
    }

    async fn stored(&self) -> anyhow::Result<BTreeMap<Run, Ranges>> {
        let (_, store) = self.system.urls();
        let clock = Arc::new(SystemClock);
        let backends = Backends::open("memory:", &store, &mut Registry::default(), clock).await?;
        let tenants = self.system.tenants.iter().map(|tenant| tenant.name.parse());
        let stored = stored(&*backends.blocks, tenants.collect::<Result<_, _>>()?).await;
        backends.close().await;
        stored
    }

    /// People see the nodes that were acknowledged in this tenant, and no others.
    async fn every_node_is_where_it_belongs(
        &self,
        client: &Client,
        tenant: &str,
        acknowledged: &BTreeMap<Run, Ranges>,
    ) -> anyhow::Result<()> {
        let own = acknowledged.keys().filter(|run| run.tenant.as_str() == tenant).map(|run| run.node);
        let own: BTreeSet<NodeId> = own.collect();
        let tenant = Tenant { name: tenant.to_owned(), client: client.clone() };
        let seen: BTreeSet<NodeId> = nodes(&tenant).await?.into_values().map(|(id, _)| id).collect();
        ensure!(own == seen, "{} sees the nodes {seen:?}, and {own:?} reported to it", tenant.name);
        Ok(())
    }
}

/// Looks until it holds: what was acknowledged may still be on its way to where people find it.
async fn patiently<T, F>(mut look: impl FnMut() -> F) -> anyhow::Result<T>
where
    F: Future<Output = anyhow::Result<T>>,
{
    let begin = Instant::now();
    loop {
        match look().await {
            Err(_) if begin.elapsed() < PATIENCE => tokio::time::sleep(PAUSE).await,
            looked => return looked,
        }
    }
}

/// What a node lost, by stage.
type Ledger = BTreeMap<String, u64>;

/// A tenant's nodes as people see them, by host name: id, and what it lost.
async fn nodes(tenant: &Tenant) -> anyhow::Result<BTreeMap<String, (NodeId, Ledger)>> {
    let query = "query($tenant: String!) { tenant(id: $tenant) { nodes(first: 100) { nodes { id hostname ledger { stage count } } } } }";
    let data = tenant.client.ask(query, json!({ "tenant": tenant.name })).await?;
    let nodes = data["tenant"]["nodes"]["nodes"].as_array().context("a list of nodes")?;
    let node = |node: &Value| {
        let text = |name: &str| node[name].as_str().with_context(|| format!("{name} in {node}"));
        let mut ledger = Ledger::new();
        for line in node["ledger"].as_array().into_iter().flatten() {
            let stage = line["stage"].as_str().unwrap_or_default().to_owned();
            *ledger.entry(stage).or_default() += line["count"].as_f64().unwrap_or(0.0) as u64;
        }
        // A global id: kind, tenant and what the tenant calls it.
        let id = String::from_utf8(URL_SAFE_NO_PAD.decode(text("id")?)?)?;
        let id = id.rsplit(':').next().unwrap_or_default().parse()?;
        anyhow::Ok((text("hostname")?.to_owned(), (id, ledger)))
    };
    nodes.iter().map(node).collect()
}

fn difference(there: &BTreeMap<Run, Ranges>, acknowledged: &BTreeMap<Run, Ranges>) -> String {
    let runs: BTreeSet<&Run> = there.keys().chain(acknowledged.keys()).collect();
    let different = runs.into_iter().filter(|run| there.get(run) != acknowledged.get(run));
    let say = |run: &Run| {
        let (there, acknowledged) = (there.get(run), acknowledged.get(run));
        format!("{}/{}: stored {there:?}, acknowledged {acknowledged:?}", run.tenant, run.node)
    };
    different.map(say).collect::<Vec<_>>().join("; ")
}
