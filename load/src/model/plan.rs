//! From nodes and events to machines, line by line.

use clap::Args;
use serde::Serialize;

use super::{constants::Constants, limits, sheet};

/// What is there.
#[derive(Debug, Clone, PartialEq, Args, Serialize)]
pub struct Inputs {
    /// Nodes with an agent.
    #[arg(long, required_unless_present = "constants", default_value_t = 0.0, hide_default_value = true)]
    pub nodes: f64,
    /// Tenants.
    #[arg(long, default_value_t = 1.0)]
    pub tenants: f64,
    /// Recorded events a second of a node, on average.
    #[arg(long, default_value_t = 100.0)]
    pub events_per_node_second: f64,
    /// Days that events are kept for searches.
    #[arg(long, default_value_t = 7.0)]
    pub retention_days: f64,
    /// Events of the busiest node, as a multiple of the average one's.
    #[arg(long, default_value_t = 10.0)]
    pub skew: f64,
    /// Nodes of the largest tenant, as a multiple of an even share.
    #[arg(long, default_value_t = 1.0)]
    pub tenant_skew: f64,
    /// Partitions are made for so many times this load, since their number can't change.
    #[arg(long, default_value_t = 2.0)]
    pub growth: f64,
}

impl Inputs {
    /// Refuses what makes no sense.
    pub fn check(&self) -> anyhow::Result<()> {
        let at_least = [
            ("nodes", self.nodes, 1.0),
            ("tenants", self.tenants, 1.0),
            ("events-per-node-second", self.events_per_node_second, 0.001),
            ("retention-days", self.retention_days, 1.0),
            ("skew", self.skew, 1.0),
            ("tenant-skew", self.tenant_skew, 1.0),
            ("growth", self.growth, 1.0),
        ];
        for (name, value, least) in at_least {
            anyhow::ensure!(value.is_finite() && value >= least, "--{name} must be at least {least}");
        }
        anyhow::ensure!(self.tenants <= self.nodes, "--tenants: there are more tenants than nodes");
        Ok(())
    }
}

/// One result.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Line {
    /// What it is part of.
    pub section: &'static str,
    /// What it is.
    pub name: &'static str,
    /// How much, in `unit`.
    pub value: f64,
    /// What of.
    pub unit: &'static str,
    /// How it is worked out, in names of lines and constants.
    pub how: &'static str,
    /// The constants in it.
    pub from: Vec<&'static str>,
}

/// What costs machines.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Driver {
    /// Which part of the installation.
    pub name: &'static str,
    /// How many machines it fills, parts of one included.
    pub machines: f64,
    /// What it runs out of first.
    pub bound_by: &'static str,
}

/// What ends somewhere.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Limit {
    /// What it is.
    pub name: &'static str,
    /// How much there is of it, in `unit`.
    pub load: f64,
    /// Where it ends, in `unit`.
    pub limit: f64,
    /// What of.
    pub unit: &'static str,
    /// What happens beyond, and what to do.
    pub then: &'static str,
}

impl Limit {
    /// Above 1 it is broken.
    pub fn share(&self) -> f64 {
        self.load / self.limit
    }
}

/// All results.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Plan {
    /// What was asked.
    pub inputs: Inputs,
    /// The results, in the order in which they follow from each other.
    pub lines: Vec<Line>,
    /// What costs most first.
    pub drivers: Vec<Driver>,
    /// What ends first, first.
    pub limits: Vec<Limit>,
}

impl Plan {
    /// A line by its name.
    pub fn line(&self, name: &str) -> Option<&Line> {
        self.lines.iter().find(|line| line.name == name)
    }
}

/// Works it out.
pub fn plan(inputs: &Inputs, constants: &Constants) -> Plan {
    let (lines, sizes) = sheet::fill(inputs, constants);
    let mut drivers = limits::drivers(&sizes, constants);
    drivers.sort_by(|a, b| b.machines.total_cmp(&a.machines));
    let mut limits = limits::limits(inputs, &sizes, constants);
    limits.sort_by(|a, b| b.share().total_cmp(&a.share()));
    Plan { inputs: inputs.clone(), lines, drivers, limits }
}
