//! Durable appends beside the bare device: the same bytes, written and synced, turn by turn.
//!
//! `cargo bench -p vedetta-log-embedded [-- DIR]`; without DIR in the temporary directory. The ratio
//! is what counts: both sides of a round meet the same disk at the same time.

use std::{
    fs::File,
    io::Write as _,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use vedetta_embedded::{Database, Options};
use vedetta_log::{EventLog as _, Headers, Key, NewRecord, Topic, TopicOptions};
use vedetta_log_embedded::EmbeddedLog;
use vedetta_model::{SystemClock, TenantId};

const ROUNDS: usize = 7;

/// One way of appending.
struct Load {
    name: &'static str,
    /// Appends at the same time.
    writers: usize,
    /// Appends of each in one round.
    appends: usize,
    /// Records in one append.
    records: usize,
    bytes: usize,
}

const LOADS: [Load; 3] = [
    Load { name: "1 MiB, one writer", writers: 1, appends: 100, records: 16, bytes: 64 << 10 },
    Load { name: "4 KiB, one writer", writers: 1, appends: 200, records: 1, bytes: 4 << 10 },
    Load { name: "64 KiB, 32 writers", writers: 32, appends: 50, records: 1, bytes: 64 << 10 },
];

struct Run {
    elapsed: Duration,
    waits: Vec<Duration>,
}

impl Run {
    fn rate(&self, bytes: usize) -> f64 {
        bytes as f64 / self.elapsed.as_secs_f64() / 1e6
    }
    fn wait(&mut self, quantile: f64) -> f64 {
        self.waits.sort();
        self.waits[((self.waits.len() - 1) as f64 * quantile) as usize].as_secs_f64() * 1e3
    }
}

/// What no one can undercut: one write and one fdatasync per append, and for many writers as many
/// bytes per sync as all of them wait for together.
fn bare(file: &mut File, load: &Load) -> Run {
    let group = vec![0x5a; load.records * load.bytes * load.writers];
    let began = Instant::now();
    let waits = (0..load.appends).map(|_| {
        let began = Instant::now();
        file.write_all(&group).unwrap();
        file.sync_data().unwrap();
        began.elapsed()
    });
    let waits = waits.collect();
    Run { elapsed: began.elapsed(), waits }
}

async fn embedded(log: &EmbeddedLog, load: &Load, payload: &bytes::Bytes) -> Run {
    let began = Instant::now();
    let writers: Vec<_> = (0..load.writers)
        .map(|writer| {
            let (log, payload) = (log.clone(), payload.slice(..load.bytes));
            let (appends, records) = (load.appends, load.records);
            tokio::spawn(async move {
                let tenant: TenantId = "bench".parse().unwrap();
                let mut waits = Vec::with_capacity(appends);
                for _ in 0..appends {
                    let record = NewRecord {
                        key: Key::of(&tenant, writer),
                        tenant: tenant.clone(),
                        headers: Headers::new(),
                        payload: payload.clone(),
                    };
                    let began = Instant::now();
                    log.append(&Topic::TELEMETRY, vec![record; records]).await.unwrap();
                    waits.push(began.elapsed());
                }
                waits
            })
        })
        .collect();
    let mut waits = Vec::new();
    for writer in writers {
        waits.extend(writer.await.unwrap());
    }
    Run { elapsed: began.elapsed(), waits }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// The median of rounds, and the least and the most.
fn spread(ratios: Vec<f64>) -> String {
    let (least, most) = ratios
        .iter()
        .fold((f64::MAX, f64::MIN), |(least, most), ratio| (least.min(*ratio), most.max(*ratio)));
    format!("{:.2} ({least:.2}–{most:.2})", median(ratios))
}

#[tokio::main]
async fn main() {
    let dir: PathBuf = std::env::args()
        .skip(1)
        .find(|arg| !arg.starts_with("--"))
        .map_or_else(std::env::temp_dir, Into::into);
    let root = tempfile::tempdir_in(Path::new(&dir)).unwrap();
    let payload: bytes::Bytes =
        (0..1 << 20).map(|n: u32| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    println!(
        "{:<20} {:>10} {:>10} {:>20} {:>18} {:>18} {:>20}",
        "load",
        "bare MB/s",
        "log MB/s",
        "ratio, goal 0.7",
        "bare p50/p99 ms",
        "log p50/p99 ms",
        "p99 ratio, goal 2"
    );
    for (number, load) in LOADS.iter().enumerate() {
        let db = Database::open(&root.path().join(number.to_string()), Options::default()).unwrap();
        let log = EmbeddedLog::open(&db, Arc::new(SystemClock)).unwrap();
        log.create_topic(&Topic::TELEMETRY, TopicOptions { partitions: 4 }).await.unwrap();
        let mut file = File::create(root.path().join("bare")).unwrap();
        let bytes = load.writers * load.appends * load.records * load.bytes;
        let (mut ratios, mut rates, mut waits) = ((vec![], vec![]), (vec![], vec![]), (vec![], vec![]));
        // The first round only warms up.
        for round in 0..=ROUNDS {
            let mut a = bare(&mut file, load);
            let mut b = embedded(&log, load, &payload).await;
            if round > 0 {
                ratios.0.push(b.rate(bytes) / a.rate(bytes));
                ratios.1.push(b.wait(0.99) / a.wait(0.99));
                rates.0.push(a.rate(bytes));
                rates.1.push(b.rate(bytes));
                waits.0.push((a.wait(0.5), a.wait(0.99)));
                waits.1.push((b.wait(0.5), b.wait(0.99)));
            }
        }
        let pair = |waits: Vec<(f64, f64)>| {
            let (half, most) = waits.into_iter().unzip();
            format!("{:.2} / {:.2}", median(half), median(most))
        };
        println!(
            "{:<20} {:>10.1} {:>10.1} {:>20} {:>18} {:>18} {:>20}",
            load.name,
            median(rates.0),
            median(rates.1),
            spread(ratios.0),
            pair(waits.0),
            pair(waits.1),
            spread(ratios.1)
        );
        log.close().await;
        db.close().await;
    }
}
