//! Settings of this role.

use serde::Deserialize;
use vedetta_model::control::Limits;

/// Section `[ingest]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// How often agents are told to send a heartbeat, in seconds.
    pub heartbeat_seconds: u32,
    /// Blocks of one stream that may wait for the log at a time. More wait in the network.
    pub blocks_in_flight: usize,
    /// Blocks of all streams that may wait for the log at a time, in MiB. What comes beyond that is
    /// refused for the moment.
    pub mebibytes_in_flight: usize,
    /// Streams that one node may have open at a time.
    pub streams_per_node: usize,
    /// A stream is closed after this many blocks that could not be read.
    pub malformed_blocks: u32,
    /// Events a second that a tenant may send, all its nodes together, unless it was given a limit of its own.
    pub tenant_events_per_second: u64,
    /// Events a second that each node may send, unless its tenant was given a limit of its own.
    pub node_events_per_second: u64,
    /// For how many seconds a tenant or node may send above its limit before it is refused.
    pub burst_seconds: u32,
    /// Enrollments a second, all tenants together.
    pub enrollments_per_second: u32,
}

impl Default for Config {
    fn default() -> Self {
        let usual = Limits::default();
        Self {
            tenant_events_per_second: usual.events_per_second,
            node_events_per_second: usual.node_events_per_second,
            heartbeat_seconds: 5,
            blocks_in_flight: 8,
            mebibytes_in_flight: 256,
            streams_per_node: 4,
            malformed_blocks: 16,
            burst_seconds: 5,
            enrollments_per_second: 50,
        }
    }
}

impl Config {
    /// Limits of a tenant that was given none of its own.
    pub fn usual_limits(&self) -> Limits {
        Limits {
            events_per_second: self.tenant_events_per_second,
            node_events_per_second: self.node_events_per_second,
            ..Limits::default()
        }
    }

    /// Refuses values that would stop everything.
    pub fn check(&self) -> anyhow::Result<()> {
        let positive = [
            ("heartbeat_seconds", self.heartbeat_seconds as usize),
            ("blocks_in_flight", self.blocks_in_flight),
            ("mebibytes_in_flight", self.mebibytes_in_flight),
            ("streams_per_node", self.streams_per_node),
            ("malformed_blocks", self.malformed_blocks as usize),
            ("tenant_events_per_second", self.tenant_events_per_second as usize),
            ("node_events_per_second", self.node_events_per_second as usize),
            ("burst_seconds", self.burst_seconds as usize),
            ("enrollments_per_second", self.enrollments_per_second as usize),
        ];
        for (name, value) in positive {
            anyhow::ensure!(value > 0, "setting ingest.{name} must be at least 1");
        }
        Ok(())
    }
}
