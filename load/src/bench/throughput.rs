//! Events a second, from agents' streams to findings, at the first loss.
//!
//! The load rises step by step until a block is refused or an agent sheds, until findings fall
//! behind, or until the agents themselves, which share this machine with the system, cannot offer
//! what is due. The baseline is the same blocks appended straight to the log by as many writers:
//! no stream, no detection, no views.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::ensure;
use bytes::Bytes;
use rand::{SeedableRng as _, rngs::StdRng};
use serde_json::json;
use vedetta_embedded::{Database, Options};
use vedetta_log::{EventLog as _, Headers, Key, NewRecord, Topic, TopicOptions};
use vedetta_log_embedded::EmbeddedLog;
use vedetta_model::{BootId, NodeId, SystemClock, TenantId};
use vedetta_node_agent::{
    batch::{Batcher, Limits, Origin},
    ledger::Ledger,
    source::{Synthetic, synthetic},
};

use super::say;
use crate::{
    agents::{Fleet, Manner, Pace},
    probe::Probe,
    report::{Machine, percentiles},
    system::System,
};

const TENANTS: u32 = 2;
const AGENTS_PER_TENANT: u32 = 8;
const BLOCK_AGE: Duration = Duration::from_millis(50);
/// Of the first step, all agents together.
const FIRST: f64 = 20_000.0;
const FACTOR: f64 = 1.4;
const STEP: Duration = Duration::from_secs(6);
const PLANTED: f64 = 2.0;
/// A finding later than this after its event is one of a system that falls behind.
const BEHIND: Duration = Duration::from_secs(2);

/// Measures and prints; gives the events a second.
pub(super) async fn measure() -> anyhow::Result<f64> {
    let straight = straight_to_log().await?;
    let system = System::start(TENANTS, false).await?;
    let probe = Probe::start(&system).await?;
    let mut fleet = Fleet::start(&system, AGENTS_PER_TENANT, BLOCK_AGE, &probe, Manner::OpenLoop).await?;
    let agents = f64::from(TENANTS * AGENTS_PER_TENANT);
    let mut due = FIRST;
    let mut best = 0.0_f64;
    let ended_by = loop {
        fleet.pace(Pace { events: due / agents, planted: PLANTED });
        let (before, cpu, began) = (fleet.counts().now(), system.cpu()?, Instant::now());
        fleet.run_for(STEP).await?;
        let seconds = began.elapsed().as_secs_f64();
        let counted = fleet.counts().now().since(before);
        let cpu = (system.cpu()? - cpu).as_secs_f64();
        let [p50, p99, _] = percentiles(&mut probe.lags_since(began));
        let (offered, accepted) = (counted.offered as f64 / seconds, counted.accepted as f64 / seconds);
        println!(
            "{}",
            json!({
                "case": "throughput_step", "due_per_second": due.round(), "offered_per_second": offered.round(),
                "accepted_per_second": accepted.round(), "refused": counted.refused, "shed": counted.shed,
                "finding_ms_p50": p50.round(), "finding_ms_p99": p99.round(),
                "system_cpu_ns_per_event": (cpu * 1e9 / counted.accepted.max(1) as f64).round(), "system_cpus": cpu / seconds,
            })
        );
        if counted.refused + counted.shed > 0 {
            break "loss";
        }
        if p99 > BEHIND.as_secs_f64() * 1e3 {
            break "findings_behind";
        }
        best = best.max(accepted);
        if offered < due * 0.9 {
            break "agents_cannot_offer_more";
        }
        due *= FACTOR;
    };
    say("waiting until everything acknowledged is found");
    fleet.finish().await?;
    let judged = probe.judge(&system.tenants).await?;
    system.stop()?;
    println!(
        "{}",
        json!({
            "case": "throughput", "meaning": "events a second from streams to findings, without a loss and with findings on time",
            "per_second": best.round(), "ended_by": ended_by, "baseline": "the same blocks straight to the log",
            "baseline_per_second": straight.round(), "ratio": best / straight,
            "probe": judged, "machine": Machine::here(),
        })
    );
    ensure!(judged.is_correct(), "not correct under load: {judged:?}");
    Ok(best)
}

/// Events a second when nothing but the log takes blocks.
async fn straight_to_log() -> anyhow::Result<f64> {
    const TIME: Duration = Duration::from_secs(4);
    let dir = tempfile::tempdir()?;
    let db = Database::open(dir.path(), Options::default())?;
    let log = EmbeddedLog::open(&db, Arc::new(SystemClock))?;
    log.create_topic(&Topic::TELEMETRY, TopicOptions { partitions: 4 }).await?;
    let began = Instant::now();
    let writers: Vec<_> = (0..TENANTS * AGENTS_PER_TENANT)
        .map(|writer| {
            let log = log.clone();
            tokio::spawn(async move {
                let tenant: TenantId = "bench".parse()?;
                let (block, events) = block(&tenant, writer.into())?;
                let mut appended = 0;
                while began.elapsed() < TIME {
                    let key = Key::of(&tenant, writer);
                    let record = NewRecord {
                        key,
                        tenant: tenant.clone(),
                        headers: Headers::new(),
                        payload: block.clone(),
                    };
                    log.append(&Topic::TELEMETRY, vec![record]).await?;
                    appended += events;
                }
                anyhow::Ok(appended)
            })
        })
        .collect();
    let mut appended = 0;
    for writer in writers {
        appended += writer.await??;
    }
    let rate = appended as f64 / began.elapsed().as_secs_f64();
    log.close().await;
    db.close().await;
    Ok(rate)
}

/// A block such as an agent makes, and how many events are in it.
pub(super) fn block(tenant: &TenantId, seed: u64) -> anyhow::Result<(Bytes, u64)> {
    const EVENTS: u64 = 1000;
    let mut rng = StdRng::seed_from_u64(seed);
    let origin =
        Origin { tenant: tenant.clone(), node: NodeId::random(&mut rng), boot: BootId::random(&mut rng) };
    let mut batcher = Batcher::new(origin, Limits::default(), Arc::new(Ledger::default()));
    let config = synthetic::Config { seed, ..synthetic::Config::rate(0.0) };
    Synthetic::new(config, Arc::new(SystemClock)).produce(EVENTS, &mut batcher);
    batcher.seal();
    let sealed = batcher.take().ok_or_else(|| anyhow::anyhow!("no block of {EVENTS} events"))?;
    Ok((sealed.finish()?, EVENTS))
}
