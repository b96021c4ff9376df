//! When a node was watched, and what was lost meanwhile: what "nothing found" is worth.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use vedetta_model::{
    BootId, NodeId, TenantId, Timestamp,
    event::{Heartbeat, Loss},
};
use vedetta_store::{View, ViewKey};

use super::{
    ApplyError, Draft,
    keys::{Key, Parts},
};

/// Counters of each agent run.
pub const RUNS: View = View("node_runs");
/// Spans in which a node was watched, oldest first.
pub const SPANS: View = View("node_coverage");
/// Reported losses of a node, newest first.
pub const LOSSES: View = View("node_losses");

/// A heartbeat may be this many intervals late before the time until it counts as not watched.
const LATE: u32 = 3;
/// Length of an interval before a run has told its own.
const INTERVAL_SECONDS: u32 = 5;

/// How far an agent run has come.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct RunRow {
    /// Beginning of its present span.
    span: Timestamp,
    interval_seconds: u32,
    read: u64,
    lost: u64,
}

/// A span in which a node was watched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SpanRow {
    /// Its end.
    pub until: Timestamp,
    /// Events read in it.
    pub events: u64,
    /// Events lost in it.
    pub lost: u64,
}

/// What came on top.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct More {
    /// Events read.
    pub read: u64,
    /// Events lost.
    pub lost: u64,
}

/// An agent run on a node.
#[derive(Debug, Clone, Copy)]
pub struct RunOf<'a> {
    /// Whose.
    pub tenant: &'a TenantId,
    /// Where.
    pub node: NodeId,
    /// Which run.
    pub boot: BootId,
}

impl RunOf<'_> {
    /// The run was alive at `time`; returns what its counters say on top of before.
    pub(super) async fn watched(
        &self,
        draft: &mut Draft<'_>,
        time: Timestamp,
        beat: Option<&Heartbeat>,
    ) -> Result<More, ApplyError> {
        let run_key =
            ViewKey::new(self.tenant, RUNS, Key::new().uuid(self.node.as_uuid()).uuid(self.boot.as_uuid()));
        let present: Option<RunRow> = draft.get(&run_key).await?;
        let known = present.is_some();
        let mut run = present.unwrap_or_default();
        let mut span: Option<SpanRow> = if known { draft.get(&self.span_key(run.span)).await? } else { None };

        let interval = if run.interval_seconds == 0 { INTERVAL_SECONDS } else { run.interval_seconds };
        let patience = Duration::from_secs(u64::from(interval) * u64::from(LATE));
        if span.is_none_or(|span| time > span.until.after(patience)) {
            run.span = time;
            span = None;
        }
        let mut span = span.unwrap_or(SpanRow { until: time, events: 0, lost: 0 });
        span.until = span.until.max(time);

        let mut more = More::default();
        if let Some(beat) = beat {
            run.interval_seconds = beat.interval_seconds.clamp(1, 3600);
            more.read = beat.events_read.saturating_sub(run.read);
            more.lost = beat.events_lost.saturating_sub(run.lost);
            run.read += more.read;
            run.lost += more.lost;
            span.events += more.read;
            span.lost += more.lost;
        }
        draft.put(self.span_key(run.span), &span)?;
        draft.put(run_key, &run)?;
        Ok(more)
    }

    /// The run reported a loss in its event `seq`.
    pub(super) fn lost(&self, draft: &mut Draft<'_>, seq: u64, loss: &Loss) -> Result<(), ApplyError> {
        let key = Key::new()
            .uuid(self.node.as_uuid())
            .newest_first(loss.until)
            .uuid(self.boot.as_uuid())
            .number(seq);
        draft.put(ViewKey::new(self.tenant, LOSSES, key), loss)
    }

    fn span_key(&self, from: Timestamp) -> ViewKey {
        let key = Key::new().uuid(self.node.as_uuid()).time(from).uuid(self.boot.as_uuid());
        ViewKey::new(self.tenant, SPANS, key)
    }
}

/// The beginning of a span, from what follows the node in its key.
pub fn decode_span_place(place: &[u8]) -> Option<Timestamp> {
    Parts(place).time()
}
