//! How many nodes a tenant has: a count in memory, so that enrolling one does not read all others.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use vedetta_api::Error;
use vedetta_model::{NodeId, TenantId, Timestamp, control::Node};

use super::{Aggregate, Streams, unavailable};
use crate::domain;

/// Another tenant process enrolls too: what was counted is believed for so long.
const BELIEVED_FOR: Duration = Duration::from_secs(60);
const PAGE: usize = 1000;

#[derive(Debug, Default)]
struct Counted {
    at: Option<Timestamp>,
    nodes: HashSet<NodeId>,
}

/// Nodes that may send, by tenant. Exact with one tenant process; with several the limit may be
/// overrun by what the others enrolled within a minute.
#[derive(Debug, Default)]
pub struct Census(Mutex<HashMap<TenantId, Arc<tokio::sync::Mutex<Counted>>>>);

impl Census {
    /// Takes a place for a node, before it is enrolled. True when it had none.
    pub async fn admit(
        &self,
        streams: &Streams,
        tenant: &TenantId,
        node: NodeId,
        limit: u32,
    ) -> Result<bool, Error> {
        let counted = self.of(tenant);
        let mut counted = counted.lock().await;
        let now = streams.now();
        if counted.at.is_none_or(|at| now.since(at) >= BELIEVED_FOR) {
            counted.nodes = count(streams, tenant).await?;
            counted.at = Some(now);
        }
        if counted.nodes.contains(&node) {
            return Ok(false);
        }
        domain::node::check_limit(counted.nodes.len(), limit)?;
        Ok(counted.nodes.insert(node))
    }

    /// Gives a node's place back.
    pub async fn leave(&self, tenant: &TenantId, node: NodeId) {
        self.of(tenant).lock().await.nodes.remove(&node);
    }

    fn of(&self, tenant: &TenantId) -> Arc<tokio::sync::Mutex<Counted>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(tenant.clone()).or_default().clone()
    }
}

async fn count(streams: &Streams, tenant: &TenantId) -> Result<HashSet<NodeId>, Error> {
    let mut nodes = HashSet::new();
    let mut after: Option<String> = None;
    loop {
        let page = streams.store().streams(tenant, Node::NAME, after.as_deref(), PAGE).await;
        let page = page.map_err(|error| unavailable(&error))?;
        for stream in &page {
            let (node, ..) = streams.state::<Node>(stream, None).await?;
            if let (Ok(id), true) = (stream.id.parse(), node.enrolled.is_some() && !node.removed) {
                nodes.insert(id);
            }
        }
        if page.len() < PAGE {
            return Ok(nodes);
        }
        after = page.last().map(|stream| stream.id.to_string());
    }
}
