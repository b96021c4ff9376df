//! Streams and the outbox.

use std::collections::HashSet;

use async_trait::async_trait;
use bytes::Bytes;
use vedetta_embedded::{Error, Growth, Txn, View};
use vedetta_model::TenantId;
use vedetta_store::{
    AppendError, EventStore, Expected, Limits, NewEvent, Shard, StoreError, Stored, StreamId, Version,
};

use crate::{
    EmbeddedStore, errors, event, keys,
    store::{Outbox, Spaces, number},
};

/// About what an event puts beside its data: four keys with their streams' names.
const EVENT_COST: usize = 512;

/// Runs on the writer, after all appends before it.
fn append(
    txn: &mut Txn<'_>,
    store: &EmbeddedStore,
    stream: &StreamId,
    expected: Expected,
    events: &[NewEvent],
) -> Result<Version, AppendError> {
    let Spaces { heads, ids, outbox, events: space, .. } = store.shared.spaces;
    let head_key = keys::stream(stream);
    let head = txn.get(heads, &head_key).and_then(|stored| number("store.heads", &head_key, stored));
    let head = Version(head.map_err(errors::append)?.unwrap_or(0));
    let conflict = || AppendError::Conflict { stream: stream.clone(), actual: head };

    let mut known = Vec::with_capacity(events.len());
    for event in events {
        let key = keys::event_id(stream, &event.id);
        let version = txn.get(ids, &key).and_then(|stored| number("store.ids", &key, stored));
        known.push(version.map_err(errors::append)?);
    }
    if let Some(&Some(first)) = known.first() {
        let same = known.iter().zip(first..).all(|(known, version)| *known == Some(version));
        return if same { Ok(Version(first + events.len() as u64 - 1)) } else { Err(conflict()) };
    }
    let expects_another = matches!(expected, Expected::Exactly(version) if version != head);
    if expects_another || known.iter().any(Option::is_some) {
        return Err(conflict());
    }
    if events.is_empty() {
        return Ok(head);
    }

    let shard = Shard::of(stream, Outbox::SHARDS);
    let mut version = head;
    for event in events {
        version = Version(version.0 + 1);
        let waits = store.shared.outbox.take_number();
        let mut what = version.0.to_le_bytes().to_vec();
        what.extend_from_slice(&head_key);
        txn.put(space, keys::event(stream, version), event::encode(event, waits));
        txn.put(ids, keys::event_id(stream, &event.id), version.0.to_le_bytes());
        txn.put(outbox, keys::waiting(shard, waits), what);
    }
    txn.put(heads, head_key, version.0.to_le_bytes());
    let store = store.clone();
    txn.when_decided(move |_| {
        store.shared.outbox.appended.send_replace(());
    });
    Ok(version)
}

fn load(
    view: View<'_>,
    spaces: Spaces,
    stream: &StreamId,
    after: Version,
    limit: usize,
) -> Result<Vec<Stored>, Error> {
    let Some(first) = after.0.checked_add(1) else { return Ok(vec![]) };
    let range = keys::event(stream, Version(first))..=keys::event(stream, Version(u64::MAX));
    let mut events = Vec::new();
    for entry in view.range(spaces.events, range)?.take(limit) {
        let entry = entry?;
        let damaged = || errors::not_a("event", "store.events", &entry.key);
        let version = Version(keys::number(&entry.key).ok_or_else(damaged)?);
        let (stored, _) = event::decode(stream, version, entry.value.clone()?).ok_or_else(damaged)?;
        events.push(stored);
    }
    Ok(events)
}

/// A damaged event holds back its own stream, whose order would be broken, and no other.
fn waiting(view: View<'_>, store: &EmbeddedStore, shard: Shard, limit: usize) -> Result<Vec<Stored>, Error> {
    let outbox = store.shared.spaces.outbox;
    let range = keys::waiting(shard, store.shared.outbox.first(shard))..=keys::waiting(shard, u64::MAX);
    let mut events = Vec::new();
    let mut held: HashSet<StreamId> = HashSet::new();
    for (at, entry) in view.range(outbox, range)?.enumerate() {
        if events.len() >= limit {
            break;
        }
        let entry = entry?;
        if let Some(number) = keys::number(&entry.key).filter(|_| at == 0) {
            store.shared.outbox.raise_first(shard, number);
        }
        let place = entry.value.and_then(|value| {
            parse_waiting(&value).ok_or_else(|| errors::not_a("place", "store.outbox", &entry.key))
        });
        let event = match &place {
            Ok((stream, _)) if held.contains(stream) => continue,
            Ok((stream, version)) => stored(view, store.shared.spaces, stream, *version),
            Err(error) => Err(error.clone()),
        };
        match event {
            Ok(event) => events.push(event),
            Err(Error::Damaged { place: key, what }) => {
                tracing::error!(key, what, "a decision can't be read and does not reach the log");
                held.extend(place.ok().map(|(stream, _)| stream));
            }
            Err(error) => return Err(error),
        }
    }
    Ok(events)
}

fn stored(view: View<'_>, spaces: Spaces, stream: &StreamId, version: Version) -> Result<Stored, Error> {
    let key = keys::event(stream, version);
    let damaged = || errors::not_a("event", "store.events", &key);
    let body = view.get(spaces.events, &key)?.ok_or_else(damaged)?;
    Ok(event::decode(stream, version, body).ok_or_else(damaged)?.0)
}

fn parse_waiting(value: &Bytes) -> Option<(StreamId, Version)> {
    let (version, stream) = value.split_first_chunk()?;
    Some((keys::parse_stream(stream)?, Version(u64::from_le_bytes(*version))))
}

#[async_trait]
impl EventStore for EmbeddedStore {
    async fn append(
        &self,
        stream: &StreamId,
        expected: Expected,
        events: &[NewEvent],
    ) -> Result<Version, AppendError> {
        Limits::check(stream, events)?;
        let cost = events.iter().map(|event| event.data.len() + EVENT_COST).sum();
        let (stream, events) = (stream.clone(), events.to_vec());
        let appended =
            self.write(cost, Growth::Grows, move |txn, store| append(txn, store, &stream, expected, &events));
        appended.await.map_err(errors::append)?
    }

    async fn load(&self, stream: &StreamId, after: Version, limit: usize) -> Result<Vec<Stored>, StoreError> {
        let (stream, spaces) = (stream.clone(), self.shared.spaces);
        self.read_range(move |view, _| load(view, spaces, &stream, after, limit)).await.map_err(errors::store)
    }

    async fn streams(
        &self,
        tenant: &TenantId,
        aggregate: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<StreamId>, StoreError> {
        let mut range = keys::beginning_with(keys::aggregate(tenant, aggregate));
        if let Some(after) = after {
            range.start.extend_from_slice(after.as_bytes());
            range.start.push(0);
        }
        let heads = self.shared.spaces.heads;
        let streams = self.read_range(move |view, _| {
            let keys = view.keys(heads, range)?.take(limit);
            let stream = |key: Result<Bytes, Error>| {
                let key = key?;
                keys::parse_stream(&key).ok_or_else(|| errors::not_a("stream", "store.heads", &key))
            };
            keys.map(stream).collect()
        });
        streams.await.map_err(errors::store)
    }

    async fn tenants(&self) -> Result<Vec<TenantId>, StoreError> {
        let space = self.shared.spaces.heads;
        self.read_range(move |view, _| keys::tenants(view, space, "store.heads")).await.map_err(errors::store)
    }

    fn shards(&self) -> u16 {
        Outbox::SHARDS
    }

    async fn unrelayed(&self, shard: Shard, limit: usize) -> Result<Vec<Stored>, StoreError> {
        self.read_range(move |view, store| waiting(view, store, shard, limit)).await.map_err(errors::store)
    }

    async fn relayed(&self, shard: Shard, events: &[Stored]) -> Result<(), StoreError> {
        let places: Vec<_> = events.iter().map(|event| (event.stream.clone(), event.version)).collect();
        let removed = self.write(places.len() * EVENT_COST, Growth::Frees, move |txn, store| {
            let Spaces { outbox, events: space, .. } = store.shared.spaces;
            for (stream, version) in places {
                let key = keys::event(&stream, version);
                let Some(body) = txn.get(space, &key)? else { continue };
                let (_, number) = event::decode(&stream, version, body)
                    .ok_or_else(|| errors::not_a("event", "store.events", &key))?;
                txn.remove(outbox, keys::waiting(shard, number));
            }
            Ok(())
        });
        removed.await.flatten().map_err(errors::store)
    }

    async fn outbox_changed(&self) {
        let mut appended = self.shared.outbox.appended.subscribe();
        let outbox = self.shared.spaces.outbox;
        let waits = self.read_range(move |view, store| {
            for shard in (0..Outbox::SHARDS).map(Shard) {
                let from = keys::waiting(shard, store.shared.outbox.first(shard));
                if view.keys(outbox, from..=keys::waiting(shard, u64::MAX))?.next().is_some() {
                    return Ok(true);
                }
            }
            Ok(false)
        });
        // When that can't be read, asking for the events tells why.
        if !waits.await.unwrap_or(true) {
            // The sender lives in `self`.
            let _ = appended.changed().await;
        }
    }
}
