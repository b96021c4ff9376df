//! What was acknowledged, beside what is there.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use futures::StreamExt as _;
use uuid::Uuid;
use vedetta_log::{EventLog as _, Key, Offset, Position, ReadLimit};
use vedetta_log_embedded::EmbeddedLog;
use vedetta_store::{EventStore as _, Shard, Version, ViewKey, ViewRange, ViewStore as _};
use vedetta_store_embedded::EmbeddedStore;

use crate::{STREAMS, VIEW, blocks, id_of, partition, stream, tenant, total};

/// Everything that was ever acknowledged.
#[derive(Default)]
pub struct Acknowledged {
    pub records: BTreeMap<u64, String>,
    pub events: BTreeMap<(u64, u64), Uuid>,
    next: u64,
    pub blocks: blocks::Expected,
}

impl Acknowledged {
    pub fn hear(&mut self, line: &str) {
        if self.blocks.hear(line) {
            return;
        }
        let mut words = line.split(' ');
        let (kind, mut word) = (words.next().unwrap(), || words.next().unwrap());
        match kind {
            "L" => {
                let before = self.records.insert(word().parse().unwrap(), word().into());
                assert_eq!(before, None, "one offset was given out twice: {line}");
            }
            "E" => {
                let place = (word().parse().unwrap(), word().parse().unwrap());
                let before = self.events.insert(place, word().parse().unwrap());
                assert_eq!(before, None, "one version was given out twice: {line}");
            }
            "V" => self.next = self.next.max(word().parse().unwrap()),
            // What the test harness itself prints.
            _ => {}
        }
    }

    /// Compares with what is there, from `from` on.
    pub async fn check(&mut self, log: &EmbeddedLog, store: &EmbeddedStore, from: Offset) -> Offset {
        let bounds = log.bounds(&partition()).await.unwrap();
        let mut there = BTreeMap::new();
        let mut last_of_key: HashMap<Key, String> = HashMap::new();
        let mut records =
            log.read(Position { partition: partition(), offset: from }, ReadLimit::default()).await.unwrap();
        let mut next = from;
        while next < bounds.end {
            for record in records.next().await.unwrap().unwrap() {
                next = record.position.offset.next();
                let id = id_of(&record.payload);
                // Ids of one run and writer rise; runs follow each other.
                let run = |id: &str| id[..22].to_owned();
                if let Some(last) = last_of_key.insert(record.key, id.clone()) {
                    assert!(run(&last) != run(&id) || last < id, "{id} after {last}");
                }
                there.insert(record.position.offset.0, id);
            }
        }
        let distinct: BTreeSet<_> = there.values().collect();
        assert_eq!(distinct.len(), there.len(), "a record is there twice");
        for (offset, id) in self.records.range(from.0..) {
            assert_eq!(there.get(offset), Some(id), "an acknowledged record is missing");
        }

        for which in 0..STREAMS {
            let stored = store.load(&stream(which), Version(0), usize::MAX).await.unwrap();
            for (event, version) in stored.iter().zip(1..) {
                assert_eq!(event.version, Version(version), "a hole in a stream");
            }
            for (&(_, version), id) in self.events.range((which, 0)..(which + 1, 0)) {
                assert_eq!(
                    stored.get(version as usize - 1).map(|event| &event.id),
                    Some(id),
                    "an event is missing"
                );
            }
        }

        let checkpoint = store.checkpoint("records", "findings/0").await.unwrap();
        assert!(
            checkpoint >= self.next,
            "the checkpoint {checkpoint} fell behind the acknowledged {}",
            self.next
        );
        assert!(checkpoint <= bounds.end.0, "the checkpoint is ahead of the log");
        assert_eq!(total(store).await, checkpoint, "records counted once each, up to the checkpoint");
        for (offset, id) in there.range(..checkpoint) {
            let row = store.get(&ViewKey::new(&tenant(), VIEW, id.clone())).await.unwrap();
            let offset = offset.to_string();
            assert_eq!(row.as_deref(), Some(offset.as_bytes()), "a row is missing below the checkpoint");
        }
        self.blocks.check(store).await;
        bounds.end
    }

    /// What takes longer: everything from the beginning, and the outbox.
    pub async fn check_all(&mut self, log: &EmbeddedLog, store: &EmbeddedStore) {
        let end = self.check(log, store, Offset(0)).await;
        let mut after = None;
        let mut rows = 0;
        loop {
            let page = store.page(&ViewRange::all(&tenant(), VIEW), after.as_ref(), 1000).await.unwrap();
            rows += page.rows.len() as u64;
            match page.next {
                Some(next) => after = Some(next),
                None => break,
            }
        }
        let checkpoint = store.checkpoint("records", "findings/0").await.unwrap();
        assert_eq!(rows, checkpoint + u64::from(checkpoint > 0), "rows and the total, {end} records in all");
        let (mut events, mut waiting) = (0, 0);
        for which in 0..STREAMS {
            events += store.load(&stream(which), Version(0), usize::MAX).await.unwrap().len();
        }
        for shard in (0..store.shards()).map(Shard) {
            waiting += store.unrelayed(shard, usize::MAX).await.unwrap().len();
        }
        assert_eq!(events, waiting, "every event waits for the relay");
    }
}
