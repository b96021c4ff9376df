//! The system, or a part of it, goes away under load and comes back.

use std::{
    sync::{Arc, atomic::Ordering},
    time::{Duration, Instant},
};

use tokio::{sync::oneshot, task};

use crate::{
    agents::{Counts, Fleet},
    report,
    scenario::{How, Stop},
    system::System,
};

/// Between two looks at what was acknowledged.
const LOOK: Duration = Duration::from_millis(10);

/// Runs for `time` in all with the stop in it.
pub(super) async fn stop(
    stop: &Stop,
    time: Duration,
    system: &mut System,
    fleet: &mut Fleet,
) -> anyhow::Result<report::Stop> {
    let began = Instant::now();
    fleet.run_for(Duration::from_secs(stop.after_seconds.into())).await?;
    let (end, ended) = oneshot::channel();
    let silence = tokio::spawn(silence(fleet.counts().clone(), ended));
    let stopped = Instant::now();
    let what = match stop.how {
        How::Kill => {
            task::block_in_place(|| system.kill())?;
            "all of it, killed"
        }
        How::Drain => {
            anyhow::bail!("stop.how = \"drain\": this build can only kill")
        }
    };
    eprintln!("{what}; it is away for {} s", stop.down_seconds);
    fleet.run_for(Duration::from_secs(stop.down_seconds.into())).await?;
    system.relaunch()?;
    task::block_in_place(|| system.serves())?;
    let down = stopped.elapsed();
    fleet.run_for(time.saturating_sub(began.elapsed())).await?;
    // The other end is there until it is told.
    let _ = end.send(());
    Ok(report::Stop {
        what: what.to_owned(),
        down_seconds: down.as_secs_f64(),
        silent_seconds: silence.await?.as_secs_f64(),
    })
}

/// The longest time without an acknowledgement, from now until told to end.
async fn silence(counts: Arc<Counts>, mut end: oneshot::Receiver<()>) -> Duration {
    let accepted = || counts.accepted.load(Ordering::Relaxed);
    let (mut before, mut since, mut longest) = (accepted(), Instant::now(), Duration::ZERO);
    let mut look = tokio::time::interval(LOOK);
    loop {
        tokio::select! {
            _ = look.tick() => {}
            _ = &mut end => return longest,
        }
        longest = longest.max(since.elapsed());
        let now = accepted();
        if now != before {
            (before, since) = (now, Instant::now());
        }
    }
}
