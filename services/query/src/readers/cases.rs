//! Cases: the grouped part and the decided part together.

use bytes::Bytes;
use vedetta_model::{
    CaseId, NodeId, Severity, UserId,
    control::{Case, CaseState},
};

use super::{List, ReadError, Slice, Views};
use crate::projections::{
    cases::{BY_TIME, CASES, CaseRow, TOTALS, decode_place},
    changes::ChangeRow,
    control::{CLOSED_CASES, STREAMS, State, StreamRow},
    findings::FindingRow,
    keys::Key,
};
use crate::readers::findings::FindingQuery;

/// Findings of a case that its timeline shows, the newest.
const TIMELINE_FINDINGS: usize = 500;
/// Decisions of a case that its timeline shows, the newest.
const TIMELINE_CHANGES: usize = 500;
/// Nodes that are added up.
const MOST_NODES: usize = 100_000;

/// A case.
#[derive(Debug, Clone, PartialEq)]
pub struct CaseView {
    /// What the findings say.
    pub row: CaseRow,
    /// What people decided.
    pub decided: Case,
}

/// What stands in a case's timeline.
#[derive(Debug, Clone, PartialEq)]
pub enum Entry {
    /// A finding.
    Finding(Box<FindingRow>),
    /// A comment or decision.
    Change(Box<ChangeRow>),
}

/// Which cases.
#[derive(Debug, Clone, Default)]
pub struct CaseQuery {
    /// One of these; all when empty.
    pub states: Vec<CaseState>,
    /// One of these; all when empty.
    pub severities: Vec<Severity>,
    /// Somebody's.
    pub assignee: Option<UserId>,
    /// On this node.
    pub node: Option<NodeId>,
    /// With this in the title, in lower case.
    pub text: Option<String>,
}

impl CaseQuery {
    fn admits_row(&self, row: &CaseRow) -> bool {
        (self.severities.is_empty() || self.severities.contains(&row.severity))
            && self.node.is_none_or(|node| node == row.node)
            && self.text.as_ref().is_none_or(|text| row.title().to_lowercase().contains(text))
    }

    fn admits_decided(&self, decided: &Case) -> bool {
        (self.states.is_empty() || self.states.contains(&decided.state))
            && self.assignee.is_none_or(|assignee| decided.assignee == Some(assignee))
    }
}

impl Views {
    /// One case.
    pub async fn case(&self, id: &CaseId) -> Result<Option<CaseView>, ReadError> {
        let Some(row) = self.row(CASES, Key::new().uuid(id.as_uuid())).await? else { return Ok(None) };
        Ok(Some(CaseView { row, decided: self.case_decisions(id).await? }))
    }

    async fn case_decisions(&self, id: &CaseId) -> Result<Case, ReadError> {
        let row: Option<StreamRow> = self.row(STREAMS, Key::new().text("case").text(&id.to_string())).await?;
        Ok(match row.map(|row| row.state) {
            Some(State::Case(case)) => case,
            _ => Case::default(),
        })
    }

    /// Cases, last seen first.
    pub async fn cases(
        &self,
        query: &CaseQuery,
        after: Option<&[u8]>,
        want: usize,
    ) -> Result<Slice<CaseView>, ReadError> {
        let keep = |place: Bytes, (): ()| async move {
            let (_, id) = decode_place(&place).ok_or(ReadError::BadCursor)?;
            let row: Option<CaseRow> = self.row(CASES, Key::new().uuid(id.as_uuid())).await?;
            let Some(row) = row.filter(|row| query.admits_row(row)) else { return Ok(None) };
            let decided = self.case_decisions(&id).await?;
            Ok(query.admits_decided(&decided).then_some(CaseView { row, decided }))
        };
        self.scan(&List::of(BY_TIME, Key::new()), after, want, keep).await
    }

    /// How many cases are not closed.
    pub async fn open_cases(&self) -> Result<u64, ReadError> {
        let total: u64 =
            self.all::<u64>(&List::of(TOTALS, Key::new()), MOST_NODES).await?.iter().map(|(_, n)| n).sum();
        let closed: u64 = self
            .all::<u64>(&List::of(CLOSED_CASES, Key::new()), MOST_NODES)
            .await?
            .iter()
            .map(|(_, n)| n)
            .sum();
        Ok(total.saturating_sub(closed))
    }

    /// Findings, comments and decisions of a case, oldest first.
    pub async fn timeline(&self, id: &CaseId) -> Result<Vec<Entry>, ReadError> {
        let query = FindingQuery { case: Some(*id), ..FindingQuery::default() };
        let findings = self.findings(&query, None, TIMELINE_FINDINGS).await?;
        let changes = self.stream_changes("case", &id.to_string(), None, TIMELINE_CHANGES).await?;
        let findings =
            findings.items.into_iter().map(|(_, row)| (row.finding.time, Entry::Finding(Box::new(row))));
        let changes = changes.items.into_iter().map(|(_, row)| (row.time, Entry::Change(Box::new(row))));
        let mut entries: Vec<_> = findings.chain(changes).collect();
        // Both came newest first; a stable sort of the turned lists keeps the order of equals.
        entries.reverse();
        entries.sort_by_key(|(time, _)| *time);
        Ok(entries.into_iter().map(|(_, entry)| entry).collect())
    }
}
