//! Rows as they will be after the changes so far: what a projection reads and writes.

use std::{
    collections::BTreeMap,
    fmt::{Debug, Display},
};

use async_trait::async_trait;
use bytes::Bytes;
use serde::{Serialize, de::DeserializeOwned};
use vedetta_store::{StoreError, View, ViewChange, ViewKey, ViewStore};

use super::ApplyError;

/// Where a projection reads the present rows.
#[async_trait]
pub trait Rows: Debug + Send + Sync {
    /// One row.
    async fn row(&self, key: &ViewKey) -> Result<Option<Bytes>, StoreError>;
}

/// The store's rows. A damaged one is as good as none: it is named, and the next change writes it anew.
#[derive(Debug)]
pub struct StoredRows<'a>(pub &'a dyn ViewStore);

fn damaged(view: View, why: &dyn Display) {
    tracing::error!(view = view.0, %why, "a damaged row is made anew");
}

#[async_trait]
impl Rows for StoredRows<'_> {
    async fn row(&self, key: &ViewKey) -> Result<Option<Bytes>, StoreError> {
        match self.0.get(key).await {
            Err(error @ StoreError::Corrupt { .. }) => {
                damaged(key.view, &error);
                Ok(None)
            }
            row => row,
        }
    }
}

/// Changes on top of other rows. A later change of a row replaces an earlier one.
#[derive(Debug)]
pub struct Draft<'a> {
    base: &'a dyn Rows,
    changes: BTreeMap<ViewKey, Option<Bytes>>,
}

#[async_trait]
impl Rows for Draft<'_> {
    async fn row(&self, key: &ViewKey) -> Result<Option<Bytes>, StoreError> {
        match self.changes.get(key) {
            Some(value) => Ok(value.clone()),
            None => self.base.row(key).await,
        }
    }
}

impl<'a> Draft<'a> {
    /// No changes yet.
    pub fn on(base: &'a dyn Rows) -> Self {
        Self { base, changes: BTreeMap::new() }
    }

    /// One row, decoded.
    pub async fn get<T: DeserializeOwned>(&self, key: &ViewKey) -> Result<Option<T>, ApplyError> {
        let Some(bytes) = self.row(key).await? else { return Ok(None) };
        let value = serde_json::from_slice(&bytes);
        Ok(value.inspect_err(|error| damaged(key.view, error)).ok())
    }

    /// Gives a row a value.
    pub fn put(&mut self, key: ViewKey, value: &impl Serialize) -> Result<(), ApplyError> {
        let bytes = serde_json::to_vec(value).map_err(|error| ApplyError::Poison(error.to_string()))?;
        self.changes.insert(key, Some(bytes.into()));
        Ok(())
    }

    /// Takes a row away.
    pub fn delete(&mut self, key: ViewKey) {
        self.changes.insert(key, None);
    }

    /// Takes over changes that were drafted on top of this one.
    pub fn take(&mut self, changes: Vec<ViewChange>) {
        for change in changes {
            match change {
                ViewChange::Put { key, value } => self.changes.insert(key, Some(value)),
                ViewChange::Delete { key } => self.changes.insert(key, None),
            };
        }
    }

    /// The changes, by key.
    pub fn into_changes(self) -> Vec<ViewChange> {
        self.changes
            .into_iter()
            .map(|(key, value)| match value {
                Some(value) => ViewChange::Put { key, value },
                None => ViewChange::Delete { key },
            })
            .collect()
    }
}
