//! A process that writes to log, streams, views and blocks is killed at random points, again and again. After
//! each kill: nothing acknowledged is missing, nothing is there twice, order is kept, and no
//! checkpoint is ahead of its rows.
//!
//! [`child`] is what dies, [`acknowledged`] and [`blocks`] know what must be left.
//! `VEDETTA_CRASH_ROUNDS` and `VEDETTA_CRASH_SEED` repeat a run or make it longer.

mod acknowledged;
mod blocks;
mod child;

use std::{
    io::{BufRead as _, BufReader, Write as _},
    path::Path,
    process::{Command, Stdio},
    sync::Arc,
    time::Duration,
};

use rand::{Rng as _, SeedableRng as _, rngs::StdRng};
use vedetta_embedded::{Database, Options};
use vedetta_log::{EventLog as _, Offset, Partition, Topic, TopicOptions};
use vedetta_log_embedded::EmbeddedLog;
use vedetta_model::{SystemClock, TenantId};
use vedetta_store::{StreamId, View, ViewKey, ViewStore as _};
use vedetta_store_embedded::EmbeddedStore;

use self::acknowledged::Acknowledged;

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

fn id_of(payload: &[u8]) -> String {
    let text = String::from_utf8_lossy(payload);
    text[..text.rfind('/').unwrap()].to_owned()
}

async fn total(store: &EmbeddedStore) -> u64 {
    let row = store.get(&ViewKey::new(&tenant(), VIEW, TOTAL)).await.unwrap();
    row.map_or(0, |value| String::from_utf8_lossy(&value).parse().unwrap())
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
            .args(["--exact", "child::the_child_that_is_killed", "--nocapture"])
            .env(CHILD, format!("{child_seed} {round} {}", dir.display()))
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
    let (blocks, expired) = (acknowledged.blocks.answered, acknowledged.blocks.expired);
    eprintln!(
        "{rounds} kills; {records} records, {events} events, {blocks} blocks acknowledged, {expired} blocks \
         expired; none lost or doubled"
    );
    let least = [records as u64, events as u64, blocks, expired].into_iter().min();
    assert!(least > Some(rounds), "the kills came too early to prove anything");
}
