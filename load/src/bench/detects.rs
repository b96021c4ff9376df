//! Two processes of detect beside one, on the same blocks in a real Kafka: how much faster, and what an event costs each way.
//!
//! All that else would want a processor is stopped meanwhile: only brokers, database and detect run. Blocks are appended by this
//! process and judged as they come; a round ends when the group has committed all of them.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context as _, ensure};
use prometheus_client::registry::Registry;
use serde_json::json;
use vedetta_backends::Backends;
use vedetta_log::{EventLog, Group, Headers, Key, NewRecord, Partition, Topic};
use vedetta_model::{SystemClock, TenantId};

use super::{median, ratio, say, throughput::block};
use crate::{
    report::Machine,
    system::{Apart, Form, Launch, System},
};

const PARTITIONS: u32 = 8;
const ROUNDS: usize = 5;
/// Blocks of a round, each of a node of its own kind; 1,000 events in each.
const BLOCKS: usize = 6000;
/// Blocks that show whether both have work.
const TRIED: usize = 200;
const PATIENCE: Duration = Duration::from_secs(120);
const LOOK: Duration = Duration::from_millis(10);
const NAMES: [&str; 2] = ["detect-1", "detect-2"];

/// What a round took.
struct Round {
    time: Duration,
    /// Of each process.
    cpu: Vec<Duration>,
}

/// Measures and prints.
pub(super) async fn measure() -> anyhow::Result<()> {
    let memory = std::path::Path::new("/dev/shm");
    let database_within = if memory.is_dir() { memory.to_owned() } else { std::env::temp_dir() };
    let apart = Apart { detect: 2, database_within, ..Apart::default() };
    let settings = vec![format!("topics.telemetry_partitions={PARTITIONS}")];
    let launch = Launch { settings, form: Form::Apart(apart), ..Launch::by(std::env::current_exe()?) };
    let mut system = System::launch(launch).await?;
    for name in ["query-1", "ingest-1"] {
        tokio::task::block_in_place(|| system.member(name)?.drain())?;
    }
    let tenant: TenantId = system.tenants.first().context("a tenant")?.name.parse()?;
    let (log, _) = system.urls();
    let clock = Arc::new(SystemClock);
    let backends = Backends::open(&log, "memory:", &mut Registry::default(), clock).await?;
    let blocks =
        (0..u64::from(PARTITIONS) * 4).map(|seed| block(&tenant, seed)).collect::<Result<Vec<_>, _>>()?;
    let events: u64 = (0..BLOCKS).map(|at| blocks[at % blocks.len()].1).sum();
    let mut feed = Feed { log: backends.log.clone(), tenant, blocks };
    let (mut one, mut two) = (Vec::new(), Vec::new());
    for round in 1..=ROUNDS {
        say(&format!("round {round} of {ROUNDS}"));
        tokio::task::block_in_place(|| system.member(NAMES[1])?.drain())?;
        one.push(feed.round(&mut system, &NAMES[..1], BLOCKS).await?);
        tokio::task::block_in_place(|| {
            let member = system.member(NAMES[1])?;
            member.relaunch()?;
            member.serves().map(drop)
        })?;
        feed.until_all_work(&mut system).await?;
        two.push(feed.round(&mut system, &NAMES, BLOCKS).await?);
    }
    backends.close().await;
    system.stop()?;
    let times = |rounds: &[Round]| rounds.iter().map(|round| round.time).collect::<Vec<_>>();
    let cpus =
        |rounds: &[Round]| rounds.iter().map(|round| round.cpu.iter().sum()).collect::<Vec<Duration>>();
    println!(
        "{}",
        json!({
            "case": "two_detects", "meaning": "events a second of two processes of detect beside one",
            "events": events, "per_second_one": (events as f64 / median(&times(&one)).as_secs_f64()).round(),
            "ratio": ratio(&times(&one), &times(&two)),
            "cpu_ns_per_event_one": (median(&cpus(&one)).as_nanos() as f64 / events as f64).round(),
            "cpu_ratio": ratio(&cpus(&two), &cpus(&one)), "machine": Machine::here(),
        })
    );
    Ok(())
}

/// Who appends.
struct Feed {
    log: Arc<dyn EventLog>,
    tenant: TenantId,
    blocks: Vec<(bytes::Bytes, u64)>,
}

impl Feed {
    /// Appends so many blocks and waits until all are judged.
    async fn round(&mut self, system: &mut System, names: &[&str], blocks: usize) -> anyhow::Result<Round> {
        let used = |system: &mut System| {
            names.iter().map(|name| system.member(name)?.cpu()).collect::<anyhow::Result<Vec<_>>>()
        };
        let (before, began) = (used(system)?, Instant::now());
        for first in (0..blocks).step_by(self.blocks.len()) {
            let batch = (first..blocks.min(first + self.blocks.len())).map(|at| {
                let at = at % self.blocks.len();
                NewRecord {
                    key: Key::of(&self.tenant, at),
                    tenant: self.tenant.clone(),
                    headers: Headers::new(),
                    payload: self.blocks[at].0.clone(),
                }
            });
            self.log.append(&Topic::TELEMETRY, batch.collect()).await?;
        }
        let group = Group::named("detect");
        for index in 0..PARTITIONS {
            let partition = Partition { topic: Topic::TELEMETRY, index };
            let end = self.log.bounds(&partition).await?.end;
            while self.log.committed(&group, &partition).await?.is_none_or(|at| at < end) {
                ensure!(began.elapsed() < PATIENCE, "{partition} is not judged after {PATIENCE:?}");
                tokio::time::sleep(LOOK).await;
            }
        }
        let time = began.elapsed();
        let cpu = used(system)?.into_iter().zip(before).map(|(now, before)| now - before).collect();
        Ok(Round { time, cpu })
    }

    /// Partitions take a moment to move to a process that has just come.
    async fn until_all_work(&mut self, system: &mut System) -> anyhow::Result<()> {
        let began = Instant::now();
        loop {
            let round = self.round(system, &NAMES, TRIED).await?;
            let total: Duration = round.cpu.iter().sum();
            if round.cpu.iter().all(|cpu| *cpu * 3 > total) {
                return Ok(());
            }
            ensure!(began.elapsed() < PATIENCE, "one of two does all the work: {:?}", round.cpu);
        }
    }
}
