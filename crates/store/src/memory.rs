//! The memory store: the executable model of the contracts, and a store for tests and demos.

mod blocks;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use bytes::Bytes;
use smol_str::SmolStr;
use tokio::sync::watch;
use vedetta_model::TenantId;

use crate::{
    AppendError, Checkpoint, Cursor, EventStore, Expected, Limits, NewEvent, Order, Page, Row, Shard,
    StoreError, Stored, StreamId, Version, View, ViewChange, ViewKey, ViewRange, ViewStore, shared::lock,
};

/// A store that lives as long as the process. Clones are the same store.
#[derive(Debug, Clone)]
pub struct MemoryStore {
    state: Arc<Mutex<State>>,
    appended: watch::Sender<()>,
}

#[derive(Debug, Default)]
struct State {
    streams: BTreeMap<StreamId, Vec<Stored>>,
    /// In the order of their appends.
    outbox: BTreeMap<Shard, Vec<(StreamId, Version)>>,
    rows: BTreeMap<(View, TenantId, Bytes), Bytes>,
    checkpoints: BTreeMap<(SmolStr, SmolStr), u64>,
    archives: BTreeMap<TenantId, blocks::Archive>,
    /// How often blocks were replaced.
    replacements: BTreeMap<TenantId, u64>,
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self { state: Arc::default(), appended: watch::channel(()).0 }
    }
}

impl MemoryStore {
    const SHARDS: u16 = 4;

    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }
}

#[async_trait]
impl EventStore for MemoryStore {
    async fn append(
        &self,
        stream: &StreamId,
        expected: Expected,
        events: &[NewEvent],
    ) -> Result<Version, AppendError> {
        Limits::check(stream, events)?;
        let mut state = lock(&self.state);
        let present: &[Stored] = state.streams.get(stream).map_or(&[], Vec::as_slice);
        let head = Version(present.len() as u64);
        let conflict = || AppendError::Conflict { stream: stream.clone(), actual: head };

        let known = events.first().and_then(|first| present.iter().position(|stored| stored.id == first.id));
        if let Some(at) = known {
            let same = present[at..].iter().take(events.len()).map(|s| s.id).eq(events.iter().map(|e| e.id));
            return if same { Ok(Version((at + events.len()) as u64)) } else { Err(conflict()) };
        }
        if events.iter().any(|event| present.iter().any(|stored| stored.id == event.id)) {
            return Err(conflict());
        }
        if matches!(expected, Expected::Exactly(version) if version != head) {
            return Err(conflict());
        }
        if events.is_empty() {
            return Ok(head);
        }
        let mut version = head;
        for event in events {
            version = Version(version.0 + 1);
            let NewEvent { id, time, data } = event.clone();
            let stored = Stored { stream: stream.clone(), version, id, time, data };
            state.streams.entry(stream.clone()).or_default().push(stored);
            let shard = Shard::of(stream, Self::SHARDS);
            state.outbox.entry(shard).or_default().push((stream.clone(), version));
        }
        self.appended.send_replace(());
        Ok(version)
    }

    async fn load(&self, stream: &StreamId, after: Version, limit: usize) -> Result<Vec<Stored>, StoreError> {
        let state = lock(&self.state);
        let stored = state.streams.get(stream).into_iter().flatten();
        Ok(stored.filter(|event| event.version > after).take(limit).cloned().collect())
    }

    async fn streams(
        &self,
        tenant: &TenantId,
        aggregate: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<StreamId>, StoreError> {
        let state = lock(&self.state);
        let mine = state.streams.keys().filter(|s| s.tenant == *tenant && s.aggregate == aggregate);
        Ok(mine.filter(|s| after.is_none_or(|after| s.id.as_str() > after)).take(limit).cloned().collect())
    }

    async fn tenants(&self) -> Result<Vec<TenantId>, StoreError> {
        let tenants: BTreeSet<_> = lock(&self.state).streams.keys().map(|s| s.tenant.clone()).collect();
        Ok(tenants.into_iter().collect())
    }

    fn shards(&self) -> u16 {
        Self::SHARDS
    }

    async fn unrelayed(&self, shard: Shard, limit: usize) -> Result<Vec<Stored>, StoreError> {
        let state = lock(&self.state);
        let waiting = state.outbox.get(&shard).into_iter().flatten().take(limit);
        Ok(waiting
            .filter_map(|(stream, v)| state.streams.get(stream)?.get(v.0 as usize - 1))
            .cloned()
            .collect())
    }

    async fn relayed(&self, shard: Shard, events: &[Stored]) -> Result<(), StoreError> {
        let done: BTreeSet<_> = events.iter().map(|event| (&event.stream, event.version)).collect();
        if let Some(waiting) = lock(&self.state).outbox.get_mut(&shard) {
            waiting.retain(|(stream, version)| !done.contains(&(stream, *version)));
        }
        Ok(())
    }

    async fn outbox_changed(&self) {
        let mut appended = self.appended.subscribe();
        if lock(&self.state).outbox.values().all(Vec::is_empty) {
            // The sender lives in `self`.
            let _ = appended.changed().await;
        }
    }
}

#[async_trait]
impl ViewStore for MemoryStore {
    async fn get(&self, key: &ViewKey) -> Result<Option<Bytes>, StoreError> {
        let key = (key.view, key.tenant.clone(), key.key.clone());
        Ok(lock(&self.state).rows.get(&key).cloned())
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
        let state = lock(&self.state);
        let from = (range.view, range.tenant.clone(), range.start.clone());
        let mine = state
            .rows
            .range(from..)
            .take_while(|((view, tenant, _), _)| *view == range.view && *tenant == range.tenant);
        let mut rows: Vec<Row> = mine
            .filter(|((_, _, key), _)| range.contains(key))
            .map(|((_, _, key), value)| Row { key: key.clone(), value: value.clone() })
            .collect();
        if range.order == Order::Descending {
            rows.reverse();
        }
        if let Some(Cursor(after)) = after {
            rows.retain(|row| match range.order {
                Order::Ascending => row.key > *after,
                Order::Descending => row.key < *after,
            });
        }
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next = rows.last().filter(|_| more).map(|row| Cursor(row.key.clone()));
        Ok(Page { rows, damaged: vec![], next })
    }

    async fn apply(&self, changes: &[ViewChange], checkpoint: &Checkpoint) -> Result<(), StoreError> {
        let mut state = lock(&self.state);
        let Checkpoint { projection, source, next } = checkpoint.clone();
        let present = state.checkpoints.entry((projection, source)).or_default();
        if next <= *present {
            return Ok(());
        }
        *present = next;
        for change in changes {
            let ViewKey { tenant, view, key } = change.key().clone();
            match change {
                ViewChange::Put { value, .. } => state.rows.insert((view, tenant, key), value.clone()),
                ViewChange::Delete { .. } => state.rows.remove(&(view, tenant, key)),
            };
        }
        Ok(())
    }

    async fn checkpoint(&self, projection: &str, source: &str) -> Result<u64, StoreError> {
        let key = (projection.into(), source.into());
        Ok(lock(&self.state).checkpoints.get(&key).copied().unwrap_or(0))
    }

    async fn drop_views(&self, projection: &str, views: &[View]) -> Result<(), StoreError> {
        let mut state = lock(&self.state);
        state.rows.retain(|(view, _, _), _| !views.contains(view));
        state.checkpoints.retain(|(name, _), _| name != projection);
        Ok(())
    }
}
