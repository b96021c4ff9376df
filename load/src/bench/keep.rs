//! Keeping a million real events in the embedded store: beside the bare device, and beside RocksDB where
//! `VEDETTA_BENCH_PYTHON` has it. Turn by turn, each round into a store of its own.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    path::Path,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context as _, ensure};
use bytes::Bytes;
use prost::Message as _;
use serde_json::{Value, json};
use vedetta_block::{Batch, Builder};
use vedetta_embedded::{Database, Options};
use vedetta_store::BlockStore as _;
use vedetta_store_embedded::EmbeddedStore;

use super::{blocks::event_row, ratio, say};
use crate::report::Machine;

const ROUNDS: usize = 5;
/// Blocks that become durable together.
pub(super) const GROUP: usize = 16;
/// Rows of a RocksDB batch that is not synced.
const BATCH: usize = 1000;

/// Measures and prints. `blocks` are batches with the block that each became.
pub(super) async fn measure(dir: &Path, blocks: &[(Batch, Bytes)]) -> anyhow::Result<()> {
    let events: usize = blocks.iter().map(|(batch, _)| batch.events.len()).sum();
    let bytes: Vec<Bytes> = blocks.iter().map(|(_, block)| block.clone()).collect();
    let stored: usize = bytes.iter().map(Bytes::len).sum();
    let group_events = GROUP * events / blocks.len().max(1);
    let mut rocks = Rocks::start(dir, blocks)?;
    say("keeping them, turn by turn with a bare file and RocksDB");
    let mut times = Times::default();
    let mut rocks_bytes = 0;
    for round in 0..ROUNDS {
        times.raw.push(raw_writes(dir, &bytes)?);
        times.kept.push(keep(&dir.join(format!("kept-{round}")), &bytes).await?);
        times.encoded.push(encode_and_keep(&dir.join(format!("encoded-{round}")), blocks).await?);
        if let Some(rocks) = &mut rocks {
            times.rocks.push(rocks.round(BATCH, "nosync")?.0);
            let (time, bytes) = rocks.round(group_events, "sync")?;
            times.rocks_synced.push(time);
            rocks_bytes = bytes;
        }
    }
    let rate = |times: &[Duration]| events as f64 / super::median(times).as_secs_f64();
    println!(
        "{}",
        json!({
            "case": "keep", "meaning": "blocks kept in the embedded store, fsynced in groups", "events": events,
            "group_blocks": GROUP, "group_bytes": stored / blocks.len().max(1) * GROUP,
            "bytes_per_event": stored as f64 / events as f64, "events_per_second": rate(&times.kept),
            "baseline": "the same bytes appended to a file, fdatasync in the same groups",
            "baseline_events_per_second": rate(&times.raw), "ratio": ratio(&times.raw, &times.kept), "goal": 0.7,
            "machine": Machine::here(),
        })
    );
    if rocks.is_none() {
        return Ok(());
    }
    println!(
        "{}",
        json!({
            "case": "ingest", "meaning": "real events made durable in the embedded store, beside RocksDB batch writes of the events' rows",
            "events": events, "events_per_second": rate(&times.kept), "events_per_second_encoding_too": rate(&times.encoded),
            "baseline": "RocksDB, zstd, one thread, log on: 1000 rows a batch without sync; as many as in our groups with sync",
            "baseline_events_per_second": rate(&times.rocks), "baseline_events_per_second_synced": rate(&times.rocks_synced),
            "ratio": ratio(&times.rocks, &times.kept), "ratio_encoding_too": ratio(&times.rocks, &times.encoded),
            "ratio_to_synced": ratio(&times.rocks_synced, &times.kept),
            "ratio_encoding_too_to_synced": ratio(&times.rocks_synced, &times.encoded), "goal": 2,
            "bytes_per_event": stored as f64 / events as f64, "baseline_bytes_per_event": rocks_bytes as f64 / events as f64,
            "ratio_bytes": stored as f64 / rocks_bytes as f64, "goal_bytes": 0.5, "machine": Machine::here(),
        })
    );
    Ok(())
}

#[derive(Default)]
struct Times {
    raw: Vec<Duration>,
    kept: Vec<Duration>,
    encoded: Vec<Duration>,
    rocks: Vec<Duration>,
    rocks_synced: Vec<Duration>,
}

async fn keep(dir: &Path, blocks: &[Bytes]) -> anyhow::Result<Duration> {
    let (db, store) = open(dir).await?;
    let began = Instant::now();
    for group in blocks.chunks(GROUP) {
        store.keep(group).await?;
    }
    let took = began.elapsed();
    close(dir, &db, &store).await?;
    Ok(took)
}

/// From events in memory, as an agent has them.
async fn encode_and_keep(dir: &Path, blocks: &[(Batch, Bytes)]) -> anyhow::Result<Duration> {
    let (db, store) = open(dir).await?;
    let mut took = Duration::ZERO;
    for group in blocks.chunks(GROUP) {
        let given: Vec<Batch> = group.iter().map(|(batch, _)| batch.clone()).collect();
        let began = Instant::now();
        let encoded: Vec<Bytes> = given.into_iter().map(encode).collect::<Result<_, _>>()?;
        store.keep(&encoded).await?;
        took += began.elapsed();
    }
    close(dir, &db, &store).await?;
    Ok(took)
}

/// The block of a batch that is given away.
pub(super) fn encode(batch: Batch) -> anyhow::Result<Bytes> {
    let header = batch.header;
    let mut builder = Builder::new(header.tenant, header.node, header.boot);
    for process in batch.processes {
        builder.process(process);
    }
    for event in batch.events {
        builder.push(event);
    }
    Ok(builder.finish()?)
}

async fn open(dir: &Path) -> anyhow::Result<(Database, EmbeddedStore)> {
    let db = Database::open(dir, Options::default())?;
    let store = EmbeddedStore::open(&db).await?;
    Ok((db, store))
}

async fn close(dir: &Path, db: &Database, store: &EmbeddedStore) -> anyhow::Result<()> {
    store.close().await;
    db.close().await;
    std::fs::remove_dir_all(dir).with_context(|| dir.display().to_string())
}

fn raw_writes(dir: &Path, blocks: &[Bytes]) -> anyhow::Result<Duration> {
    let path = dir.join("raw");
    let mut file = std::fs::File::create(&path)?;
    let began = Instant::now();
    for group in blocks.chunks(GROUP) {
        group.iter().try_for_each(|block| file.write_all(block))?;
        file.sync_data()?;
    }
    let took = began.elapsed();
    std::fs::remove_file(path)?;
    Ok(took)
}

/// RocksDB in a process of its own, with the events' rows.
struct Rocks {
    child: Child,
    stdin: Option<ChildStdin>,
    stdout: BufReader<ChildStdout>,
}

impl Rocks {
    /// `None` where it is not installed.
    fn start(dir: &Path, blocks: &[(Batch, Bytes)]) -> anyhow::Result<Option<Self>> {
        let Ok(python) = std::env::var("VEDETTA_BENCH_PYTHON") else { return Ok(None) };
        let rows = dir.join("rows");
        write_rows(&rows, blocks)?;
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("peers/rocks.py");
        let mut child = Command::new(python)
            .arg(script)
            .arg(&rows)
            .arg(dir)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let stdin = child.stdin.take();
        let stdout = BufReader::new(child.stdout.take().context("a child with a standard output")?);
        let mut rocks = Self { child, stdin, stdout };
        let found = rocks.answer()?["rows"].as_u64();
        let events: usize = blocks.iter().map(|(batch, _)| batch.events.len()).sum();
        ensure!(found == Some(events as u64), "RocksDB's rows are not the events: {found:?}");
        Ok(Some(rocks))
    }

    fn round(&mut self, batch: usize, mode: &str) -> anyhow::Result<(Duration, u64)> {
        writeln!(self.stdin.as_mut().context("a child with a standard input")?, "{batch} {mode}")?;
        let answer = self.answer()?;
        let (seconds, bytes) = (answer["seconds"].as_f64(), answer["bytes"].as_u64());
        let (seconds, bytes) = seconds.zip(bytes).with_context(|| answer.to_string())?;
        Ok((Duration::from_secs_f64(seconds), bytes))
    }

    fn answer(&mut self) -> anyhow::Result<Value> {
        let mut line = String::new();
        self.stdout.read_line(&mut line)?;
        serde_json::from_str(&line).context("RocksDB did not answer; its words are above")
    }
}

impl Drop for Rocks {
    fn drop(&mut self) {
        drop(self.stdin.take());
        // Already gone is as good.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Each event under its agent run and number, as a protobuf message. Their processes are left out, which is to the
/// other's advantage.
fn write_rows(path: &Path, blocks: &[(Batch, Bytes)]) -> anyhow::Result<()> {
    let mut out = std::io::BufWriter::new(std::fs::File::create(path)?);
    for (batch, _) in blocks {
        for event in &batch.events {
            let row = event_row(event.clone(), event.time.as_nanos()).encode_to_vec();
            out.write_all(batch.header.boot.as_uuid().as_bytes())?;
            out.write_all(&event.seq.to_be_bytes())?;
            out.write_all(&u32::try_from(row.len())?.to_le_bytes())?;
            out.write_all(&row)?;
        }
    }
    Ok(out.flush()?)
}
