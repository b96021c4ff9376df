use std::io::Write;

use uuid::Uuid;
use vedetta_model::{BootId, ManualClock, NodeId, Payload};

use super::*;
use crate::{
    batch::{Batcher, Limits as BatchLimits, Origin},
    source::synthetic::{self, Synthetic},
};

/// What came: time, name of the process and its ancestors, path of an open.
#[derive(Debug, Default)]
struct Collected(Vec<(Timestamp, Vec<String>, String)>);

impl Sink for Collected {
    fn event(&mut self, event: Observed, processes: &ProcessTable) {
        let mut names = Vec::new();
        let mut at = Some(event.process);
        while let Some(facts) = at.and_then(|handle| processes.facts(handle)) {
            names.push(facts.name.clone());
            at = facts.parent;
        }
        let path = match event.payload {
            Payload::Open(open) => open.path,
            _ => String::new(),
        };
        self.0.push((event.time, names, path));
    }
    fn loss(&mut self, _: vedetta_model::event::Loss) {}
}

const TWO_LINES: &str = r#"{"process": {"key": {"pid": 7, "start": "2026-01-31T08:00:00Z"}, "name": "cat"}, "ancestors": [{"key": {"pid": 5, "start": "2026-01-31T07:00:00Z"}, "name": "bash"}, {"key": {"pid": 1, "start": "2026-01-31T06:00:00Z"}, "name": "init"}], "event": {"time": "2026-01-31T08:00:01Z", "payload": {"Open": {"path": "/etc/shadow", "flags": 0, "mode": 0}}}}

{"process": {"key": {"pid": 5, "start": "2026-01-31T07:00:00Z"}, "name": "bash"}, "event": {"time": "2026-01-31T08:00:03Z", "result": -2, "payload": {"Open": {"path": "/b", "flags": 0, "mode": 0}}}}
"#;

fn file(bytes: &[u8]) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(bytes).unwrap();
    file
}

#[test]
fn lines_are_replayed_with_their_processes_at_their_own_times() {
    let file = file(TWO_LINES.as_bytes());
    let clock = Arc::new(ManualClock::default());
    let mut replay = Replay::open(file.path(), Times::Keep, clock).unwrap();
    let mut sink = Collected::default();
    replay.drain(&mut sink, Duration::ZERO).unwrap();
    assert_eq!(sink.0.len(), 2);
    assert_eq!(sink.0[0].0, "2026-01-31T08:00:01Z".parse().unwrap());
    assert_eq!(sink.0[0].1, ["cat", "bash", "init"]);
    assert_eq!(sink.0[1].2, "/b");
    assert!(replay.has_ended());
}

#[test]
fn shifted_events_come_when_their_time_comes() {
    let file = file(TWO_LINES.as_bytes());
    let now = Timestamp::from_millis(5_000_000);
    let clock = Arc::new(ManualClock::at(now));
    let mut replay = Replay::open(file.path(), Times::Shift, Arc::<ManualClock>::clone(&clock)).unwrap();
    let mut sink = Collected::default();
    replay.drain(&mut sink, Duration::ZERO).unwrap();
    assert_eq!(sink.0.len(), 1);
    assert_eq!(sink.0[0].0, now);
    clock.advance(Duration::from_millis(1999));
    replay.drain(&mut sink, Duration::ZERO).unwrap();
    assert_eq!(sink.0.len(), 1);
    clock.advance(Duration::from_millis(1));
    replay.drain(&mut sink, Duration::ZERO).unwrap();
    assert_eq!(sink.0[1].0, now.after(Duration::from_secs(2)));
}

#[test]
fn a_wrong_line_is_told_with_file_and_number() {
    let file = file(format!("{TWO_LINES}{{\"process\": 3}}\n").as_bytes());
    let mut replay = Replay::open(file.path(), Times::Keep, Arc::new(ManualClock::default())).unwrap();
    let error = replay.drain(&mut Collected::default(), Duration::ZERO).unwrap_err().to_string();
    assert!(error.contains("line 4") && error.contains(file.path().to_str().unwrap()), "{error}");
}

#[test]
fn blocks_that_an_agent_wrote_are_replayed_as_they_were_seen() {
    let clock = Arc::new(ManualClock::at(Timestamp::from_millis(9_000_000)));
    let origin = Origin {
        tenant: "default".parse().unwrap(),
        node: NodeId::from_uuid(Uuid::from_u128(1)),
        boot: BootId::from_uuid(Uuid::from_u128(2)),
    };
    let limits = BatchLimits { events: 100, ..BatchLimits::default() };
    let mut batcher = Batcher::new(origin, limits, Arc::default());
    let mut direct = Collected::default();
    let make = || Synthetic::new(synthetic::Config::rate(0.0), Arc::<ManualClock>::clone(&clock));
    make().produce(1_000, &mut batcher);
    make().produce(1_000, &mut direct);
    batcher.seal();
    let mut recording = Vec::new();
    while let Some(sealed) = batcher.take() {
        let block = sealed.finish().unwrap();
        recording.extend(u32::try_from(block.len()).unwrap().to_le_bytes());
        recording.extend(&block);
    }
    let file = file(&recording);
    let mut replay = Replay::open(file.path(), Times::Keep, clock).unwrap();
    let mut sink = Collected::default();
    replay.drain(&mut sink, Duration::ZERO).unwrap();
    assert_eq!(sink.0, direct.0);
    drop(recording);
    let cut = std::fs::read(file.path()).unwrap();
    std::fs::write(file.path(), &cut[..cut.len() - 10]).unwrap();
    let mut replay = Replay::open(file.path(), Times::Keep, Arc::new(ManualClock::default())).unwrap();
    assert!(
        replay.drain(&mut Collected::default(), Duration::ZERO).is_err(),
        "a cut recording is no whole one"
    );
}
