//! Rows that people query.

use std::fmt;

use async_trait::async_trait;
use bytes::Bytes;
use smol_str::SmolStr;
use vedetta_model::TenantId;

use crate::StoreError;

/// A named table of rows, such as `findings`. Its rows are ordered by key bytes within a tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct View(pub &'static str);

/// Names one row. There is no key without a tenant.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ViewKey {
    /// Whose.
    pub tenant: TenantId,
    /// In which view.
    pub view: View,
    /// The row's place: bytes that sort as wanted.
    pub key: Bytes,
}

impl ViewKey {
    /// Names a row.
    pub fn new(tenant: &TenantId, view: View, key: impl Into<Bytes>) -> Self {
        Self { tenant: tenant.clone(), view, key: key.into() }
    }
}

/// A row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Its key within tenant and view.
    pub key: Bytes,
    /// Its bytes.
    pub value: Bytes,
}

/// Which way a page runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Order {
    /// Smallest key first.
    #[default]
    Ascending,
    /// Greatest key first.
    Descending,
}

/// A tenant's rows of one view whose key lies in `start..end`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ViewRange {
    /// Whose.
    pub tenant: TenantId,
    /// In which view.
    pub view: View,
    /// First key included; empty for the beginning.
    pub start: Bytes,
    /// First key excluded; `None` for the end.
    pub end: Option<Bytes>,
    /// Which way.
    pub order: Order,
}

impl ViewRange {
    /// All rows of a tenant's view.
    pub fn all(tenant: &TenantId, view: View) -> Self {
        Self { tenant: tenant.clone(), view, start: Bytes::new(), end: None, order: Order::Ascending }
    }

    /// The rows whose key begins with `prefix`.
    pub fn prefix(tenant: &TenantId, view: View, prefix: impl Into<Bytes>) -> Self {
        let start: Bytes = prefix.into();
        let end = successor(&start);
        Self { tenant: tenant.clone(), view, start, end, order: Order::Ascending }
    }

    /// The same rows, greatest key first.
    pub fn descending(mut self) -> Self {
        self.order = Order::Descending;
        self
    }
}

impl ViewRange {
    /// Whether a key lies in the range.
    pub fn contains(&self, key: &[u8]) -> bool {
        key >= self.start && self.end.as_ref().is_none_or(|end| key < end)
    }
}

impl ViewChange {
    /// The row that changes.
    pub fn key(&self) -> &ViewKey {
        match self {
            Self::Put { key, .. } | Self::Delete { key } => key,
        }
    }
}

/// The smallest key greater than every key that begins with `prefix`.
fn successor(prefix: &[u8]) -> Option<Bytes> {
    let keep = prefix.iter().rposition(|&b| b != u8::MAX)?;
    let mut end = prefix[..=keep].to_vec();
    end[keep] += 1;
    Some(end.into())
}

/// Where a page ended: the key of its last row, whole or damaged.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Cursor(pub Bytes);

/// Some rows and where to go on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// In the asked order.
    pub rows: Vec<Row>,
    /// Keys of rows between these whose bytes are damaged. They count towards the limit.
    pub damaged: Vec<Bytes>,
    /// `Some` when there are more rows: pass it as `after`.
    pub next: Option<Cursor>,
}

/// A change of one row. Always the whole new value, never a difference, so that a repeat is harmless.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ViewChange {
    /// The row has this value now.
    Put {
        /// Which row.
        key: ViewKey,
        /// Its bytes.
        value: Bytes,
    },
    /// The row is gone.
    Delete {
        /// Which row.
        key: ViewKey,
    },
}

/// How far a projection has come in one partition of its source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// The projection's name.
    pub projection: SmolStr,
    /// The source partition, such as `findings/0`.
    pub source: SmolStr,
    /// The next offset to apply.
    pub next: u64,
}

/// Rows by tenant, view and key; written by projections, read by people.
///
/// * `apply` makes the changes and the checkpoint durable together: after a crash either both are
///   there or neither is, so a checkpoint is never ahead of its rows.
/// * Applying the same changes and checkpoint twice is the same as once. A checkpoint that is not
///   greater than the stored one makes the whole call a no-op that returns `Ok`.
/// * Reads see every `apply` that returned before.
/// * A damaged row takes nothing else with it: `get` of it is [`StoreError::Corrupt`], a page names it beside the others,
///   and the next `apply` that puts it makes it whole. A damaged checkpoint is overwritten by the next one.
#[async_trait]
pub trait ViewStore: fmt::Debug + Send + Sync {
    /// One row.
    async fn get(&self, key: &ViewKey) -> Result<Option<Bytes>, StoreError>;

    /// At most `limit` rows of a range, after the cursor (exclusive).
    async fn page(&self, range: &ViewRange, after: Option<&Cursor>, limit: usize)
    -> Result<Page, StoreError>;

    /// Makes changes, in order, together with the checkpoint that says up to where they reach.
    async fn apply(&self, changes: &[ViewChange], checkpoint: &Checkpoint) -> Result<(), StoreError>;

    /// How far a projection has come in a source partition; 0 when it has not begun.
    async fn checkpoint(&self, projection: &str, source: &str) -> Result<u64, StoreError>;

    /// Drops these views of all tenants and the projection's checkpoints, so that it starts anew.
    async fn drop_views(&self, projection: &str, views: &[View]) -> Result<(), StoreError>;
}

/// A shared store is a store.
#[async_trait]
impl<S: ViewStore + ?Sized> ViewStore for std::sync::Arc<S> {
    async fn get(&self, key: &ViewKey) -> Result<Option<Bytes>, StoreError> {
        (**self).get(key).await
    }
    async fn page(
        &self,
        range: &ViewRange,
        after: Option<&Cursor>,
        limit: usize,
    ) -> Result<Page, StoreError> {
        (**self).page(range, after, limit).await
    }
    async fn apply(&self, changes: &[ViewChange], checkpoint: &Checkpoint) -> Result<(), StoreError> {
        (**self).apply(changes, checkpoint).await
    }
    async fn checkpoint(&self, projection: &str, source: &str) -> Result<u64, StoreError> {
        (**self).checkpoint(projection, source).await
    }
    async fn drop_views(&self, projection: &str, views: &[View]) -> Result<(), StoreError> {
        (**self).drop_views(projection, views).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_range_ends_after_its_last_possible_key() {
        assert_eq!(successor(b"ab"), Some(Bytes::from_static(b"ac")));
        assert_eq!(successor(b"a\xff"), Some(Bytes::from_static(b"b")));
        assert_eq!(successor(b"\xff\xff"), None);
    }
}
