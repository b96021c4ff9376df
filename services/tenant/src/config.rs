//! Settings of this role.

use serde::Deserialize;

/// Section `[tenant]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// How long a node's certificate is good for, in hours.
    pub node_certificate_hours: u64,
    /// Longest life of an enrollment token, in days.
    pub token_max_days: u64,
    /// Wrong passwords for one name before it has to wait.
    pub password_tries: u32,
    /// Passwords that are checked at a time: each takes 19 MiB and some milliseconds.
    pub password_checks: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self { node_certificate_hours: 24, token_max_days: 30, password_tries: 5, password_checks: 4 }
    }
}

impl Config {
    /// Refuses what can't work.
    pub fn check(&self) -> anyhow::Result<()> {
        let positive = [
            ("node_certificate_hours", self.node_certificate_hours),
            ("token_max_days", self.token_max_days),
            ("password_tries", self.password_tries.into()),
            ("password_checks", self.password_checks as u64),
        ];
        for (name, value) in positive {
            anyhow::ensure!(value > 0, "setting tenant.{name} is 0; give at least 1");
        }
        anyhow::ensure!(
            self.node_certificate_hours <= 90 * 24,
            "setting tenant.node_certificate_hours is {}; node certificates live for at most 90 days",
            self.node_certificate_hours
        );
        Ok(())
    }
}
