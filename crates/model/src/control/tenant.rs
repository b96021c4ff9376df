//! A customer and its limits.

use serde::{Deserialize, Serialize};

use crate::Timestamp;

/// What a tenant may send, per node and in all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Events a second, all nodes together.
    pub events_per_second: u64,
    /// Events a second from one node.
    pub node_events_per_second: u64,
    /// Nodes that may be enrolled at a time.
    pub nodes: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self { events_per_second: 1_000_000, node_events_per_second: 200_000, nodes: 10_000 }
    }
}

/// What happened to a tenant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub enum TenantEvent {
    /// It came to be.
    TenantCreated {
        /// Its display name.
        name: String,
    },
    /// Its limits were changed.
    LimitsChanged {
        /// The new ones.
        limits: Limits,
    },
}

/// A tenant's state: the fold of its events.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tenant {
    /// When it was created; `None` before.
    pub created: Option<Timestamp>,
    /// Display name.
    pub name: String,
    /// Limits in force.
    pub limits: Limits,
}

impl Tenant {
    /// Takes one event in.
    pub fn apply(&mut self, event: &TenantEvent, time: Timestamp) {
        match event {
            TenantEvent::TenantCreated { name } => {
                self.created = Some(time);
                self.name.clone_from(name);
            }
            TenantEvent::LimitsChanged { limits } => self.limits = *limits,
        }
    }
}
