//! What an installation lives through by itself: a new version, a lost broker, a lost detect, more than agents can keep.

use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use rand::{SeedableRng as _, rngs::StdRng};

use crate::{
    check::Compared,
    fault::{Fault, Kind, role},
    rig::{Plan, Rig},
    spooling::{Habits, Spooling},
};

/// Load between two steps.
const BETWEEN: Duration = Duration::from_secs(2);

/// What is planted in this time after a kill is waited for: everybody has planted by then.
const PLANTED: Duration = Duration::from_secs(15);
/// Findings come again within this.
const PATIENCE: Duration = Duration::from_secs(120);
const LOOK: Duration = Duration::from_millis(20);

/// An agent that offers more than its spool takes while nobody takes its blocks.
const STORM: Habits = Habits { name: "agent-storm", may_be_killed: false, rate: 40_000, spool: "1MiB" };
/// How long nobody does, and how often.
const DEAF: Duration = Duration::from_secs(10);
const TIMES: u32 = 3;

/// What a drill showed.
#[derive(Debug)]
pub struct Drill {
    /// What was done, and how long acknowledgements or findings stood still for it.
    pub steps: Vec<(String, Duration)>,
    /// What was compared afterwards.
    pub compared: Compared,
}

/// Each service is drained and replaced, one after the other, under load.
pub async fn upgrade(plan: &Plan) -> anyhow::Result<Drill> {
    let mut rig = Rig::start(plan).await?;
    let mut rng = StdRng::seed_from_u64(0);
    let mut steps = Vec::new();
    rig.fleet.run_for(BETWEEN).await?;
    for target in rig.targets().services {
        rig.fleet.counts().longest_pause();
        let fault = Fault { kind: Kind::Drain, target };
        let began = Instant::now();
        let offered = rig.fleet.counts().now().offered;
        rig.hurt(&fault)?;
        rig.heal(&fault, &mut rng).await?;
        rig.recovered(began, offered).await.with_context(|| rig.words())?;
        rig.fleet.run_for(BETWEEN).await?;
        steps.push((
            format!("{} replaced: longest pause of acks", fault.target),
            rig.fleet.counts().longest_pause(),
        ));
    }
    let compared = rig.check_last().await.inspect_err(|_| eprintln!("{}", rig.words()))?;
    Ok(Drill { steps, compared })
}

/// Each broker is killed, then each detect: how long acknowledgements and findings stand still.
pub async fn failover(plan: &Plan) -> anyhow::Result<Drill> {
    let mut rig = Rig::start(plan).await?;
    let mut rng = StdRng::seed_from_u64(0);
    let mut steps = Vec::new();
    rig.fleet.run_for(BETWEEN).await?;
    let targets = rig.targets();
    for target in targets.servers.iter().filter(|name| name.starts_with("broker")) {
        rig.fleet.counts().longest_pause();
        let fault = Fault { kind: Kind::Kill, target: target.clone() };
        let began = Instant::now();
        let offered = rig.fleet.counts().now().offered;
        rig.hurt(&fault)?;
        rig.recovered(began, offered).await?;
        rig.fleet.run_for(BETWEEN).await?;
        steps.push((format!("{target} killed: longest pause of acks"), rig.fleet.counts().longest_pause()));
        let began = Instant::now();
        let offered = rig.fleet.counts().now().offered;
        rig.heal(&fault, &mut rng).await?;
        rig.recovered(began, offered).await?;
    }
    for target in targets.services.iter().filter(|name| name.starts_with("detect")) {
        let fault = Fault { kind: Kind::Kill, target: target.clone() };
        let killed = Instant::now();
        rig.hurt(&fault)?;
        let longest = rig.findings_come_again(killed).await?;
        steps.push((format!("{target} killed: longest wait for a finding"), longest));
        let offered = rig.fleet.counts().now().offered;
        rig.heal(&fault, &mut rng).await?;
        rig.recovered(Instant::now(), offered).await?;
    }
    let compared = rig.check_last().await.inspect_err(|_| eprintln!("{}", rig.words()))?;
    Ok(Drill { steps, compared })
}

/// No ingest can be reached while an agent offers more than its spool takes: what it loses is counted, exactly.
pub async fn storm(plan: &Plan) -> anyhow::Result<Drill> {
    ensure!(plan.network && plan.agents, "the storm needs networks and agents of its own");
    let mut rig = Rig::start(plan).await?;
    let mut rng = StdRng::seed_from_u64(0);
    let mut steps = Vec::new();
    let tenant = rig.tenant_of_processes().context("a tenant")?.clone();
    rig.agents.push(Spooling::start(&plan.programs.agent, &rig.system, &tenant, STORM).await?);
    let ingest: Vec<Fault> = rig
        .targets()
        .services
        .into_iter()
        .filter(|name| role(name) == "ingest")
        .map(|target| Fault { kind: Kind::Isolate, target })
        .collect();
    for _ in 0..TIMES {
        for fault in &ingest {
            rig.hurt(fault)?;
        }
        rig.fleet.run_for(DEAF).await?;
        let (healed, offered) = (Instant::now(), rig.fleet.counts().now().offered);
        for fault in &ingest {
            rig.heal(fault, &mut rng).await?;
        }
        let recovered = rig.recovered(healed, offered).await.with_context(|| rig.words())?;
        steps.push(("no ingest could be reached: all works again after".to_owned(), recovered));
    }
    let compared = rig.check_last().await.inspect_err(|_| eprintln!("{}", rig.words()))?;
    ensure!(compared.lost > 0, "nothing was lost, so that its count proves nothing: {compared:?}");
    Ok(Drill { steps, compared })
}

impl Rig {
    /// The longest that people waited for a finding of what was planted in the first seconds after `killed`.
    async fn findings_come_again(&mut self, killed: Instant) -> anyhow::Result<Duration> {
        self.fleet.run_for(PLANTED).await?;
        let until = killed + PLANTED;
        // Planted events are known once they are acknowledged.
        self.recovered(killed, self.fleet.counts().now().offered).await?;
        while self.probe.unheard_within(killed, until) > 0 {
            ensure!(killed.elapsed() < PATIENCE, "findings don't come again");
            self.fleet.run_for(LOOK).await?;
            self.probe.ask(self.tenants()).await?;
        }
        self.probe.lags_within(killed, until, |_| true).into_iter().max().context("something planted")
    }
}
