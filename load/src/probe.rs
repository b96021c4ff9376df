//! Tells whether the answer is right: every planted event that was acknowledged becomes exactly one
//! finding in its own tenant, and no tenant sees another's.
//!
//! It listens on a subscription in each tenant for the time to a finding, and at the end asks each
//! tenant for all of its findings, which is what counts.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, PoisonError, Weak},
    time::{Duration, Instant},
};

use anyhow::Context as _;
use serde_json::{Value, json};
use tokio::{task::JoinSet, time::timeout};

use crate::{
    agents::Planted,
    client::Subscription,
    report::{self, percentiles},
    system::{System, Tenant},
};

/// How long what was acknowledged may take to be found before it counts as missing.
const PATIENCE: Duration = Duration::from_secs(180);
/// Between two looks.
const PAUSE: Duration = Duration::from_millis(200);

/// An attempt to subscribe that takes longer is given up.
const SUBSCRIBE: Duration = Duration::from_secs(5);

const MARK: &str = "vedetta-probe-";

/// What stands at the beginning of the marks planted in a tenant.
pub fn mark(tenant: &str) -> String {
    format!("{MARK}{tenant}")
}

/// See the module.
#[derive(Debug, Default)]
pub struct Probe {
    /// Acknowledged marks of each tenant.
    planted: Mutex<HashMap<String, Vec<Planted>>>,
    /// When a mark was heard of first, by tenant.
    heard: Mutex<HashMap<(String, String), Instant>>,
    listeners: Mutex<JoinSet<()>>,
}

impl Probe {
    /// Listens in each tenant from now on.
    pub async fn start(system: &System) -> anyhow::Result<Arc<Self>> {
        let probe = Arc::new(Self::default());
        for tenant in &system.tenants {
            let subscription = listen(tenant).await?;
            lock(&probe.listeners).spawn(hear(tenant.clone(), subscription, Arc::downgrade(&probe)));
        }
        Ok(probe)
    }

    /// These are durable.
    pub fn acknowledged(&self, tenant: &str, planted: Vec<Planted>) {
        lock(&self.planted).entry(tenant.to_owned()).or_default().extend(planted);
    }

    /// The time from planting to hearing of the finding, of those marks that were planted since.
    /// Marks not heard of count with the time they have waited by now.
    pub fn lags_since(&self, since: Instant) -> Vec<Duration> {
        self.lags_within(since, Instant::now(), |_| true)
    }

    /// The same of some tenants, and of marks that were planted before a moment.
    pub fn lags_within(&self, since: Instant, until: Instant, of: impl Fn(&str) -> bool) -> Vec<Duration> {
        let lag = |(planted, heard): (Instant, Option<Instant>)| {
            heard.unwrap_or_else(Instant::now).saturating_duration_since(planted)
        };
        let lags = self.planted_and_heard(of);
        lags.into_iter().filter(|(planted, _)| (since..until).contains(planted)).map(lag).collect()
    }

    /// Whether people of each of these tenants find something that was planted since.
    pub async fn has_found_since(&self, since: Instant, tenants: &[Tenant]) -> anyhow::Result<bool> {
        for tenant in tenants {
            let found: HashSet<String> = newest(tenant).await?.iter().flat_map(marks).collect();
            let planted = lock(&self.planted);
            let mut marks = planted.get(&tenant.name).into_iter().flatten().rev();
            if !marks.any(|mark| mark.at >= since && found.contains(&mark.text)) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// How many acknowledged marks of those planted between these times were not heard of yet.
    pub fn unheard_within(&self, since: Instant, until: Instant) -> usize {
        let marks = self.planted_and_heard(|_| true);
        marks.iter().filter(|(planted, heard)| (since..until).contains(planted) && heard.is_none()).count()
    }

    /// Asks for findings and counts what they tell as heard now, unless a subscription was faster. One that was broken off misses
    /// what came meanwhile.
    pub async fn ask(&self, tenants: &[Tenant]) -> anyhow::Result<()> {
        for tenant in tenants {
            let found = newest(tenant).await?;
            let now = Instant::now();
            for mark in found.iter().flat_map(marks) {
                lock(&self.heard).entry((tenant.name.clone(), mark)).or_insert(now);
            }
        }
        Ok(())
    }

    /// Waits until all that was acknowledged is found and a second look sees the same, or patience
    /// ends, and judges.
    pub async fn judge(&self, tenants: &[Tenant]) -> anyhow::Result<report::Probe> {
        let deadline = Instant::now() + PATIENCE;
        let mut before = None;
        loop {
            let mut judged = match self.look(tenants).await {
                Ok(judged) => judged,
                Err(error) if Instant::now() > deadline => return Err(error),
                // The system may be on its way up again.
                Err(_) => {
                    tokio::time::sleep(PAUSE).await;
                    continue;
                }
            };
            let is_settled = judged.missing == 0 && before.as_ref() == Some(&judged);
            if is_settled || Instant::now() > deadline {
                let lag = |(planted, heard): (Instant, Option<Instant>)| {
                    heard.map(|heard| heard.saturating_duration_since(planted))
                };
                let mut lags: Vec<Duration> =
                    self.planted_and_heard(|_| true).into_iter().filter_map(lag).collect();
                judged.heard = lags.len() as u64;
                judged.lag_ms = percentiles(&mut lags);
                return Ok(judged);
            }
            before = Some(judged);
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// When each acknowledged mark was planted, and heard of first in its own tenant.
    fn planted_and_heard(&self, of: impl Fn(&str) -> bool) -> Vec<(Instant, Option<Instant>)> {
        let heard = lock(&self.heard);
        let planted = lock(&self.planted);
        let of_tenant = |(tenant, marks): (&String, &Vec<Planted>)| {
            let times = |mark: &Planted| (mark.at, heard.get(&(tenant.clone(), mark.text.clone())).copied());
            marks.iter().map(times).collect::<Vec<_>>()
        };
        planted.iter().filter(|(tenant, _)| of(tenant)).flat_map(of_tenant).collect()
    }

    async fn look(&self, tenants: &[Tenant]) -> anyhow::Result<report::Probe> {
        let mut judged = report::Probe::default();
        for tenant in tenants {
            let mut seen: HashMap<String, u64> = HashMap::new();
            for finding in findings(tenant).await? {
                for mark in marks(&finding) {
                    *seen.entry(mark).or_default() += 1;
                }
            }
            let own = mark(&tenant.name) + "-";
            judged.foreign +=
                seen.iter().filter(|(mark, _)| !mark.starts_with(&own)).map(|(_, n)| n).sum::<u64>();
            judged.doubled += seen.values().filter(|times| **times > 1).count() as u64;
            let planted = lock(&self.planted);
            for planted in planted.get(&tenant.name).into_iter().flatten() {
                judged.planted += 1;
                match seen.get(&planted.text) {
                    None => judged.missing += 1,
                    Some(1) => judged.found += 1,
                    Some(_) => {}
                }
            }
        }
        Ok(judged)
    }
}

/// The newest findings of a tenant that bear a mark.
async fn newest(tenant: &Tenant) -> anyhow::Result<Vec<Value>> {
    let query = "query($tenant: String!, $text: String!) { tenant(id: $tenant) {
        findings(filter: { text: $text }, first: 20) { nodes { lineage { commandLine } } } } }";
    let mut data = tenant.client.ask(query, json!({ "tenant": tenant.name, "text": MARK })).await?;
    let nodes = data["tenant"]["findings"]["nodes"].as_array_mut().context("a page of findings")?;
    Ok(std::mem::take(nodes))
}

async fn listen(tenant: &Tenant) -> anyhow::Result<Subscription> {
    let query = "subscription($tenant: String!, $text: String!) {
        findingRaised(tenant: $tenant, filter: { text: $text }) { lineage { commandLine } } }";
    tenant.client.subscribe(query, json!({ "tenant": tenant.name, "text": MARK })).await
}

/// Hears until the probe is gone, and subscribes again when a subscription ends: what it misses meanwhile costs times only, what
/// counts is asked for at the end.
async fn hear(tenant: Tenant, mut subscription: Subscription, heard_by: Weak<Probe>) {
    loop {
        while let Ok(data) = subscription.next().await {
            let now = Instant::now();
            let Some(probe) = heard_by.upgrade() else { return };
            for mark in marks(&data["findingRaised"]) {
                lock(&probe.heard).entry((tenant.name.clone(), mark)).or_insert(now);
            }
        }
        subscription = loop {
            if heard_by.upgrade().is_none() {
                return;
            }
            tokio::time::sleep(PAUSE).await;
            if let Ok(Ok(again)) = timeout(SUBSCRIBE, listen(&tenant)).await {
                break again;
            }
        };
    }
}

/// All findings of a tenant that bear a mark, of whichever tenant.
async fn findings(tenant: &Tenant) -> anyhow::Result<Vec<Value>> {
    let query = "query($tenant: String!, $text: String!, $after: String) { tenant(id: $tenant) {
        findings(filter: { text: $text }, first: 200, after: $after) {
            nodes { lineage { commandLine } } pageInfo { hasNextPage endCursor } } } }";
    let (mut all, mut after) = (Vec::new(), Value::Null);
    loop {
        let variables = json!({ "tenant": tenant.name, "text": MARK, "after": after });
        let mut page = tenant.client.ask(query, variables).await?;
        let findings = &mut page["tenant"]["findings"];
        let nodes = findings["nodes"].as_array_mut().context("a page of findings")?;
        all.append(nodes);
        if findings["pageInfo"]["hasNextPage"] != true {
            return Ok(all);
        }
        after = findings["pageInfo"]["endCursor"].take();
    }
}

/// The marks in the acting program's command line.
fn marks(finding: &Value) -> Vec<String> {
    let line = finding["lineage"][0]["commandLine"].as_str().unwrap_or_default();
    line.split_whitespace().filter(|word| word.starts_with(MARK)).map(str::to_owned).collect()
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
