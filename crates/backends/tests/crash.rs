//! A process that writes to log, streams and views is killed at random points, again and again. After
//! each kill: nothing acknowledged is missing, nothing is there twice, order is kept, and no
//! checkpoint is ahead of its rows.
//!
//! `VEDETTA_CRASH_ROUNDS` and `VEDETTA_CRASH_SEED` repeat a run or make it longer.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    io::{BufRead as _, BufReader, Write as _},
    path::Path,
    process::{Command, Stdio},
    sync::Arc,
    time::Duration,
};

use futures::StreamExt as _;
use rand::{Rng as _, SeedableRng as _, rngs::StdRng};
use uuid::Uuid;
use vedetta_embedded::{Database, Options};
use vedetta_log::{
    EventLog as _, Headers, Key, NewRecord, Offset, Partition, Position, ReadLimit, Topic, TopicOptions,
};
use vedetta_log_embedded::EmbeddedLog;
use vedetta_model::{SystemClock, TenantId, Timestamp};
use vedetta_store::{
    Checkpoint, EventStore as _, Expected, NewEvent, Shard, StreamId, Version, View, ViewChange, ViewKey,
    ViewRange, ViewStore as _,
};
use vedetta_store_embedded::EmbeddedStore;

const CHILD: &str = "VEDETTA_CRASH_CHILD";
const VIEW: View = View("records");
const TOTAL: &[u8] = b"\xfftotal";
const STREAMS: u64 = 3;

fn tenant() -> TenantId {
    "acme".parse().unwrap()
}

fn partition() -> Partition {
    Partition { topic: Topic::FINDINGS, index: 0 }
}

fn stream(n: u64) -> StreamId {
    StreamId::new(&tenant(), "case", n)
}

/// Small tables, so that kills hit the moments in which they go to files.
async fn open(dir: &Path) -> (Database, EmbeddedLog, EmbeddedStore) {
    let options = Options { memtable_bytes: 300_000, reserve_bytes: 1 << 20, ..Options::default() };
    let db = Database::open(dir, options).unwrap();
    let log = EmbeddedLog::open(&db, Arc::new(SystemClock)).unwrap();
    log.create_topic(&Topic::FINDINGS, TopicOptions { partitions: 1 }).await.unwrap();
    let store = EmbeddedStore::open(&db).await.unwrap();
    (db, log, store)
}

/// Tells the parent what was acknowledged; a line is only believed when it is whole.
fn tell(line: String) {
    let mut out = std::io::stdout().lock();
    out.write_all(line.as_bytes()).unwrap();
    out.flush().unwrap();
}

#[test]
fn the_child_that_is_killed() {
    // Run by the test below; on its own there is nothing to do.
    let Ok(given) = std::env::var(CHILD) else { return };
    let (seed, dir) = given.split_once(' ').unwrap();
    let seed: u64 = seed.parse().unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
    runtime.block_on(async {
        let (_db, log, store) = open(Path::new(dir)).await;
        tell("\nO\n".into());
        tokio::join!(
            append_records(&log, seed, 0),
            append_records(&log, seed, 1),
            append_events(&store, seed),
            project(&log, &store)
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

fn id_of(payload: &[u8]) -> String {
    let text = String::from_utf8_lossy(payload);
    text[..text.rfind('/').unwrap()].to_owned()
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

async fn total(store: &EmbeddedStore) -> u64 {
    let row = store.get(&ViewKey::new(&tenant(), VIEW, TOTAL)).await.unwrap();
    row.map_or(0, |value| String::from_utf8_lossy(&value).parse().unwrap())
}

/// Everything that was ever acknowledged.
#[derive(Default)]
struct Acknowledged {
    records: BTreeMap<u64, String>,
    events: BTreeMap<(u64, u64), Uuid>,
    next: u64,
}

impl Acknowledged {
    fn hear(&mut self, line: &str) {
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
    async fn check(&self, log: &EmbeddedLog, store: &EmbeddedStore, from: Offset) -> Offset {
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
        bounds.end
    }

    /// What takes longer: everything from the beginning, and the outbox.
    async fn check_all(&self, log: &EmbeddedLog, store: &EmbeddedStore) {
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

fn setting(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|value| value.parse().unwrap())
}

#[test]
fn a_process_killed_at_any_moment_keeps_what_it_acknowledged() {
    let rounds = setting("VEDETTA_CRASH_ROUNDS").unwrap_or(200);
    let seed =
        setting("VEDETTA_CRASH_SEED").unwrap_or_else(|| StdRng::from_os_rng().random_range(0..1_000_000));
    eprintln!("VEDETTA_CRASH_SEED={seed} VEDETTA_CRASH_ROUNDS={rounds}");
    let mut rng = StdRng::seed_from_u64(seed);
    let root = tempfile::tempdir().unwrap();
    let dir = root.path().join("data");
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().unwrap();

    let mut acknowledged = Acknowledged::default();
    let mut checked = Offset(0);
    for round in 0..rounds {
        let child_seed = seed * 1_000_000 + round * 2;
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "the_child_that_is_killed", "--nocapture"])
            .env(CHILD, format!("{child_seed} {}", dir.display()))
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap());
        let opening = rng.random_bool(0.2);
        let mut line = String::new();
        while !opening && line != "O\n" {
            line.clear();
            assert!(lines.read_line(&mut line).unwrap() > 0, "round {round}: the child ended by itself");
        }
        let heard = std::thread::spawn(move || {
            let mut heard = Vec::new();
            let mut line = String::new();
            while lines.read_line(&mut line).unwrap() > 0 && line.ends_with('\n') {
                heard.push(line.trim_end().to_owned());
                line.clear();
            }
            heard
        });
        // The moment of the kill is what is random here, not a wait for something.
        std::thread::sleep(Duration::from_micros(rng.random_range(0..60_000)));
        child.kill().unwrap();
        child.wait().unwrap();
        heard.join().unwrap().iter().for_each(|line| acknowledged.hear(line));

        runtime.block_on(async {
            let (db, log, store) = open(&dir).await;
            checked = acknowledged.check(&log, &store, checked).await;
            if round % 50 == 49 || round + 1 == rounds {
                acknowledged.check_all(&log, &store).await;
            }
            db.close().await;
        });
    }
    let (records, events) = (acknowledged.records.len(), acknowledged.events.len());
    eprintln!("{rounds} kills, {records} records and {events} events acknowledged, none lost or doubled");
    assert!(records as u64 > rounds && events as u64 > rounds, "the kills came too early to prove anything");
}
