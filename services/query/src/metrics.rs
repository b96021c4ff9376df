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
use vedetta_log::{Group, Partition};

/// Which projection.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct ProjectionLabel {
    /// Its name.
    pub projection: &'static str,
}

/// Which partition.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct PartitionLabel {
    /// Its number.
    pub partition: u32,
}

impl PartitionLabel {
    /// Of a partition.
    pub const fn of(partition: &Partition) -> Self {
        Self { partition: partition.index }
    }
}

/// Which consumer group, in which partition.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct ReaderLabel {
    /// Its name.
    pub group: String,
    /// The partition's number.
    pub partition: u32,
}

impl ReaderLabel {
    /// Of a group and a partition.
    pub fn of(group: &Group, partition: &Partition) -> Self {
        Self { group: group.to_string(), partition: partition.index }
    }
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
    /// Blocks of closed hours that were merged into one with others.
    pub compacted: Counter,
    /// Bytes of these.
    pub compacted_before: Counter,
    /// Bytes of what they became.
    pub compacted_after: Counter,
    /// Runs of blocks that could not be merged.
    pub not_compacted: Counter,
    /// Records that were put aside with the dead letters.
    pub buried: Counter,
    /// Records of telemetry that were trimmed.
    pub telemetry_trimmed: Counter,
    /// Records of telemetry that lie in the log, at most.
    pub telemetry_records: Family<PartitionLabel, Gauge>,
    /// Age of the oldest of them, in seconds.
    pub telemetry_oldest: Family<PartitionLabel, Gauge>,
    /// Records of telemetry that would be trimmed, had the group read them.
    pub telemetry_held: Family<ReaderLabel, Gauge>,
    /// Up to when all that the log took can be asked for, in seconds since 1970.
    pub complete_as_of: Gauge,
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
            "compacted_blocks",
            "Blocks of closed hours merged into one with others",
            metrics.compacted.clone(),
        );
        registry.register(
            "compacted_bytes_before",
            "Bytes of blocks that were merged after their hour",
            metrics.compacted_before.clone(),
        );
        registry.register(
            "compacted_bytes_after",
            "Bytes of what blocks became that were merged after their hour",
            metrics.compacted_after.clone(),
        );
        registry.register(
            "not_compacted_runs",
            "Runs of blocks of closed hours that could not be merged",
            metrics.not_compacted.clone(),
        );
        registry.register(
            "buried_records",
            "Records put aside with the dead letters",
            metrics.buried.clone(),
        );
        registry.register(
            "telemetry_trimmed_records",
            "Records of telemetry trimmed from the log",
            metrics.telemetry_trimmed.clone(),
        );
        registry.register(
            "telemetry_records",
            "Records of telemetry in the log, by partition",
            metrics.telemetry_records.clone(),
        );
        registry.register(
            "telemetry_oldest_seconds",
            "Age of the oldest record of telemetry in the log, by partition",
            metrics.telemetry_oldest.clone(),
        );
        registry.register(
            "telemetry_held_records",
            "Old records of telemetry kept because the group has not read them",
            metrics.telemetry_held.clone(),
        );
        registry.register(
            "complete_as_of_timestamp_seconds",
            "Time up to which all that the log took can be asked for",
            metrics.complete_as_of.clone(),
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
            compacted: Counter::default(),
            compacted_before: Counter::default(),
            compacted_after: Counter::default(),
            not_compacted: Counter::default(),
            buried: Counter::default(),
            telemetry_trimmed: Counter::default(),
            telemetry_records: Family::default(),
            telemetry_oldest: Family::default(),
            telemetry_held: Family::default(),
            complete_as_of: Gauge::default(),
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
