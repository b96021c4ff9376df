//! Keeping and searching a million real events in the embedded store, beside trying every event, and beside
//! DuckDB and chDB where `VEDETTA_BENCH_PYTHON` has them.

use std::{
    collections::HashMap,
    io::Write as _,
    path::Path,
    process::Command,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context as _, ensure};
use bytes::Bytes;
use futures::StreamExt as _;
use rand::{SeedableRng as _, rngs::StdRng};
use serde_json::{Value, json};
use vedetta_block::{Batch, Builder};
use vedetta_embedded::{Database, Options};
use vedetta_model::{BootId, Event, Payload, TenantId, Timestamp};
use vedetta_rules::{Catalogue, Condition, EventView, Filter, KindSet};
use vedetta_search::{Scanned, Search};
use vedetta_store::BlockStore;
use vedetta_store_embedded::EmbeddedStore;

use super::{blocks::record, keep, median, say};

const EVENTS: usize = 1_000_000;
const ROUNDS: usize = 7;
/// A process that is rare, and a part of a path that few events have.
const PROCESS: &str = "tar";
const NEEDLE: &str = "note-4711";

/// Measures and prints.
pub(super) async fn measure() -> anyhow::Result<()> {
    say("watching this machine at work");
    let blocks = repeated(&record()?)?;
    let events: usize = blocks.iter().map(|(batch, _)| batch.events.len()).sum();
    let dir = tempfile::tempdir()?;
    keep::measure(dir.path(), &blocks).await?;
    let db = Database::open(&dir.path().join("db"), Options::default())?;
    let store: Arc<dyn BlockStore> = Arc::new(EmbeddedStore::open(&db).await?);
    let bytes: Vec<Bytes> = blocks.iter().map(|(_, block)| block.clone()).collect();
    for group in bytes.chunks(keep::GROUP) {
        store.keep(group).await?;
    }
    say("searching");
    let peers = peers(dir.path(), &blocks)?;
    let batches: Vec<&Batch> = blocks.iter().map(|(batch, _)| batch).collect();
    for (name, meaning, text, most) in [
        ("newest_50", "the newest 50 events of a process", format!("proc.name = {PROCESS}"), Some(50)),
        ("hunt", "events whose file has a part in its name", format!("fd.name contains {NEEDLE}"), None),
        ("group", "opened files counted by process", "evt.type = openat".to_owned(), None),
    ] {
        let (mut ours, mut brute) = (Vec::new(), Vec::new());
        let mut found = (0, Scanned::default());
        for _ in 0..ROUNDS {
            let began = Instant::now();
            found = search(&store, &text, most).await?;
            ours.push(began.elapsed());
            let began = Instant::now();
            let tried = try_all(&batches, &text)?;
            brute.push(began.elapsed());
            ensure!(most.is_some() || tried == found.0, "{name}: {} found, {tried} there", found.0);
        }
        let (ours, brute) = (median(&ours), median(&brute));
        let against: HashMap<&str, Value> = peers
            .iter()
            .filter_map(|peer| Some((peer["peer"].as_str()?, json!(ms(ours) / peer[name].as_f64()?))))
            .collect();
        println!(
            "{}",
            json!({
                "case": name, "meaning": meaning, "events": events, "found": found.0, "ms": ms(ours),
                "rows_per_second": events as f64 / ours.as_secs_f64(),
                "blocks": found.1.blocks, "skipped": found.1.skipped, "tried": found.1.tried, "bytes": found.1.bytes,
                "baseline": "the condition tried on every event, decoded and in memory", "baseline_ms": ms(brute),
                "ratio_time": ours.as_secs_f64() / brute.as_secs_f64(), "ratio_time_to_peers": against,
            })
        );
    }
    Ok(())
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// The recorded events again and again, each time as an agent run of its own and behind the one before.
fn repeated(batches: &[Batch]) -> anyhow::Result<Vec<(Batch, Bytes)>> {
    let mut rng = StdRng::seed_from_u64(2);
    let times = |pick: fn(&Batch) -> Timestamp| batches.iter().map(pick);
    let (first, last) = (times(|b| b.header.earliest).min(), times(|b| b.header.latest).max());
    let span = last.context("events")?.as_nanos() - first.context("events")?.as_nanos() + 1;
    let (mut all, mut events, mut shift) = (Vec::new(), 0, 0);
    while events < EVENTS {
        let boot = BootId::random(&mut rng);
        for batch in batches {
            let mut builder = Builder::new(batch.header.tenant.clone(), batch.header.node, boot);
            let places: Vec<u32> = batch.processes.iter().map(|p| builder.process(p.clone())).collect();
            for event in &batch.events {
                let process = event.process.map(|index| places[index as usize]);
                let time = Timestamp::from_nanos(event.time.as_nanos() + shift);
                builder.push(Event { time, process, ..event.clone() });
            }
            let block = builder.finish()?;
            events += batch.events.len();
            all.push((Batch::decode(&block)?, block));
        }
        shift += span;
    }
    Ok(all)
}

fn compile(text: &str) -> anyhow::Result<Condition> {
    let filter = Filter::parse(text)?;
    Condition::compile(&filter, Catalogue::standard()).map_err(|error| anyhow::anyhow!(error.message))
}

/// How many were found, and what was looked at for it. What is found is counted by process.
async fn search(
    store: &Arc<dyn BlockStore>,
    text: &str,
    most: Option<usize>,
) -> anyhow::Result<(usize, Scanned)> {
    let tenant: TenantId = "bench".parse()?;
    let search = Search {
        store: store.clone(),
        tenant,
        since: Timestamp::from_nanos(i64::MIN),
        until: Timestamp::from_nanos(i64::MAX),
        kinds: KindSet::all(),
        condition: Some(compile(text)?),
        before: None,
        newest: most,
    };
    let mut scanned = Scanned::default();
    let mut groups: HashMap<String, usize> = HashMap::new();
    let mut found = 0;
    let by_process = |batch: &Batch, event: &Event| {
        let process = event.process.and_then(|index| batch.processes.get(index as usize));
        process.map(|process| process.name.clone()).unwrap_or_default()
    };
    let mut steps = Box::pin(search.run(by_process));
    while let Some(step) = steps.next().await {
        let step = step?;
        scanned += step.scanned;
        for hit in step.hits {
            *groups.entry(hit.item).or_default() += 1;
            found += 1;
        }
        if most.is_some_and(|most| found >= most) {
            break;
        }
    }
    Ok((most.map_or(found, |most| found.min(most)), scanned))
}

fn try_all(batches: &[&Batch], text: &str) -> anyhow::Result<usize> {
    let condition = compile(text)?;
    let hits = |batch: &&Batch| {
        let processes = &batch.processes;
        batch.events.iter().filter(|event| condition.holds(&EventView { processes, event })).count()
    };
    Ok(batches.iter().map(hits).sum())
}

/// What other engines take for the same searches over the same rows.
fn peers(dir: &Path, blocks: &[(Batch, Bytes)]) -> anyhow::Result<Vec<Value>> {
    let Ok(python) = std::env::var("VEDETTA_BENCH_PYTHON") else { return Ok(vec![]) };
    let rows = dir.join("rows.tsv");
    let mut out = std::io::BufWriter::new(std::fs::File::create(&rows)?);
    for (batch, _) in blocks {
        for event in &batch.events {
            let process = event.process.and_then(|index| batch.processes.get(index as usize));
            let plain = |text: &str| text.replace(['\t', '\n', '\r', '\\'], " ");
            let path = if let Payload::Open(it) = &event.payload { plain(&it.path) } else { String::new() };
            let (pid, name, user, line) = process
                .map_or((0, String::new(), String::new(), String::new()), |p| {
                    (p.key.pid, plain(&p.name), plain(&p.user), plain(&p.command_line()))
                });
            let (time, node, kind) = (event.time.as_nanos(), batch.header.node, event.kind().as_str());
            writeln!(out, "{time}\t{node}\t{}\t{kind}\t{pid}\t{name}\t{user}\t{path}\t{line}", event.seq)?;
        }
    }
    out.flush()?;
    say("the same in DuckDB and chDB");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("peers/search.py");
    let answered = Command::new(python).arg(script).arg(&rows).args([PROCESS, NEEDLE]).output()?;
    ensure!(answered.status.success(), "{}", String::from_utf8_lossy(&answered.stderr));
    let lines = String::from_utf8(answered.stdout)?;
    let peers = lines.lines().map(serde_json::from_str).collect::<Result<Vec<Value>, _>>()?;
    peers.iter().for_each(|peer| println!("{peer}"));
    Ok(peers)
}
