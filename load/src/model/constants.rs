//! Every number that the model multiplies with, and where it comes from.
//!
//! The prices of an event were measured at 380,000 events/s with blocks of 1,250 events; a price for each *block* was not
//! measured and is assumed. Whoever has measured better says `--set name=value`.

use std::fmt;

use serde::Serialize;

/// How far a number can be trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Origin {
    /// By us; the place says how to measure it again.
    Measured,
    /// A default, a bound or a layout of the code. Tests hold these to the code.
    Setting,
    /// By others, on other hardware.
    Published,
    /// Nobody measured it: a cautious guess.
    Assumed,
    /// Given with `--set`.
    Given,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Measured => "measured",
            Self::Setting => "setting",
            Self::Published => "published",
            Self::Assumed => "ASSUMED",
            Self::Given => "given",
        })
    }
}

/// A number with its unit and its origin.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Constant {
    /// What it is called.
    pub name: &'static str,
    /// How much, in `unit`.
    pub value: f64,
    /// What of.
    pub unit: &'static str,
    /// How far to trust it.
    pub origin: Origin,
    /// Where it was measured, set or published, or why this guess.
    pub place: &'static str,
}

/// All of them. `Constants::default()` are those of this table.
#[derive(Debug, Clone, Serialize)]
pub struct Constants(Vec<Constant>);

impl Constants {
    /// Its value.
    pub fn of(&self, name: Name) -> f64 {
        self.0[name as usize].value
    }

    /// Bytes of a block of so many real events.
    pub fn block_bytes(&self, events: f64) -> f64 {
        block_bytes(events) * self.of(Name::RealBytes)
    }

    /// All, in the order of the table.
    pub fn all(&self) -> &[Constant] {
        &self.0
    }

    /// Takes another value, `name=value`.
    pub fn set(&mut self, text: &str) -> anyhow::Result<()> {
        let (name, value) =
            text.split_once('=').ok_or_else(|| anyhow::anyhow!("{text}: expected NAME=VALUE"))?;
        let constant = self.0.iter_mut().find(|constant| constant.name == name).ok_or_else(|| {
            anyhow::anyhow!("{name} is no constant of the model; `vedetta-load model --constants` lists them")
        })?;
        let value: f64 = value.parse().map_err(|_| anyhow::anyhow!("{text}: {value} is no number"))?;
        anyhow::ensure!(value.is_finite() && value > 0.0, "{text}: must be above 0");
        (constant.value, constant.origin, constant.place) = (value, Origin::Given, "--set");
        Ok(())
    }
}

macro_rules! constants {
    ($($(#[doc = $doc:literal])* $id:ident $name:literal = $value:expr, $unit:literal, $origin:ident, $place:literal;)*) => {
        /// Names of the constants.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Name { $(#[doc = concat!("`", $name, "`")] $id,)* }

        impl Name {
            /// As it is written.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$id => $name,)* }
            }
        }

        impl Default for Constants {
            fn default() -> Self {
                Self(vec![$(Constant { name: $name, value: $value, unit: $unit, origin: Origin::$origin, place: $place },)*])
            }
        }
    };
}

constants! {
    // Processor time of an event, by stage.
    AgentNs "agent_ns" = 548.0, "ns/event", Measured, "docs/performance.md, stages: encode 375 + TLS, gRPC 173";
    IngestNs "ingest_ns" = 97.0, "ns/event", Measured, "docs/performance.md, stages: check, TLS, gRPC and sockets";
    LogNs "log_ns" = 30.0, "ns/event", Measured, "docs/performance.md, stages: append and read, on the embedded log; counted once for each role";
    CommitNs "commit_ns" = 308.0, "ns/event", Measured, "docs/performance.md, stages: commit 284 + tables 24; only in the embedded form";
    DecodeNs "decode_ns" = 338.0, "ns/event", Measured, "docs/performance.md, stages: decode 84 + 254, of which it is most";
    EvaluateNs "evaluate_ns" = 409.0, "ns/event", Measured, "docs/performance.md, stages: rules 377 + the rest 32";
    ArchiveNs "archive_ns" = 25.0, "ns/event", Measured, "docs/performance.md, stages: archive";
    ViewsNs "views_ns" = 62.0, "ns/event", Measured, "docs/performance.md, stages: views";
    SchedulingNs "scheduling_ns" = 165.0, "ns/event", Measured, "docs/performance.md, stages: waking, waiting; a third for each role when they run apart";
    // Processor time of a block, beside that of its events.
    IngestBlockUs "ingest_block_us" = 25.0, "us/block", Assumed, "less than the 62 us of a unary call (16,000/s and core, published for tonic); measure: steady.toml with other block_millis";
    DetectBlockUs "detect_block_us" = 15.0, "us/block", Assumed, "a Kafka record and an empty decode; measure as above";
    QueryBlockUs "query_block_us" = 15.0, "us/block", Assumed, "a Kafka record, a checksum, a merge; measure as above";
    StatementUs "statement_us" = 30.0, "us/statement", Assumed, "the CQL driver's time; measure: scripts/bench.sh cql";
    // Blocks.
    BlockAgeMs "block_age_ms" = 50.0, "ms", Setting, "node-agent/src/batch.rs, Limits::age: a busy node sends a block each";
    BlockEvents "block_events" = 4096.0, "events", Setting, "node-agent/src/batch.rs, Limits::events; crates/store: what merging goes up to";
    LingerMs "linger_ms" = 500.0, "ms", Setting, "query.archive_linger_milliseconds: small blocks of a node become one in this time";
    MergedEvents "merged_events" = 1024.0, "events", Setting, "services/query/src/archive.rs, SMALL: a block of so many is not merged at once";
    HeartbeatSeconds "heartbeat_seconds" = 5.0, "s", Setting, "ingest.heartbeat_seconds: a block each, and a row in the views";
    RealBytes "real_bytes" = 1.44, "times the curve", Measured, "docs/performance.md, blocks: up to 7.0 bytes a real event, 4.87 a made-up one (load/tests/model.rs)";
    RecordBytes "record_bytes" = 160.0, "bytes", Setting, "services/ingest/src/admission.rs, record(): key, tenant and four headers beside the block";
    CompactHours "compact_hours" = 3.5, "h", Setting, "query.compact_after_hours 3, and half an hour until an hour is over";
    // The log.
    TelemetryHours "telemetry_hours" = 24.0, "h", Setting, "query.telemetry_hours";
    TelemetryReaders "telemetry_readers" = 3.0, "groups", Setting, "detect, query-archive, query-nodes (services/query/src/role.rs)";
    Replication "replication" = 3.0, "copies", Setting, "Kafka: crates/log-kafka; CQL: vedetta migrate, replication=3";
    BrokerMegabytes "broker_megabytes" = 100.0, "MB/s", Assumed, "written by one broker, copies included; not measured on a cluster";
    BrokerRecords "broker_records" = 100_000.0, "records/s", Assumed, "a producer does 570,000/s and core at 100 bytes (published, G-Research); ours are single blocks";
    PartitionMegabytes "partition_megabytes" = 10.0, "MB/s", Published, "the low end of the usual 10 to 50 MB/s";
    BrokerPartitions "broker_partitions" = 4000.0, "replicas", Published, "Apache Kafka, KIP-578";
    // The store.
    StatementsPerBlock "statements_per_block" = 4.0, "statements", Setting, "crates/store-scylla/FORMAT.md: chunk, head, usage, slot";
    ConditionalRounds "conditional_rounds" = 4.0, "statements", Setting, "docs/adr/0012-cql.md: a conditional write takes four rounds; one for each run and keep";
    StatementsPerRow "statements_per_row" = 2.0, "statements", Setting, "docs/adr/0012-cql.md: an apply writes its changes twice";
    CqlStatements "cql_statements" = 5000.0, "statements/s and core", Assumed, "each counted on every copy; ScyllaDB publishes 375,000/s on a large node; measure: scripts/bench.sh cql";
    SmallHeadBytes "small_head_bytes" = 300.0, "bytes", Setting, "crates/store-scylla/FORMAT.md: a head has 0.2 to 4 KiB";
    LargeHeadBytes "large_head_bytes" = 4096.0, "bytes", Setting, "crates/block/src/digest.rs, MAX_BYTES";
    RunRowBytes "run_row_bytes" = 100.0, "bytes", Setting, "crates/store-scylla/FORMAT.md: of each block that is kept";
    Slots "slots" = 16.0, "slots", Setting, "crates/store-scylla/FORMAT.md: of a tenant's hour";
    CqlPartitionMegabytes "cql_partition_megabytes" = 100.0, "MB", Published, "what Cassandra's manuals ask for; ScyllaDB takes gigabytes";
    // Findings.
    FindingsPerMillion "findings_per_million" = 10.0, "of a million events", Assumed, "depends on rules and machines";
    FindingBytes "finding_bytes" = 4096.0, "bytes", Assumed, "a record in the log, kept for ever";
    FindingRows "finding_rows" = 4.0, "rows", Assumed, "finding, its lists, its case";
    // Bounds.
    Connections "connections" = 20_000.0, "agents", Setting, "crates/runtime/src/agents_listener.rs, MAX_CONNECTIONS, of a process";
    ConnectionKib "connection_kib" = 100.0, "KiB", Assumed, "of an agent's connection in ingest; measure: load/scenarios/many.toml";
    ProgressKib "progress_kib" = 20.0, "KiB", Setting, "docs/operations/embedded.md: what ingest remembers of a node, at most";
    TenantNodes "tenant_nodes" = 10_000.0, "nodes", Setting, "crates/model/src/control/tenant.rs, Limits";
    TenantEvents "tenant_events" = 1_000_000.0, "events/s", Setting, "ingest.tenant_events_per_second";
    NodeEvents "node_events" = 200_000.0, "events/s", Setting, "ingest.node_events_per_second";
    // Machines, and how full they may be.
    PeakFactor "peak" = 3.3, "times the mean", Published, "Falco's fleet: mean 78,000, p99 261,000 events/s (falcosecurity/libs #1557)";
    Utilisation "utilisation" = 0.5, "of a processor", Assumed, "so that one of two can go, and peaks of seconds pass";
    DiskFill "disk_fill" = 0.5, "of a disk", Assumed, "compaction needs as much again";
    MachineCores "machine_cores" = 16.0, "processors", Assumed, "of a machine";
    MachineTerabytes "machine_terabytes" = 4.0, "TB", Assumed, "of a machine";
    MachineGigabits "machine_gigabits" = 10.0, "Gbit/s", Assumed, "of a machine";
}

/// Bytes of a block by how many events it has, digest and processes included: made-up events as an agent makes them. Measured by
/// `the_curve_is_what_the_encoder_gives` in `load/tests/model.rs`, which fails when blocks have changed. Real events are larger:
/// `real_bytes`.
pub const BLOCK_BYTES: [(f64, f64); 6] =
    [(1.0, 375.0), (5.0, 541.0), (25.0, 1012.0), (100.0, 1749.0), (1000.0, 6440.0), (4096.0, 19_956.0)];

/// Bytes of a block of so many events, between the points of [`BLOCK_BYTES`] along straight lines.
pub fn block_bytes(events: f64) -> f64 {
    let [first, .., last] = BLOCK_BYTES;
    let events = events.clamp(first.0, last.0);
    let pairs = BLOCK_BYTES.iter().zip(&BLOCK_BYTES[1..]);
    let within = |((low, from), (high, to)): (&(f64, f64), &(f64, f64))| {
        (events <= *high).then(|| from + (to - from) * (events - low) / (high - low))
    };
    pairs.into_iter().find_map(within).unwrap_or(last.1)
}
