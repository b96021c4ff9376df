//! Rounds: something goes wrong, is healed, and the system works again; now and then all is calm, and what must hold is looked at.

use std::time::{Duration, Instant};

use anyhow::Context as _;
use rand::{Rng as _, SeedableRng as _, rngs::StdRng};

use crate::{
    check::Compared,
    fault::{Fault, Targets},
    rig::{Plan, Rig},
    table::Table,
};

/// How many, and of what.
#[derive(Debug, Clone)]
pub struct Rounds {
    /// How many.
    pub count: u32,
    /// Decides what happens.
    pub seed: u64,
    /// After how many rounds it is looked at.
    pub check_every: u32,
}

/// What came of them.
#[derive(Debug)]
pub struct Outcome {
    /// By fault.
    pub table: Table,
    /// At the last look.
    pub compared: Compared,
    /// How often a process ended by itself and was started again.
    pub ended: Vec<(String, u64)>,
}

/// Plays them; an error names seed and round, and what everybody said last is printed.
pub async fn play(plan: &Plan, rounds: &Rounds) -> anyhow::Result<Outcome> {
    let Rounds { count, seed, check_every } = *rounds;
    let mut rng = StdRng::seed_from_u64(seed);
    let mut rig = Rig::start(plan).await?;
    let targets = rig.targets();
    let mut table = Table::default();
    for round in 1..=count {
        let faults = targets.choose(&mut rng);
        let hold = Targets::hold(&mut rng);
        let what = faults.iter().map(Fault::to_string).collect::<Vec<_>>().join(" and ");
        eprint!("round {round}: {what} for {hold:.1?}");
        let checks = round % check_every == 0 && round < count;
        let played = one(&mut rig, &faults, hold, &mut rng).await;
        let outcome = match played {
            Ok(outcome) if checks => rig.check().await.map(|compared| (outcome, Some(compared))),
            Ok(outcome) => Ok((outcome, None)),
            Err(error) => Err(error),
        };
        let place = || format!("seed {seed}, round {round}: {what} for {hold:.1?}");
        let ((recovered, pause), compared) =
            outcome.inspect_err(|_| eprintln!("{}", rig.words())).with_context(place)?;
        eprintln!("; works again after {recovered:.1?}, longest pause of acks {pause:.1?}");
        if let Some(compared) = compared {
            eprintln!("all calm after round {round}: {compared:?}");
        }
        table.add(&faults, recovered, pause);
    }
    let last = rig.check_last().await;
    let compared = last
        .inspect_err(|_| eprintln!("{}", rig.words()))
        .with_context(|| format!("seed {seed}, after {count} rounds"))?;
    Ok(Outcome { table, compared, ended: rig.ended.clone().into_iter().collect() })
}

async fn one(
    rig: &mut Rig,
    faults: &[Fault],
    hold: Duration,
    rng: &mut StdRng,
) -> anyhow::Result<(Duration, Duration)> {
    rig.fleet.counts().longest_pause();
    for fault in faults {
        rig.hurt(fault)?;
    }
    rig.fleet.run_for(hold).await?;
    let healed = Instant::now();
    let offered = rig.fleet.counts().now().offered;
    // Whoever is started again waits for what it needs.
    let mut healing: Vec<&Fault> = faults.iter().collect();
    healing.sort_by_key(|fault| fault.needs());
    for fault in healing {
        rig.heal(fault, rng).await?;
    }
    // Sometimes the next comes before all is well again.
    let recovered = match rng.random_bool(0.2) {
        true => healed.elapsed(),
        false => rig.recovered(healed, offered).await?,
    };
    Ok((recovered, rig.fleet.counts().longest_pause()))
}
