//! Findings: each by its id, in order of time, by rule, node, case and technique, and counted.

use std::time::Duration;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use vedetta_log::{Record, Topic};
use vedetta_model::{CaseId, Finding, FindingId, NodeId, Severity, TenantId, Timestamp};
use vedetta_store::{View, ViewChange, ViewKey};

use super::{
    ApplyError, Draft, Projection, Rows, cases,
    keys::{Key, Parts},
};

/// A finding by its id.
pub const FINDINGS: View = View("findings");
/// [`Entry`] rows of a tenant, newest first.
pub const BY_TIME: View = View("findings_by_time");
/// [`Entry`] rows of a rule, newest first.
pub const BY_RULE: View = View("findings_by_rule");
/// [`Entry`] rows of a node, newest first.
pub const BY_NODE: View = View("findings_by_node");
/// [`Entry`] rows of a case, newest first.
pub const BY_CASE: View = View("findings_by_case");
/// [`Entry`] rows of a technique, newest first.
pub const BY_TECHNIQUE: View = View("findings_by_technique");
/// How many findings a rule made on a node in a span of [`BUCKET`].
pub const COUNTS: View = View("finding_counts");
/// The newest finding of a node that no event caused, such as its silence.
pub const NODE_CONDITIONS: View = View("node_conditions");

/// Findings are counted per this span.
pub const BUCKET: Duration = Duration::from_secs(300);

const VIEWS: &[View] = &[
    FINDINGS,
    BY_TIME,
    BY_RULE,
    BY_NODE,
    BY_CASE,
    BY_TECHNIQUE,
    COUNTS,
    NODE_CONDITIONS,
    cases::CASES,
    cases::BY_TIME,
    cases::GROUPS,
    cases::TOTALS,
];

/// A finding and where it belongs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FindingRow {
    /// The case it was put into.
    pub case: CaseId,
    /// The finding.
    pub finding: Finding,
}

/// What lists need to know of a finding without reading it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// How bad.
    pub severity: Severity,
    /// The rule's name.
    pub rule: String,
    /// Where.
    pub node: NodeId,
    /// The case.
    pub case: CaseId,
    /// MITRE ATT&CK technique ids.
    pub techniques: Vec<String>,
}

/// Which findings a count counts; the whole of it stands in the row's key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CountKey {
    /// Beginning of the span.
    pub bucket: Timestamp,
    /// Where.
    pub node: NodeId,
    /// How bad.
    pub severity: Severity,
    /// The rule's name.
    pub rule: String,
}

impl CountKey {
    /// The row's key.
    pub fn encode(&self) -> Key {
        Key::new().time(self.bucket).uuid(self.node.as_uuid()).raw(&[self.severity as u8]).text(&self.rule)
    }

    /// From the row's key.
    pub fn decode(key: &[u8]) -> Option<Self> {
        let mut parts = Parts(key);
        Some(Self {
            bucket: parts.time()?,
            node: NodeId::from_uuid(parts.uuid()?),
            severity: *Severity::ALL.get(usize::from(*parts.raw(1)?.first()?))?,
            rule: parts.text()?.to_owned(),
        })
    }
}

/// The beginning of the span that `time` falls into.
pub fn bucket_of(time: Timestamp) -> Timestamp {
    let span = i64::try_from(BUCKET.as_nanos()).unwrap_or(i64::MAX);
    Timestamp::from_nanos(time.as_nanos().div_euclid(span).saturating_mul(span))
}

/// The key of a finding's own row.
pub fn key_of(tenant: &TenantId, id: &FindingId) -> ViewKey {
    ViewKey::new(tenant, FINDINGS, Key::new().uuid(id.as_uuid()))
}

/// The end of a list entry's key; what comes before it names the list.
pub fn place_of(time: Timestamp, id: &FindingId) -> Key {
    Key::new().newest_first(time).uuid(id.as_uuid())
}

/// Reads [`place_of`] back.
pub fn decode_place(place: &[u8]) -> Option<(Timestamp, FindingId)> {
    let mut parts = Parts(place);
    Some((parts.newest_first()?, FindingId::from_uuid(parts.uuid()?)))
}

/// Findings to rows. Those of one node come from one partition, in order.
#[derive(Debug, Clone)]
pub struct Findings {
    /// A finding joins a case of the same group when at most this long lies between them.
    pub window: Duration,
}

#[async_trait]
impl Projection for Findings {
    fn name(&self) -> &'static str {
        "findings"
    }
    fn source(&self) -> Topic {
        Topic::FINDINGS
    }
    fn views(&self) -> &'static [View] {
        VIEWS
    }
    fn holds_places(&self) -> bool {
        false
    }
    async fn apply(&self, record: &Record, rows: &dyn Rows) -> Result<Vec<ViewChange>, ApplyError> {
        let finding = decode(record)?;
        let mut draft = Draft::on(rows);
        if draft.row(&key_of(&finding.tenant, &finding.id)).await?.is_some() {
            return Ok(Vec::new());
        }
        let case = cases::group(&mut draft, &finding, self.window).await?;
        list(&mut draft, &finding, case)?;
        count(&mut draft, &finding).await?;
        if finding.evidence.is_none() {
            let key = ViewKey::new(&finding.tenant, NODE_CONDITIONS, Key::new().uuid(finding.node.as_uuid()));
            draft.put(key, &finding.id)?;
        }
        let key = key_of(&finding.tenant, &finding.id);
        draft.put(key, &FindingRow { case, finding })?;
        Ok(draft.into_changes())
    }
}

/// The finding that a record holds. Its tenant must be the record's: that one was checked.
pub fn decode(record: &Record) -> Result<Finding, ApplyError> {
    let finding: Finding = serde_json::from_slice(&record.payload)
        .map_err(|error| ApplyError::Poison(format!("not a finding: {error}")))?;
    if finding.tenant != record.tenant {
        return Err(ApplyError::Poison("a finding names another tenant than its record".to_owned()));
    }
    Ok(finding)
}

fn list(draft: &mut Draft<'_>, finding: &Finding, case: CaseId) -> Result<(), ApplyError> {
    let entry = Entry {
        severity: finding.severity,
        rule: finding.rule.name.clone(),
        node: finding.node,
        case,
        techniques: finding.rule.techniques().map(str::to_owned).collect(),
    };
    let place = place_of(finding.time, &finding.id);
    let mut put =
        |view, list: Key| draft.put(ViewKey::new(&finding.tenant, view, list.raw(place.as_slice())), &entry);
    put(BY_TIME, Key::new())?;
    put(BY_RULE, Key::new().text(&entry.rule))?;
    put(BY_NODE, Key::new().uuid(entry.node.as_uuid()))?;
    put(BY_CASE, Key::new().uuid(case.as_uuid()))?;
    for technique in &entry.techniques {
        put(BY_TECHNIQUE, Key::new().text(technique))?;
    }
    Ok(())
}

async fn count(draft: &mut Draft<'_>, finding: &Finding) -> Result<(), ApplyError> {
    let key = CountKey {
        bucket: bucket_of(finding.time),
        node: finding.node,
        severity: finding.severity,
        rule: finding.rule.name.clone(),
    };
    let key = ViewKey::new(&finding.tenant, COUNTS, key.encode());
    let present: u64 = draft.get(&key).await?.unwrap_or(0);
    draft.put(key, &(present + 1))
}
