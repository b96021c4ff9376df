//! What this role counts.

use prometheus_client::{
    encoding::{EncodeLabelSet, LabelValueEncoder},
    metrics::{
        counter::Counter,
        family::Family,
        gauge::Gauge,
        histogram::{Histogram, exponential_buckets},
    },
    registry::Registry,
};
use vedetta_api::agent::v1::refusal::Code;

/// Why something was refused.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct Reason {
    /// The refusal's code, lower-case.
    pub code: CodeLabel,
}

/// A refusal code as a label.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct CodeLabel(pub Code);

impl prometheus_client::encoding::EncodeLabelValue for CodeLabel {
    fn encode(&self, encoder: &mut LabelValueEncoder<'_>) -> Result<(), std::fmt::Error> {
        self.0.as_str_name().to_ascii_lowercase().as_str().encode(encoder)
    }
}

/// Whether a block that was to be put aside was.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct Quarantine {
    /// `kept` or `over_limit`.
    pub result: &'static str,
}

/// How an enrollment or renewal ended.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct Outcome {
    /// `ok` or the error's name.
    pub result: &'static str,
}

/// Counters of the ingest role; all names begin with `vedetta_ingest_`.
#[derive(Debug, Clone)]
pub struct Metrics {
    /// Blocks that are durable.
    pub blocks: Counter,
    /// Events in them.
    pub events: Counter,
    /// Bytes of them.
    pub bytes: Counter,
    /// Blocks that were acknowledged again without an append.
    pub repeated: Counter,
    /// Blocks that were refused.
    pub refused: Family<Reason, Counter>,
    /// Blocks that were refused for their content, by whether they lie among the dead letters.
    pub quarantined: Family<Quarantine, Counter>,
    /// Streams that are open.
    pub streams: Gauge,
    /// Time of an append, in seconds.
    pub append: Histogram,
    /// Enrollments.
    pub enrollments: Family<Outcome, Counter>,
    /// Renewals.
    pub renewals: Family<Outcome, Counter>,
    /// Control records that could not be read.
    pub poison: Counter,
    /// Records that were put aside and sent again.
    pub resubmitted: Counter,
    /// Records that were to be sent again and could not be.
    pub not_resubmitted: Counter,
}

impl Metrics {
    /// Registers them.
    pub fn register(registry: &mut Registry) -> Self {
        let metrics = Self {
            blocks: Counter::default(),
            events: Counter::default(),
            bytes: Counter::default(),
            repeated: Counter::default(),
            refused: Family::default(),
            quarantined: Family::default(),
            streams: Gauge::default(),
            append: Histogram::new(exponential_buckets(0.0005, 2.0, 15)),
            enrollments: Family::default(),
            renewals: Family::default(),
            poison: Counter::default(),
            resubmitted: Counter::default(),
            not_resubmitted: Counter::default(),
        };
        registry.register("blocks", "Blocks that are durable", metrics.blocks.clone());
        registry.register("events", "Events in durable blocks", metrics.events.clone());
        registry.register("block_bytes", "Bytes of durable blocks", metrics.bytes.clone());
        registry.register(
            "repeated_blocks",
            "Blocks acknowledged again without an append",
            metrics.repeated.clone(),
        );
        registry.register("refused_blocks", "Blocks refused, by reason", metrics.refused.clone());
        registry.register(
            "quarantined_blocks",
            "Blocks refused for their content, by whether they were put aside",
            metrics.quarantined.clone(),
        );
        registry.register("streams", "Agents' streams that are open", metrics.streams.clone());
        registry.register("append_seconds", "Time of an append to the log", metrics.append.clone());
        registry.register("enrollments", "Enrollments, by result", metrics.enrollments.clone());
        registry.register("renewals", "Renewals of certificates, by result", metrics.renewals.clone());
        registry.register("poison_records", "Control records that could not be read", metrics.poison.clone());
        registry.register(
            "resubmitted_records",
            "Records put aside and sent again",
            metrics.resubmitted.clone(),
        );
        registry.register(
            "not_resubmitted_records",
            "Records that were to be sent again and could not be",
            metrics.not_resubmitted.clone(),
        );
        metrics
    }

    /// Counts a block that was to be put aside.
    pub fn quarantined(&self, is_kept: bool) {
        let result = if is_kept { "kept" } else { "over_limit" };
        self.quarantined.get_or_create(&Quarantine { result }).inc();
    }

    /// Counts a refused block.
    pub fn refuse(&self, code: Code) {
        self.refused.get_or_create(&Reason { code: CodeLabel(code) }).inc();
    }
}
