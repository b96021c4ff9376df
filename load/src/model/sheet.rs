//! The lines, in the order in which they follow from each other.

use super::{
    constants::{Constants, Name},
    plan::{Inputs, Line},
};

const DAY: f64 = 86_400.0;
const HOUR: f64 = 3600.0;
/// Neither a process nor a machine may be alone.
const LEAST_PROCESSES: f64 = 2.0;
/// A majority of copies needs so many.
const LEAST_MACHINES: f64 = 3.0;
/// Partitions for each process that reads them, so that they divide evenly.
const PARTITIONS_PER_PROCESS: f64 = 3.0;
/// As `topics.telemetry_partitions` is by default.
pub(super) const LEAST_PARTITIONS: f64 = 4.0;
/// Tasks of a query process that read telemetry, each on one processor at a time: archiver, views of nodes.
const QUERY_TASKS: f64 = 2.0;

/// What later lines, drivers and limits are made from. Rates are a second's, sizes bytes, costs processors.
#[derive(Debug, Default)]
pub(super) struct Sizes {
    pub events: f64,
    pub peak: f64,
    pub blocks: f64,
    pub peak_blocks: f64,
    pub peak_bytes: f64,
    /// Bytes into the log, at the peak.
    pub record_bytes: f64,
    pub peak_kept: f64,
    pub ingest: f64,
    pub detect: f64,
    pub query: f64,
    /// All roles in one process.
    pub alone: f64,
    /// The fullest partition, and the busiest node, in detect.
    pub fullest: f64,
    pub busiest: f64,
    pub partitions: f64,
    /// Terabytes, all copies.
    pub log_disk: f64,
    pub store_disk: f64,
    pub findings: f64,
    /// Machines, parts of one included, and what they run out of first.
    pub brokers: (f64, &'static str),
    pub cql: (f64, &'static str),
}

/// Blocks a second of a node that records so many events a second.
pub(super) fn blocks_of(events: f64, c: &Constants) -> f64 {
    let by_age = (1000.0 / c.of(Name::BlockAgeMs)).min(events);
    by_age.max(events / c.of(Name::BlockEvents)) + 1.0 / c.of(Name::HeartbeatSeconds)
}

/// Blocks a second of a node that are kept, after the archiver has merged what comes together.
pub(super) fn kept_of(events: f64, c: &Constants) -> f64 {
    let by_linger = 1000.0 / c.of(Name::LingerMs);
    blocks_of(events, c).min(by_linger.max(events / c.of(Name::MergedEvents)))
}

/// Processor time of an event in detect, in nanoseconds.
fn detect_ns(c: &Constants) -> f64 {
    c.of(Name::DecodeNs) + c.of(Name::EvaluateNs)
}

/// Fills it in.
pub(super) fn fill(inputs: &Inputs, constants: &Constants) -> (Vec<Line>, Sizes) {
    let mut sheet = Sheet { i: inputs, c: constants, section: "", lines: Vec::new(), s: Sizes::default() };
    sheet.load();
    sheet.network();
    sheet.processes();
    sheet.log();
    sheet.store();
    sheet.alone();
    (sheet.lines, sheet.s)
}

struct Sheet<'a> {
    i: &'a Inputs,
    c: &'a Constants,
    section: &'static str,
    lines: Vec<Line>,
    s: Sizes,
}

use Name as N;

impl Sheet<'_> {
    fn add(
        &mut self,
        name: &'static str,
        (value, unit): (f64, &'static str),
        how: &'static str,
        from: &[Name],
    ) -> f64 {
        let from = from.iter().map(|name| name.as_str()).collect();
        self.lines.push(Line { section: self.section, name, value, unit, how, from });
        value
    }

    fn load(&mut self) {
        self.section = "load";
        let (nodes, each) = (self.i.nodes, self.i.events_per_node_second);
        let at_peak = each * self.c.of(N::PeakFactor);
        let events = self.add("events", (nodes * each, "/s"), "nodes × events-per-node-second", &[]);
        let peak = self.add("events at the peak", (nodes * at_peak, "/s"), "events × peak", &[N::PeakFactor]);
        let how = "nodes × (one each block_age_ms, as far as there are events, or when full; and heartbeats)";
        let from = [N::BlockAgeMs, N::BlockEvents, N::HeartbeatSeconds];
        let blocks = self.add("blocks", (nodes * blocks_of(each, self.c), "/s"), how, &from);
        let peak_blocks =
            self.add("blocks at the peak", (nodes * blocks_of(at_peak, self.c), "/s"), how, &from);
        let how = "by the measured curve (docs/scaling.md) at events ÷ blocks, × real_bytes";
        let size = self.add(
            "bytes of a block",
            (self.c.block_bytes(events / blocks), "bytes"),
            how,
            &[N::RealBytes],
        );
        let how = "blocks × bytes of a block ÷ events";
        self.add("bytes of an event on the wire", (blocks * size / events, "bytes"), how, &[]);
        let how = "events-per-node-second × agent_ns; watching the kernel is not in it";
        let agent = each * self.c.of(N::AgentNs) / 1e6;
        self.add("an agent's processor for it", (agent, "thousandths"), how, &[N::AgentNs]);
        let peak_bytes = peak_blocks * self.c.block_bytes(peak / peak_blocks);
        self.s = Sizes { events, peak, blocks, peak_blocks, peak_bytes, ..Sizes::default() };
    }

    fn network(&mut self) {
        self.section = "network, at the peak";
        let c = self.c;
        let megabits = |bytes: f64| (bytes * 8.0 / 1e6, "Mbit/s");
        let copies = c.of(N::Replication);
        let bytes = self.s.peak_bytes;
        let records = bytes + self.s.peak_blocks * c.of(N::RecordBytes);
        self.add("agents to ingest", megabits(bytes), "blocks × bytes of a block", &[N::PeakFactor]);
        let how = "and record_bytes for each block";
        self.add("ingest to Kafka", megabits(records), how, &[N::RecordBytes]);
        let how = "the same × (replication − 1)";
        self.add("between brokers", megabits(records * (copies - 1.0)), how, &[N::Replication]);
        let readers = c.of(N::TelemetryReaders);
        let how = "the same × telemetry_readers";
        self.add("Kafka to its readers", megabits(records * readers), how, &[N::TelemetryReaders]);
        let kept = self.i.nodes * kept_of(self.i.events_per_node_second * c.of(N::PeakFactor), c);
        let how = "blocks kept × their bytes × replication";
        let to_store = kept * c.block_bytes(self.s.peak / kept) * copies;
        self.add("query to CQL and its copies", megabits(to_store), how, &[N::LingerMs, N::Replication]);
        (self.s.record_bytes, self.s.peak_kept) = (records, kept);
    }

    fn processes(&mut self) {
        self.section = "processes, at the peak";
        let c = self.c;
        let (nodes, blocks, peak) = (self.i.nodes, self.s.peak_blocks, self.s.peak);
        let shared = c.of(N::LogNs) + c.of(N::SchedulingNs) / 3.0;
        let cores = |ns: f64, us: f64| ((peak * (ns + shared) + us * 1e3) / 1e9, "processors");

        let how = "events × (ingest_ns + log_ns + scheduling_ns ÷ 3) + blocks × ingest_block_us";
        let from = [N::IngestNs, N::LogNs, N::SchedulingNs, N::IngestBlockUs];
        let ingest = cores(c.of(N::IngestNs), blocks * c.of(N::IngestBlockUs));
        let ingest = self.add("ingest, processors", ingest, how, &from);
        let how =
            "events × (decode_ns + evaluate_ns + log_ns + scheduling_ns ÷ 3) + blocks × detect_block_us";
        let from = [N::DecodeNs, N::EvaluateNs, N::LogNs, N::SchedulingNs, N::DetectBlockUs];
        let detect = cores(detect_ns(c), blocks * c.of(N::DetectBlockUs));
        let detect = self.add("detect, processors", detect, how, &from);
        let how = "events × (archive_ns + views_ns + log_ns + scheduling_ns ÷ 3) + 2 × blocks × query_block_us + (blocks kept × (statements_per_block + 1)) × statement_us";
        let from = [
            N::ArchiveNs,
            N::ViewsNs,
            N::LogNs,
            N::SchedulingNs,
            N::QueryBlockUs,
            N::StatementsPerBlock,
            N::StatementUs,
        ];
        let driver = self.s.peak_kept * (c.of(N::StatementsPerBlock) + 1.0) * c.of(N::StatementUs);
        let query = QUERY_TASKS * blocks * c.of(N::QueryBlockUs) + driver;
        let query =
            self.add("query, processors", cores(c.of(N::ArchiveNs) + c.of(N::ViewsNs), query), how, &from);

        let busy = c.of(N::Utilisation);
        let count = |wanted: f64| (wanted.ceil().max(LEAST_PROCESSES), "processes");
        let connected = nodes / (c.of(N::Connections) * busy);
        let how = "processors ÷ utilisation ÷ machine_cores, or nodes ÷ (connections × utilisation)";
        let from = [N::Utilisation, N::MachineCores, N::Connections];
        self.add("ingest", count((ingest / busy / c.of(N::MachineCores)).max(connected)), how, &from);
        let how = "processors ÷ utilisation: a process judges on one processor at a time";
        let detects = self.add("detect", count(detect / busy), how, &[N::Utilisation]);
        let how = "processors ÷ utilisation ÷ 2: two of its tasks read telemetry";
        let queries = self.add("query", count(query / busy / QUERY_TASKS), how, &[N::Utilisation]);
        let memory = nodes * (c.of(N::ConnectionKib) + c.of(N::ProgressKib)) / f64::from(1 << 20);
        let how = "nodes × (connection_kib + progress_kib)";
        self.add("ingest, memory in all", (memory, "GiB"), how, &[N::ConnectionKib, N::ProgressKib]);
        (self.s.ingest, self.s.detect, self.s.query) = (ingest, detect, query);

        let by_bytes = self.s.record_bytes / (c.of(N::PartitionMegabytes) * 1e6);
        let wanted = (detects.max(queries) * PARTITIONS_PER_PROCESS).max(by_bytes) * self.i.growth;
        self.s.partitions = wanted.max(LEAST_PARTITIONS).log2().ceil().exp2();
    }

    fn log(&mut self) {
        self.section = "log";
        let c = self.c;
        let (partitions, copies) = (self.s.partitions, c.of(N::Replication));
        let how = "max(3 × processes that read, bytes ÷ partition_megabytes) × growth, up to a power of two";
        let from = [N::PartitionMegabytes];
        self.add("partitions of telemetry", (partitions, "partitions"), how, &from);
        let of_findings = (partitions / 4.0).max(LEAST_PARTITIONS);
        self.add("partitions of findings", (of_findings, "partitions"), "a quarter", &[]);
        let how = "decisions are few, and each process reads all";
        self.add("partitions of control", (1.0, "partitions"), how, &[]);

        let hot = self.i.events_per_node_second * c.of(N::PeakFactor) * self.i.skew;
        let per_event = detect_ns(c) + c.of(N::LogNs) + c.of(N::SchedulingNs) / 3.0;
        let busiest = (hot * per_event + blocks_of(hot, c) * c.of(N::DetectBlockUs) * 1e3) / 1e9;
        // Keys fall on partitions by chance: the fullest has about this much more than an even share.
        let uneven = 1.0 + (2.0 * partitions.ln() * partitions / self.i.nodes).sqrt();
        let fullest = (self.s.detect / partitions * uneven).min(self.s.detect) + busiest;
        let how =
            "detect ÷ partitions × (1 + √(2 ln(partitions) × partitions ÷ nodes)), and the busiest node";
        let from = [N::DecodeNs, N::EvaluateNs, N::PeakFactor];
        self.add("fullest partition", (fullest, "processors"), how, &from);
        (self.s.fullest, self.s.busiest) = (fullest, busiest);

        let size = c.block_bytes(self.s.events / self.s.blocks) + c.of(N::RecordBytes);
        let kept = c.of(N::TelemetryHours) * HOUR * copies / 1e12;
        let how = "blocks × (bytes + record_bytes) × telemetry_hours × replication";
        let from = [N::RecordBytes, N::TelemetryHours, N::Replication];
        let log_disk = self.add("disk of telemetry", (self.s.blocks * size * kept, "TB"), how, &from);
        let findings = self.s.events * c.of(N::FindingsPerMillion) / 1e6;
        let from = [N::FindingsPerMillion];
        self.add("findings", (findings * DAY, "a day"), "events × findings_per_million", &from);
        let year = findings * c.of(N::FindingBytes) * DAY * 365.0 * copies / 1e12;
        let how = "findings × finding_bytes × replication: they are never trimmed";
        let from = [N::FindingBytes, N::Replication];
        self.add("disk of findings, a year", (year, "TB"), how, &from);

        let disk = c.of(N::MachineTerabytes) * c.of(N::DiskFill);
        let topics = partitions + of_findings + 1.0;
        let brokers = most(&[
            (self.s.record_bytes * copies / (c.of(N::BrokerMegabytes) * 1e6), "MB/s"),
            (self.s.peak_blocks / c.of(N::BrokerRecords), "records"),
            (log_disk / disk, "disk"),
            (topics * copies / c.of(N::BrokerPartitions), "partitions"),
        ]);
        let how = "the most of MB/s × replication ÷ broker_megabytes, records ÷ broker_records, disk ÷ (machine_terabytes × disk_fill), partitions × replication ÷ broker_partitions";
        let from = [
            N::BrokerMegabytes,
            N::BrokerRecords,
            N::MachineTerabytes,
            N::DiskFill,
            N::BrokerPartitions,
            N::Replication,
        ];
        self.add("Kafka brokers", (brokers.0.ceil().max(LEAST_MACHINES), "machines"), how, &from);
        (self.s.log_disk, self.s.findings, self.s.brokers) = (log_disk, findings, brokers);
    }

    fn store(&mut self) {
        self.section = "store";
        let c = self.c;
        let Inputs { nodes, tenants, events_per_node_second: each, retention_days, .. } = *self.i;
        let (events, copies) = (self.s.events, c.of(N::Replication));
        let how = "one each linger_ms and node, or when merged_events are together";
        let kept = nodes * kept_of(each, c);
        self.add("blocks kept", (kept, "/s"), how, &[N::LingerMs, N::MergedEvents]);
        let how = "the curve at block_events, or at an hour's; its head; its row in the run";
        let from = [N::BlockEvents, N::LargeHeadBytes, N::RunRowBytes];
        let whole = (each * HOUR).clamp(1.0, c.of(N::BlockEvents));
        let merged = (c.block_bytes(whole) + c.of(N::LargeHeadBytes) + c.of(N::RunRowBytes)) / whole;
        let merged = self.add("bytes of an event once merged", (merged, "bytes"), how, &from);
        let how = "the same for a block as it is kept first";
        let young = c.block_bytes(events / kept) + c.of(N::SmallHeadBytes) + c.of(N::RunRowBytes);
        let from = [N::SmallHeadBytes, N::RunRowBytes];
        let young = self.add("bytes of an event before", (kept * young / events, "bytes"), how, &from);
        let how = "events of a day × bytes once merged × replication ÷ tenants";
        let day = events * DAY * merged * copies / tenants / 1e9;
        let day = self.add("a tenant-day, all copies", (day, "GB"), how, &[N::Replication]);
        let how = "tenant-days × tenants × retention-days, and compact_hours of what is not merged yet";
        let not_yet = events * HOUR * c.of(N::CompactHours) * (young - merged).max(0.0) * copies / 1e12;
        let disk = day * tenants * retention_days / 1e3 + not_yet;
        let disk = self.add("disk", (disk, "TB"), how, &[N::CompactHours, N::Replication]);
        let how = "one for each block kept, at the peak";
        self.add("conditional writes", (self.s.peak_kept, "/s"), how, &[N::LingerMs]);

        let blocks = self.s.peak_kept + self.s.peak / c.of(N::BlockEvents);
        let of_blocks = blocks * (c.of(N::StatementsPerBlock) + c.of(N::ConditionalRounds));
        let rows = nodes / c.of(N::HeartbeatSeconds) + self.s.findings * c.of(N::FindingRows);
        let statements = of_blocks + rows * c.of(N::StatementsPerRow);
        let how = "(blocks kept + merged) × (statements_per_block + conditional_rounds) + (heartbeats + findings × finding_rows) × statements_per_row";
        let from = [
            N::StatementsPerBlock,
            N::ConditionalRounds,
            N::HeartbeatSeconds,
            N::FindingRows,
            N::StatementsPerRow,
        ];
        self.add("statements", (statements, "/s"), how, &from);
        let cores = statements * copies / c.of(N::CqlStatements) / c.of(N::Utilisation);
        let cql = most(&[
            (cores / c.of(N::MachineCores), "statements"),
            (disk / (c.of(N::MachineTerabytes) * c.of(N::DiskFill)), "disk"),
        ]);
        let how = "the most of statements × replication ÷ cql_statements ÷ utilisation ÷ machine_cores, disk ÷ (machine_terabytes × disk_fill)";
        let from = [N::CqlStatements, N::Utilisation, N::MachineCores, N::MachineTerabytes, N::DiskFill];
        self.add("CQL nodes", (cql.0.ceil().max(LEAST_MACHINES), "machines"), how, &from);
        (self.s.store_disk, self.s.cql) = (disk, cql);
    }

    fn alone(&mut self) {
        self.section = "the same in one process on one machine";
        let stages = [
            N::IngestNs,
            N::LogNs,
            N::CommitNs,
            N::DecodeNs,
            N::EvaluateNs,
            N::ArchiveNs,
            N::ViewsNs,
            N::SchedulingNs,
        ];
        let ns: f64 = stages.iter().map(|stage| self.c.of(*stage)).sum();
        let us = self.c.of(N::IngestBlockUs)
            + self.c.of(N::DetectBlockUs)
            + QUERY_TASKS * self.c.of(N::QueryBlockUs);
        let cores = (self.s.peak * ns + self.s.peak_blocks * us * 1e3) / 1e9;
        let how = "events at the peak × all stages + blocks × all …_block_us";
        self.s.alone = self.add("processors", (cores, "processors"), how, &stages);
        let disk = (self.s.log_disk + self.s.store_disk) / self.c.of(N::Replication);
        self.add("disk", (disk, "TB"), "log and store, one copy", &[]);
    }
}

/// The largest share, and what of.
fn most(shares: &[(f64, &'static str)]) -> (f64, &'static str) {
    shares.iter().fold((0.0, ""), |most, share| if share.0 > most.0 { *share } else { most })
}
