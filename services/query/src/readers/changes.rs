//! Lists of decisions.

use bytes::Bytes;
use vedetta_model::Timestamp;

use super::{List, ReadError, Slice, Views};
use crate::projections::{
    changes::{BY_RULE, BY_STREAM, CHANGES, ChangeRow, stream_list},
    control::{STREAMS, State, StreamRow},
    keys::Key,
};

/// A tenant has one stream of its own, and it has this name.
const TENANT_STREAM: &str = "main";

/// Which decisions.
#[derive(Debug, Clone, Default)]
pub struct ChangeQuery {
    /// About this kind of thing.
    pub aggregate: Option<String>,
    /// About this one.
    pub stream: Option<String>,
    /// Not before.
    pub from: Option<Timestamp>,
    /// Before.
    pub until: Option<Timestamp>,
    /// Also those about people.
    pub people: bool,
}

impl ChangeQuery {
    fn admits(&self, row: &ChangeRow) -> bool {
        (self.people || row.aggregate != "user")
            && self.aggregate.as_ref().is_none_or(|aggregate| *aggregate == row.aggregate)
            && self.stream.as_ref().is_none_or(|stream| *stream == row.stream)
            && self.from.is_none_or(|from| row.time >= from)
            && self.until.is_none_or(|until| row.time < until)
    }
}

impl Views {
    /// Decisions, newest first.
    pub async fn changes(
        &self,
        query: &ChangeQuery,
        after: Option<&[u8]>,
        want: usize,
    ) -> Result<Slice<ChangeRow>, ReadError> {
        let keep = |_: Bytes, row: ChangeRow| async move { Ok(Some(row).filter(|row| query.admits(row))) };
        let list = match (&query.aggregate, &query.stream) {
            (Some(aggregate), Some(stream)) => List::of(BY_STREAM, stream_list(aggregate, stream)),
            _ => List::of(CHANGES, Key::new()),
        };
        self.scan(&list, after, want, keep).await
    }

    /// Decisions about one thing, newest first.
    pub async fn stream_changes(
        &self,
        aggregate: &str,
        stream: &str,
        after: Option<&[u8]>,
        want: usize,
    ) -> Result<Slice<ChangeRow>, ReadError> {
        let keep = |_: Bytes, row: ChangeRow| async move { Ok(Some(row)) };
        self.scan(&List::of(BY_STREAM, stream_list(aggregate, stream)), after, want, keep).await
    }

    /// One decision about a thing.
    pub async fn change_at(
        &self,
        aggregate: &str,
        stream: &str,
        version: u64,
    ) -> Result<Option<ChangeRow>, ReadError> {
        self.row(BY_STREAM, stream_list(aggregate, stream).number_descending(version)).await
    }

    /// Decisions that touched a rule, newest first.
    pub async fn rule_changes(
        &self,
        rule: &str,
        after: Option<&[u8]>,
        want: usize,
    ) -> Result<Slice<ChangeRow>, ReadError> {
        let keep = |_: Bytes, row: ChangeRow| async move { Ok(Some(row)) };
        self.scan(&List::of(BY_RULE, Key::new().text(rule)), after, want, keep).await
    }

    /// How far the views have come in a stream.
    pub async fn stream_version(&self, aggregate: &str, stream: &str) -> Result<u64, ReadError> {
        let row: Option<StreamRow> = self.row(STREAMS, Key::new().text(aggregate).text(stream)).await?;
        Ok(row.map_or(0, |row| row.version))
    }

    /// The tenant's display name.
    pub async fn tenant_name(&self) -> Result<Option<String>, ReadError> {
        let row: Option<StreamRow> = self.row(STREAMS, Key::new().text("tenant").text(TENANT_STREAM)).await?;
        Ok(row.and_then(|row| match row.state {
            State::Tenant(tenant) => Some(tenant.name),
            _ => None,
        }))
    }
}
