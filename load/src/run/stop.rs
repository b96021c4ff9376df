//! The system, or a part of it, goes away under load and comes back.

use std::time::{Duration, Instant};

use anyhow::Context as _;
use tokio::task;

use crate::{
    agents::Fleet,
    report,
    scenario::{How, Part, Stop},
    system::{Member, System},
};

/// The broker and the process of detect that are stopped.
const BROKER: u32 = 1;
const DETECT: &str = "detect-1";

/// Runs for `time` in all with the stop in it.
pub(super) async fn stop(
    stop: &Stop,
    time: Duration,
    system: &mut System,
    fleet: &mut Fleet,
) -> anyhow::Result<report::Stop> {
    let began = Instant::now();
    fleet.run_for(Duration::from_secs(stop.after_seconds.into())).await?;
    // What was before does not count.
    fleet.counts().longest_pause();
    let stopped = Instant::now();
    let what = task::block_in_place(|| halt(stop, system))?;
    eprintln!("{what}; away for {} s", stop.down_seconds);
    fleet.run_for(Duration::from_secs(stop.down_seconds.into())).await?;
    task::block_in_place(|| resume(stop, system))?;
    let down = stopped.elapsed();
    fleet.run_for(time.saturating_sub(began.elapsed())).await?;
    let silent = fleet.counts().longest_pause();
    Ok(report::Stop { what, down_seconds: down.as_secs_f64(), silent_seconds: silent.as_secs_f64() })
}

/// Whether roles run apart; else all of it is one process.
const fn is_apart(system: &System) -> bool {
    system.servers.is_some()
}

/// Stops it; says what was stopped, and how. Blocks.
fn halt(stop: &Stop, system: &mut System) -> anyhow::Result<String> {
    let how = match stop.how {
        How::Drain => "drained",
        How::Kill => "killed",
    };
    let halt = |member: &mut Member| match stop.how {
        How::Drain => member.drain(),
        How::Kill => member.kill(),
    };
    let what = match stop.part {
        Part::Broker if is_apart(system) => {
            let servers = system.servers.as_ref().context("brokers")?;
            servers.kafka.kill(BROKER);
            format!("broker {BROKER} of {} killed", servers.brokers())
        }
        Part::Detect if is_apart(system) => {
            halt(system.member(DETECT)?)?;
            format!("{DETECT} {how}")
        }
        _ => {
            // Last started first, as at a stop: nobody waits for who has gone.
            system.members.iter_mut().rev().try_for_each(halt)?;
            format!("all processes {how}")
        }
    };
    Ok(what)
}

/// Starts it again and waits until it serves. Blocks.
fn resume(stop: &Stop, system: &mut System) -> anyhow::Result<()> {
    match stop.part {
        Part::Broker if is_apart(system) => {
            system.servers.as_ref().context("brokers")?.kafka.start(BROKER);
            Ok(())
        }
        Part::Detect if is_apart(system) => {
            let member = system.member(DETECT)?;
            member.relaunch()?;
            member.serves().map(drop)
        }
        _ => {
            system.relaunch()?;
            system.serves()
        }
    }
}
