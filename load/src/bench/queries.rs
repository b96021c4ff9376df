//! What the API adds to a search of the store, and whether it stays that way while events come in.
//!
//! The newest 50 events of a process, asked for over HTTP and, turn by turn with it, straight at the store inside the
//! served process.

use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use serde_json::{Value, json};

use super::{median, say};
use crate::{
    agents::{Fleet, Manner, Pace},
    probe::Probe,
    report::{Machine, percentiles},
    serve::Direct,
    system::System,
};

const AGENTS: u32 = 8;
const BLOCK_AGE: Duration = Duration::from_millis(50);
const ROUNDS: usize = 5;
/// Of each kind in a round.
const SAMPLES: usize = 200;
const NEWEST: usize = 50;
const CONDITION: &str = "proc.name = nginx";
/// Events a second before anything is asked, and for how long.
const FILL: (f64, Duration) = (100_000.0, Duration::from_secs(10));
/// Until what was acknowledged can be searched for.
const PATIENCE: Duration = Duration::from_secs(30);

/// The percentiles of each round, in the order of rounds.
#[derive(Default)]
struct Asked {
    http: Vec<[f64; 3]>,
    direct: Vec<[f64; 3]>,
}

/// Measures and prints. `capacity` is how many events a second the system takes.
pub(super) async fn measure(capacity: f64) -> anyhow::Result<()> {
    let mut system = System::start(1, false).await?;
    let probe = Probe::start(&system).await?;
    let mut fleet = Fleet::start(&system, AGENTS, BLOCK_AGE, &probe, Manner::OpenLoop).await?;
    let pace = |events: f64| Pace { events: events / f64::from(AGENTS), planted: 0.0 };
    fleet.pace(pace(FILL.0));
    fleet.run_for(FILL.1).await?;
    fleet.pace(pace(0.0));
    let deadline = Instant::now() + PATIENCE;
    while ask(&system).await?.1 < NEWEST {
        ensure!(Instant::now() < deadline, "there are not {NEWEST} events of `{CONDITION}`");
        tokio::time::sleep(BLOCK_AGE).await;
    }
    say("the newest 50 events, by the API and straight from the store");
    let mut quiet = Asked::default();
    for _ in 0..ROUNDS {
        round(&mut system, &mut quiet).await?;
    }
    let load = capacity / 2.0;
    say(&format!("the same beside {load:.0} events/s"));
    fleet.pace(pace(load));
    fleet.run_for(Duration::from_secs(2)).await?;
    let mut beside = Asked::default();
    let (before, began) = (fleet.counts().now(), Instant::now());
    for _ in 0..ROUNDS {
        round(&mut system, &mut beside).await?;
    }
    let counted = fleet.counts().now().since(before);
    let accepted = counted.accepted as f64 / began.elapsed().as_secs_f64();
    fleet.finish().await?;
    system.stop()?;
    let of = |rounds: &[[f64; 3]], which: usize| {
        let times: Vec<Duration> =
            rounds.iter().map(|round| Duration::from_secs_f64(round[which] / 1e3)).collect();
        median(&times).as_secs_f64() * 1e3
    };
    let told = |asked: &Asked| {
        json!({
            "http_ms_p50": of(&asked.http, 0), "http_ms_p99": of(&asked.http, 1),
            "direct_ms_p50": of(&asked.direct, 0), "direct_ms_p99": of(&asked.direct, 1),
            "ratio_p50": of(&asked.http, 0) / of(&asked.direct, 0),
            "ratio_p99": of(&asked.http, 1) / of(&asked.direct, 1),
            "ratio_p99_rounds": asked.http.iter().zip(&asked.direct).map(|(http, direct)| http[1] / direct[1]).collect::<Vec<_>>(),
        })
    };
    println!(
        "{}",
        json!({
            "case": "queries", "meaning": "the newest 50 events of a process over GraphQL, beside the same search straight at the store",
            "samples": ROUNDS * SAMPLES, "quiet": told(&quiet), "goal_ratio_p99": 1.5,
            "beside_load": told(&beside), "load_due_per_second": load.round(), "load_accepted_per_second": accepted.round(),
            "ratio_p99_beside_load_to_quiet": of(&beside.http, 1) / of(&quiet.http, 1),
            "ratio_direct_p99_beside_load_to_quiet": of(&beside.direct, 1) / of(&quiet.direct, 1), "goal_flat": 1.25,
            "machine": Machine::here(),
        })
    );
    Ok(())
}

async fn round(system: &mut System, asked: &mut Asked) -> anyhow::Result<()> {
    let (mut http, mut direct) = (Vec::with_capacity(SAMPLES), Vec::with_capacity(SAMPLES));
    let tenant = system.tenants.first().context("one tenant")?.name.clone();
    let straight = Direct { tenant, condition: CONDITION.into(), newest: NEWEST };
    for _ in 0..SAMPLES {
        let (time, found) = ask(system).await?;
        ensure!(found == NEWEST, "{found} events over GraphQL");
        http.push(time);
        let answered = tokio::task::block_in_place(|| system.direct(&straight))?;
        ensure!(answered.found == NEWEST, "{} events from the store", answered.found);
        direct.push(Duration::from_nanos(answered.nanos));
    }
    asked.http.push(percentiles(&mut http));
    asked.direct.push(percentiles(&mut direct));
    Ok(())
}

async fn ask(system: &System) -> anyhow::Result<(Duration, usize)> {
    let tenant = system.tenants.first().context("one tenant")?;
    let query = "query($tenant: String!, $query: String!, $first: Int!) { tenant(id: $tenant) {
        activity(query: $query, first: $first) { events { event { id kind time summary } process { name pid } } } } }";
    let variables = json!({ "tenant": tenant.name, "query": CONDITION, "first": NEWEST });
    let began = Instant::now();
    let answer: Value = tenant.client.ask(query, variables).await?;
    let took = began.elapsed();
    let events = answer["tenant"]["activity"]["events"].as_array();
    Ok((took, events.with_context(|| answer.to_string())?.len()))
}
