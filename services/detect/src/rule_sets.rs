//! Which rules are in force for each tenant, followed from the control feed.

use std::{collections::HashMap, sync::Arc};

use smol_str::SmolStr;
use tokio::sync::watch;
use vedetta_model::{
    NodeId, TenantId, Timestamp,
    control::{DomainEvent, Envelope, Node, RuleSet},
};
use vedetta_rules::{Overrides, RuleFile};

/// A tenant's rules, compiled, with what findings say of them.
#[derive(Debug, Clone)]
pub struct InForce {
    /// Version of the rule set stream.
    pub version: u64,
    /// The rules.
    pub compiled: Arc<vedetta_rules::RuleSet>,
    hostnames: Arc<HashMap<NodeId, String>>,
}

impl InForce {
    /// The name a node enrolled with.
    pub fn hostname(&self, node: &NodeId) -> Option<String> {
        self.hostnames.get(node).cloned()
    }
}

#[derive(Debug, Default)]
struct Tenant {
    versions: HashMap<SmolStr, u64>,
    rules: RuleSet,
    version: u64,
    /// `None` until the first set that compiles.
    compiled: Option<Arc<vedetta_rules::RuleSet>>,
    nodes: HashMap<NodeId, Node>,
    hostnames: Arc<HashMap<NodeId, String>>,
}

/// The fold of the control feed, shared between the follower that writes it and the workers that read it.
#[derive(Debug)]
pub struct RuleSets {
    tenants: std::sync::RwLock<HashMap<TenantId, Tenant>>,
    /// Grows with each change, so that readers can wait for one.
    changes: watch::Sender<u64>,
}

impl Default for RuleSets {
    fn default() -> Self {
        Self { tenants: std::sync::RwLock::default(), changes: watch::Sender::new(0) }
    }
}

impl RuleSets {
    /// The rules of a tenant; `None` when it has none.
    pub fn of(&self, tenant: &TenantId) -> Option<InForce> {
        let tenants = self.read();
        let tenant = tenants.get(tenant)?;
        Some(InForce {
            version: tenant.version,
            compiled: tenant.compiled.clone()?,
            hostnames: tenant.hostnames.clone(),
        })
    }

    /// All enrolled nodes that may send, and when they were enrolled.
    pub fn nodes(&self) -> Vec<(TenantId, NodeId, Option<Timestamp>)> {
        let tenants = self.read();
        let all =
            tenants.iter().flat_map(|(id, tenant)| tenant.nodes.iter().map(move |(n, state)| (id, n, state)));
        all.filter(|(_, _, state)| !state.removed)
            .map(|(id, node, state)| (id.clone(), *node, state.enrolled))
            .collect()
    }

    /// Takes a decision in. A repeat changes nothing. Rules that don't compile leave the set in force
    /// as it was: the error says why.
    pub fn apply(&self, envelope: &Envelope) -> Result<(), RejectedRules> {
        let result = self.fold(envelope);
        self.changes.send_modify(|n| *n += 1);
        result
    }

    fn fold(&self, envelope: &Envelope) -> Result<(), RejectedRules> {
        let mut tenants = self.tenants.write().unwrap_or_else(std::sync::PoisonError::into_inner);
        let tenant = tenants.entry(envelope.tenant.clone()).or_default();
        let seen = tenant
            .versions
            .entry(SmolStr::from(format!("{}/{}", envelope.event.aggregate(), envelope.stream)))
            .or_default();
        if envelope.version <= *seen {
            return Ok(());
        }
        *seen = envelope.version;
        match &envelope.event {
            DomainEvent::RuleSet(event) => {
                tenant.rules.apply(event);
                let compiled = compile(&tenant.rules).map_err(|diagnostics| RejectedRules {
                    tenant: envelope.tenant.clone(),
                    version: envelope.version,
                    diagnostics,
                })?;
                tenant.version = envelope.version;
                tenant.compiled = Some(Arc::new(compiled));
            }
            DomainEvent::Node(event) => {
                if let Ok(id) = envelope.stream.parse::<NodeId>() {
                    let node = tenant.nodes.entry(id).or_default();
                    node.apply(event, envelope.time);
                    let hostname = node.hostname.clone();
                    Arc::make_mut(&mut tenant.hostnames).insert(id, hostname);
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn read(&self) -> std::sync::RwLockReadGuard<'_, HashMap<TenantId, Tenant>> {
        self.tenants.read().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

/// A rule set that does not compile here, though it was accepted when it was decided.
#[derive(Debug, thiserror::Error)]
#[error(
    "version {version} of the rules of {tenant} does not compile here; the one before stays in force: {diagnostics}"
)]
pub struct RejectedRules {
    /// Whose.
    pub tenant: TenantId,
    /// Which version.
    pub version: u64,
    /// Why, a line each.
    pub diagnostics: String,
}

/// Compiles a rule set's state.
fn compile(state: &RuleSet) -> Result<vedetta_rules::RuleSet, String> {
    let mut files = Vec::with_capacity(state.files.len());
    for (name, text) in &state.files {
        files.push(RuleFile::parse(name, text).map_err(|d| join(&d))?);
    }
    vedetta_rules::RuleSet::compile(&files, &Overrides::from(state)).map_err(|d| join(&d))
}

fn join(diagnostics: &[vedetta_rules::Diagnostic]) -> String {
    diagnostics.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}
