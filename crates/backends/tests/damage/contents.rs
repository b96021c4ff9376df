//! What lies in the folder, and whether it is still there.

use std::{path::Path, sync::Arc};

use bytes::Bytes;
use futures::StreamExt as _;
use rand::{Rng as _, SeedableRng as _, rngs::StdRng};
use uuid::Uuid;
use vedetta_block::{Builder, Header};
use vedetta_embedded::{Database, Error, OpenError, Options};
use vedetta_log::{
    EventLog as _, Headers, Key, NewRecord, Offset, Partition, Position, ReadError, ReadLimit, Topic,
    TopicOptions,
};
use vedetta_log_embedded::EmbeddedLog;
use vedetta_model::{BootId, Event, NodeId, SystemClock, TenantId, Timestamp, event::Open};
use vedetta_store::{
    BlockId, BlockStore as _, Checkpoint, EventStore as _, Expected, NewEvent, StoreError, StreamId, Version,
    View, ViewChange, ViewKey, ViewStore as _,
};
use vedetta_store_embedded::EmbeddedStore;

const VIEW: View = View("rows");

/// Small tables, so that there are many files of each kind.
pub fn open(dir: &Path) -> Result<Database, OpenError> {
    Database::open(dir, Options { memtable_bytes: 30_000, reserve_bytes: 1 << 20, ..Options::default() })
}

fn tenant() -> TenantId {
    "acme".parse().unwrap()
}

fn partition() -> Partition {
    Partition { topic: Topic::FINDINGS, index: 0 }
}

/// Bytes that nothing can compress, the same each time.
fn bytes_of(n: u64, length: usize) -> Bytes {
    let mut rng = StdRng::seed_from_u64(n);
    (0..length).map(|_| rng.random()).collect::<Vec<u8>>().into()
}

fn block(n: u64) -> Bytes {
    let node = NodeId::from_uuid(Uuid::from_u128(u128::from(n % 3)));
    let mut builder = Builder::new(tenant(), node, BootId::from_uuid(Uuid::from_u128(1)));
    for seq in n * 10 + 1..=n * 10 + 8 {
        builder.push(Event {
            seq,
            time: Timestamp::from_nanos(1_700_000_000_000_000_000 + seq.cast_signed()),
            process: None,
            tid: 0,
            result: 0,
            payload: Open { path: format!("{:x}", bytes_of(seq, 60)), flags: 0, mode: 0 }.into(),
        });
    }
    builder.finish().unwrap()
}

/// Some of everything.
pub struct Contents {
    records: u64,
    streams: u64,
    rows: u64,
    blocks: u64,
}

impl Default for Contents {
    fn default() -> Self {
        Self { records: 120, streams: 20, rows: 120, blocks: 60 }
    }
}

impl Contents {
    /// Writes it in two sittings, the second of which has not gone to tables when it ends.
    pub async fn write(&self, dir: &Path) {
        for half in 0..2 {
            let database = open(dir).unwrap();
            let log = EmbeddedLog::open(&database, Arc::new(SystemClock)).unwrap();
            let store = EmbeddedStore::open(&database).await.unwrap();
            log.create_topic(&Topic::FINDINGS, TopicOptions { partitions: 1 }).await.unwrap();
            let part = |of: u64| of / 2 * half..(of / 2 * (half + 1));
            for n in part(self.records) {
                let (headers, payload) = (Headers::new(), bytes_of(n, if n % 2 == 0 { 200 } else { 2000 }));
                let record = NewRecord { tenant: tenant(), key: Key::of(&tenant(), n), headers, payload };
                log.append(&Topic::FINDINGS, vec![record]).await.unwrap();
            }
            for n in part(self.streams) {
                let events = [0, 1].map(|of| event(n * 2 + of));
                store.append(&stream(n), Expected::Exactly(Version(0)), &events).await.unwrap();
            }
            for n in part(self.rows) {
                let change = ViewChange::Put { key: row(n), value: bytes_of(n, 300) };
                let checkpoint = Checkpoint { projection: "p".into(), source: "s/0".into(), next: n + 1 };
                store.apply(&[change], &checkpoint).await.unwrap();
            }
            for n in part(self.blocks) {
                store.keep(&[block(n)]).await.unwrap();
            }
            log.close().await;
            store.close().await;
            database.close().await;
        }
    }

    /// Reads all of it: how much was named as damaged, or what is wrong.
    pub async fn read(&self, database: &Database) -> Result<u64, String> {
        let text = |error: Error| error.to_string();
        let log = match EmbeddedLog::open(database, Arc::new(SystemClock)) {
            Err(Error::Damaged { .. }) => return Ok(1),
            log => log.map_err(text)?,
        };
        let store = match EmbeddedStore::open(database).await {
            Err(Error::Damaged { .. }) => return Ok(1),
            store => store.map_err(text)?,
        };
        let mut named = self.read_log(&log).await?;
        for n in 0..self.streams {
            let expected: Vec<_> = [0, 1].map(|of| event(n * 2 + of).data).into();
            let loaded = store.load(&stream(n), Version(0), 10).await;
            let loaded = loaded.map(|events| events.into_iter().map(|event| event.data).collect::<Vec<_>>());
            named += is(&format!("stream {n}"), loaded, &expected)?;
        }
        for n in 0..self.rows {
            named += is(&format!("row {n}"), store.get(&row(n)).await, &Some(bytes_of(n, 300)))?;
        }
        named += is("the checkpoint", store.checkpoint("p", "s/0").await, &self.rows)?;
        for n in 0..self.blocks {
            let block = block(n);
            let id = BlockId::of(&Header::parse(&block).unwrap().0);
            named += is(&format!("block {n}"), store.blocks(&tenant(), &[id]).await, &vec![Some(block)])?;
        }
        let counted =
            store.usage(&tenant()).await.map(|usage| usage.iter().map(|(_, u)| u.blocks).sum::<u64>());
        named += is("the count of blocks", counted, &self.blocks)?;
        Ok(named)
    }

    async fn read_log(&self, log: &EmbeddedLog) -> Result<u64, String> {
        let bounds = match log.bounds(&partition()).await {
            Err(ReadError::Corrupt { .. } | ReadError::Backend(_)) => return Ok(1),
            bounds => bounds.map_err(|error| error.to_string())?,
        };
        if bounds != (Offset(0)..Offset(self.records)) {
            return Err(format!("the log's bounds are {bounds:?}"));
        }
        let (mut next, mut named) = (Offset(0), 0);
        'again: while next < bounds.end {
            let from = Position { partition: partition(), offset: next };
            let mut records =
                log.read(from, ReadLimit::default()).await.map_err(|error| error.to_string())?;
            while next < bounds.end {
                match records.next().await {
                    Some(Ok(batch)) => {
                        for record in batch {
                            let Offset(n) = record.position.offset;
                            if n != next.0
                                || record.payload != bytes_of(n, if n % 2 == 0 { 200 } else { 2000 })
                            {
                                return Err(format!(
                                    "record {n} came where {next} should be, or has other bytes"
                                ));
                            }
                            next = record.position.offset.next();
                        }
                    }
                    Some(Err(error)) if error.behind() == Some(next.next()) => {
                        named += 1;
                        next = next.next();
                        continue 'again;
                    }
                    other => return Err(format!("{other:?} at record {next}")),
                }
            }
        }
        Ok(named)
    }
}

fn stream(n: u64) -> StreamId {
    StreamId::new(&tenant(), "case", n)
}

fn event(n: u64) -> NewEvent {
    NewEvent { id: Uuid::from_u128(n.into()), time: Timestamp::EPOCH, data: bytes_of(n, 400) }
}

fn row(n: u64) -> ViewKey {
    ViewKey::new(&tenant(), VIEW, n.to_be_bytes().to_vec())
}

/// 0 when it is as it was, 1 when it is named as damaged.
fn is<T: PartialEq>(what: &str, found: Result<T, StoreError>, expected: &T) -> Result<u64, String> {
    match found {
        Ok(found) if found == *expected => Ok(0),
        Ok(_) => Err(format!("{what} is not what was written")),
        Err(StoreError::Corrupt { .. }) => Ok(1),
        Err(error) => Err(format!("{what}: {error}")),
    }
}
