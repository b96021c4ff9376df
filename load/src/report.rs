//! What came of it: JSON to compare, a table to read.

use std::{fmt, process::Command, time::Duration};

use serde::Serialize;

use crate::{agents::Counted, scenario::Scenario};

/// The result of a run.
#[derive(Debug, Serialize)]
pub struct Report {
    /// What was done.
    pub scenario: Scenario,
    /// Where, and with what.
    pub machine: Machine,
    /// Log and store.
    pub backend: String,
    /// What became of events.
    pub counts: Counted,
    /// Seconds from first offer to last acknowledgement.
    pub seconds: f64,
    /// Processor time of the system, in seconds, until the last finding was found.
    pub cpu_seconds: f64,
    /// What the probe saw.
    pub probe: Probe,
}

/// What a figure depends on.
#[derive(Debug, Clone, Serialize)]
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
#[derive(Debug, Default, Clone, PartialEq, Serialize)]
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
    pub lag_ms: [f64; 3],
}

impl Report {
    /// Whether the system was correct, however fast.
    pub const fn is_correct(&self) -> bool {
        self.probe.is_correct()
    }
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
        let Self { counts, probe, .. } = self;
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
        let [p50, p99, max] = probe.lag_ms;
        row(
            "heard",
            probe.heard,
            format!("on the subscription after p50 {p50:.0} ms, p99 {p99:.0} ms, max {max:.0} ms"),
        )?;
        let per_event = self.cpu_seconds * 1e9 / accepted;
        writeln!(
            f,
            "{:<10} {:>12.1}  processor seconds of the system, {per_event:.0} ns per event",
            "cpu", self.cpu_seconds
        )?;
        write!(f, "{}, {} log and store", self.machine, self.backend)
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
