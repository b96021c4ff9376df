//! Settings of this role.

use serde::Deserialize;

/// Section `[detect]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Consumer group that divides the telemetry partitions.
    pub group: String,
    /// A node is silent after this many heartbeats that did not come.
    pub silent_after_heartbeats: u32,
    /// Length of a heartbeat, in seconds, for a node that has not told its own yet.
    pub heartbeat_seconds: u32,
}

impl Default for Config {
    fn default() -> Self {
        Self { group: "detect".into(), silent_after_heartbeats: 2, heartbeat_seconds: 5 }
    }
}
