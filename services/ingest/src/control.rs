//! What people decided, as far as it concerns agents: limits of tenants, and nodes that may no
//! longer send. Followed from the control feed.

use std::{
    collections::HashMap,
    sync::{PoisonError, RwLock, RwLockReadGuard},
};

use smol_str::SmolStr;
use tokio::sync::watch;
use vedetta_auth::NodeIdentity;
use vedetta_model::{
    NodeId, TenantId,
    control::{DomainEvent, Envelope, Limits, Node, TenantEvent},
};

/// Why a node with a good certificate may not send.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    /// Somebody took it out.
    #[error("this node was removed; enroll it again with a new token")]
    Removed,
    /// It has enrolled again since, with another key.
    #[error("this node has enrolled again with another key; use the newer certificate")]
    Replaced,
}

#[derive(Debug, Default)]
struct OfTenant {
    /// `None` while it has the usual ones.
    limits: Option<Limits>,
    nodes: HashMap<NodeId, Node>,
    /// Version of each stream that was taken in: a repeat changes nothing.
    versions: HashMap<SmolStr, u64>,
}

/// The fold of the control feed.
#[derive(Debug)]
pub struct Control {
    tenants: RwLock<HashMap<TenantId, OfTenant>>,
    changes: watch::Sender<u64>,
    usual: Limits,
}

impl Control {
    /// Knows nothing yet; tenants without limits of their own have the usual ones.
    pub fn new(usual: Limits) -> Self {
        Self { tenants: RwLock::default(), changes: watch::Sender::new(0), usual }
    }

    /// Whether the node may send. One that is not known here yet may: its certificate is newer than
    /// this copy of the feed.
    pub fn admits(&self, identity: &NodeIdentity) -> Result<(), Denied> {
        let tenants = self.read();
        let node = tenants.get(&identity.tenant).and_then(|of| of.nodes.get(&identity.node));
        match node {
            Some(node) if node.removed => Err(Denied::Removed),
            Some(node) if !node.key_sha256.is_empty() && node.key_sha256 != identity.key_sha256 => {
                Err(Denied::Replaced)
            }
            _ => Ok(()),
        }
    }

    /// What a tenant may send.
    pub fn limits(&self, tenant: &TenantId) -> Limits {
        self.read().get(tenant).and_then(|of| of.limits).unwrap_or(self.usual)
    }

    /// Tells of each change.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    /// Takes a decision in.
    pub fn apply(&self, envelope: &Envelope) {
        let mut tenants = self.tenants.write().unwrap_or_else(PoisonError::into_inner);
        let of = tenants.entry(envelope.tenant.clone()).or_default();
        let relevant = matches!(envelope.event, DomainEvent::Tenant(_) | DomainEvent::Node(_));
        if !relevant {
            return;
        }
        let stream = SmolStr::from(format!("{}/{}", envelope.event.aggregate(), envelope.stream));
        let seen = of.versions.entry(stream).or_default();
        if envelope.version <= *seen {
            return;
        }
        *seen = envelope.version;
        match &envelope.event {
            DomainEvent::Tenant(TenantEvent::LimitsChanged { limits }) => of.limits = Some(*limits),
            DomainEvent::Tenant(TenantEvent::TenantCreated { .. }) => {}
            DomainEvent::Node(event) => match envelope.stream.parse() {
                Ok(id) => of.nodes.entry(id).or_default().apply(event, envelope.time),
                Err(error) => tracing::error!(%error, "a decision about no node was skipped"),
            },
            _ => {}
        }
        drop(tenants);
        self.changes.send_modify(|n| *n += 1);
    }

    fn read(&self) -> RwLockReadGuard<'_, HashMap<TenantId, OfTenant>> {
        self.tenants.read().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use vedetta_model::{
        Timestamp, TokenId,
        control::{Actor, NodeEvent, TenantEvent},
    };

    use super::*;

    fn identity(key: &str) -> NodeIdentity {
        NodeIdentity {
            tenant: "a".parse().unwrap(),
            node: NodeId::from_uuid(uuid::Uuid::from_u128(1)),
            serial: String::new(),
            expires: Timestamp::EPOCH,
            key_sha256: key.into(),
        }
    }

    fn envelope(stream: &str, version: u64, event: DomainEvent) -> Envelope {
        let (id, time, actor) = (uuid::Uuid::nil(), Timestamp::EPOCH, Actor::System);
        Envelope { id, tenant: "a".parse().unwrap(), stream: stream.into(), version, time, actor, event }
    }

    fn enrolled(key: &str) -> DomainEvent {
        DomainEvent::Node(NodeEvent::NodeEnrolled {
            hostname: String::new(),
            machine_id: String::new(),
            key_sha256: key.into(),
            token: TokenId::from_uuid(uuid::Uuid::nil()),
            agent_version: String::new(),
        })
    }

    #[test]
    fn a_node_may_send_until_it_is_removed_and_with_its_newest_key_only() {
        let control = Control::new(Limits::default());
        let node = identity("k1").node.to_string();
        assert_eq!(control.admits(&identity("k1")), Ok(()), "its certificate is newer than the feed");
        control.apply(&envelope(&node, 1, enrolled("k1")));
        assert_eq!(control.admits(&identity("k1")), Ok(()));
        assert_eq!(control.admits(&identity("k0")), Err(Denied::Replaced));
        let removed = DomainEvent::Node(NodeEvent::NodeRemoved { reason: String::new() });
        control.apply(&envelope(&node, 2, removed));
        assert_eq!(control.admits(&identity("k1")), Err(Denied::Removed));
        control.apply(&envelope(&node, 1, enrolled("k1")));
        assert_eq!(control.admits(&identity("k1")), Err(Denied::Removed), "a repeat changes nothing");
        control.apply(&envelope(&node, 3, enrolled("k2")));
        assert_eq!(control.admits(&identity("k2")), Ok(()));
        assert_eq!(control.admits(&identity("k1")), Err(Denied::Replaced));
    }

    #[test]
    fn limits_are_the_tenants_or_the_usual_ones() {
        let usual = Limits { events_per_second: 2, ..Limits::default() };
        let control = Control::new(usual);
        let limits = Limits { events_per_second: 1, node_events_per_second: 1, nodes: 1 };
        let event = DomainEvent::Tenant(TenantEvent::LimitsChanged { limits });
        let changes = control.changes();
        control.apply(&envelope("a", 1, event));
        assert!(changes.has_changed().unwrap());
        assert_eq!(control.limits(&"a".parse().unwrap()), limits);
        assert_eq!(control.limits(&"b".parse().unwrap()), usual);
    }
}
