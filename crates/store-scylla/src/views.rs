//! Rows and checkpoints.
//!
//! A tenant's view lies in [`SLOTS`] partitions, by the hash of the row's key; a page is merged from them. No transaction spans
//! partitions, so `apply` first lays down *what it will do*, together with the checkpoint, by one conditional write of the
//! checkpoint's own row. From then on it is decided; the rows follow, and anybody can make them again from what lies there:
//!
//! ```text
//!   1  view_checkpoints   next, stamp, token, changes    IF token is as it was read       decided
//!   2  view_rows          each row, at time `stamp`                                       may be made again
//!   3  view_done          stamp                                                           spares others step 2
//! ```
//!
//! Nobody is told of a checkpoint whose rows are not there: whoever reads one without step 3 does step 2 first. All of a
//! source's writes carry rising stamps, so that a writer that was held up can't put old rows over new ones. Dropping removes
//! rows with one deletion for each partition, at a stamp behind all of them.

mod changes;
mod page;

use std::collections::HashMap;

use async_trait::async_trait;
use bytes::Bytes;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use smol_str::SmolStr;
use uuid::Uuid;
use vedetta_model::TenantId;
use vedetta_store::{Checkpoint, Cursor, Page, StoreError, View, ViewChange, ViewKey, ViewRange, ViewStore};

use self::changes::{Change, decode, encode, last_of_each};
use crate::{
    ScyllaStore,
    cql::{BATCH_BYTES, BATCH_ROWS, Cas, Changes, SIDE_BY_SIDE},
    errors::corrupt,
    store::{Shared, Source, TRIES, contended, lock},
};

/// Partitions of a tenant's view. Never changes.
pub const SLOTS: i8 = 8;
/// Changes up to this many bytes lie in the checkpoint's row; more lie beside it.
const INSIDE_BYTES: usize = 64 << 10;
/// What one row beside it holds.
const PART_BYTES: usize = 512 << 10;
/// Largest key and value of a row. A cell beyond that is more than a server takes in one piece.
const KEY_BYTES: usize = 32 << 10;
const VALUE_BYTES: usize = 8 << 20;

/// In which partition of a view a row lies.
pub fn slot(key: &[u8]) -> i8 {
    let hash = blake3::hash(key);
    (hash.as_bytes()[0] % SLOTS.unsigned_abs()).cast_signed()
}

/// What is known of a source, once its rows are as its checkpoint says.
#[derive(Debug, Clone, Copy)]
pub struct Progress {
    next: i64,
    stamp: i64,
    token: Option<Uuid>,
    /// How many rows beside the checkpoint hold its changes.
    parts: i32,
}

type CheckpointRow = (Option<i64>, Option<i64>, Option<Uuid>, Option<Vec<u8>>, Option<i32>);

impl Shared {
    /// One place for each source: the calls of this process follow each other.
    fn progress(&self, projection: &str, source: &str) -> Source {
        let key = (SmolStr::from(projection), SmolStr::from(source));
        lock(&self.progress).entry(key).or_default().clone()
    }

    /// Where a source stands, and the changes that were decided with it unless they lie beside.
    async fn standing(
        &self,
        projection: &str,
        source: &str,
    ) -> Result<(Progress, Option<Vec<u8>>), StoreError> {
        let row = self.cql.row::<CheckpointRow>(&self.on.view_checkpoint, (projection, source)).await?;
        let Some((next, Some(stamp), Some(token), changes, parts)) = row else {
            return Ok((Progress { next: 0, stamp: 0, token: None, parts: 0 }, None));
        };
        let (next, parts) = (next.unwrap_or(0), parts.unwrap_or(0));
        Ok((Progress { next, stamp, token: Some(token), parts }, changes))
    }

    /// Reads a checkpoint and makes its rows, unless somebody said that they are there.
    async fn settle(&self, projection: &str, source: &str) -> Result<Progress, StoreError> {
        let (mut standing, mut changes) = self.standing(projection, source).await?;
        loop {
            let Progress { stamp, token: Some(token), parts, .. } = standing else { return Ok(standing) };
            let done = self.cql.row::<(i64,)>(&self.on.view_done, (projection, source)).await?;
            if done.is_some_and(|(done,)| done >= stamp) {
                return Ok(standing);
            }
            let mut make = async || {
                let bytes = match changes.take() {
                    Some(bytes) => bytes,
                    None => self.changes_beside(projection, source, token, parts).await?,
                };
                let unreadable = || {
                    corrupt(format!("view_checkpoints[{projection}/{source}]"), "its changes can't be read")
                };
                self.make(&decode(&bytes).ok_or_else(unreadable)?, stamp).await
            };
            match make().await {
                Ok(()) => {
                    self.note_done(projection, source, stamp).await;
                    return Ok(standing);
                }
                Err(error @ StoreError::Corrupt { .. }) => {
                    // Another process may have gone on and removed what nobody needs any more.
                    let (now, its) = self.standing(projection, source).await?;
                    if now.token == standing.token {
                        return Err(error);
                    }
                    (standing, changes) = (now, its);
                }
                Err(error) => return Err(error),
            }
        }
    }

    async fn changes_beside(
        &self,
        projection: &str,
        source: &str,
        token: Uuid,
        parts: i32,
    ) -> Result<Vec<u8>, StoreError> {
        let rows = self.cql.rows::<(Vec<u8>,)>(&self.on.view_changes, (token,)).await?;
        if rows.len() != usize::try_from(parts).unwrap_or(0) {
            return Err(corrupt(
                format!("view_changes[{projection}/{source}]"),
                format!("{} of {parts} parts", rows.len()),
            ));
        }
        Ok(rows.into_iter().flat_map(|(bytes,)| bytes).collect())
    }

    async fn put_beside(&self, token: Uuid, bytes: &[u8]) -> Result<i32, StoreError> {
        let mut parts = 0;
        for part in bytes.chunks(PART_BYTES) {
            self.cql.write(&self.on.put_view_changes, (token, parts, part)).await?;
            parts += 1;
        }
        Ok(parts)
    }

    /// Decides, makes, notes. `None` when the source changed since `known` was read.
    async fn advance(
        &self,
        known: Progress,
        changes: &[Change<'_>],
        bytes: &[u8],
        checkpoint: &Checkpoint,
    ) -> Result<Option<Progress>, StoreError> {
        let Checkpoint { projection, source, next } = checkpoint;
        let (projection, source) = (projection.as_str(), source.as_str());
        let mut floor = known.stamp;
        if known.token.is_none() {
            // Dropping finds its sources here.
            self.cql.write(&self.on.put_view_source, (projection, source)).await?;
            floor = self.floor(projection).await?;
        }
        let (token, stamp) = (Uuid::new_v4(), self.stamps.after(floor));
        let beside = bytes.len() > INSIDE_BYTES;
        let parts = if beside { self.put_beside(token, bytes).await? } else { 0 };
        let mut decision = Changes::default();
        decision.add(
            &self.on.view_advance,
            (
                next.cast_signed(),
                stamp,
                token,
                (!beside).then(|| bytes.to_vec()),
                parts,
                projection.to_owned(),
                source.to_owned(),
                known.token,
            ),
        );
        match self.cql.cas(decision).await {
            Ok(Cas::Applied) => {}
            Ok(Cas::Refused) => {
                self.drop_beside(Some(token), parts).await;
                return Ok(None);
            }
            Ok(Cas::Unknown(error)) => {
                tracing::debug!(projection, source, %error, "a checkpoint got no answer");
                if self.standing(projection, source).await?.0.token != Some(token) {
                    // It may still come to be decided: what lies beside stays.
                    return Ok(None);
                }
            }
            Err(error) => {
                self.drop_beside(Some(token), parts).await;
                return Err(error);
            }
        }
        self.make(changes, stamp).await?;
        self.note_done(projection, source, stamp).await;
        self.drop_beside(known.token, known.parts).await;
        Ok(Some(Progress { next: next.cast_signed(), stamp, token: Some(token), parts }))
    }

    async fn floor(&self, projection: &str) -> Result<i64, StoreError> {
        let row = self.cql.row::<(i64,)>(&self.on.view_floor, (projection,)).await?;
        Ok(row.map_or(0, |(stamp,)| stamp))
    }

    /// Makes rows what they were decided to be: the same however often.
    async fn make(&self, changes: &[Change<'_>], stamp: i64) -> Result<(), StoreError> {
        let mut views: Vec<(&str, &str)> =
            changes.iter().map(|change| (change.view, change.tenant)).collect();
        views.sort_unstable();
        views.dedup();
        for (view, tenant) in views {
            if !self.has_rows(view, tenant) {
                self.cql.write(&self.on.put_view_tenant, (view, tenant)).await?;
                self.note_rows(view, tenant);
            }
        }
        let batches: Vec<_> =
            self.batches(changes, stamp).into_iter().map(|batch| self.cql.write_all(batch)).collect();
        stream::iter(batches).buffer_unordered(SIDE_BY_SIDE).try_collect().await
    }

    /// Changes by partition, in pieces of bounded size.
    fn batches(&self, changes: &[Change<'_>], stamp: i64) -> Vec<Changes> {
        let mut full = Vec::new();
        let mut open: HashMap<(&str, &str, i8), (Changes, usize)> = HashMap::new();
        for Change { tenant, view, key, value } in changes {
            let slot = slot(key);
            let (batch, bytes) = open.entry((tenant, view, slot)).or_default();
            let place = ((*tenant).to_owned(), (*view).to_owned(), slot, key.to_vec());
            let (of, name, slot, key) = place;
            *bytes += key.len() + value.map_or(0, <[u8]>::len);
            match value {
                Some(value) => batch.add(&self.on.put_view_row, (of, name, slot, key, value.to_vec(), stamp)),
                None => batch.add(&self.on.drop_view_row, (stamp, of, name, slot, key)),
            }
            if *bytes >= BATCH_BYTES || batch.len() >= BATCH_ROWS {
                full.push(std::mem::take(batch));
                *bytes = 0;
            }
        }
        full.extend(open.into_values().map(|(batch, _)| batch).filter(|batch| !batch.is_empty()));
        full
    }

    /// When this fails others make the rows again, which changes nothing.
    async fn note_done(&self, projection: &str, source: &str, stamp: i64) {
        if let Err(error) = self.cql.write(&self.on.put_view_done, (projection, source, stamp, stamp)).await {
            tracing::debug!(projection, source, %error, "that the rows are there was not noted");
        }
    }

    /// What nobody needs any more. What stays takes space and does no harm.
    async fn drop_beside(&self, token: Option<Uuid>, parts: i32) {
        let Some(token) = token.filter(|_| parts > 0) else { return };
        if let Err(error) = self.cql.write(&self.on.drop_view_changes, (token,)).await {
            tracing::debug!(%token, %error, "changes that were made stay for now");
        }
    }

    /// Sets a source back to its beginning, at a stamp above `floor`. Tells at which stamp it stood.
    async fn forget(&self, projection: &str, source: &str, floor: i64) -> Result<i64, StoreError> {
        let progress = self.progress(projection, source);
        let mut progress = progress.lock().await;
        for tries in 0..TRIES {
            *progress = None;
            let (known, _) = self.standing(projection, source).await?;
            let empty = encode(&[]);
            let (token, stamp) = (Uuid::new_v4(), self.stamps.after(known.stamp.max(floor)));
            let mut decision = Changes::default();
            let its = (
                0_i64,
                stamp,
                token,
                Some(empty),
                0_i32,
                projection.to_owned(),
                source.to_owned(),
                known.token,
            );
            decision.add(&self.on.view_advance, its);
            match self.cql.cas(decision).await? {
                Cas::Applied => {
                    self.drop_beside(known.token, known.parts).await;
                    return Ok(known.stamp);
                }
                Cas::Refused | Cas::Unknown(_) => self.pause(tries).await,
            }
        }
        Err(contended(&format_args!("{projection}/{source}")))
    }

    async fn drop_tenant(&self, view: View, tenant: &TenantId, stamp: i64) -> Result<(), StoreError> {
        for slot in 0..SLOTS {
            self.cql.write(&self.on.drop_view_slot, (stamp, tenant.as_str(), view.0, slot)).await?;
        }
        Ok(())
    }
}

fn check_sizes(changes: &[ViewChange]) -> Result<(), StoreError> {
    for change in changes {
        let (key, value) = match change {
            ViewChange::Put { key, value } => (key, value.len()),
            ViewChange::Delete { key } => (key, 0),
        };
        if key.key.len() > KEY_BYTES || value > VALUE_BYTES {
            let (of, view, key) = (&key.tenant, key.view.0, key.key.len());
            return Err(StoreError::TooLarge(format!(
                "a row of view {view} of {of}: {key} bytes of key and {value} of value, over the limits of {KEY_BYTES} and {VALUE_BYTES}"
            )));
        }
    }
    Ok(())
}

#[async_trait]
impl ViewStore for ScyllaStore {
    async fn get(&self, key: &ViewKey) -> Result<Option<Bytes>, StoreError> {
        let shared = self.shared()?;
        let values = (key.tenant.as_str(), key.view.0, slot(&key.key), key.key.as_ref());
        let row = shared.cql.row::<(Option<Vec<u8>>,)>(&shared.on.view_row, values).await?;
        Ok(row.map(|(value,)| value.unwrap_or_default().into()))
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
        self.shared()?.page(range, after, limit).await
    }

    async fn apply(&self, changes: &[ViewChange], checkpoint: &Checkpoint) -> Result<(), StoreError> {
        check_sizes(changes)?;
        let shared = self.shared()?;
        let changes = last_of_each(changes);
        let bytes = encode(&changes);
        let progress = shared.progress(&checkpoint.projection, &checkpoint.source);
        let mut progress = progress.lock().await;
        for tries in 0..TRIES {
            // Taken out: whatever fails from here on, the next call looks again.
            let known = match progress.take() {
                Some(known) => known,
                None => shared.settle(&checkpoint.projection, &checkpoint.source).await?,
            };
            if checkpoint.next <= known.next.cast_unsigned() {
                *progress = Some(known);
                return Ok(());
            }
            *progress = Box::pin(shared.advance(known, &changes, &bytes, checkpoint)).await?;
            if progress.is_some() {
                return Ok(());
            }
            shared.pause(tries).await;
        }
        Err(contended(&format_args!("{}/{}", checkpoint.projection, checkpoint.source)))
    }

    async fn checkpoint(&self, projection: &str, source: &str) -> Result<u64, StoreError> {
        let shared = self.shared()?;
        let progress = shared.progress(projection, source);
        let _alone = progress.lock().await;
        // Not what is remembered: another process may have gone on.
        Ok(shared.settle(projection, source).await?.next.cast_unsigned())
    }

    async fn drop_views(&self, projection: &str, views: &[View]) -> Result<(), StoreError> {
        let shared = self.shared()?;
        // All rows are below this stamp, and all that are made from now on above it, whatever the clock of who makes them.
        let mut stamp = shared.stamps.after(shared.floor(projection).await?);
        shared.cql.write(&shared.on.put_view_floor, (projection, stamp, stamp)).await?;
        // Only now: a source that is not among these sees the floor.
        let sources = shared.cql.rows::<(String,)>(&shared.on.view_sources, (projection,)).await?;
        // Checkpoints first: when this is cut, rows may be ahead of them and never the other way round.
        let mut at = 0;
        while let Some((source,)) = sources.get(at) {
            let stood = shared.forget(projection, source, stamp).await?;
            at += 1;
            if stood >= stamp {
                stamp = shared.stamps.after(stood);
                shared.cql.write(&shared.on.put_view_floor, (projection, stamp, stamp)).await?;
                at = 0;
            }
        }
        for view in views {
            let tenants = shared.cql.rows::<(String,)>(&shared.on.view_tenants, (view.0,)).await?;
            let tenants: Vec<TenantId> = tenants
                .iter()
                .map(|(name,)| crate::events::tenant("view_tenants", name))
                .collect::<Result<_, _>>()?;
            let drops: Vec<_> =
                tenants.iter().map(|tenant| shared.drop_tenant(*view, tenant, stamp)).collect();
            stream::iter(drops).buffer_unordered(SIDE_BY_SIDE).try_collect::<()>().await?;
        }
        Ok(())
    }
}
