//! What this role counts.

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{
        counter::Counter,
        family::Family,
        gauge::Gauge,
        histogram::{Histogram, exponential_buckets},
    },
    registry::Registry,
};

/// Which projection.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct ProjectionLabel {
    /// Its name.
    pub projection: &'static str,
}

/// Counters of the query role; all names begin with `vedetta_query_`.
#[derive(Debug, Clone)]
pub struct Metrics {
    /// Records that were applied to views.
    pub records: Family<ProjectionLabel, Counter>,
    /// Records that could not be understood and were skipped.
    pub poison: Family<ProjectionLabel, Counter>,
    /// Tries to write views that failed and were made again.
    pub retries: Family<ProjectionLabel, Counter>,
    /// From append to the log to readable, in seconds.
    pub latency: Histogram,
    /// Blocks that were kept for searches.
    pub archived: Counter,
    /// Blocks that were merged into one with others.
    pub merged: Counter,
    /// Records that were put aside with the dead letters.
    pub buried: Counter,
    /// GraphQL operations that were executed.
    pub operations: Counter,
    /// GraphQL operations that were refused for their size or shape.
    pub refused: Counter,
    /// GraphQL operations that ran out of time.
    pub timeouts: Counter,
    /// Mutations whose change was not readable in time.
    pub stale_reads: Counter,
    /// Subscribers that fell too far behind and were told to fetch again.
    pub lagged: Counter,
    /// Open WebSocket connections.
    pub connections: Gauge,
    /// Logins that failed.
    pub failed_logins: Counter,
}

impl Metrics {
    /// Registers them.
    pub fn register(registry: &mut Registry) -> Self {
        let metrics = Self::unregistered();
        registry.register("records", "Records applied to views", metrics.records.clone());
        registry.register("poison_records", "Records not understood and skipped", metrics.poison.clone());
        registry.register("apply_retries", "View writes that were tried again", metrics.retries.clone());
        registry.register("latency_seconds", "From log append to readable", metrics.latency.clone());
        registry.register("archived_blocks", "Blocks kept for searches", metrics.archived.clone());
        registry.register("merged_blocks", "Blocks merged into one with others", metrics.merged.clone());
        registry.register(
            "buried_records",
            "Records put aside with the dead letters",
            metrics.buried.clone(),
        );
        registry.register("operations", "GraphQL operations executed", metrics.operations.clone());
        registry.register(
            "refused_operations",
            "GraphQL operations refused by a limit",
            metrics.refused.clone(),
        );
        registry.register("timed_out_operations", "GraphQL operations out of time", metrics.timeouts.clone());
        registry.register("stale_reads", "Mutations not readable in time", metrics.stale_reads.clone());
        registry.register("lagged_subscribers", "Subscribers told to fetch again", metrics.lagged.clone());
        registry.register("connections", "Open WebSocket connections", metrics.connections.clone());
        registry.register("failed_logins", "Logins that failed", metrics.failed_logins.clone());
        metrics
    }

    /// Metrics that nobody reads, for tools and tests.
    pub fn unregistered() -> Self {
        Self {
            records: Family::default(),
            poison: Family::default(),
            retries: Family::default(),
            latency: Histogram::new(exponential_buckets(0.001, 2.0, 14)),
            archived: Counter::default(),
            merged: Counter::default(),
            buried: Counter::default(),
            operations: Counter::default(),
            refused: Counter::default(),
            timeouts: Counter::default(),
            stale_reads: Counter::default(),
            lagged: Counter::default(),
            connections: Gauge::default(),
            failed_logins: Counter::default(),
        }
    }
}
