//! What happened on the machines, found by searching.

use std::str::FromStr;

use async_graphql::{Object, SimpleObject};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use tokio::sync::OwnedSemaphorePermit;
use vedetta_api::Code;
use vedetta_model::{EventId, Timestamp};
use vedetta_search::{Lost, Place, Scanned, SearchError};

use super::{WatchedNode, event::Event, process::Process, tenant::DAY};
use crate::{
    graphql::{
        errors::{Answer, Failure, error},
        scalars::DateTime,
        scope::Scope,
    },
    readers::activity::{self, Activity, ActivityQuery, BadQuery, Occurrence},
};

/// Nodes' clocks may be a little ahead.
const AHEAD: std::time::Duration = std::time::Duration::from_secs(300);
/// Longest cursor, in characters.
const LONGEST: usize = 256;

/// What a search looked at.
#[derive(Debug, Clone, Copy, Default, SimpleObject)]
pub struct SearchedAmount {
    /// Blocks of the time that were considered.
    pub blocks: f64,
    /// Of these, those that were passed over by their digests, unread.
    pub skipped: f64,
    /// Bytes read.
    pub bytes: f64,
    /// Events in the blocks considered.
    pub events: f64,
    /// Events that were looked at one by one.
    pub tried: f64,
    /// Blocks that can't be read: what was in them is missing here.
    pub unreadable: f64,
}

/// What agents reported as lost of the time searched: it can't be found here.
#[derive(Debug, Clone, Copy, Default, SimpleObject)]
pub struct LostAmount {
    /// Reports of a loss.
    pub reports: f64,
    /// Events that they count.
    pub events: f64,
}

/// An event and where it happened.
#[derive(Debug, Clone)]
pub struct ActivityEvent {
    scope: Scope,
    occurrence: Occurrence,
}

/// Some events and how far the search came.
#[derive(Debug, SimpleObject)]
pub struct ActivityPage {
    /// Newest first.
    pub events: Vec<ActivityEvent>,
    /// Everything asked for from this time on was looked at.
    pub reached: DateTime,
    /// Pass it as `after` to go on; null when everything was looked at. A page may be short, even empty, and still go on.
    pub next: Option<String>,
    /// What was looked at.
    pub searched: SearchedAmount,
    /// What is known to be missing.
    pub lost: LostAmount,
}

/// How many events have these values.
#[derive(Debug, SimpleObject)]
pub struct ActivityGroup {
    /// One for each field asked for; empty where an event has none.
    pub values: Vec<String>,
    /// How many.
    pub count: f64,
}

/// Events counted by the values of fields.
#[derive(Debug, SimpleObject)]
pub struct ActivityCounts {
    /// The most frequent first.
    pub groups: Vec<ActivityGroup>,
    /// All events that were counted, also of groups not listed.
    pub total: f64,
    /// Everything asked for was looked at.
    pub complete: bool,
    /// Everything asked for from this time on was looked at.
    pub reached: DateTime,
    /// What was looked at.
    pub searched: SearchedAmount,
    /// What is known to be missing.
    pub lost: LostAmount,
}

/// A piece of a running search.
#[derive(Debug, SimpleObject)]
pub struct ActivityStep {
    /// Found since the step before, newest first.
    pub events: Vec<ActivityEvent>,
    /// Everything asked for from this time on was looked at.
    pub reached: DateTime,
    /// This was the last step.
    pub done: bool,
    /// What was looked at since the search began.
    pub searched: SearchedAmount,
    /// What is known to be missing, as far as the search came.
    pub lost: LostAmount,
}

impl From<Scanned> for SearchedAmount {
    fn from(scanned: Scanned) -> Self {
        Self {
            blocks: scanned.blocks as f64,
            skipped: scanned.skipped as f64,
            bytes: scanned.bytes as f64,
            events: scanned.events as f64,
            tried: scanned.tried as f64,
            unreadable: scanned.unreadable as f64,
        }
    }
}

impl From<Lost> for LostAmount {
    fn from(lost: Lost) -> Self {
        Self { reports: lost.reports as f64, events: lost.events as f64 }
    }
}

impl ActivityEvent {
    /// In the caller's tenant.
    pub fn of(scope: &Scope, occurrence: Occurrence) -> Self {
        Self { scope: scope.clone(), occurrence }
    }
}

#[Object]
impl ActivityEvent {
    async fn event(&self) -> Event {
        Event::of(&self.occurrence.evidence)
    }
    async fn watched_node(&self) -> Answer<Option<WatchedNode>> {
        let node = self.scope.watched_node(self.occurrence.node).await?;
        Ok(node.map(|node| WatchedNode::of(&self.scope, node)))
    }
    /// The process that did it.
    async fn process(&self) -> Option<Process> {
        self.occurrence.evidence.lineage.first().cloned().map(Process::of)
    }
    /// The process that did it, then its parent, and so on up.
    #[graphql(complexity = "child_complexity * 8")]
    async fn lineage(&self) -> Vec<Process> {
        self.occurrence.evidence.lineage.iter().cloned().map(Process::of).collect()
    }
}

/// What is looked for, as it was asked.
#[derive(Debug)]
pub struct Asked {
    /// The search's text.
    pub query: Option<String>,
    /// Not before.
    pub since: Option<DateTime>,
    /// Before.
    pub until: Option<DateTime>,
    /// Where to go on.
    pub after: Option<String>,
}

impl Asked {
    /// As the reader wants it.
    pub fn query(self, scope: &Scope) -> Answer<ActivityQuery> {
        let now = scope.now();
        Ok(ActivityQuery {
            condition: activity::parse(self.query.as_deref().unwrap_or_default())?,
            since: self.since.map_or_else(|| now.before(DAY), |since| since.0),
            until: self.until.map_or_else(|| now.after(AHEAD), |until| until.0),
            before: self.after.as_deref().map(decode).transpose()?,
        })
    }
}

/// The caller's events, and leave to search them for as long as it is held.
pub fn searching(scope: &Scope) -> Answer<(Activity, OwnedSemaphorePermit)> {
    let state = scope.state();
    let permit = state.searches.clone().try_acquire_owned().map_err(|_| {
        Failure(error(Code::Exhausted, "too many searches run just now; try again in a moment"))
    })?;
    let budget = state.config.limits.searched_bytes;
    Ok((Activity::of(state.blocks.clone(), scope.session().caller(), budget), permit))
}

impl From<BadQuery> for Failure {
    fn from(bad: BadQuery) -> Self {
        Self(error(Code::Invalid, bad.to_string()))
    }
}

impl From<SearchError> for Failure {
    fn from(failure: SearchError) -> Self {
        // What exactly is wrong with the store is for operators.
        tracing::error!(error = %failure, "events were not searched");
        Self(error(Code::Unavailable, "events could not be searched just now; try again in a moment"))
    }
}

/// A place as text that nobody has to understand.
pub fn encode(place: Place) -> String {
    URL_SAFE_NO_PAD.encode(format!("{} {}", place.time.as_nanos(), place.event))
}

fn decode(cursor: &str) -> Answer<Place> {
    let place = || {
        let bytes = URL_SAFE_NO_PAD.decode(Some(cursor).filter(|text| text.len() <= LONGEST)?).ok()?;
        let text = String::from_utf8(bytes).ok()?;
        let (time, event) = text.split_once(' ')?;
        let time = Timestamp::from_nanos(time.parse().ok()?);
        Some(Place { time, event: EventId::from_str(event).ok()? })
    };
    place().ok_or_else(|| {
        Failure(error(Code::Invalid, "the cursor does not belong to this list; begin again without `after`"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_reads_back_and_anything_else_is_refused() {
        let event: EventId =
            "evt_00000000000000000000000000000007_00000000000000000000000000000009_12".parse().unwrap();
        let place = Place { time: Timestamp::from_nanos(-5), event };
        assert_eq!(decode(&encode(place)).unwrap(), place);
        let long = "A".repeat(300);
        for wrong in ["", "!", "AAAA", &long] {
            assert!(decode(wrong).is_err(), "{wrong}");
        }
    }
}
