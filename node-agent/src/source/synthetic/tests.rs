use std::collections::BTreeMap;

use vedetta_model::{Kind, ManualClock};

use super::*;
use crate::process_table::ProcessTable;

/// Keeps kinds and command lines of what comes, until it is full.
#[derive(Debug, Default, PartialEq)]
struct Collected {
    events: Vec<(Kind, String)>,
    orphans: u64,
    lost: u64,
    room: Option<usize>,
}

impl Sink for Collected {
    fn event(&mut self, event: Observed, processes: &ProcessTable) {
        let facts = processes.facts(event.process);
        self.orphans += u64::from(facts.is_none());
        self.events.push((event.payload.kind(), facts.map(|it| it.args.join(" ")).unwrap_or_default()));
    }
    fn loss(&mut self, loss: Loss) {
        self.lost += loss.count;
    }
    fn is_full(&self) -> bool {
        self.room.is_some_and(|room| self.events.len() >= room)
    }
}

fn run(config: Config, millis: u64) -> (Collected, Synthetic) {
    let clock = Arc::new(ManualClock::at(Timestamp::from_millis(1_000_000_000)));
    let mut source = Synthetic::new(config, Arc::<ManualClock>::clone(&clock));
    let mut sink = Collected::default();
    source.drain(&mut sink, Duration::ZERO).unwrap();
    for _ in 0..millis / 10 {
        clock.advance(Duration::from_millis(10));
        source.drain(&mut sink, Duration::ZERO).unwrap();
    }
    (sink, source)
}

#[test]
fn the_rate_is_kept_and_every_event_has_its_process() {
    let (sink, source) = run(Config::rate(5_000.0), 2_000);
    assert_eq!((sink.events.len(), sink.orphans, sink.lost), (10_000, 0, 0));
    assert_eq!(source.totals().read, 10_000);
    let mut kinds = BTreeMap::new();
    for (kind, _) in &sink.events {
        *kinds.entry(*kind).or_insert(0_u32) += 1;
    }
    for kind in [Kind::ProcessExec, Kind::ProcessFork, Kind::ProcessExit, Kind::FileOpen, Kind::NetConnect] {
        assert!(kinds.get(&kind).is_some_and(|&count| count > 100), "{kinds:?}");
    }
}

#[test]
fn the_same_seed_gives_the_same_events_and_another_seed_others() {
    let config = |seed| Config { seed, ..Config::rate(1_000.0) };
    assert_eq!(run(config(1), 500).0, run(config(1), 500).0);
    assert_ne!(run(config(1), 500).0, run(config(2), 500).0);
}

#[test]
fn what_is_not_taken_waits_and_beyond_the_ring_is_lost_and_counted() {
    let clock = Arc::new(ManualClock::default());
    let config = Config { ring: 500, ..Config::rate(1_000.0) };
    let mut source = Synthetic::new(config, Arc::<ManualClock>::clone(&clock));
    let mut sink = Collected { room: Some(0), ..Collected::default() };
    source.drain(&mut sink, Duration::ZERO).unwrap();
    clock.advance(Duration::from_secs(2));
    assert!(source.drain(&mut sink, Duration::ZERO).unwrap().more);
    sink.room = None;
    source.drain(&mut sink, Duration::ZERO).unwrap();
    assert_eq!((sink.events.len(), sink.lost), (500, 1_500));
}

#[test]
fn marked_events_are_planted_on_time_and_carry_their_number() {
    let mark = Mark { text: "probe".into(), every: Duration::from_millis(100) };
    let (sink, _) = run(Config { mark: Some(mark), ..Config::rate(0.0) }, 450);
    let secrets: Vec<_> = sink
        .events
        .iter()
        .filter(|(kind, _)| *kind == Kind::FileOpen)
        .map(|(_, line)| line.as_str())
        .collect();
    let expected: Vec<_> = (1..=5).map(|number| format!("cat /etc/shadow probe-{number}")).collect();
    assert_eq!(secrets, expected);
}

#[test]
fn kinds_that_nobody_wants_are_left_out() {
    let clock = Arc::new(ManualClock::default());
    let mut source = Synthetic::new(Config::rate(0.0), clock);
    let kinds = [Kind::NetConnect].into();
    source.set_interest(Interest { kinds, ..Interest::default() }).unwrap();
    let mut sink = Collected::default();
    source.produce(2_000, &mut sink);
    assert!(!sink.events.is_empty());
    assert!(sink.events.iter().all(|(kind, _)| *kind == Kind::NetConnect));
}
