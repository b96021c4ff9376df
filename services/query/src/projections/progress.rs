//! Who waits for views: mutations that want to read their own write, and subscribers.

use std::time::Duration;

use tokio::sync::{broadcast, watch};
use vedetta_model::{CaseId, NodeId, TenantId};
use vedetta_store::{StoreError, ViewChange, ViewKey};

use super::{cases, control, findings, keys::Parts, nodes, rules};

/// Another process may apply the awaited change: then only looking again shows it.
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// A thing of a tenant that looks different now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Changed {
    /// A case: its findings or what was decided about it.
    Case(TenantId, CaseId),
    /// A node: its state or how it fares.
    Node(TenantId, NodeId),
    /// A rule, by name.
    Rule(TenantId, String),
}

/// The wanted change was not applied in time.
#[derive(Debug, thiserror::Error)]
pub enum NotYet {
    /// Time is over.
    #[error("the change is made but not shown yet; reload in a moment")]
    Late,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Tells that views have moved on.
#[derive(Debug, Clone)]
pub struct Progress {
    applied: watch::Sender<u64>,
    changed: broadcast::Sender<Changed>,
}

impl Progress {
    /// `buffer` changes are kept for subscribers that are slow.
    pub fn new(buffer: usize) -> Self {
        Self { applied: watch::Sender::new(0), changed: broadcast::Sender::new(buffer.max(1)) }
    }

    /// Changes as they are applied in this process, from now on.
    pub fn changes(&self) -> broadcast::Receiver<Changed> {
        self.changed.subscribe()
    }

    /// How many listen for changes in this process.
    pub fn listeners(&self) -> usize {
        self.changed.receiver_count()
    }

    /// Changes are readable now.
    pub(super) fn applied(&self, changes: &[ViewChange]) {
        self.applied.send_modify(|n| *n += 1);
        if self.changed.receiver_count() > 0 {
            let mut seen: Vec<Changed> = Vec::new();
            for changed in changes.iter().filter_map(changed) {
                if !seen.contains(&changed) {
                    // Nobody listening is no fault.
                    let _ = self.changed.send(changed.clone());
                    seen.push(changed);
                }
            }
        }
    }

    /// Waits until `check` holds, at most `limit`.
    pub async fn wait_until<F>(&self, limit: Duration, check: impl Fn() -> F + Send) -> Result<(), NotYet>
    where
        F: Future<Output = Result<bool, StoreError>> + Send,
    {
        let mut applied = self.applied.subscribe();
        let wait = async {
            loop {
                applied.borrow_and_update();
                if check().await? {
                    return Ok(());
                }
                // The sender lives in `self`, so a closed channel can't be; time passing is an answer too.
                let _ = tokio::time::timeout(LOOK_AGAIN, applied.changed()).await;
            }
        };
        tokio::time::timeout(limit, wait).await.unwrap_or(Err(NotYet::Late))
    }
}

fn changed(change: &ViewChange) -> Option<Changed> {
    let ViewChange::Put { key: ViewKey { tenant, view, key }, .. } = change else { return None };
    let tenant = tenant.clone();
    let mut parts = Parts(key);
    if *view == cases::CASES {
        Some(Changed::Case(tenant, CaseId::from_uuid(parts.uuid()?)))
    } else if *view == nodes::STATUS || *view == findings::NODE_CONDITIONS {
        Some(Changed::Node(tenant, NodeId::from_uuid(parts.uuid()?)))
    } else if *view == rules::RULES {
        Some(Changed::Rule(tenant, String::from_utf8(key.to_vec()).ok()?))
    } else if *view == control::STREAMS {
        let (aggregate, stream) = (parts.text()?, parts.text()?);
        match aggregate {
            "case" => Some(Changed::Case(tenant, stream.parse().ok()?)),
            "node" => Some(Changed::Node(tenant, stream.parse().ok()?)),
            _ => None,
        }
    } else {
        None
    }
}
