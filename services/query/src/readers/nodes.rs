//! Nodes: what was decided about them and how they fare.

use std::time::Duration;

use bytes::Bytes;
use vedetta_model::{NodeId, Timestamp, control::Node, event::Loss};

use super::{List, ReadError, Slice, Views};
use crate::projections::{
    control::{STREAMS, State, StreamRow},
    coverage::{LOSSES, SPANS, SpanRow, decode_span_place},
    keys::{Key, Parts},
    nodes::{STATUS, StatusRow},
};

/// Nodes that are added up, and spans that are shown.
const MOST: usize = 100_000;

/// When a node counts as silent or losing.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// Silent after this many heartbeats that did not come.
    pub heartbeats: u32,
    /// Losing for this long after a loss.
    pub losing: Duration,
}

/// A node.
#[derive(Debug, Clone, PartialEq)]
pub struct NodeView {
    /// Which.
    pub id: NodeId,
    /// What was decided.
    pub node: Node,
    /// What its agent reported; `None` before it ever did.
    pub status: Option<StatusRow>,
}

/// How a node is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Health {
    /// It reports and loses nothing.
    Healthy,
    /// It lost events a moment ago.
    Losing,
    /// It should report and doesn't.
    Silent,
    /// Its agent ended in good order.
    Stopped,
    /// It may no longer send.
    Removed,
    /// It enrolled and never reported.
    NeverSeen,
}

impl Health {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Healthy, Self::Losing, Self::Silent, Self::Stopped, Self::Removed, Self::NeverSeen];
}

impl NodeView {
    /// How it is at `now`.
    pub fn health(&self, now: Timestamp, patience: Patience) -> Health {
        if self.node.removed {
            return Health::Removed;
        }
        let Some(status) = &self.status else { return Health::NeverSeen };
        if status.stopped {
            return Health::Stopped;
        }
        let interval = status.heartbeat.as_ref().map_or(5, |beat| beat.interval_seconds.clamp(1, 3600));
        let allowed = Duration::from_secs(u64::from(interval) * u64::from(patience.heartbeats));
        if now.since(status.last_seen) > allowed {
            Health::Silent
        } else if status.last_loss.is_some_and(|loss| now.since(loss) < patience.losing) {
            Health::Losing
        } else {
            Health::Healthy
        }
    }
}

/// A span of time on a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Coverage {
    /// Its beginning.
    pub from: Timestamp,
    /// Its end.
    pub until: Timestamp,
    /// Whether the agent ran.
    pub watched: bool,
    /// Events read.
    pub events: u64,
    /// Events lost.
    pub lost: u64,
}

impl Views {
    /// One node.
    pub async fn watched_node(&self, id: &NodeId) -> Result<Option<NodeView>, ReadError> {
        let row: Option<StreamRow> = self.row(STREAMS, Key::new().text("node").text(&id.to_string())).await?;
        let Some(State::Node(node)) = row.map(|row| row.state) else { return Ok(None) };
        Ok(Some(NodeView { id: *id, node, status: self.status(id).await? }))
    }

    async fn status(&self, id: &NodeId) -> Result<Option<StatusRow>, ReadError> {
        self.row(STATUS, Key::new().uuid(id.as_uuid())).await
    }

    /// Nodes, by id.
    pub async fn nodes(&self, after: Option<&[u8]>, want: usize) -> Result<Slice<NodeView>, ReadError> {
        let keep = |place: Bytes, row: StreamRow| async move {
            let id = Parts(&place).text().and_then(|id| id.parse::<NodeId>().ok());
            match (id, row.state) {
                (Some(id), State::Node(node)) => {
                    Ok(Some(NodeView { id, node, status: self.status(&id).await? }))
                }
                _ => Ok(None),
            }
        };
        self.scan(&List::of(STREAMS, Key::new().text("node")), after, want, keep).await
    }

    /// Every node of the tenant.
    pub async fn all_nodes(&self) -> Result<Vec<NodeView>, ReadError> {
        let rows = self.all::<StreamRow>(&List::of(STREAMS, Key::new().text("node")), MOST).await?;
        let mut nodes = Vec::with_capacity(rows.len());
        for (place, row) in rows {
            let id = Parts(&place).text().and_then(|id| id.parse::<NodeId>().ok());
            if let (Some(id), State::Node(node)) = (id, row.state) {
                nodes.push(NodeView { id, node, status: self.status(&id).await? });
            }
        }
        Ok(nodes)
    }

    /// Reported losses of a node that overlap `from..until`, newest first.
    pub async fn losses(
        &self,
        node: &NodeId,
        from: Option<Timestamp>,
        until: Option<Timestamp>,
        want: usize,
    ) -> Result<Vec<Loss>, ReadError> {
        let list = List::of(LOSSES, Key::new().uuid(node.as_uuid()));
        let list = match from {
            // Newest first by their end: what ended before `from` comes after this place.
            Some(from) => {
                let before = Timestamp::from_nanos(from.as_nanos().saturating_sub(1));
                list.ending_before(&Key::new().newest_first(before))
            }
            None => list,
        };
        let keep = |_: Bytes, loss: Loss| async move {
            Ok(Some(loss).filter(|loss| until.is_none_or(|until| loss.since < until)))
        };
        let slice = self.scan(&list, None, want, keep).await?;
        Ok(slice.items.into_iter().map(|(_, loss)| loss).collect())
    }

    /// Watched spans of a node and the gaps between them, oldest first, cut to `from..until`.
    pub async fn coverage(
        &self,
        node: &NodeId,
        from: Option<Timestamp>,
        until: Timestamp,
    ) -> Result<Vec<Coverage>, ReadError> {
        let list = List::of(SPANS, Key::new().uuid(node.as_uuid())).ending_before(&Key::new().time(until));
        let rows = self.all::<SpanRow>(&list, MOST).await?;
        let spans = rows.into_iter().filter_map(|(place, row)| {
            let begin = decode_span_place(&place)?;
            Some(Coverage {
                from: begin,
                until: row.until,
                watched: true,
                events: row.events,
                lost: row.lost,
            })
        });
        Ok(with_gaps(spans, from, until))
    }
}

/// Fills what lies between spans, and between the last one and `until`, with gaps.
fn with_gaps(
    spans: impl Iterator<Item = Coverage>,
    from: Option<Timestamp>,
    until: Timestamp,
) -> Vec<Coverage> {
    let mut all: Vec<Coverage> = Vec::new();
    let mut end = from;
    let gap = |from, until| Coverage { from, until, watched: false, events: 0, lost: 0 };
    for mut span in spans {
        if from.is_some_and(|from| span.until < from) {
            continue;
        }
        if let Some(end) = end.filter(|end| *end < span.from) {
            all.push(gap(end, span.from));
        }
        span.from = from.map_or(span.from, |from| span.from.max(from));
        span.until = span.until.min(until);
        end = end.max(Some(span.until));
        all.push(span);
    }
    if let Some(end) = end.filter(|end| *end < until && (from.is_some() || !all.is_empty())) {
        all.push(gap(end, until));
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_span_covers_is_a_gap() {
        let at = |s: i64| Timestamp::from_millis(s * 1000);
        let span =
            |from, until| Coverage { from: at(from), until: at(until), watched: true, events: 1, lost: 0 };
        let found = with_gaps([span(0, 10), span(20, 30)].into_iter(), Some(at(5)), at(40));
        let seen: Vec<_> = found.iter().map(|c| (c.from, c.until, c.watched)).collect();
        let expected = [(5, 10, true), (10, 20, false), (20, 30, true), (30, 40, false)];
        assert_eq!(seen, expected.map(|(a, b, w)| (at(a), at(b), w)));
        let unwatched = with_gaps(std::iter::empty(), Some(at(0)), at(9));
        assert_eq!(unwatched.iter().map(|c| c.watched).collect::<Vec<_>>(), [false]);
        assert!(with_gaps(std::iter::empty(), None, at(9)).is_empty());
    }
}
