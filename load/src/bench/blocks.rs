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
use vedetta_block::{Batch, Opened};
use vedetta_model::{
    BootId, Event, Kind, NodeId, Payload, Process, SystemClock, TenantId,
    event::{ProcessKey, SocketAddress},
};
use vedetta_node_agent::{
    batch::{Batcher, Limits, Origin},
    ledger::Ledger,
    source::{KernelSource, Source as _, kernel},
};

use super::{keep::encode, median, ratio, say};
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
        columns.round(
            &batches,
            |batch| Ok(encode(batch)?.into()),
            |block| Ok(Batch::decode(block)?.events.len()),
            look_at_columns,
        )?;
        rows.round(&batches, encode_rows, decode_rows, look_at_rows)?;
    }
    ensure!(columns.seen == rows.seen, "both must see the same: {:?} and {:?}", columns.seen, rows.seen);
    let per_event = |bytes: usize| bytes as f64 / events as f64;
    let nanos = |times: &[Duration]| median(times).as_secs_f64() * 1e9 / events as f64;
    println!(
        "{}",
        json!({
            "case": "blocks", "meaning": "the same real events as columns and as protobuf rows with zstd-3", "events": events,
            "blocks": batches.len(), "bytes_per_event": per_event(columns.bytes),
            "encode_ns_per_event": nanos(&columns.encoding), "decode_ns_per_event": nanos(&columns.decoding),
            "look_ns_per_event": nanos(&columns.looking),
            "looked_at": "time, process and path of opened files, added up", "opened_files": columns.seen.events,
            "baseline": "protobuf rows, zstd-3", "baseline_bytes_per_event": per_event(rows.bytes),
            "baseline_encode_ns_per_event": nanos(&rows.encoding), "baseline_decode_ns_per_event": nanos(&rows.decoding),
            "baseline_look_ns_per_event": nanos(&rows.looking),
            "ratio_bytes": columns.bytes as f64 / rows.bytes as f64,
            "ratio_encode_speed": ratio(&rows.encoding, &columns.encoding), "goal_encode": 3,
            "ratio_decode_speed": ratio(&rows.decoding, &columns.decoding),
            "ratio_look_speed": ratio(&rows.looking, &columns.looking), "goal_look": 5,
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
    looking: Vec<Duration>,
    seen: Sum,
}

/// Opened files: how many, and what is told of them added up, so that both ways do the same work.
#[derive(Debug, Default, Clone, Copy, PartialEq)]
struct Sum {
    events: u64,
    times: i64,
    processes: u64,
    path_bytes: u64,
}

impl Sum {
    const fn add(&mut self, time: i64, process: Option<u32>, path: &str) {
        self.events += 1;
        self.times = self.times.wrapping_add(time);
        if let Some(process) = process {
            self.processes += process as u64;
        }
        self.path_bytes += path.len() as u64;
    }
}

impl Side {
    fn round(
        &mut self,
        batches: &[Batch],
        encode: impl Fn(Batch) -> anyhow::Result<Vec<u8>>,
        decode: impl Fn(&[u8]) -> anyhow::Result<usize>,
        look: impl Fn(&[u8], &mut Sum) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        // An agent has its events and gives them away: copying them is no part of encoding.
        let given = batches.to_vec();
        let began = Instant::now();
        let encoded: Vec<Vec<u8>> = given.into_iter().map(encode).collect::<Result<_, _>>()?;
        self.encoding.push(began.elapsed());
        self.bytes = encoded.iter().map(Vec::len).sum();
        let began = Instant::now();
        for (bytes, batch) in encoded.iter().zip(batches) {
            ensure!(decode(bytes)? == batch.events.len(), "a block lost events");
        }
        self.decoding.push(began.elapsed());
        let mut seen = Sum::default();
        let began = Instant::now();
        encoded.iter().try_for_each(|bytes| look(bytes, &mut seen))?;
        self.looking.push(began.elapsed());
        self.seen = seen;
        Ok(())
    }
}

fn look_at_columns(block: &[u8], seen: &mut Sum) -> anyhow::Result<()> {
    let opened = Opened::open(block)?;
    for event in opened.columns()?.events(|kind| kind == Kind::FileOpen) {
        let event = event?;
        seen.add(event.time.as_nanos(), event.process, event.path.unwrap_or_default());
    }
    Ok(())
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
pub(super) struct EventRow {
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
    /// What the first event's time counts from.
    #[prost(sint64, tag = "3")]
    since: i64,
}

fn encode_rows(batch: Batch) -> anyhow::Result<Vec<u8>> {
    let mut time = batch.header.earliest.as_nanos();
    let mut events = Vec::with_capacity(batch.events.len());
    for event in batch.events {
        // A fair baseline: times as differences, which are short as protobuf numbers.
        let since = event.time.as_nanos() - time;
        time = event.time.as_nanos();
        events.push(event_row(event, since));
    }
    let since = batch.header.earliest.as_nanos();
    let rows = Rows { processes: batch.processes.into_iter().map(process_row).collect(), events, since };
    Ok(zstd::bulk::compress(&rows.encode_to_vec(), ROWS_LEVEL)?)
}

fn rows(bytes: &[u8]) -> anyhow::Result<Rows> {
    let rows = zstd::bulk::decompress(bytes, 64 << 20).context("rows")?;
    Ok(Rows::decode(rows.as_slice())?)
}

fn decode_rows(bytes: &[u8]) -> anyhow::Result<usize> {
    Ok(rows(bytes)?.events.len())
}

fn look_at_rows(bytes: &[u8], seen: &mut Sum) -> anyhow::Result<()> {
    let rows = rows(bytes)?;
    let (mut time, open) = (rows.since, u32::from(u16::from(Kind::FileOpen)));
    for event in &rows.events {
        time += event.time;
        if event.kind == open {
            seen.add(time, event.process, event.texts.first().map_or("", String::as_str));
        }
    }
    Ok(())
}

fn process_row(process: Process) -> ProcessRow {
    let ProcessKey { pid, start } = process.key;
    let mut texts = vec![process.name, process.exe, process.cwd, process.user, process.container_id];
    texts.extend(process.args);
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

pub(super) fn event_row(event: Event, since: i64) -> EventRow {
    let kind = u16::from(event.kind()).into();
    let (numbers, texts) = facts(event.payload);
    EventRow {
        seq: event.seq,
        time: since,
        process: event.process,
        tid: event.tid,
        result: event.result,
        kind,
        numbers,
        texts,
    }
}

/// Numbers and texts of the kinds that a machine at work has; the rest are too few to matter.
fn facts(payload: Payload) -> (Vec<u64>, Vec<String>) {
    let address = |address: SocketAddress| match address {
        SocketAddress::Ip { address, port } => format!("{address}:{port}"),
        SocketAddress::Unix { path } => path,
        SocketAddress::Other { family } => family.to_string(),
    };
    match payload {
        Payload::Exec(it) => (vec![], vec![it.filename, it.previous_name]),
        Payload::Fork(it) => (vec![it.child.pid.into(), it.child.start.as_nanos().cast_unsigned()], vec![]),
        Payload::Exit(it) => (vec![it.code.into(), it.signal.into()], vec![]),
        Payload::Open(it) => (vec![it.flags.into(), it.mode.into()], vec![it.path]),
        Payload::Unlink(it) => (vec![it.directory.into()], vec![it.path]),
        Payload::Rename(it) => (vec![], vec![it.from, it.to]),
        Payload::Chmod(it) => (vec![it.mode.into()], vec![it.path]),
        Payload::Connect(it) => (vec![it.protocol.into()], vec![address(it.remote)]),
        _ => (vec![], vec![]),
    }
}
