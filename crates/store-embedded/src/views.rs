//! Rows and checkpoints.
//!
//! A view's rows lie under its generation. Dropping a view raises the generation and forgets the
//! checkpoints in one commit, and notes the old rows for removal: they are out of sight at once, and
//! whatever interrupts the removal, the next opening goes on with it.

use std::ops::Range;

use async_trait::async_trait;
use bytes::Bytes;
use vedetta_embedded::{self as embedded, Entry, Error, Growth, Space};
use vedetta_store::{
    Checkpoint, Cursor, Order, Page, Row, StoreError, View, ViewChange, ViewKey, ViewRange, ViewStore,
};

use crate::{
    EmbeddedStore, errors, keys,
    store::{Spaces, number},
};

/// How many rows one step of a removal takes, so that other writes get between.
const SWEEP_STEP: usize = 4096;
const KEY_COST: usize = 128;

fn parse_generation(view: View, stored: Option<Bytes>) -> Result<u32, Error> {
    let Some(bytes) = stored else { return Ok(0) };
    let generation = bytes.as_ref().try_into().map(u32::from_le_bytes);
    generation.map_err(|_| errors::not_a("generation", "store.generations", view.0.as_bytes()))
}

fn row_key(generation: u32, key: &ViewKey) -> Vec<u8> {
    let mut row = keys::rows(key.view, generation, &key.tenant);
    row.extend_from_slice(&key.key);
    row
}

/// The keys of a page: of the range, what lies behind the cursor.
fn page_keys(prefix: &[u8], range: &ViewRange, after: Option<&Cursor>) -> Range<Vec<u8>> {
    let key = |key: &[u8]| [prefix, key].concat();
    let mut keys = keys::beginning_with(prefix.to_vec());
    keys.start = key(&range.start);
    if let Some(end) = &range.end {
        keys.end = key(end);
    }
    match (after, range.order) {
        (None, _) => {}
        (Some(Cursor(after)), Order::Ascending) => keys.start = key(&[after, [0].as_slice()].concat()),
        (Some(Cursor(after)), Order::Descending) => keys.end = key(after),
    }
    keys
}

fn read_page(
    view: embedded::View<'_>,
    space: Space,
    prefix: &[u8],
    range: &ViewRange,
    after: Option<&Cursor>,
    limit: usize,
) -> Result<Page, Error> {
    let keys = page_keys(prefix, range, after);
    if keys.start >= keys.end {
        return Ok(Page { rows: vec![], damaged: vec![], next: None });
    }
    let mut entries = view.range(space, keys)?;
    let (found, more): (Vec<Entry>, bool) = match range.order {
        Order::Ascending => {
            (entries.by_ref().take(limit).collect::<Result<_, _>>()?, entries.next().is_some())
        }
        Order::Descending => {
            (entries.by_ref().rev().take(limit).collect::<Result<_, _>>()?, entries.next_back().is_some())
        }
    };
    let next = found.last().filter(|_| more).map(|entry| Cursor(entry.key.slice(prefix.len()..)));
    let mut page = Page { rows: Vec::with_capacity(found.len()), damaged: vec![], next };
    for Entry { key, value } in found {
        let key = key.slice(prefix.len()..);
        match value {
            Ok(value) => page.rows.push(Row { key, value }),
            Err(Error::Damaged { place, what }) => {
                tracing::error!(place, what, "passed over a damaged row");
                page.damaged.push(key);
            }
            Err(error) => return Err(error),
        }
    }
    Ok(page)
}

impl EmbeddedStore {
    /// Removes the rows of dropped tables.
    pub(crate) async fn sweep(&self) -> Result<(), Error> {
        let Spaces { dropped, rows, .. } = self.shared.spaces;
        loop {
            let step = self.write(SWEEP_STEP * KEY_COST, Growth::Frees, move |txn, _| {
                let first = txn.durable().keys::<std::ops::RangeFull>(dropped, ..)?.next().transpose()?;
                let Some(table) = first else { return Ok(false) };
                let range = keys::beginning_with(table.to_vec());
                let keys: Vec<_> =
                    txn.durable().keys(rows, range)?.take(SWEEP_STEP).collect::<Result<_, Error>>()?;
                if keys.len() < SWEEP_STEP {
                    txn.remove(dropped, table);
                }
                keys.into_iter().for_each(|key| txn.remove(rows, key));
                Ok(true)
            });
            if !step.await.flatten()? {
                return Ok(());
            }
        }
    }
}

#[async_trait]
impl ViewStore for EmbeddedStore {
    async fn get(&self, key: &ViewKey) -> Result<Option<Bytes>, StoreError> {
        let Spaces { generations, rows, .. } = self.shared.spaces;
        let row = self.read(|view| {
            let generation = parse_generation(key.view, view.get(generations, key.view.0.as_bytes())?)?;
            view.get(rows, &row_key(generation, key))
        });
        row.map_err(errors::store)
    }

    async fn page(
        &self,
        range: &ViewRange,
        after: Option<&Cursor>,
        limit: usize,
    ) -> Result<Page, StoreError> {
        if after.is_some_and(|Cursor(key)| !range.contains(key)) {
            return Err(StoreError::BadCursor);
        }
        let (range, after) = (range.clone(), after.cloned());
        let Spaces { generations, rows: space, .. } = self.shared.spaces;
        let page = self.read_range(move |view, _| {
            let generation = parse_generation(range.view, view.get(generations, range.view.0.as_bytes())?)?;
            let prefix = keys::rows(range.view, generation, &range.tenant);
            read_page(view, space, &prefix, &range, after.as_ref(), limit)
        });
        page.await.map_err(errors::store)
    }

    async fn apply(&self, changes: &[ViewChange], checkpoint: &Checkpoint) -> Result<(), StoreError> {
        let put = |change: &ViewChange| match change {
            ViewChange::Put { key, value } => key.key.len() + value.len(),
            ViewChange::Delete { key } => key.key.len(),
        };
        let cost = changes.iter().map(|change| put(change) + KEY_COST).sum::<usize>() + KEY_COST;
        let (changes, checkpoint) = (changes.to_vec(), checkpoint.clone());
        let applied = self.write(cost, Growth::Grows, move |txn, store| {
            let Spaces { generations, rows, checkpoints, .. } = store.shared.spaces;
            let key = keys::checkpoint(&checkpoint.projection, &checkpoint.source);
            let present = match txn.get(checkpoints, &key) {
                Ok(stored) => number("store.checkpoints", &key, stored),
                Err(error) => Err(error),
            };
            // Over a damaged one: whoever applies has found its place by itself.
            let present = present.or_else(|error| match error {
                Error::Damaged { .. } => Ok(None),
                other => Err(other),
            })?;
            if checkpoint.next <= present.unwrap_or(0) {
                return Ok(());
            }
            txn.put(checkpoints, key, checkpoint.next.to_le_bytes());
            let mut known: Option<(View, u32)> = None;
            for change in changes {
                let view = change.key().view;
                let generation = match known {
                    Some((of, generation)) if of == view => generation,
                    _ => parse_generation(view, txn.get(generations, view.0.as_bytes())?)?,
                };
                known = Some((view, generation));
                let key = row_key(generation, change.key());
                match change {
                    ViewChange::Put { value, .. } => txn.put(rows, key, value),
                    ViewChange::Delete { .. } => txn.remove(rows, key),
                }
            }
            Ok(())
        });
        applied.await.flatten().map_err(errors::store)
    }

    async fn checkpoint(&self, projection: &str, source: &str) -> Result<u64, StoreError> {
        let key = keys::checkpoint(projection, source);
        let space = self.shared.spaces.checkpoints;
        let stored = self.read(|view| number("store.checkpoints", &key, view.get(space, &key)?));
        stored.map(|stored| stored.unwrap_or(0)).map_err(errors::store)
    }

    async fn drop_views(&self, projection: &str, views: &[View]) -> Result<(), StoreError> {
        let (projection, views) = (keys::projection(projection), views.to_vec());
        let dropped = self.write(KEY_COST * (views.len() + 16), Growth::Frees, move |txn, store| {
            let Spaces { generations, dropped, checkpoints, .. } = store.shared.spaces;
            for view in views {
                let generation = parse_generation(view, txn.get(generations, view.0.as_bytes())?)?;
                txn.put(dropped, keys::table(view, generation), b"");
                txn.put(generations, view.0.as_bytes(), (generation + 1).to_le_bytes());
            }
            for key in txn.keys(checkpoints, keys::beginning_with(projection))? {
                txn.remove(checkpoints, key);
            }
            Ok(())
        });
        dropped.await.flatten().map_err(errors::store)?;
        self.sweep().await.map_err(errors::store)
    }
}
