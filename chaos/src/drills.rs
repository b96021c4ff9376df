//! What an installation lives through by itself: a new version, a lost broker, a lost detect.

use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use rand::{SeedableRng as _, rngs::StdRng};

use crate::{
    check::Compared,
    fault::{Fault, Kind},
    rig::{Plan, Rig},
};

/// Load between two steps.
const BETWEEN: Duration = Duration::from_secs(2);

/// Findings come again within this.
const PATIENCE: Duration = Duration::from_secs(60);
const LOOK: Duration = Duration::from_millis(20);

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

impl Rig {
    /// The longest that a finding took of what was planted in the first seconds after `killed`.
    async fn findings_come_again(&mut self, killed: Instant) -> anyhow::Result<Duration> {
        self.fleet.run_for(BETWEEN).await?;
        // Planted events are known once they are acknowledged.
        let counts = self.fleet.counts().now();
        self.recovered(killed, counts.offered).await?;
        loop {
            if let Some(longest) = self.probe.longest_lag(killed, killed + BETWEEN, self.tenants()) {
                return Ok(longest);
            }
            ensure!(killed.elapsed() < PATIENCE, "findings don't come again");
            self.fleet.run_for(LOOK).await?;
        }
    }
}
