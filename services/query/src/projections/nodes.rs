//! How nodes fare, from what their agents report of themselves.

use std::time::Duration;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use vedetta_block::{Batch, Header};
use vedetta_log::{Record, Topic};
use vedetta_model::{
    BootId, Event, Kind, NodeId, Payload, TenantId, Timestamp,
    event::{AgentStarted, Heartbeat},
};
use vedetta_runtime::Resubmission;
use vedetta_store::{View, ViewChange, ViewKey};

use super::{ApplyError, Draft, Projection, Rows, coverage, keys::Key};

/// A node's [`StatusRow`].
pub const STATUS: View = View("node_status");

const VIEWS: &[View] = &[STATUS, coverage::RUNS, coverage::SPANS, coverage::LOSSES];

/// A block that says nothing of the agent itself is noted as a sign of life at most this often.
const LIFE_SIGN: Duration = Duration::from_secs(1);

/// How a node fares.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatusRow {
    /// When the log last took something from it.
    pub last_seen: Timestamp,
    /// Which agent run told the state below.
    pub boot: BootId,
    /// When that run told it, by the node's clock: a late block of an earlier run changes nothing.
    pub told: Timestamp,
    /// What the agent said when it began. Empty before.
    pub started: AgentStarted,
    /// Its newest heartbeat.
    pub heartbeat: Option<Heartbeat>,
    /// It ended in good order.
    pub stopped: bool,
    /// The newest loss.
    pub last_loss: Option<Timestamp>,
    /// Events read, all runs together.
    pub events_read: u64,
    /// Events lost, all runs together.
    pub events_lost: u64,
}

impl StatusRow {
    fn new(boot: BootId, at: Timestamp) -> Self {
        Self {
            last_seen: at,
            boot,
            told: Timestamp::EPOCH,
            started: AgentStarted::default(),
            heartbeat: None,
            stopped: false,
            last_loss: None,
            events_read: 0,
            events_lost: 0,
        }
    }

    /// Whether a report of `boot` at `time` is news; then it is the state from now on.
    fn is_news(&mut self, boot: BootId, time: Timestamp) -> bool {
        let news = time >= self.told;
        if news {
            if self.boot != boot {
                self.heartbeat = None;
            }
            (self.told, self.boot, self.stopped) = (time, boot, false);
        }
        news
    }

    fn lost_at(&mut self, time: Timestamp) {
        self.last_loss = self.last_loss.max(Some(time));
    }
}

/// The key of a node's status.
pub fn key_of(tenant: &TenantId, node: &NodeId) -> ViewKey {
    ViewKey::new(tenant, STATUS, Key::new().uuid(node.as_uuid()))
}

/// Blocks of telemetry to node status, coverage and ledger. Those of one node come from one
/// partition, in order.
#[derive(Debug, Clone, Copy, Default)]
pub struct Nodes;

#[async_trait]
impl Projection for Nodes {
    fn name(&self) -> &'static str {
        "nodes"
    }
    fn source(&self) -> Topic {
        Topic::TELEMETRY
    }
    fn views(&self) -> &'static [View] {
        VIEWS
    }
    fn holds_places(&self) -> bool {
        false
    }
    async fn apply(&self, record: &Record, rows: &dyn Rows) -> Result<Vec<ViewChange>, ApplyError> {
        let (header, reports) = open(&record.payload)?;
        let (tenant, node, boot) = (&record.tenant, header.node, header.boot);
        if header.tenant != *tenant {
            return Err(ApplyError::Poison("a block names another tenant than its record".to_owned()));
        }
        let mut draft = Draft::on(rows);
        let key = key_of(tenant, &node);
        let present: Option<StatusRow> = draft.get(&key).await?;
        // What an operator sent again says nothing of the node as it is now: it lived at the latest of its events.
        let seen = match Resubmission::of(record) {
            Some(_) => header.latest.min(record.appended),
            None => record.appended,
        };
        let mut status = present.clone().unwrap_or_else(|| StatusRow::new(boot, seen));
        let run = coverage::RunOf { tenant, node, boot };
        for event in &reports {
            match &event.payload {
                Payload::AgentStarted(started) => {
                    if status.is_news(boot, event.time) {
                        status.started.clone_from(started);
                    }
                    run.watched(&mut draft, event.time, None).await?;
                }
                Payload::Heartbeat(beat) => {
                    let more = run.watched(&mut draft, event.time, Some(beat)).await?;
                    status.events_read += more.read;
                    status.events_lost += more.lost;
                    if more.lost > 0 {
                        status.lost_at(event.time);
                    }
                    if status.is_news(boot, event.time) {
                        status.heartbeat = Some(beat.clone());
                    }
                }
                Payload::AgentStopping(_) => {
                    run.watched(&mut draft, event.time, None).await?;
                    if status.is_news(boot, event.time) {
                        status.stopped = true;
                    }
                }
                Payload::Loss(loss) => {
                    run.lost(&mut draft, event.seq, loss)?;
                    status.lost_at(loss.until);
                }
                _ => {}
            }
        }
        // A node with nothing new to say need not be written for each of its blocks.
        let told = present.as_ref().is_none_or(|present| *present != status);
        if told || seen.since(status.last_seen) >= LIFE_SIGN {
            status.last_seen = status.last_seen.max(seen);
            if present.as_ref() != Some(&status) {
                draft.put(key, &status)?;
            }
        }
        Ok(draft.into_changes())
    }
}

/// A block's header and what the agent reports of itself in it. Other blocks are not opened.
fn open(block: &[u8]) -> Result<(Header, Vec<Event>), ApplyError> {
    const REPORTS: [Kind; 4] =
        [Kind::AgentStarted, Kind::AgentHeartbeat, Kind::AgentLoss, Kind::AgentStopping];
    let poison = |error: vedetta_block::BlockError| ApplyError::Poison(error.to_string());
    let (header, _) = Header::parse(block).map_err(poison)?;
    if !REPORTS.iter().any(|&kind| header.has(kind)) {
        return Ok((header, Vec::new()));
    }
    let mut batch = Batch::decode(block).map_err(poison)?;
    batch.events.retain(|event| REPORTS.contains(&event.kind()));
    Ok((batch.header, batch.events))
}
