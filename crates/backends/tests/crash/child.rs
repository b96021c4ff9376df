//! What the killed process does.

use std::{collections::BTreeMap, path::Path};

use futures::StreamExt as _;
use rand::{Rng as _, SeedableRng as _, rngs::StdRng};
use uuid::Uuid;
use vedetta_log::{EventLog as _, Headers, Key, NewRecord, Offset, Position, ReadLimit, Topic};
use vedetta_log_embedded::EmbeddedLog;
use vedetta_model::Timestamp;
use vedetta_store::{
    Checkpoint, EventStore as _, Expected, NewEvent, Version, ViewChange, ViewKey, ViewStore as _,
};
use vedetta_store_embedded::EmbeddedStore;

use crate::{CHILD, STREAMS, TOTAL, VIEW, blocks, id_of, open, partition, stream, tell, tenant, total};

#[test]
fn the_child_that_is_killed() {
    // Run by the test beside it; on its own there is nothing to do.
    let Ok(given) = std::env::var(CHILD) else { return };
    let mut given = given.splitn(3, ' ');
    let mut number = || given.next().unwrap().parse::<u64>().unwrap();
    let (seed, round) = (number(), number());
    let dir = given.next().unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
    runtime.block_on(async {
        let (_db, log, store) = open(Path::new(dir)).await;
        tell("\nO\n".into());
        tokio::join!(
            append_records(&log, seed, 0),
            append_records(&log, seed, 1),
            append_events(&store, seed),
            project(&log, &store),
            blocks::keep(&store, round)
        );
    });
}

async fn append_records(log: &EmbeddedLog, seed: u64, writer: u64) {
    let mut rng = StdRng::seed_from_u64(seed ^ writer);
    for n in 0.. {
        let batch = (0..rng.random_range(1..4)).map(|m| {
            let id = format!("{seed:020}/{writer}/{n:06}/{m}");
            let payload = id + "/" + &"x".repeat(rng.random_range(0..5000));
            let key = Key::of(&tenant(), writer);
            NewRecord { tenant: tenant(), key, headers: Headers::new(), payload: payload.into() }
        });
        let batch: Vec<_> = batch.collect();
        let ids: Vec<_> = batch.iter().map(|record| id_of(&record.payload)).collect();
        let appended = log.append(&Topic::FINDINGS, batch).await.unwrap();
        let lines = ids.iter().zip(appended.positions).map(|(id, at)| format!("L {} {id}\n", at.offset));
        tell(lines.collect());
    }
}

async fn append_events(store: &EmbeddedStore, seed: u64) {
    let mut rng = StdRng::seed_from_u64(!seed);
    let mut heads = BTreeMap::new();
    for n in 0..STREAMS {
        let stored = store.load(&stream(n), Version(0), usize::MAX).await.unwrap();
        heads.insert(n, Version(stored.len() as u64));
    }
    loop {
        let which = rng.random_range(0..STREAMS);
        let batch: Vec<_> = (0..rng.random_range(1..4))
            .map(|_| {
                let data = vec![7; rng.random_range(0..500)].into();
                NewEvent { id: Uuid::from_u128(rng.random()), time: Timestamp::EPOCH, data }
            })
            .collect();
        let head = heads[&which];
        let version = store.append(&stream(which), Expected::Exactly(head), &batch).await.unwrap();
        heads.insert(which, version);
        let lines =
            (head.0 + 1..).zip(&batch).map(|(version, event)| format!("E {which} {version} {}\n", event.id));
        tell(lines.collect());
    }
}

/// Counts records into a row, as a projection that goes on from its checkpoint.
async fn project(log: &EmbeddedLog, store: &EmbeddedStore) {
    let next = store.checkpoint("records", "findings/0").await.unwrap();
    let total_key = ViewKey::new(&tenant(), VIEW, TOTAL);
    let mut total = total(store).await;
    let from = Position { partition: partition(), offset: Offset(next) };
    let mut records = log.read(from, ReadLimit { records: 7, bytes: 1 << 20 }).await.unwrap();
    while let Some(batch) = records.next().await {
        let batch = batch.unwrap();
        total += batch.len() as u64;
        let mut changes: Vec<_> = batch
            .iter()
            .map(|record| ViewChange::Put {
                key: ViewKey::new(&tenant(), VIEW, id_of(&record.payload)),
                value: record.position.offset.to_string().into(),
            })
            .collect();
        changes.push(ViewChange::Put { key: total_key.clone(), value: total.to_string().into() });
        let next = batch.last().unwrap().position.offset.0 + 1;
        let checkpoint = Checkpoint { projection: "records".into(), source: "findings/0".into(), next };
        store.apply(&changes, &checkpoint).await.unwrap();
        tell(format!("V {next}\n"));
    }
}
