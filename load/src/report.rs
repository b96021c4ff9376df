//! What came of it: JSON to compare ([`crate::compare`]), a table to read.
//!
//! The JSON is [`Report`] as it stands here, times in seconds or milliseconds as the names say, sizes in bytes. A number that there is
//! none of (the lag of nothing) is `null`.

use std::{fmt, path::Path, process::Command, time::Duration};

use anyhow::Context as _;
use serde::{Deserialize, Deserializer, Serialize};

use crate::{agents::Counted, scenario::Scenario};

/// Version of the JSON; another one is refused.
pub const FORMAT: u32 = 1;

/// The result of a scenario.
#[derive(Debug, Serialize, Deserialize)]
pub struct Report {
    /// [`FORMAT`].
    pub format: u32,
    /// What was done.
    pub scenario: Scenario,
    /// Where, and with what.
    pub machine: Machine,
    /// What kind of system: `embedded`, `embedded in memory`, `cluster`.
    pub form: String,
    /// Each time that it was done, on a new system each time.
    pub rounds: Vec<Round>,
}

/// One time.
#[derive(Debug, Serialize, Deserialize)]
pub struct Round {
    /// What became of events.
    pub counts: Counted,
    /// Seconds from first offer to last acknowledgement.
    pub seconds: f64,
    /// Processor time of the system, in seconds, until the last finding was found. `null` when processes of it ended on the way.
    #[serde(deserialize_with = "null_is_nan")]
    pub cpu_seconds: f64,
    /// Memory of the system.
    pub memory: Memory,
    /// What the probe saw.
    pub probe: Probe,
    /// What a neighbour did to the others, when there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub neighbour: Option<Neighbour>,
    /// What a stop did, when there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stop: Option<Stop>,
}

/// The most memory that the system ever had resident by a moment, in bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Memory {
    /// When it served, before the first agent.
    pub idle: u64,
    /// When all agents were connected, before the first event.
    pub connected: u64,
    /// At the end.
    pub peak: u64,
}

/// Findings of the others beside a tenant that offers more than it may.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Neighbour {
    /// From planting to hearing of the finding without it, as in [`Probe::lag_ms`].
    #[serde(deserialize_with = "nulls_are_nan")]
    pub alone_ms: [f64; 3],
    /// The same beside it.
    #[serde(deserialize_with = "nulls_are_nan")]
    pub beside_ms: [f64; 3],
    /// Events of the others that were refused or shed beside it: of those nothing is its fault to bear.
    pub others_not_taken: u64,
    /// What became of its own events.
    pub counts: Counted,
}

impl Neighbour {
    /// The most that the ratio should be.
    pub const GOAL: f64 = 1.25;

    /// How many times as long 99 of 100 findings took beside it.
    pub fn ratio(&self) -> f64 {
        self.beside_ms[1] / self.alone_ms[1]
    }
}

/// A stop of the system, or of a part of it, under load.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Stop {
    /// What was stopped, and how.
    pub what: String,
    /// Seconds from the stop until it served again.
    pub down_seconds: f64,
    /// The longest time that any agent heard no acknowledgement from the stop on, in seconds.
    pub silent_seconds: f64,
}

/// What a figure depends on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Machine {
    /// Version of this tree, as git tells it.
    pub commit: String,
    /// Processor.
    pub processor: String,
    /// How many of them.
    pub processors: usize,
    /// Version of the kernel.
    pub kernel: String,
}

impl Machine {
    /// This one.
    pub fn here() -> Self {
        let git = Command::new("git").args(["describe", "--always", "--dirty"]).output();
        let commit = git.ok().filter(|output| output.status.success()).map(|output| output.stdout);
        let cpuinfo = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let model = cpuinfo.lines().find_map(|line| line.strip_prefix("model name")?.split(": ").nth(1));
        Self {
            commit: commit.map_or_else(
                || "unknown".to_owned(),
                |text| String::from_utf8_lossy(&text).trim().to_owned(),
            ),
            processor: model.unwrap_or("unknown").to_owned(),
            processors: std::thread::available_parallelism().map_or(1, usize::from),
            kernel: rustix::system::uname().release().to_string_lossy().into_owned(),
        }
    }
}

impl Probe {
    /// Whether something was planted, and nothing missing, twice there, or in a wrong place.
    pub const fn is_correct(&self) -> bool {
        self.planted > 0 && self.missing == 0 && self.doubled == 0 && self.foreign == 0
    }
}

impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} on {} x {}, Linux {}", self.commit, self.processors, self.processor, self.kernel)
    }
}

/// What became of planted events.
#[derive(Debug, Default, Clone, PartialEq, Serialize, Deserialize)]
pub struct Probe {
    /// How many were planted and acknowledged.
    pub planted: u64,
    /// How many became exactly one finding in their own tenant.
    pub found: u64,
    /// How many became none.
    pub missing: u64,
    /// How many became more than one.
    pub doubled: u64,
    /// How many were seen in another tenant.
    pub foreign: u64,
    /// How many were heard of on the subscription.
    pub heard: u64,
    /// From planting to hearing of the finding, in milliseconds: half, 99 of 100, all are below.
    #[serde(deserialize_with = "nulls_are_nan")]
    pub lag_ms: [f64; 3],
}

impl Report {
    /// Whether the system was correct each time, however fast.
    pub fn is_correct(&self) -> bool {
        !self.rounds.is_empty() && self.rounds.iter().all(|round| round.probe.is_correct())
    }

    /// Reads one.
    pub fn load(path: &Path) -> anyhow::Result<Self> {
        let read = || {
            let text = std::fs::read(path)?;
            let format = serde_json::from_slice::<serde_json::Value>(&text)?["format"].as_u64();
            anyhow::ensure!(
                format == Some(FORMAT.into()),
                "no report of format {FORMAT}; make one with `vedetta-load run SCENARIO --json FILE`"
            );
            Ok(serde_json::from_slice(&text)?)
        };
        read().with_context(|| path.display().to_string())
    }
}

fn null_is_nan<'de, D: Deserializer<'de>>(from: D) -> Result<f64, D::Error> {
    Ok(Option::<f64>::deserialize(from)?.unwrap_or(f64::NAN))
}

fn nulls_are_nan<'de, D: Deserializer<'de>>(from: D) -> Result<[f64; 3], D::Error> {
    Ok(<[Option<f64>; 3]>::deserialize(from)?.map(|number| number.unwrap_or(f64::NAN)))
}

/// The values below which half, 99 of 100, and all of the samples lie, in milliseconds.
pub fn percentiles(samples: &mut [Duration]) -> [f64; 3] {
    samples.sort_unstable();
    let at = |share: f64| {
        let index = ((samples.len() as f64 * share).ceil() as usize).clamp(1, samples.len().max(1)) - 1;
        samples.get(index).map_or(f64::NAN, |d| d.as_secs_f64() * 1e3)
    };
    [at(0.5), at(0.99), at(1.0)]
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for round in &self.rounds {
            writeln!(f, "{round}")?;
        }
        write!(f, "{}, {}", self.machine, self.form)
    }
}

impl fmt::Display for Round {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { counts, probe, memory, .. } = self;
        let accepted = counts.accepted.max(1) as f64;
        let mut row = |name: &str, value: u64, more: String| writeln!(f, "{name:<10} {value:>12}  {more}");
        row("offered", counts.offered, String::new())?;
        row(
            "accepted",
            counts.accepted,
            format!("{:.0}/s, {:.1} bytes each", accepted / self.seconds, counts.bytes as f64 / accepted),
        )?;
        row("refused", counts.refused, "told to come again".to_owned())?;
        row("shed", counts.shed, "not kept by agents any longer".to_owned())?;
        row(
            "planted",
            probe.planted,
            format!(
                "found {}, missing {}, doubled {}, foreign {}",
                probe.found, probe.missing, probe.doubled, probe.foreign
            ),
        )?;
        row("heard", probe.heard, format!("on the subscription after {}", Lag(probe.lag_ms)))?;
        let mib = |bytes: u64| bytes >> 20;
        row(
            "memory",
            mib(memory.peak),
            format!(
                "MiB at most; {} idle, {} with all agents connected",
                mib(memory.idle),
                mib(memory.connected)
            ),
        )?;
        if let Some(neighbour) = &self.neighbour {
            let (accepted, refused) = (neighbour.counts.accepted, neighbour.counts.refused);
            let met = if neighbour.ratio() <= Neighbour::GOAL { "met" } else { "missed" };
            writeln!(f, "{:<10} {:>12}  without the neighbour", "alone", Lag(neighbour.alone_ms))?;
            writeln!(
                f,
                "{:<10} {:>12}  beside it; it was let {accepted} events and refused {refused}",
                "beside",
                Lag(neighbour.beside_ms)
            )?;
            writeln!(
                f,
                "{:<10} {:>12.2}  times as long at p99; goal {} {met}; {} events of the others not taken",
                "ratio",
                neighbour.ratio(),
                Neighbour::GOAL,
                neighbour.others_not_taken
            )?;
        }
        if let Some(Stop { what, down_seconds, silent_seconds }) = &self.stop {
            writeln!(
                f,
                "{:<10} {down_seconds:>12.1}  seconds until it served again: {what}; {silent_seconds:.1} s without an acknowledgement",
                "down"
            )?;
        }
        if self.cpu_seconds.is_nan() {
            return write!(
                f,
                "{:<10} {:>12}  since processes of the system ended on the way",
                "cpu", "not known"
            );
        }
        let per_event = self.cpu_seconds * 1e9 / accepted;
        write!(
            f,
            "{:<10} {:>12.1}  processor seconds of the system, {per_event:.0} ns per event",
            "cpu", self.cpu_seconds
        )
    }
}

/// Percentiles for people.
struct Lag([f64; 3]);

impl fmt::Display for Lag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [p50, p99, max] = self.0;
        f.pad(&format!("p50 {p50:.0} ms, p99 {p99:.0} ms, max {max:.0} ms"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_values_that_were_seen() {
        let mut samples: Vec<Duration> = (1..=100).map(Duration::from_millis).collect();
        assert_eq!(percentiles(&mut samples), [50.0, 99.0, 100.0]);
        assert_eq!(percentiles(&mut [Duration::from_millis(7)]), [7.0; 3]);
        assert!(percentiles(&mut []).iter().all(|x| x.is_nan()));
    }
}
