//! Bytes go bad on disk: what can't be read is named, the rest is still there, and nothing is ever
//! wrong or silently missing.

use std::{
    fs,
    panic::AssertUnwindSafe,
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
};

use futures::{FutureExt as _, StreamExt as _};
use rand::{Rng as _, SeedableRng as _, rngs::StdRng};
use vedetta_embedded::{Database, OpenError, Options};
use vedetta_log::{
    EventLog as _, Headers, Key, NewRecord, Offset, Partition, Position, ReadError, ReadLimit, Topic,
    TopicOptions,
};
use vedetta_log_embedded::EmbeddedLog;
use vedetta_model::{SystemClock, TenantId};

const RECORDS: u64 = 400;

fn options() -> Options {
    Options { memtable_bytes: 100_000, reserve_bytes: 1 << 20, ..Options::default() }
}

fn partition() -> Partition {
    Partition { topic: Topic::FINDINGS, index: 0 }
}

/// The first half small, the second large, so that some lie beside their keys and some apart.
fn payload(n: u64) -> Vec<u8> {
    let mut rng = StdRng::seed_from_u64(n);
    (0..if n < RECORDS / 2 { 300 } else { 2000 }).map(|_| rng.random()).collect()
}

async fn write(dir: &Path) {
    let db = Database::open(dir, options()).unwrap();
    let log = EmbeddedLog::open(&db, Arc::new(SystemClock)).unwrap();
    log.create_topic(&Topic::FINDINGS, TopicOptions { partitions: 1 }).await.unwrap();
    let tenant: TenantId = "acme".parse().unwrap();
    for n in 0..RECORDS {
        let key = Key::of(&tenant, n);
        let record =
            NewRecord { tenant: tenant.clone(), key, headers: Headers::new(), payload: payload(n).into() };
        log.append(&Topic::FINDINGS, vec![record]).await.unwrap();
    }
    log.close().await;
    db.close().await;
}

/// Reads everything; returns how many records were named as damaged.
async fn read(log: &EmbeddedLog) -> Result<u64, String> {
    let bounds = log.bounds(&partition()).await.map_err(|error| error.to_string())?;
    if bounds != (Offset(0)..Offset(RECORDS)) {
        return Err(format!("bounds are {bounds:?}"));
    }
    let (mut next, mut damaged) = (Offset(0), 0);
    'again: while next < bounds.end {
        let from = Position { partition: partition(), offset: next };
        let mut records = log.read(from, ReadLimit::default()).await.map_err(|error| error.to_string())?;
        while next < bounds.end {
            match records.next().await {
                Some(Ok(batch)) => {
                    for record in batch {
                        let offset = record.position.offset;
                        if offset != next {
                            return Err(format!("{offset} came where {next} should be"));
                        }
                        if record.payload != payload(offset.0) {
                            return Err(format!("{offset} has other bytes"));
                        }
                        next = offset.next();
                    }
                }
                Some(Err(ReadError::Corrupt { offset, what, .. })) => {
                    if offset != next || what.is_empty() {
                        return Err(format!("{offset} is named as damaged where {next} should be"));
                    }
                    damaged += 1;
                    next = offset.next();
                    continue 'again;
                }
                other => return Err(format!("{other:?} at {next}")),
            }
        }
    }
    Ok(damaged)
}

fn files(dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { files(&path, found) } else { found.push(path) }
    }
}

#[derive(Debug, Default)]
struct Outcomes {
    unharmed: u64,
    refused: u64,
    named: u64,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flipped_bit_anywhere_is_named_or_harmless() {
    let root = tempfile::tempdir().unwrap();
    let whole = root.path().join("whole");
    write(&whole).await;
    let seed = 20_260_131;
    let mut rng = StdRng::seed_from_u64(seed);
    let mut outcomes = Outcomes::default();
    let mut wrong = Vec::new();
    for round in 0..120 {
        let copy = root.path().join("copy");
        let copied = Command::new("cp").args(["-r", "--sparse=auto"]).args([&whole, &copy]).status().unwrap();
        assert!(copied.success());
        let mut all = Vec::new();
        files(&copy, &mut all);
        all.sort();
        let file = &all[rng.random_range(0..all.len())];
        let mut bytes = fs::read(file).unwrap();
        let Some(last) = bytes.iter().rposition(|&b| b != 0) else { continue };
        let at = rng.random_range(0..=last);
        bytes[at] ^= 1 << rng.random_range(0..8);
        fs::write(file, bytes).unwrap();

        let place = format!("round {round}: byte {at} of {}", file.strip_prefix(&copy).unwrap().display());
        let checked = AssertUnwindSafe(check(&copy, &mut outcomes)).catch_unwind().await;
        match checked {
            Ok(Ok(())) => {}
            Ok(Err(what)) => wrong.push(format!("{place}: {what}")),
            Err(_) => wrong.push(format!("{place}: panicked")),
        }
        fs::remove_dir_all(&copy).unwrap();
    }
    println!("{outcomes:?}");
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(outcomes.refused > 5 && outcomes.named > 5, "{outcomes:?} proves little");
}

async fn check(dir: &Path, outcomes: &mut Outcomes) -> Result<(), String> {
    let db = match Database::open(dir, options()) {
        Ok(db) => db,
        Err(OpenError::Damaged { file, .. }) => {
            if !file.exists() {
                return Err(format!("{} is named and does not exist", file.display()));
            }
            outcomes.refused += 1;
            return Ok(());
        }
        Err(error) => return Err(format!("not named as damage: {error}")),
    };
    let read = match EmbeddedLog::open(&db, Arc::new(SystemClock)) {
        Ok(log) => read(&log).await,
        Err(vedetta_embedded::Error::Damaged { .. }) => Ok(1),
        Err(error) => Err(error.to_string()),
    };
    db.close().await;
    match read? {
        0 => outcomes.unharmed += 1,
        _ => outcomes.named += 1,
    }
    Ok(())
}
