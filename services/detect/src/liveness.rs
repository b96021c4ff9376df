//! Silence is a finding: a node whose heartbeats stop without a goodbye.
//!
//! A process looks after the nodes whose telemetry it reads, partition by partition: it takes up what was last seen of them
//! when a partition is assigned to it, and writes that down for the next one when it is taken away.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use serde::{Deserialize, Serialize};
use vedetta_block::Batch;
use vedetta_log::{EventLog, Key, Topic, partition_of};
use vedetta_model::{
    BootId, Clock, Finding, FindingId, NodeId, Payload, Severity, TenantId, Timestamp,
    finding::RuleRef,
    simulated::{Point, reached},
};
use vedetta_runtime::{Context, Drained};
use vedetta_store::{Checkpoint, StoreError, View, ViewChange, ViewKey, ViewRange, ViewStore};

use crate::{Config, RuleSets, findings::encode_finding, metrics::Metrics};

/// Rows of what was last seen of each node, so that a restart neither forgets nor repeats.
pub const VIEW: View = View("detect_liveness");
/// Name of the checkpoints that count saves.
pub const PROJECTION: &str = "detect_liveness";
/// Begins the names of what is counted; the number of a partition of telemetry follows.
pub const SOURCE_PREFIX: &str = "seen/";
/// How often silence is looked for and rows are written.
const TICK: Duration = Duration::from_secs(1);
/// So long a machine may take from its enrollment to its first block: on a busy one the kernel checks programs for a while.
const FIRST_BLOCK: Duration = Duration::from_secs(60);
/// Name of the built-in condition.
pub const NODE_SILENT: &str = "Node silent";

/// Where the saves of a partition are counted.
fn source(partition: u32) -> String {
    format!("{SOURCE_PREFIX}{partition}")
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Seen {
    at: Timestamp,
    boot: Option<BootId>,
    last: u64,
    heartbeat_seconds: u32,
    /// It said goodbye: silence is no surprise.
    stopped: bool,
    /// The silence after `last` was reported.
    reported: bool,
}

#[derive(Debug, Default)]
struct State {
    nodes: HashMap<(TenantId, NodeId), Seen>,
    dirty: BTreeSet<(TenantId, NodeId)>,
    /// Partitions of telemetry that this process reads.
    owned: BTreeMap<u32, Owned>,
}

#[derive(Debug, Clone, Copy)]
struct Owned {
    /// Before this the partition's nodes could not be heard here.
    since: Timestamp,
    /// Number of the last save: the checkpoint that makes each one count, and that of an earlier owner not.
    saves: u64,
}

/// Keeps the time of each node's last sign of life.
#[derive(Debug)]
pub struct Liveness {
    state: Mutex<State>,
    /// One save after the other: of two at once the one with the lower number would count for nothing.
    saving: tokio::sync::Mutex<()>,
    partitions: u32,
    rules: Arc<RuleSets>,
    log: Arc<dyn EventLog>,
    views: Arc<dyn ViewStore>,
    clock: Arc<dyn Clock>,
    metrics: Metrics,
    silent_after: u32,
    default_heartbeat: u32,
}

impl Liveness {
    /// Looks after nobody until partitions are assigned.
    pub async fn new(
        context: &Context,
        config: &Config,
        rules: &Arc<RuleSets>,
        metrics: Metrics,
    ) -> anyhow::Result<Self> {
        Ok(Self {
            state: Mutex::default(),
            saving: tokio::sync::Mutex::default(),
            partitions: context.log.partitions(&Topic::TELEMETRY).await?,
            rules: rules.clone(),
            log: context.log.clone(),
            views: context.views.clone(),
            clock: context.clock.clone(),
            metrics,
            silent_after: config.silent_after_heartbeats,
            default_heartbeat: config.heartbeat_seconds,
        })
    }

    fn partition_of(&self, (tenant, node): &(TenantId, NodeId)) -> u32 {
        partition_of(&Key::of(tenant, node), self.partitions)
    }

    /// Takes up what was last seen of the nodes of partitions.
    pub async fn assigned(&self, partitions: &BTreeSet<u32>) -> Result<(), StoreError> {
        let mut owned = BTreeMap::new();
        for index in partitions {
            let saves = match self.views.checkpoint(PROJECTION, &source(*index)).await {
                Err(error @ StoreError::Corrupt { .. }) => {
                    tracing::error!(%error, "counting the saves of a partition begins anew");
                    0
                }
                saves => saves?,
            };
            owned.insert(*index, Owned { since: self.clock.now(), saves });
        }
        let mut tenants: Vec<TenantId> = self.rules.nodes().into_iter().map(|(tenant, ..)| tenant).collect();
        tenants.sort();
        tenants.dedup();
        let mut nodes = HashMap::new();
        for tenant in tenants {
            let range = ViewRange::all(&tenant, VIEW);
            let mut after = None;
            loop {
                let page = self.views.page(&range, after.as_ref(), 1000).await?;
                for key in page.damaged {
                    let node = key.escape_ascii();
                    tracing::error!(%tenant, %node, "a liveness row is damaged; its node counts as just seen");
                }
                for row in page.rows {
                    let node = std::str::from_utf8(&row.key).ok().and_then(|key| key.parse().ok());
                    let (Some(node), Ok(seen)) = (node, serde_json::from_slice(&row.value)) else {
                        tracing::error!(%tenant, "a liveness row is damaged; its node counts as just seen");
                        continue;
                    };
                    let key = (tenant.clone(), node);
                    if partitions.contains(&self.partition_of(&key)) {
                        nodes.insert(key, seen);
                    }
                }
                after = page.next;
                if after.is_none() {
                    break;
                }
            }
        }
        let mut state = self.lock();
        state.owned.extend(owned);
        state.nodes.extend(nodes);
        Ok(())
    }

    /// Writes down what was seen of the nodes of partitions, and looks after them no longer.
    pub async fn revoked(&self, partitions: &BTreeSet<u32>) -> anyhow::Result<()> {
        let saved = self.save().await;
        let mut state = self.lock();
        state.owned.retain(|index, _| !partitions.contains(index));
        state.nodes.retain(|key, _| !partitions.contains(&self.partition_of(key)));
        state.dirty.retain(|key| !partitions.contains(&self.partition_of(key)));
        saved
    }

    /// A block came.
    pub fn saw(&self, batch: &Batch, at: Timestamp) {
        let key = (batch.header.tenant.clone(), batch.header.node);
        let mut state = self.lock();
        let seen = state.nodes.entry(key.clone()).or_insert(Seen {
            at,
            boot: None,
            last: 0,
            heartbeat_seconds: self.default_heartbeat,
            stopped: false,
            reported: false,
        });
        seen.at = seen.at.max(at);
        // Spooled blocks of an earlier run may come late: they show life, not the present state.
        seen.boot = Some(batch.header.boot);
        seen.last = batch.header.last;
        seen.reported = false;
        seen.stopped = false;
        for event in &batch.events {
            match &event.payload {
                Payload::Heartbeat(beat) => seen.heartbeat_seconds = beat.interval_seconds.clamp(1, 3600),
                Payload::AgentStopping(_) => seen.stopped = true,
                _ => {}
            }
        }
        state.dirty.insert(key);
    }

    /// Looks for silence each second until the drain.
    pub async fn run(self: Arc<Self>, context: Context) -> anyhow::Result<()> {
        let mut tick = tokio::time::interval(TICK);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        while context.drain.or(tick.tick()).await != Drained::Called {
            if let Err(error) = self.look().await {
                tracing::warn!(error = format!("{error:#}"), "silence could not be reported; trying again");
            }
        }
        self.save().await.or_else(|error| {
            tracing::warn!(error = format!("{error:#}"), "last signs of life were not saved");
            Ok(())
        })
    }

    /// Reports nodes that have fallen silent. The report is durable before it is remembered.
    pub(crate) async fn look(&self) -> anyhow::Result<()> {
        let now = self.clock.now();
        let silent = self.silent(now);
        self.metrics.silent_nodes.set(silent.iter().filter(|(_, _, seen)| !seen.stopped).count() as i64);
        let new: Vec<_> = silent.into_iter().filter(|(_, _, seen)| !seen.reported && !seen.stopped).collect();
        if !new.is_empty() {
            reached(Point::Silence);
            let records = new
                .iter()
                .map(|(tenant, node, seen)| encode_finding(&self.finding(tenant, *node, seen, now)))
                .collect::<Result<Vec<_>, _>>()?;
            self.metrics.findings.inc_by(records.len() as u64);
            self.log.append(&Topic::FINDINGS, records).await?;
            let mut state = self.lock();
            for (tenant, node, seen) in new {
                let key = (tenant, node);
                let entry = state.nodes.entry(key.clone()).or_insert_with(|| seen.clone());
                if (entry.boot, entry.last) == (seen.boot, seen.last) {
                    entry.reported = true;
                }
                state.dirty.insert(key);
            }
        }
        self.save().await
    }

    fn silent(&self, now: Timestamp) -> Vec<(TenantId, NodeId, Seen)> {
        let state = self.lock();
        let never = |at| Seen {
            at,
            boot: None,
            last: 0,
            heartbeat_seconds: self.default_heartbeat,
            stopped: false,
            reported: false,
        };
        let nodes = self.rules.nodes().into_iter().filter_map(|(tenant, node, enrolled)| {
            let key = (tenant, node);
            let since = state.owned.get(&self.partition_of(&key))?.since;
            let since = enrolled.map_or(since, |enrolled| since.max(enrolled));
            let seen = state.nodes.get(&key).cloned().unwrap_or_else(|| never(since));
            Some((key.0, key.1, seen, since))
        });
        let silent = nodes.filter(|(_, _, seen, since)| {
            let beats = Duration::from_secs(u64::from(seen.heartbeat_seconds) * u64::from(self.silent_after));
            let allowed = if seen.boot.is_none() { beats.max(FIRST_BLOCK) } else { beats };
            now.since(seen.at.max(*since)) > allowed
        });
        silent.map(|(tenant, node, seen, _)| (tenant, node, seen)).collect()
    }

    fn finding(&self, tenant: &TenantId, node: NodeId, seen: &Seen, now: Timestamp) -> Finding {
        let rules = self.rules.of(tenant);
        let hostname = rules.as_ref().and_then(|r| r.hostname(&node)).unwrap_or_default();
        let run = seen.boot.map_or_else(|| "never".to_owned(), |boot| boot.to_string());
        Finding {
            id: FindingId::of_condition(tenant, NODE_SILENT, &format!("{node}/{run}/{}", seen.last)),
            tenant: tenant.clone(),
            node,
            hostname: hostname.clone(),
            time: seen.at,
            detected: now,
            severity: Severity::High,
            rule: RuleRef {
                name: NODE_SILENT.to_owned(),
                version: "builtin-1".to_owned(),
                description:
                    "The agent stopped sending without saying goodbye: it was killed, blinded or cut off."
                        .to_owned(),
                condition: format!("no heartbeat for {} × {} s", self.silent_after, seen.heartbeat_seconds),
                tags: vec!["T1562.001".to_owned(), "TA0005".to_owned()],
                rule_set_version: rules.map_or(0, |r| r.version),
            },
            message: format!("{hostname} has sent nothing since {}", seen.at),
            fields: vec![
                ("node.hostname".to_owned(), hostname),
                ("agent.run".to_owned(), run),
                ("agent.last_event".to_owned(), seen.last.to_string()),
            ],
            evidence: None,
            group_key: format!("{node}/agent"),
        }
    }

    /// Writes down what has changed, each partition by itself. What could not be written is tried the next time.
    async fn save(&self) -> anyhow::Result<()> {
        let _alone = self.saving.lock().await;
        let mut by_partition: BTreeMap<u32, Vec<_>> = BTreeMap::new();
        for key in std::mem::take(&mut self.lock().dirty) {
            by_partition.entry(self.partition_of(&key)).or_default().push(key);
        }
        let mut result = Ok(());
        for (index, keys) in by_partition {
            if let Err(error) = self.save_partition(index, &keys).await {
                self.lock().dirty.extend(keys);
                result = Err(error);
            }
        }
        result
    }

    async fn save_partition(&self, index: u32, keys: &[(TenantId, NodeId)]) -> anyhow::Result<()> {
        let (changes, next) = {
            let mut state = self.lock();
            let mut changes = Vec::with_capacity(keys.len());
            for key in keys {
                let Some(seen) = state.nodes.get(key) else { continue };
                let value = serde_json::to_vec(seen)?.into();
                changes.push(ViewChange::Put { key: ViewKey::new(&key.0, VIEW, key.1.to_string()), value });
            }
            // Another process has it now, and has seen more.
            let Some(owned) = state.owned.get_mut(&index) else { return Ok(()) };
            owned.saves += 1;
            (changes, owned.saves)
        };
        let checkpoint = Checkpoint { projection: PROJECTION.into(), source: source(index).into(), next };
        Ok(self.views.apply(&changes, &checkpoint).await?)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
