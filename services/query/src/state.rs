//! What requests are answered from.

use std::sync::Arc;

use tokio::sync::Semaphore;
use vedetta_auth::Keys;
use vedetta_model::{Clock, TenantId};
use vedetta_runtime::{Clients, Drain};
use vedetta_store::{BlockStore, ViewStore};

use crate::{
    config::Config,
    freshness::Freshness,
    metrics::Metrics,
    projections::Progress,
    readers::nodes::Patience,
    session::{Sessions, Viewer},
    tail::FindingTail,
};

/// Shared parts of the role.
#[derive(Debug)]
pub struct State {
    /// The views.
    pub store: Arc<dyn ViewStore>,
    /// Blocks of events.
    pub blocks: Arc<dyn BlockStore>,
    /// How many more searches may run.
    pub searches: Arc<Semaphore>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Makes session tokens.
    pub keys: Arc<Keys>,
    /// The tenant service.
    pub clients: Clients,
    /// Who is signed in.
    pub sessions: Sessions,
    /// How far views are.
    pub progress: Progress,
    /// Up to when answers are complete.
    pub freshness: Freshness,
    /// New findings.
    pub tail: FindingTail,
    /// Settings.
    pub config: Config,
    /// Counters.
    pub metrics: Metrics,
    /// The order to stop.
    pub drain: Drain,
    /// What agents are told to connect to.
    pub agents_url: String,
    /// The installation's authority, hashed, as agents are told it.
    pub ca_pin: String,
}

impl State {
    /// When a node counts as silent or losing.
    pub const fn patience(&self) -> Patience {
        Patience {
            heartbeats: self.config.silent_after_heartbeats,
            losing: std::time::Duration::from_secs(self.config.losing_seconds),
        }
    }

    /// A new session's token.
    pub fn session_token(&self, tenant: &TenantId, viewer: &Viewer) -> String {
        let session = vedetta_auth::Session {
            tenant: tenant.clone(),
            user: viewer.user,
            name: viewer.name.clone(),
            permissions: viewer.permissions.clone(),
        };
        self.keys.session_token(&session, self.clock.now(), self.config.session())
    }

    /// What to run on a node that is to be watched. The secret is no argument: those are readable by
    /// every process of the machine.
    pub fn enroll_command(&self, secret: &str) -> String {
        format!(
            "sudo env VEDETTA_AGENT_TOKEN={secret} vedetta-agent run --server {} --ca-pin {}",
            self.agents_url, self.ca_pin
        )
    }
}
