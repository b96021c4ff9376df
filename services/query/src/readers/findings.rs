//! Lists of findings.

use bytes::Bytes;
use vedetta_model::{CaseId, FindingId, NodeId, Severity, Timestamp};

use super::{List, ReadError, Slice, Views};
use crate::projections::{
    findings::{BY_CASE, BY_NODE, BY_RULE, BY_TECHNIQUE, BY_TIME, Entry, FINDINGS, FindingRow, decode_place},
    keys::Key,
};

/// Which findings.
#[derive(Debug, Clone, Default)]
pub struct FindingQuery {
    /// One of these; all when empty.
    pub severities: Vec<Severity>,
    /// Of this rule.
    pub rule: Option<String>,
    /// On this node.
    pub node: Option<NodeId>,
    /// In this case.
    pub case: Option<CaseId>,
    /// Of this technique.
    pub technique: Option<String>,
    /// With this in message, process name or command line, in lower case.
    pub text: Option<String>,
    /// Not before.
    pub from: Option<Timestamp>,
    /// Before.
    pub until: Option<Timestamp>,
}

impl FindingQuery {
    /// The list that leaves the fewest rows to look at.
    fn list(&self) -> List {
        let list = if let Some(case) = &self.case {
            List::of(BY_CASE, Key::new().uuid(case.as_uuid()))
        } else if let Some(rule) = &self.rule {
            List::of(BY_RULE, Key::new().text(rule))
        } else if let Some(technique) = &self.technique {
            List::of(BY_TECHNIQUE, Key::new().text(technique))
        } else if let Some(node) = &self.node {
            List::of(BY_NODE, Key::new().uuid(node.as_uuid()))
        } else {
            List::of(BY_TIME, Key::new())
        };
        // Newest first: a list begins at its latest time. `until` itself is left out, one nanosecond before it is not.
        let one_before = |time: Timestamp| Timestamp::from_nanos(time.as_nanos().saturating_sub(1));
        let list = match self.until {
            Some(until) => list.starting_at(&Key::new().newest_first(one_before(until))),
            None => list,
        };
        match self.from {
            Some(from) => list.ending_before(&Key::new().newest_first(one_before(from))),
            None => list,
        }
    }

    fn admits_entry(&self, entry: &Entry) -> bool {
        (self.severities.is_empty() || self.severities.contains(&entry.severity))
            && self.rule.as_ref().is_none_or(|rule| *rule == entry.rule)
            && self.node.is_none_or(|node| node == entry.node)
            && self.case.is_none_or(|case| case == entry.case)
            && self.technique.as_ref().is_none_or(|technique| entry.techniques.contains(technique))
    }

    fn admits_text(&self, row: &FindingRow) -> bool {
        let Some(text) = &self.text else { return true };
        let has = |hay: &str| hay.to_lowercase().contains(text);
        let process = row.finding.evidence.as_ref().and_then(|evidence| evidence.lineage.first());
        has(&row.finding.message) || process.is_some_and(|p| has(&p.name) || has(&p.command_line()))
    }

    /// Whether a finding is among those asked for.
    pub fn admits(&self, row: &FindingRow) -> bool {
        let finding = &row.finding;
        let entry = Entry {
            severity: finding.severity,
            rule: finding.rule.name.clone(),
            node: finding.node,
            case: row.case,
            techniques: finding.rule.techniques().map(str::to_owned).collect(),
        };
        self.admits_entry(&entry)
            && self.from.is_none_or(|from| finding.time >= from)
            && self.until.is_none_or(|until| finding.time < until)
            && self.admits_text(row)
    }
}

impl Views {
    /// One finding.
    pub async fn finding(&self, id: &FindingId) -> Result<Option<FindingRow>, ReadError> {
        self.row(FINDINGS, Key::new().uuid(id.as_uuid())).await
    }

    /// Findings, newest first.
    pub async fn findings(
        &self,
        query: &FindingQuery,
        after: Option<&[u8]>,
        want: usize,
    ) -> Result<Slice<FindingRow>, ReadError> {
        let keep = |place: Bytes, entry: Entry| async move {
            if !query.admits_entry(&entry) {
                return Ok(None);
            }
            let (_, id) = decode_place(&place).ok_or(ReadError::BadCursor)?;
            Ok(self.finding(&id).await?.filter(|row| query.admits_text(row)))
        };
        self.scan(&query.list(), after, want, keep).await
    }
}
