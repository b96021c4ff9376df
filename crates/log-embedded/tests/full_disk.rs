//! The disk runs full: nothing is acknowledged that is not there, reading goes on, and writing goes on
//! by itself when there is room again.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use futures::StreamExt as _;
use rand::{Rng as _, SeedableRng as _, rngs::StdRng};
use vedetta_embedded::{Database, Options};
use vedetta_log::{
    AppendError, EventLog as _, Headers, Key, NewRecord, Offset, Partition, Position, ReadLimit, Topic,
    TopicOptions,
};
use vedetta_log_embedded::EmbeddedLog;
use vedetta_model::{SystemClock, TenantId};

/// A small file system that is gone at the end.
struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    fn new(size: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let options = format!("size={size}");
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &options, "tmpfs"])
            .arg(dir.path())
            .status()
            .unwrap();
        assert!(mounted.success(), "mounting a tmpfs needs root");
        Self(dir)
    }

    fn data(&self) -> PathBuf {
        self.0.path().join("data")
    }

    /// Takes space until `free` bytes are left.
    fn fill_up_to(&self, free: u64) {
        let file = File::options().create(true).append(true).open(self.0.path().join("filler")).unwrap();
        let stat = rustix::fs::statvfs(self.0.path()).unwrap();
        let length = file.metadata().unwrap().len();
        let take = (stat.f_bavail * stat.f_frsize).saturating_sub(free);
        if take > 0 {
            // When somebody else was faster there is simply less to take.
            let _ = rustix::fs::fallocate(&file, rustix::fs::FallocateFlags::empty(), length, take);
        }
    }

    fn make_room(&self) {
        // Not there when nothing was filled.
        let _ = fs::remove_file(self.0.path().join("filler"));
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.0.path()).status();
    }
}

/// What records take in the files where they end up.
fn blob_bytes(data: &Path) -> u64 {
    let files = |dir: PathBuf| fs::read_dir(dir).into_iter().flatten().flatten();
    let blobs = files(data.join("keyspaces")).flat_map(|space| files(space.path().join("blobs")));
    blobs.filter_map(|blob| Some(blob.metadata().ok()?.len())).sum()
}

fn partition() -> Partition {
    Partition { topic: Topic::TELEMETRY, index: 0 }
}

async fn open(dir: &Path, reserve_bytes: u64) -> (Database, EmbeddedLog) {
    let options = Options { memtable_bytes: 200_000, reserve_bytes, ..Options::default() };
    let db = Database::open(dir, options).unwrap();
    let log = EmbeddedLog::open(&db, Arc::new(SystemClock)).unwrap();
    log.create_topic(&Topic::TELEMETRY, TopicOptions { partitions: 1 }).await.unwrap();
    (db, log)
}

async fn append(log: &EmbeddedLog, n: u64) -> Result<Position, AppendError> {
    let tenant: TenantId = "acme".parse().unwrap();
    let mut payload = n.to_le_bytes().to_vec();
    payload.resize(20_000, n as u8);
    let record =
        NewRecord { key: Key::of(&tenant, 0), tenant, headers: Headers::new(), payload: payload.into() };
    log.append(&Topic::TELEMETRY, vec![record]).await.map(|mut appended| appended.positions.remove(0))
}

async fn check(log: &EmbeddedLog, acknowledged: &[(Offset, u64)]) {
    let bounds = log.bounds(&partition()).await.unwrap();
    let mut records = Vec::new();
    let from = Position { partition: partition(), offset: bounds.start };
    let mut stream = log.read(from, ReadLimit::default()).await.unwrap();
    while records.last().is_none_or(|&(last, _): &(Offset, u64)| last.next() < bounds.end) {
        for record in stream.next().await.unwrap().unwrap() {
            let n = u64::from_le_bytes(*record.payload.first_chunk().unwrap());
            assert!(record.payload[8..].iter().all(|&b| b == n as u8));
            records.push((record.position.offset, n));
        }
    }
    for acknowledged in acknowledged.iter().filter(|(offset, _)| *offset >= bounds.start) {
        assert!(records.binary_search(acknowledged).is_ok(), "{acknowledged:?} is missing");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs root: mounts a small file system"]
async fn a_full_disk_refuses_writes_before_it_hurts_and_goes_on_when_there_is_room() {
    let disk = SmallDisk::new("64m");
    let (db, log) = open(&disk.data(), 16 << 20).await;
    let mut acknowledged = Vec::new();
    let mut n = 0;
    for _ in 0..3 {
        let refused = loop {
            match append(&log, n).await {
                Ok(at) => acknowledged.push((at.offset, n)),
                Err(error) => break error,
            }
            n += 1;
            if n % 50 == 0 {
                disk.fill_up_to(24 << 20);
            }
        };
        assert!(matches!(&refused, AppendError::Full(what) if what.contains("make room")), "{refused}");
        check(&log, &acknowledged).await;
        // What frees space goes on: commits and trims.
        let low = acknowledged[acknowledged.len() / 2].0;
        log.trim(&partition(), low).await.unwrap();
        check(&log, &acknowledged).await;
        disk.make_room();
        let at = append(&log, n).await.expect("there is room again");
        acknowledged.push((at.offset, n));
        n += 1;
    }
    log.close().await;
    db.close().await;
    let (_db, log) = open(&disk.data(), 16 << 20).await;
    check(&log, &acknowledged).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs root: mounts a small file system"]
async fn trimming_makes_room_on_a_disk_that_the_log_itself_filled() {
    let disk = SmallDisk::new("512m");
    let options = Options { reserve_bytes: 64 << 20, ..Options::default() };
    let db = Database::open(&disk.data(), options).unwrap();
    let log = EmbeddedLog::open(&db, Arc::new(SystemClock)).unwrap();
    log.create_topic(&Topic::TELEMETRY, TopicOptions { partitions: 1 }).await.unwrap();
    let mut n = 0;
    let mut acknowledged = Vec::new();
    let refused = loop {
        match append(&log, n).await {
            Ok(at) => acknowledged.push((at.offset, n)),
            Err(error) => break error,
        }
        n += 1;
    };
    assert!(matches!(refused, AppendError::Full(_)), "{refused}");
    // Nobody can append any more, so nothing but the trim itself makes the engine let go of what was trimmed.
    let end = log.bounds(&partition()).await.unwrap().end;
    let full = blob_bytes(&disk.data());
    log.trim(&partition(), Offset(end.0 - 100)).await.unwrap();
    let trimmed = blob_bytes(&disk.data());
    assert!(trimmed * 4 < full, "of {full} bytes of records {trimmed} are left");
    let again = tokio::time::timeout(Duration::from_secs(60), async {
        loop {
            match append(&log, n).await {
                Ok(at) => break at,
                Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        }
    });
    acknowledged.push((again.await.expect("there is room again").offset, n));
    for more in n + 1..n + 5000 {
        acknowledged.push((append(&log, more).await.expect("much room").offset, more));
    }
    check(&log, &acknowledged).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs root: mounts a small file system"]
async fn a_disk_that_fills_faster_than_it_is_watched_loses_nothing_acknowledged() {
    let seed = 20_260_131;
    let disk = Arc::new(SmallDisk::new("96m"));
    let (db, log) = open(&disk.data(), 0).await;
    let mut acknowledged = Vec::new();
    let (mut full, mut unknown) = (0, 0);
    let mut n = 0;
    // Somebody else takes the space and gives it back, all the time.
    let others = Arc::new(AtomicBool::new(true));
    let filler = {
        let (others, disk) = (others.clone(), disk.clone());
        std::thread::spawn(move || {
            let mut rng = StdRng::seed_from_u64(seed);
            while others.load(Ordering::Relaxed) {
                disk.fill_up_to(rng.random_range(0..200_000));
                std::thread::sleep(Duration::from_micros(rng.random_range(0..2000)));
                disk.make_room();
                std::thread::sleep(Duration::from_micros(rng.random_range(0..2000)));
            }
        })
    };
    // Long enough that some writes are surprised, which is what breaks the database underneath.
    let began = std::time::Instant::now();
    while began.elapsed() < Duration::from_secs(if unknown < 2 { 15 } else { 3 }) {
        n += 1;
        match append(&log, n).await {
            Ok(at) => acknowledged.push((at.offset, n)),
            Err(AppendError::Full(_)) => full += 1,
            Err(AppendError::Unknown(_)) => unknown += 1,
            Err(error) => panic!("{error}"),
        }
        if let Some(&(last, _)) = acknowledged.last().filter(|_| n % 20 == 0) {
            // When the disk is full at just this moment the next one goes.
            let _ = log.trim(&partition(), Offset(last.0.saturating_sub(100))).await;
        }
    }
    others.store(false, Ordering::Relaxed);
    filler.join().unwrap();
    println!("{} acknowledged, {full} refused, {unknown} unknown", acknowledged.len());
    assert!(full + unknown > 0, "the disk never ran full");
    disk.make_room();
    let recovered = tokio::time::timeout(Duration::from_secs(30), async {
        loop {
            n += 1;
            if let Ok(at) = append(&log, n).await {
                acknowledged.push((at.offset, n));
                break;
            }
            tokio::task::yield_now().await;
        }
    });
    recovered.await.expect("writing goes on by itself");
    check(&log, &acknowledged).await;
    log.close().await;
    db.close().await;
    let (_db, log) = open(&disk.data(), 0).await;
    check(&log, &acknowledged).await;
}
