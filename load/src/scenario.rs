//! What to do to a system, and for how long.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context, ensure};
use serde::{Deserialize, Serialize};

/// A load scenario, as in `scenarios/*.toml`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// How many tenants.
    pub tenants: u32,
    /// How many agents each has.
    pub agents_per_tenant: u32,
    /// Events a second that each agent offers; 0 with a recording, which has its own pace.
    #[serde(default)]
    pub events_per_second: u32,
    /// Age at which agents seal a block, in milliseconds.
    pub block_millis: u32,
    /// How long.
    pub seconds: u32,
    /// Marked events a second that are planted in each tenant.
    pub planted_per_second: u32,
    /// Settings of the system beside the usual ones, KEY=VALUE.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub settings: Vec<String>,
    /// Recorded events instead of made-up ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recording: Option<Recording>,
    /// One more tenant that offers more than it may. The scenario lasts twice as long then: without it, and beside it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub neighbour: Option<Neighbour>,
    /// The system, or a part of it, is stopped on the way. Agents keep what is not taken then, and send it again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stop: Option<Stop>,
}

/// Recorded events, again and again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recording {
    /// As the agent's `--source replay:FILE` takes them. A path beside the scenario.
    pub file: PathBuf,
    /// Multiple of the speed at which they were recorded.
    pub speed: f64,
}

/// A tenant that offers more than it may.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Neighbour {
    /// How many agents it has.
    pub agents: u32,
    /// Events a second that every tenant may send.
    pub quota_events_per_second: u32,
    /// How many times its quota it offers.
    pub times: u32,
}

/// A stop under load.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stop {
    /// How.
    pub how: How,
    /// What, where roles run apart. In one process it is always all of it.
    pub part: Part,
    /// After how many seconds of load.
    pub after_seconds: u32,
    /// For how long it stays away, in seconds.
    pub down_seconds: u32,
}

/// How something is stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum How {
    /// It is asked to, and finishes what it has begun.
    Drain,
    /// As a power switch would.
    Kill,
}

/// What is stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Part {
    /// All roles.
    All,
    /// One of several processes of detect.
    Detect,
    /// One of several brokers.
    Broker,
}

impl Scenario {
    /// Reads a scenario.
    pub fn load(path: &Path) -> anyhow::Result<Self> {
        let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
        let mut scenario = Self::parse(&text).with_context(|| path.display().to_string())?;
        if let (Some(recording), Some(folder)) = (&mut scenario.recording, path.parent()) {
            recording.file = folder.join(&recording.file);
        }
        Ok(scenario)
    }

    fn parse(text: &str) -> anyhow::Result<Self> {
        let scenario: Self = toml::from_str(text)?;
        let Self { recording, neighbour, stop, .. } = &scenario;
        let mut positive = vec![
            ("tenants", scenario.tenants),
            ("agents_per_tenant", scenario.agents_per_tenant),
            ("block_millis", scenario.block_millis),
            ("seconds", scenario.seconds),
            ("planted_per_second", scenario.planted_per_second),
        ];
        match recording {
            None => positive.push(("events_per_second", scenario.events_per_second)),
            Some(recording) => {
                ensure!(scenario.events_per_second == 0, "events_per_second and recording: only one of them");
                let speed = recording.speed;
                ensure!(speed.is_finite() && speed > 0.0, "recording.speed must be above 0");
            }
        }
        if let Some(neighbour) = neighbour {
            positive.push(("neighbour.agents", neighbour.agents));
            positive.push(("neighbour.times", neighbour.times));
            positive.push(("neighbour.quota_events_per_second", neighbour.quota_events_per_second));
            let offered = u64::from(scenario.agents_per_tenant) * u64::from(scenario.events_per_second);
            ensure!(
                offered <= u64::from(neighbour.quota_events_per_second),
                "neighbour.quota_events_per_second is a quota of all tenants, and the others offer {offered}"
            );
            ensure!(stop.is_none(), "neighbour and stop: only one of them");
        }
        if let Some(stop) = stop {
            positive.push(("stop.after_seconds", stop.after_seconds));
            let ends = stop.after_seconds.saturating_add(stop.down_seconds);
            ensure!(ends < scenario.seconds, "stop: it must be over before the scenario is");
        }
        for (name, value) in positive {
            ensure!(value > 0, "{name} must be at least 1");
        }
        Ok(scenario)
    }

    /// Time between the blocks of an agent.
    pub fn block_age(&self) -> Duration {
        Duration::from_millis(self.block_millis.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scenarios_of_this_folder_can_be_read() -> anyhow::Result<()> {
        for file in std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios"))? {
            let scenario = Scenario::load(&file?.path())?;
            let read = serde_json::from_str::<Scenario>(&serde_json::to_string(&scenario)?)?;
            assert_eq!(read, scenario, "as it stands in a report");
            assert!(scenario.recording.is_none_or(|recording| recording.file.is_file()));
        }
        Ok(())
    }

    #[test]
    fn a_wrong_scenario_is_refused_with_the_name_of_what_is_wrong() {
        let right = include_str!("../scenarios/steady.toml");
        let refused = |text: String| Scenario::parse(&text).unwrap_err().to_string();
        assert_eq!(refused(right.replace("seconds = 20", "seconds = 0")), "seconds must be at least 1");
        assert!(refused(format!("{right}\nagents = 3\n")).contains("agents"));
        let neighbour = "[neighbour]\nagents = 1\nquota_events_per_second = 10\ntimes = 10";
        assert!(refused(format!("{right}\n{neighbour}\n")).contains("neighbour.quota_events_per_second"));
        let stop = "[stop]\nhow = \"kill\"\npart = \"all\"\nafter_seconds = 10\ndown_seconds = 10";
        assert!(refused(format!("{right}\n{stop}\n")).starts_with("stop"));
        let recording = "[recording]\nfile = \"x\"\nspeed = 2.0";
        assert!(refused(format!("{right}\n{recording}\n")).contains("only one"));
    }
}
