//! Size and speed of blocks, on events that the kernel has just told: a block's columns beside the
//! same events as protobuf rows, turn by turn, both through zstd.

use std::{
    process::{Command, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context as _, ensure};
use prost::Message;
use rand::{SeedableRng as _, rngs::StdRng};
use serde_json::json;
use vedetta_block::{Batch, Builder};
use vedetta_model::{
    BootId, Event, NodeId, Payload, Process, SystemClock, TenantId,
    event::{ProcessKey, SocketAddress},
};
use vedetta_node_agent::{
    batch::{Batcher, Limits, Origin},
    ledger::Ledger,
    source::{KernelSource, Source as _, kernel},
};

use super::say;
use crate::report::Machine;

/// What the machine does while it is watched: starting programs, writing, archiving, cleaning up.
const WORK: &str = "for i in $(seq 4000); do ls /etc >/dev/null; cat /etc/passwd /etc/group >/dev/null; done
    for i in $(seq 20000); do echo $i > note-$((i % 5000)).txt; done
    for i in $(seq 20); do tar cf all.tar note-*; mkdir out-$i; tar xf all.tar -C out-$i; rm -rf out-$((i - 1)); done";
const ROUNDS: usize = 7;
/// As a real agent's rows would be sent.
const ROWS_LEVEL: i32 = 3;

/// Measures and prints.
pub(super) fn measure() -> anyhow::Result<()> {
    ensure!(
        rustix::process::geteuid().is_root(),
        "blocks of real events need root, for the agent's kernel programs"
    );
    say("watching this machine at work");
    let batches = record()?;
    let events: usize = batches.iter().map(|batch| batch.events.len()).sum();
    ensure!(events > 10_000, "only {events} events were seen");
    let (mut columns, mut rows) = (Side::default(), Side::default());
    for _ in 0..ROUNDS {
        columns.round(&batches, encode_columns, |block| Ok(Batch::decode(block)?.events.len()))?;
        rows.round(&batches, encode_rows, decode_rows)?;
    }
    let per_event = |bytes: usize| bytes as f64 / events as f64;
    let nanos = |time: Duration| time.as_secs_f64() * 1e9 / events as f64;
    println!(
        "{}",
        json!({
            "case": "blocks", "meaning": "the same real events as columns and as protobuf rows with zstd-3", "events": events,
            "blocks": batches.len(), "bytes_per_event": per_event(columns.bytes),
            "encode_ns_per_event": nanos(columns.encode()), "decode_ns_per_event": nanos(columns.decode()),
            "baseline": "protobuf rows, zstd-3", "baseline_bytes_per_event": per_event(rows.bytes),
            "baseline_encode_ns_per_event": nanos(rows.encode()), "baseline_decode_ns_per_event": nanos(rows.decode()),
            "ratio_bytes": columns.bytes as f64 / rows.bytes as f64,
            "ratio_encode_speed": rows.encode().as_secs_f64() / columns.encode().as_secs_f64(),
            "ratio_decode_speed": rows.decode().as_secs_f64() / columns.decode().as_secs_f64(),
            "machine": Machine::here(),
        })
    );
    Ok(())
}

/// Blocks of what the machine does.
pub(super) fn record() -> anyhow::Result<Vec<Batch>> {
    let mut rng = StdRng::seed_from_u64(1);
    let tenant: TenantId = "bench".parse()?;
    let origin = Origin { tenant, node: NodeId::random(&mut rng), boot: BootId::random(&mut rng) };
    let limits = Limits { waiting: usize::MAX, ..Limits::default() };
    let mut batcher = Batcher::new(origin, limits, Arc::new(Ledger::default()));
    let mut source = KernelSource::start(kernel::Config::default(), Arc::new(SystemClock))?;
    let scratch = tempfile::tempdir()?;
    let mut work = Command::new("sh")
        .args(["-c", WORK])
        .current_dir(scratch.path())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    while work.try_wait()?.is_none() {
        source.drain(&mut batcher, Duration::from_millis(10))?;
    }
    batcher.seal();
    let mut batches = Vec::new();
    while let Some(sealed) = batcher.take() {
        batches.push(Batch::decode(&sealed.finish()?)?);
    }
    Ok(batches)
}

/// What one way took, round by round.
#[derive(Default)]
struct Side {
    bytes: usize,
    encoding: Vec<Duration>,
    decoding: Vec<Duration>,
}

impl Side {
    fn round(
        &mut self,
        batches: &[Batch],
        encode: impl Fn(&Batch) -> anyhow::Result<Vec<u8>>,
        decode: impl Fn(&[u8]) -> anyhow::Result<usize>,
    ) -> anyhow::Result<()> {
        let began = Instant::now();
        let encoded: Vec<Vec<u8>> = batches.iter().map(encode).collect::<Result<_, _>>()?;
        self.encoding.push(began.elapsed());
        self.bytes = encoded.iter().map(Vec::len).sum();
        let began = Instant::now();
        for (bytes, batch) in encoded.iter().zip(batches) {
            ensure!(decode(bytes)? == batch.events.len(), "a block lost events");
        }
        self.decoding.push(began.elapsed());
        Ok(())
    }

    fn encode(&self) -> Duration {
        median(&self.encoding)
    }

    fn decode(&self) -> Duration {
        median(&self.decoding)
    }
}

fn median(times: &[Duration]) -> Duration {
    let mut times = times.to_vec();
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

fn encode_columns(batch: &Batch) -> anyhow::Result<Vec<u8>> {
    let header = &batch.header;
    let mut builder = Builder::new(header.tenant.clone(), header.node, header.boot);
    for process in &batch.processes {
        builder.process(process.clone());
    }
    for event in &batch.events {
        builder.push(event.clone());
    }
    Ok(builder.finish()?.to_vec())
}

/// A process as a protobuf message.
#[derive(Clone, PartialEq, Message)]
struct ProcessRow {
    #[prost(uint32, repeated, tag = "1")]
    numbers: Vec<u32>,
    #[prost(sint64, repeated, tag = "2")]
    times: Vec<i64>,
    #[prost(string, repeated, tag = "3")]
    texts: Vec<String>,
}

/// An event as a protobuf message: what every kind has, and its numbers and texts.
#[derive(Clone, PartialEq, Message)]
struct EventRow {
    #[prost(uint64, tag = "1")]
    seq: u64,
    #[prost(sint64, tag = "2")]
    time: i64,
    #[prost(uint32, optional, tag = "3")]
    process: Option<u32>,
    #[prost(uint32, tag = "4")]
    tid: u32,
    #[prost(sint64, tag = "5")]
    result: i64,
    #[prost(uint32, tag = "6")]
    kind: u32,
    #[prost(uint64, repeated, tag = "7")]
    numbers: Vec<u64>,
    #[prost(string, repeated, tag = "8")]
    texts: Vec<String>,
}

#[derive(Clone, PartialEq, Message)]
struct Rows {
    #[prost(message, repeated, tag = "1")]
    processes: Vec<ProcessRow>,
    #[prost(message, repeated, tag = "2")]
    events: Vec<EventRow>,
}

fn encode_rows(batch: &Batch) -> anyhow::Result<Vec<u8>> {
    let mut time = batch.header.earliest.as_nanos();
    let mut events = Vec::with_capacity(batch.events.len());
    for event in &batch.events {
        // A fair baseline: times as differences, which are short as protobuf numbers.
        let since = event.time.as_nanos() - time;
        time = event.time.as_nanos();
        events.push(event_row(event, since));
    }
    let rows = Rows { processes: batch.processes.iter().map(process_row).collect(), events };
    Ok(zstd::bulk::compress(&rows.encode_to_vec(), ROWS_LEVEL)?)
}

fn decode_rows(bytes: &[u8]) -> anyhow::Result<usize> {
    let rows = zstd::bulk::decompress(bytes, 64 << 20).context("rows")?;
    Ok(Rows::decode(rows.as_slice())?.events.len())
}

fn process_row(process: &Process) -> ProcessRow {
    let ProcessKey { pid, start } = process.key;
    let mut texts = vec![
        process.name.clone(),
        process.exe.clone(),
        process.cwd.clone(),
        process.user.clone(),
        process.container_id.clone(),
    ];
    texts.extend(process.args.iter().cloned());
    let numbers = vec![
        pid,
        process.parent.map_or(0, |parent| parent + 1),
        process.ppid,
        process.uid,
        process.euid,
        process.gid,
        process.egid,
        process.loginuid.unwrap_or_default(),
        process.tty,
        process.sid,
        process.pgid,
    ];
    let times = [start, process.exec_time, process.session_start].map(|time| time.as_nanos()).to_vec();
    ProcessRow { numbers, times, texts }
}

fn event_row(event: &Event, since: i64) -> EventRow {
    let (numbers, texts) = facts(&event.payload);
    EventRow {
        seq: event.seq,
        time: since,
        process: event.process,
        tid: event.tid,
        result: event.result,
        kind: u16::from(event.kind()).into(),
        numbers,
        texts,
    }
}

/// Numbers and texts of the kinds that a machine at work has; the rest are too few to matter.
fn facts(payload: &Payload) -> (Vec<u64>, Vec<String>) {
    let address = |address: &SocketAddress| match address {
        SocketAddress::Ip { address, port } => format!("{address}:{port}"),
        SocketAddress::Unix { path } => path.clone(),
        SocketAddress::Other { family } => family.to_string(),
    };
    match payload {
        Payload::Exec(it) => (vec![], vec![it.filename.clone(), it.previous_name.clone()]),
        Payload::Fork(it) => (vec![it.child.pid.into(), it.child.start.as_nanos().cast_unsigned()], vec![]),
        Payload::Exit(it) => (vec![it.code.into(), it.signal.into()], vec![]),
        Payload::Open(it) => (vec![it.flags.into(), it.mode.into()], vec![it.path.clone()]),
        Payload::Unlink(it) => (vec![it.directory.into()], vec![it.path.clone()]),
        Payload::Rename(it) => (vec![], vec![it.from.clone(), it.to.clone()]),
        Payload::Chmod(it) => (vec![it.mode.into()], vec![it.path.clone()]),
        Payload::Connect(it) => (vec![it.protocol.into()], vec![address(&it.remote)]),
        _ => (vec![], vec![]),
    }
}
