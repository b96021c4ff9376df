//! A tenant that offers more than it may, and what the others feel of it.

use std::time::{Duration, Instant};

use super::SharedProbe;
use crate::{
    agents::{Crew, Fleet, Manner, Pace},
    report::{self, percentiles},
    scenario::{Neighbour, Scenario},
    system::System,
};

/// The setting that gives every tenant its quota.
pub(super) fn setting(neighbour: &Neighbour) -> String {
    format!("ingest.tenant_events_per_second={}", neighbour.quota_events_per_second)
}

/// Lets the others run alone first and then beside the system's last tenant; they have their pace already.
pub(super) async fn beside(
    scenario: &Scenario,
    neighbour: &Neighbour,
    system: &System,
    probe: &SharedProbe,
    others: &mut Fleet,
) -> anyhow::Result<report::Neighbour> {
    let time = Duration::from_secs(scenario.seconds.into());
    let (other_tenants, own) = system.tenants.split_at(scenario.tenants as usize);
    let crew = Crew {
        tenants: own,
        per_tenant: neighbour.agents,
        block_age: scenario.block_age(),
        manner: Manner::OpenLoop,
        recording: None,
    };
    // Its agents are there from the beginning: what differs is what they offer.
    let mut fleet = Fleet::of(crew, system, probe).await?;
    let lags = |since, until| {
        percentiles(
            &mut probe.lags_within(since, until, |name| other_tenants.iter().any(|it| it.name == name)),
        )
    };

    let began = Instant::now();
    others.run_for(time).await?;
    let between = Instant::now();
    let offers = f64::from(neighbour.quota_events_per_second) * f64::from(neighbour.times);
    eprintln!("beside them one tenant with {} agents offers {offers:.0} events/s", neighbour.agents);
    let before = others.counts().now();
    fleet.pace(Pace {
        events: offers / f64::from(neighbour.agents),
        planted: scenario.planted_per_second.into(),
    });
    tokio::select! {
        ended = others.run_for(time) => ended?,
        ended = fleet.run_for(time) => ended?,
    }
    let ended = Instant::now();
    let during = others.counts().now().since(before);
    let counts = fleet.counts().now();
    // What it still keeps would take minutes at its quota.
    drop(fleet);
    // What was planted last is heard of a little later.
    others.run_for(SETTLE).await?;
    Ok(report::Neighbour {
        alone_ms: lags(began, between),
        beside_ms: lags(between, ended),
        others_not_taken: during.refused + during.shed,
        counts,
    })
}

/// A finding that comes later than this counts with the time that it has waited by then.
const SETTLE: Duration = Duration::from_secs(2);
