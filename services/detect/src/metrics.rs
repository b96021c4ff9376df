//! What this role counts.

use prometheus_client::{
    metrics::{counter::Counter, gauge::Gauge, histogram::Histogram, histogram::exponential_buckets},
    registry::Registry,
};

/// Counters of the detect role; all names begin with `vedetta_detect_`.
#[derive(Debug, Clone)]
pub struct Metrics {
    /// Blocks that were evaluated.
    pub blocks: Counter,
    /// Events that were evaluated.
    pub events: Counter,
    /// Findings that were appended.
    pub findings: Counter,
    /// Records that could not be decoded.
    pub poison: Counter,
    /// Rule sets that did not compile.
    pub rejected_rule_sets: Counter,
    /// Nodes that are silent now.
    pub silent_nodes: Gauge,
    /// From append to the telemetry log to append to the findings log, in seconds.
    pub latency: Histogram,
}

impl Metrics {
    /// Registers them.
    pub fn register(registry: &mut Registry) -> Self {
        let metrics = Self {
            blocks: Counter::default(),
            events: Counter::default(),
            findings: Counter::default(),
            poison: Counter::default(),
            rejected_rule_sets: Counter::default(),
            silent_nodes: Gauge::default(),
            latency: Histogram::new(exponential_buckets(0.001, 2.0, 14)),
        };
        registry.register("blocks", "Blocks evaluated", metrics.blocks.clone());
        registry.register("events", "Events evaluated", metrics.events.clone());
        registry.register("findings", "Findings appended", metrics.findings.clone());
        registry.register("poison_records", "Records that could not be decoded", metrics.poison.clone());
        registry.register(
            "rejected_rule_sets",
            "Rule sets that did not compile here",
            metrics.rejected_rule_sets.clone(),
        );
        registry.register("silent_nodes", "Nodes that are silent now", metrics.silent_nodes.clone());
        registry.register(
            "latency_seconds",
            "From telemetry append to finding append",
            metrics.latency.clone(),
        );
        metrics
    }
}
