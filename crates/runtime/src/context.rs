//! What a role is given to build itself from.

use std::{path::PathBuf, sync::Arc};

use serde::de::DeserializeOwned;
use tokio::sync::Mutex;
use vedetta_auth::{Authority, Keys};
use vedetta_log::EventLog;
use vedetta_model::Clock;
use vedetta_store::{BlockStore, EventStore, ViewStore};

use crate::{Clients, Drain};

/// Shared parts of a process. There are no globals: whatever a role needs is in here.
#[derive(Clone)]
pub struct Context {
    /// The log.
    pub log: Arc<dyn EventLog>,
    /// Streams of decisions.
    pub events: Arc<dyn EventStore>,
    /// Rows that people query.
    pub views: Arc<dyn ViewStore>,
    /// Blocks of events.
    pub blocks: Arc<dyn BlockStore>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Signs and verifies session and service tokens.
    pub keys: Arc<Keys>,
    /// Signs certificates of nodes and of the agents' listener.
    pub authority: Arc<Authority>,
    /// Ways to the other roles.
    pub clients: Clients,
    /// The order to stop.
    pub drain: Drain,
    /// Where metrics are registered; call [`Context::metrics`] for a part with the role's prefix.
    pub registry: Arc<Mutex<prometheus_client::registry::Registry>>,
    /// Keys, certificates and other files of this installation.
    pub data_dir: PathBuf,
    /// Address that agents are told to connect to, `https://host:port`.
    pub agents_url: String,
    /// Each role's configuration section.
    pub sections: Arc<toml::Table>,
}

impl std::fmt::Debug for Context {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Context").field("data_dir", &self.data_dir).finish_non_exhaustive()
    }
}

impl Context {
    /// A role's own configuration: its section, or defaults. Unknown keys are refused by the role's type.
    pub fn section<C: DeserializeOwned + Default>(&self, role: &str) -> anyhow::Result<C> {
        crate::config::section(&self.sections, role)
    }

    /// Registers metrics under `vedetta_<role>_`.
    pub async fn metrics<T>(
        &self,
        role: &str,
        register: impl FnOnce(&mut prometheus_client::registry::Registry) -> T,
    ) -> T {
        let mut registry = self.registry.lock().await;
        register(registry.sub_registry_with_prefix("vedetta").sub_registry_with_prefix(role))
    }
}
