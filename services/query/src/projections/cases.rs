//! Cases: findings that share a group key and lie close in time.
//!
//! Grouping looks at findings only, never at what people decided, so that the same findings always
//! give the same cases. Decisions are merged in when a case is read.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use serde::{Deserialize, Serialize};
use vedetta_model::{CaseId, Finding, NodeId, Severity, TenantId, Timestamp};
use vedetta_store::{View, ViewKey};

use super::{
    ApplyError, Draft,
    keys::{Key, Parts},
};

/// A case by its id.
pub const CASES: View = View("cases");
/// Case ids, last seen first.
pub const BY_TIME: View = View("cases_by_time");
/// The newest spans of each group of a node.
pub const GROUPS: View = View("case_groups");
/// How many cases each node has.
pub const TOTALS: View = View("case_totals");

/// Spans of a group that late findings may still join.
const REMEMBERED: usize = 8;

/// The grouped part of a case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaseRow {
    /// Which.
    pub id: CaseId,
    /// Where.
    pub node: NodeId,
    /// The node's name then.
    pub hostname: String,
    /// The highest of its findings.
    pub severity: Severity,
    /// The rule that first made it so bad.
    pub lead: String,
    /// The oldest finding.
    pub first_seen: Timestamp,
    /// The newest finding.
    pub last_seen: Timestamp,
    /// Findings in it.
    pub count: u64,
    /// Findings per rule.
    pub rules: BTreeMap<String, Tally>,
    /// MITRE ATT&CK technique ids.
    pub techniques: BTreeSet<String>,
}

/// Findings of one rule in a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// The highest.
    pub severity: Severity,
    /// How many.
    pub count: u64,
}

impl CaseRow {
    /// What people see in lists.
    pub fn title(&self) -> String {
        let others = self.rules.len().saturating_sub(1);
        let host = if self.hostname.is_empty() { self.node.to_string() } else { self.hostname.clone() };
        match others {
            0 => format!("{} on {host}", self.lead),
            1 => format!("{} and 1 other rule on {host}", self.lead),
            n => format!("{} and {n} other rules on {host}", self.lead),
        }
    }

    fn begin(id: CaseId, finding: &Finding) -> Self {
        Self {
            id,
            node: finding.node,
            hostname: finding.hostname.clone(),
            severity: finding.severity,
            lead: finding.rule.name.clone(),
            first_seen: finding.time,
            last_seen: finding.time,
            count: 0,
            rules: BTreeMap::new(),
            techniques: BTreeSet::new(),
        }
    }

    fn add(&mut self, finding: &Finding) {
        if finding.severity > self.severity {
            self.severity = finding.severity;
            self.lead.clone_from(&finding.rule.name);
        }
        self.hostname.clone_from(&finding.hostname);
        self.first_seen = self.first_seen.min(finding.time);
        self.last_seen = self.last_seen.max(finding.time);
        self.count += 1;
        let tally = self
            .rules
            .entry(finding.rule.name.clone())
            .or_insert(Tally { severity: finding.severity, count: 0 });
        tally.severity = tally.severity.max(finding.severity);
        tally.count += 1;
        self.techniques.extend(finding.rule.techniques().map(str::to_owned));
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Span {
    case: CaseId,
    first: Timestamp,
    last: Timestamp,
}

impl Span {
    fn takes(&self, time: Timestamp, window: Duration) -> bool {
        self.first.before(window) <= time && time <= self.last.after(window)
    }
}

/// The key of a case's own row.
pub fn key_of(tenant: &TenantId, id: &CaseId) -> ViewKey {
    ViewKey::new(tenant, CASES, Key::new().uuid(id.as_uuid()))
}

/// The key of a case's entry in the list by time.
pub fn place_of(last_seen: Timestamp, id: &CaseId) -> Key {
    Key::new().newest_first(last_seen).uuid(id.as_uuid())
}

/// Reads [`place_of`] back.
pub fn decode_place(place: &[u8]) -> Option<(Timestamp, CaseId)> {
    let mut parts = Parts(place);
    Some((parts.newest_first()?, CaseId::from_uuid(parts.uuid()?)))
}

/// Puts a finding that is not in any case yet into one, and says which.
pub(super) async fn group(
    draft: &mut Draft<'_>,
    finding: &Finding,
    window: Duration,
) -> Result<CaseId, ApplyError> {
    let tenant = &finding.tenant;
    // The node stands in the key even if the group key names it: a row has one source partition.
    let group_key =
        ViewKey::new(tenant, GROUPS, Key::new().uuid(finding.node.as_uuid()).text(&finding.group_key));
    let mut spans: Vec<Span> = draft.get(&group_key).await?.unwrap_or_default();

    let fitting =
        spans.iter_mut().filter(|span| span.takes(finding.time, window)).max_by_key(|span| span.last);
    let (id, mut case) = match fitting {
        Some(span) => {
            span.first = span.first.min(finding.time);
            span.last = span.last.max(finding.time);
            let id = span.case;
            (id, draft.get::<CaseRow>(&key_of(tenant, &id)).await?)
        }
        None => {
            let id = CaseId::of(tenant, &finding.group_key, &finding.id);
            spans.push(Span { case: id, first: finding.time, last: finding.time });
            (id, None)
        }
    };
    spans.sort_by_key(|span| std::cmp::Reverse((span.last, span.case)));
    spans.truncate(REMEMBERED);
    draft.put(group_key, &spans)?;

    if let Some(case) = &case {
        draft.delete(ViewKey::new(tenant, BY_TIME, place_of(case.last_seen, &id)));
    } else {
        let key = ViewKey::new(tenant, TOTALS, Key::new().uuid(finding.node.as_uuid()));
        let present: u64 = draft.get(&key).await?.unwrap_or(0);
        draft.put(key, &(present + 1))?;
    }
    let case = case.get_or_insert_with(|| CaseRow::begin(id, finding));
    case.add(finding);
    draft.put(ViewKey::new(tenant, BY_TIME, place_of(case.last_seen, &id)), &())?;
    draft.put(key_of(tenant, &id), case)?;
    Ok(id)
}
