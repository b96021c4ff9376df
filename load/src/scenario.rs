//! What to do to a system, and for how long.

use std::{path::Path, time::Duration};

use anyhow::{Context, ensure};
use serde::{Deserialize, Serialize};

/// A load scenario, as in `scenarios/*.toml`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// How many tenants.
    pub tenants: u32,
    /// How many agents each has.
    pub agents_per_tenant: u32,
    /// Events a second that each agent offers.
    pub events_per_second: u32,
    /// Age at which agents seal a block, in milliseconds.
    pub block_millis: u32,
    /// How long.
    pub seconds: u32,
    /// Marked events a second that are planted in each tenant.
    pub planted_per_second: u32,
}

impl Scenario {
    /// Reads a scenario.
    pub fn load(path: &Path) -> anyhow::Result<Self> {
        let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
        Self::parse(&text).with_context(|| path.display().to_string())
    }

    fn parse(text: &str) -> anyhow::Result<Self> {
        let scenario: Self = toml::from_str(text)?;
        let positive = [
            ("tenants", scenario.tenants),
            ("agents_per_tenant", scenario.agents_per_tenant),
            ("events_per_second", scenario.events_per_second),
            ("block_millis", scenario.block_millis),
            ("seconds", scenario.seconds),
            ("planted_per_second", scenario.planted_per_second),
        ];
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
            Scenario::load(&file?.path())?;
        }
        Ok(())
    }

    #[test]
    fn a_wrong_scenario_is_refused_with_the_name_of_what_is_wrong() {
        let right = include_str!("../scenarios/steady.toml");
        let zero = right.replace("seconds = 20", "seconds = 0");
        assert_eq!(Scenario::parse(&zero).unwrap_err().to_string(), "seconds must be at least 1");
        let unknown = format!("{right}\nagents = 3\n");
        assert!(Scenario::parse(&unknown).unwrap_err().to_string().contains("agents"));
    }
}
