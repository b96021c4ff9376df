//! Streams.
//!
//! A stream is a partition of `streams`: its head is a static column, and an append is one batch on the condition that the head
//! is where it was read. Beside each event the batch puts a row for its id, and one that says it waits for the relay:
//!
//! ```text
//!   kind 0 │ version │ event id │ append, place in it, time, data     the events
//!   kind 1 │ 0       │ event id │ version                             which ids there are
//!   kind 2 │ version │ event id │ append, when it was marked          what waits for the relay
//! ```
//!
//! An append that is too large for a batch lays its data beside the stream first, under its own id.

use std::{collections::HashMap, ops::ControlFlow};

use async_trait::async_trait;
use bytes::Bytes;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use uuid::Uuid;
use vedetta_model::{TenantId, Timestamp};
use vedetta_store::{
    AppendError, EventStore, Expected, Limits, NewEvent, Shard, StoreError, Stored, StreamId, Version,
};

use crate::{
    ScyllaStore,
    cql::{BATCH_BYTES, Cas, Changes, SIDE_BY_SIDE},
    errors::corrupt,
    outbox::{Mark, SHARDS},
    store::{Shared, TRIES, contended, lock},
};

/// Ids that one question asks for.
const IDS: usize = 100;
/// How often a stream is read again that looks as if a part of an append were missing.
const REREADS: u32 = 5;

type Key = (String, String, String);

pub fn key(stream: &StreamId) -> Key {
    (stream.tenant.to_string(), stream.aggregate.to_string(), stream.id.to_string())
}

/// What a stream's static columns say.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Head {
    pub head: Option<i64>,
    /// Appends that were begun at another one can't be finished.
    pub fence: Option<Uuid>,
}

impl Head {
    fn version(self) -> Version {
        Version(self.head.unwrap_or(0).cast_unsigned())
    }
}

/// An event as it lies in its stream.
struct Lying {
    head: i64,
    version: i64,
    event: Uuid,
    append: Uuid,
    place: i64,
    time: i64,
    data: Option<Vec<u8>>,
}

type EventRow = (Option<i64>, i64, Vec<u8>, Uuid, i64, i64, Option<Vec<u8>>);

impl Shared {
    pub async fn stream_head(&self, stream: &StreamId, settled: bool) -> Result<Head, StoreError> {
        let statement = if settled { &self.on.stream_head_settled } else { &self.on.stream_head };
        let row = self.cql.row::<(Option<i64>, Option<Uuid>)>(statement, key(stream)).await?;
        Ok(row.map_or_else(Head::default, |(head, fence)| Head { head, fence }))
    }

    /// Versions of those of the events that the stream has.
    async fn known(&self, stream: &StreamId, events: &[NewEvent]) -> Result<HashMap<Uuid, i64>, StoreError> {
        let mut known = HashMap::new();
        for some in events.chunks(IDS) {
            let ids: Vec<Vec<u8>> = some.iter().map(|event| event.id.as_bytes().to_vec()).collect();
            let (tenant, aggregate, id) = key(stream);
            let rows =
                self.cql.rows::<(Vec<u8>, i64)>(&self.on.stream_ids, (tenant, aggregate, id, ids)).await?;
            for (event, version) in rows {
                known.insert(event_id(stream, &event)?, version);
            }
        }
        Ok(known)
    }

    /// One try. Breaks with the answer, or goes on when the stream changed meanwhile.
    async fn try_append(
        &self,
        stream: &StreamId,
        expected: Expected,
        events: &[NewEvent],
        settled: bool,
    ) -> Result<ControlFlow<Version>, AppendError> {
        // First the head, then the ids: whatever comes between moves the head.
        let head = self.stream_head(stream, settled).await?;
        let known = self.known(stream, events).await?;
        match judge(stream, expected, events, head.version(), &known)? {
            Some(version) => {
                if events.len() as u64 >= version.0 && !events.is_empty() {
                    self.name_stream(stream).await?;
                }
                return Ok(ControlFlow::Break(version));
            }
            None if events.is_empty() => return Ok(ControlFlow::Break(head.version())),
            None => {}
        }
        let append = Uuid::new_v4();
        let mark = Mark { made: self.stamps.next(), append, stream: stream.clone() };
        let outside = events.iter().map(|event| event.data.len()).sum::<usize>() > BATCH_BYTES;
        if outside {
            self.put_data(stream, append, events).await?;
        }
        self.put_mark(&mark).await?;
        let version = Version(head.version().0 + events.len() as u64);
        match self.cql.cas(self.batch(stream, head, &mark, events, outside)).await {
            Ok(Cas::Applied) => {
                if head.head.is_none() {
                    self.name_stream(stream).await?;
                }
                lock(&self.idle).remove(&append);
                self.appended.send_replace(());
                Ok(ControlFlow::Break(version))
            }
            Ok(Cas::Refused) => {
                self.withdraw(&mark, outside.then_some(events.len())).await;
                Ok(ControlFlow::Continue(()))
            }
            // The next try reads serially, which settles this one, and finds its ids when it was done.
            Ok(Cas::Unknown(error)) => {
                tracing::debug!(%stream, %error, "an append got no answer");
                Ok(ControlFlow::Continue(()))
            }
            Err(error) => {
                self.withdraw(&mark, outside.then_some(events.len())).await;
                Err(error.into())
            }
        }
    }

    fn batch(
        &self,
        stream: &StreamId,
        head: Head,
        mark: &Mark,
        events: &[NewEvent],
        outside: bool,
    ) -> Changes {
        let (mut changes, (tenant, aggregate, id)) = (Changes::default(), key(stream));
        let before = head.head.unwrap_or(0);
        let after = before + events.len() as i64;
        changes.add(
            &self.on.stream_advance,
            (after, tenant.clone(), aggregate.clone(), id.clone(), head.head, head.fence),
        );
        for ((event, version), place) in events.iter().zip(before + 1..).zip(0_i64..) {
            let key = || (tenant.clone(), aggregate.clone(), id.clone());
            let name = event.id.as_bytes().to_vec();
            let data = (!outside).then(|| event.data.to_vec());
            let (t, a, i) = key();
            changes.add(
                &self.on.stream_put_event,
                (t, a, i, version, name.clone(), mark.append, place, event.time.as_nanos(), data),
            );
            let (t, a, i) = key();
            changes.add(&self.on.stream_put_id, (t, a, i, name.clone(), version));
            let (t, a, i) = key();
            changes.add(&self.on.stream_put_waiting, (t, a, i, version, name, mark.append, mark.made));
        }
        changes
    }

    async fn put_data(&self, stream: &StreamId, append: Uuid, events: &[NewEvent]) -> Result<(), StoreError> {
        let put = |(number, event): (i32, &NewEvent)| {
            let values = (stream.tenant.to_string(), append, number, event.data.to_vec());
            async move { self.cql.write(&self.on.put_event_data, values).await }
        };
        let puts: Vec<_> = (0_i32..).zip(events).map(put).collect();
        stream::iter(puts).buffer_unordered(SIDE_BY_SIDE).try_collect().await
    }

    /// Takes back what was put beside an append that surely was not done. What stays does no harm.
    async fn withdraw(&self, mark: &Mark, data: Option<usize>) {
        let dropped = async {
            self.drop_mark(mark).await?;
            for number in 0..data.unwrap_or(0) {
                let values = (mark.stream.tenant.to_string(), mark.append, number as i32);
                self.cql.write(&self.on.drop_event_data, values).await?;
            }
            Ok::<_, StoreError>(())
        };
        if let Err(error) = dropped.await {
            tracing::debug!(stream = %mark.stream, %error, "what an append left behind stays for now");
        }
    }

    /// Puts a stream into the lists. Whoever relays its first event does so too, so that a crash in between is made good.
    pub async fn name_stream(&self, stream: &StreamId) -> Result<(), StoreError> {
        self.cql.write(&self.on.put_name, key(stream)).await?;
        self.cql.write(&self.on.put_stream_tenant, (stream.tenant.to_string(),)).await
    }

    /// Events behind a version, as far as they are wholly there.
    pub async fn load_events(
        &self,
        stream: &StreamId,
        after: Version,
        limit: usize,
    ) -> Result<Vec<Stored>, StoreError> {
        let Ok(from) = i64::try_from(after.0) else { return Ok(vec![]) };
        for tries in 0..=REREADS {
            let rows = self.lying(stream, from, limit).await?;
            match whole(stream, from, rows) {
                Ok(rows) => return self.with_data(stream, rows).await,
                Err(error) if tries == REREADS => return Err(error),
                // A server may show a batch row by row.
                Err(_) => self.pause(tries).await,
            }
        }
        Ok(vec![])
    }

    async fn lying(&self, stream: &StreamId, from: i64, limit: usize) -> Result<Vec<Lying>, StoreError> {
        let (tenant, aggregate, id) = key(stream);
        let most = i32::try_from(limit).unwrap_or(i32::MAX);
        if most == 0 {
            return Ok(vec![]);
        }
        let rows =
            self.cql.stream::<EventRow>(&self.on.stream_events, (tenant, aggregate, id, from, most)).await?;
        let lying = rows.map(|row| {
            let (head, version, event, append, place, time, data) = row?;
            let event = event_id(stream, &event)?;
            Ok(Lying { head: head.unwrap_or(0), version, event, append, place, time, data })
        });
        lying.try_collect().await
    }

    async fn with_data(&self, stream: &StreamId, rows: Vec<Lying>) -> Result<Vec<Stored>, StoreError> {
        let stored = rows.into_iter().map(|row| async move {
            let data = match row.data {
                Some(data) => data,
                None => {
                    let place = (stream.tenant.to_string(), row.append, row.place as i32);
                    let found = self.cql.row::<(Vec<u8>,)>(&self.on.event_data, place).await?;
                    let missing =
                        || corrupt(format!("event_data[{}]", row.append), "the data of an event is missing");
                    found.ok_or_else(missing)?.0
                }
            };
            Ok(Stored {
                stream: stream.clone(),
                version: Version(row.version.cast_unsigned()),
                id: row.event,
                time: Timestamp::from_nanos(row.time),
                data: Bytes::from(data),
            })
        });
        let stored: Vec<_> = stored.collect();
        stream::iter(stored).buffered(SIDE_BY_SIDE).try_collect().await
    }
}

pub fn event_id(stream: &StreamId, bytes: &[u8]) -> Result<Uuid, StoreError> {
    Uuid::from_slice(bytes).map_err(|_| corrupt(format!("streams[{stream}]"), "an event's id is not one"))
}

/// What an append comes to that finds these ids there: its version when it was done before, a conflict, or nothing known of it.
fn judge(
    stream: &StreamId,
    expected: Expected,
    events: &[NewEvent],
    head: Version,
    known: &HashMap<Uuid, i64>,
) -> Result<Option<Version>, AppendError> {
    let conflict = || AppendError::Conflict { stream: stream.clone(), actual: head };
    if let Some(first) = events.first().and_then(|first| known.get(&first.id)) {
        let same = events.iter().zip(*first..).all(|(event, version)| known.get(&event.id) == Some(&version));
        let last = first + events.len() as i64 - 1;
        return if same { Ok(Some(Version(last.cast_unsigned()))) } else { Err(conflict()) };
    }
    let expects_another = matches!(expected, Expected::Exactly(version) if version != head);
    if expects_another || !known.is_empty() { Err(conflict()) } else { Ok(None) }
}

/// Rows up to the head, each version once and none left out. Anything else is a write half seen, or a conditional write that
/// let two through.
fn whole(stream: &StreamId, from: i64, mut rows: Vec<Lying>) -> Result<Vec<Lying>, StoreError> {
    let head = rows.iter().map(|row| row.head).max().unwrap_or(0);
    rows.retain(|row| row.version <= head);
    for (row, wanted) in rows.iter().zip(from + 1..) {
        if row.version != wanted {
            let what = format!(
                "version {wanted} is missing or there twice ({} follows, of append {})",
                row.version, row.append
            );
            return Err(corrupt(format!("streams[{stream}]"), what));
        }
    }
    Ok(rows)
}

#[async_trait]
impl EventStore for ScyllaStore {
    async fn append(
        &self,
        stream: &StreamId,
        expected: Expected,
        events: &[NewEvent],
    ) -> Result<Version, AppendError> {
        Limits::check(stream, events)?;
        let shared = self.shared()?;
        let _alone = shared.alone(stream).await;
        for tries in 0..TRIES {
            match Box::pin(shared.try_append(stream, expected, events, tries > 0)).await? {
                ControlFlow::Break(version) => return Ok(version),
                ControlFlow::Continue(()) => shared.pause(tries).await,
            }
        }
        Err(contended(stream).into())
    }

    async fn load(&self, stream: &StreamId, after: Version, limit: usize) -> Result<Vec<Stored>, StoreError> {
        self.shared()?.load_events(stream, after, limit).await
    }

    async fn streams(
        &self,
        tenant: &TenantId,
        aggregate: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<StreamId>, StoreError> {
        let shared = self.shared()?;
        let most = i32::try_from(limit).unwrap_or(i32::MAX);
        if most == 0 {
            return Ok(vec![]);
        }
        let names = match after {
            None => {
                shared.cql.rows::<(String,)>(&shared.on.names, (tenant.as_str(), aggregate, most)).await?
            }
            Some(after) => {
                let values = (tenant.as_str(), aggregate, after, most);
                shared.cql.rows::<(String,)>(&shared.on.names_after, values).await?
            }
        };
        Ok(names.into_iter().map(|(id,)| StreamId::new(tenant, aggregate, id)).collect())
    }

    async fn tenants(&self) -> Result<Vec<TenantId>, StoreError> {
        let shared = self.shared()?;
        let names = shared.cql.rows::<(String,)>(&shared.on.stream_tenants, ()).await?;
        names.into_iter().map(|(name,)| tenant("stream_tenants", &name)).collect()
    }

    fn shards(&self) -> u16 {
        SHARDS
    }

    async fn unrelayed(&self, shard: Shard, limit: usize) -> Result<Vec<Stored>, StoreError> {
        self.shared()?.waiting(shard, limit).await
    }

    async fn relayed(&self, shard: Shard, events: &[Stored]) -> Result<(), StoreError> {
        self.shared()?.confirm(shard, events).await
    }

    async fn outbox_changed(&self) {
        let mut appended = self.shared.appended.subscribe();
        let waits = match self.shared() {
            Ok(shared) => shared.any_mark().await.unwrap_or(true),
            Err(_) => false,
        };
        if !waits {
            // Other processes append too: the relay looks anyway, now and then.
            let _ = tokio::time::timeout(crate::outbox::LOOK_AGAIN, appended.changed()).await;
        }
    }
}

/// A tenant's name as it was stored.
pub fn tenant(table: &str, name: &str) -> Result<TenantId, StoreError> {
    name.parse().map_err(|_| corrupt(table.into(), format!("{name:?} is not a tenant")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(version: i64, head: i64) -> Lying {
        let (event, append) = (Uuid::from_u128(version.unsigned_abs().into()), Uuid::nil());
        Lying { head, version, event, append, place: 0, time: 0, data: Some(vec![]) }
    }

    #[test]
    fn rows_behind_the_head_are_not_there_yet_and_holes_are_noticed() {
        let stream = StreamId::new(&"acme".parse().unwrap(), "case", 1);
        let versions =
            |rows| whole(&stream, 2, rows).map(|rows| rows.iter().map(|row| row.version).collect::<Vec<_>>());
        assert_eq!(versions(vec![row(3, 4), row(4, 4), row(5, 4)]).unwrap(), [3, 4]);
        assert!(versions(vec![row(4, 4)]).unwrap_err().to_string().contains("version 3 is missing"));
        assert!(versions(vec![row(3, 4), row(3, 4), row(4, 4)]).is_err(), "two appends at one version");
        assert_eq!(versions(vec![]).unwrap(), [0; 0]);
    }
}
