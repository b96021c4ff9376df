//! Reading the views. Every read goes through [`Views`], which holds the tenant of a verified
//! caller: there is no function here that takes a tenant from a request.

pub mod activity;
pub mod cases;
pub mod changes;
pub mod dead_letters;
pub mod findings;
pub mod nodes;
pub mod overview;
pub mod rules;
pub mod tokens;

use std::sync::Arc;

use bytes::Bytes;
use serde::de::DeserializeOwned;
use vedetta_auth::TenantCtx;
use vedetta_model::TenantId;
use vedetta_store::{Cursor, Order, StoreError, View, ViewKey, ViewRange, ViewStore};

use crate::projections::keys::Key;

/// Rows fetched by one call to the store.
const BATCH: usize = 256;

/// A tenant's rows.
#[derive(Debug, Clone)]
pub struct Views {
    store: Arc<dyn ViewStore>,
    tenant: TenantId,
    budget: usize,
}

/// Why there is no answer.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ReadError {
    /// The store failed.
    #[error("the view store does not answer: {0}")]
    Store(Arc<StoreError>),
    /// A row is damaged.
    #[error("a row of {view} is damaged: {what}")]
    Damaged {
        /// Which view.
        view: &'static str,
        /// What was found.
        what: String,
    },
    /// A cursor is not one of this list.
    #[error("the cursor does not belong to this list; begin again without `after`")]
    BadCursor,
    /// Too much to add up.
    #[error("more than {0} rows would have to be added up; ask for a shorter time")]
    TooMuch(usize),
}

impl From<StoreError> for ReadError {
    fn from(error: StoreError) -> Self {
        Self::Store(Arc::new(error))
    }
}

/// Some items of a list and where it goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slice<T> {
    /// Each with its place in the list.
    pub items: Vec<(Bytes, T)>,
    /// Where to go on when there may be more: the place of the last row that was looked at.
    pub next: Option<Bytes>,
    /// Rows among these that can't be told, because their bytes are damaged.
    pub damaged: usize,
}

impl<T> Default for Slice<T> {
    fn default() -> Self {
        Self { items: Vec::new(), next: None, damaged: 0 }
    }
}

/// A list: rows of a view whose keys begin alike. A row's place is the rest of its key.
#[derive(Debug, Clone)]
pub struct List {
    view: View,
    prefix: Vec<u8>,
    start: Vec<u8>,
    end: Option<Vec<u8>>,
}

impl List {
    /// The rows of `view` whose keys begin with `prefix`.
    pub fn of(view: View, prefix: Key) -> Self {
        let prefix = Bytes::from(prefix).to_vec();
        Self { view, start: prefix.clone(), prefix, end: None }
    }

    /// Begins at this place.
    pub fn starting_at(mut self, place: &Key) -> Self {
        self.start = [&self.prefix, place.as_slice()].concat();
        self
    }

    /// Ends before this place.
    pub fn ending_before(mut self, place: &Key) -> Self {
        self.end = Some([&self.prefix, place.as_slice()].concat());
        self
    }

    fn range(&self, tenant: &TenantId, after: Option<&[u8]>) -> ViewRange {
        let mut range = ViewRange::prefix(tenant, self.view, self.prefix.clone());
        if let Some(end) = &self.end {
            range.end = Some(end.clone().into());
        }
        // The first key after `after`: cursors come from outside, so they never reach the store as such.
        let after = after.map(|place| [&self.prefix, place, &[0]].concat()).unwrap_or_default();
        range.start = after.max(self.start.clone()).into();
        range.order = Order::Ascending;
        range
    }
}

impl Views {
    /// The rows of the caller's tenant. One list looks at most at `budget` rows for a page.
    pub fn of(store: Arc<dyn ViewStore>, caller: &TenantCtx, budget: usize) -> Self {
        Self { store, tenant: caller.tenant().clone(), budget }
    }

    /// Whose rows.
    pub const fn tenant(&self) -> &TenantId {
        &self.tenant
    }

    /// One row.
    pub(crate) async fn row<T: DeserializeOwned>(
        &self,
        view: View,
        key: Key,
    ) -> Result<Option<T>, ReadError> {
        let bytes = self.store.get(&ViewKey::new(&self.tenant, view, key)).await?;
        bytes.map(|bytes| decode(view, &bytes)).transpose()
    }

    /// Up to `want` items of a list. `keep` decides what becomes an item.
    pub(crate) async fn scan<R, T, F>(
        &self,
        list: &List,
        after: Option<&[u8]>,
        want: usize,
        keep: impl Fn(Bytes, R) -> F,
    ) -> Result<Slice<T>, ReadError>
    where
        R: DeserializeOwned,
        F: Future<Output = Result<Option<T>, ReadError>>,
    {
        let mut slice = Slice::default();
        let range = list.range(&self.tenant, after);
        if range.end.as_ref().is_some_and(|end| *end <= range.start) {
            return Ok(slice);
        }
        let mut cursor: Option<Cursor> = None;
        let mut seen = 0;
        loop {
            let batch = BATCH.min(self.budget.saturating_sub(seen)).max(1);
            let page = self.store.page(&range, cursor.as_ref(), batch).await?;
            let rows = page.rows.len();
            slice.damaged += page.damaged.len();
            seen += page.damaged.len();
            for (n, row) in page.rows.into_iter().enumerate() {
                seen += 1;
                let place = row.key.slice(list.prefix.len().min(row.key.len())..);
                let item = keep(place.clone(), decode(list.view, &row.value)?).await?;
                slice.items.extend(item.map(|item| (place.clone(), item)));
                let more = n + 1 < rows || page.next.is_some();
                if slice.items.len() >= want || (more && seen >= self.budget) {
                    slice.next = more.then_some(place);
                    return Ok(slice);
                }
            }
            match page.next {
                Some(next) => cursor = Some(next),
                None => return Ok(slice),
            }
        }
    }

    /// All rows of a list, key first. Refused when there are more than `most`.
    pub(crate) async fn all<R: DeserializeOwned>(
        &self,
        list: &List,
        most: usize,
    ) -> Result<Vec<(Bytes, R)>, ReadError> {
        let range = list.range(&self.tenant, None);
        let mut rows = Vec::new();
        let mut cursor: Option<Cursor> = None;
        if range.end.as_ref().is_some_and(|end| *end <= range.start) {
            return Ok(rows);
        }
        loop {
            let page = self.store.page(&range, cursor.as_ref(), 4 * BATCH).await?;
            for row in page.rows {
                let place = row.key.slice(list.prefix.len().min(row.key.len())..);
                rows.push((place, decode(list.view, &row.value)?));
            }
            if rows.len() > most {
                return Err(ReadError::TooMuch(most));
            }
            match page.next {
                Some(next) => cursor = Some(next),
                None => return Ok(rows),
            }
        }
    }
}

fn decode<T: DeserializeOwned>(view: View, bytes: &[u8]) -> Result<T, ReadError> {
    serde_json::from_slice(bytes)
        .map_err(|error| ReadError::Damaged { view: view.0, what: error.to_string() })
}
