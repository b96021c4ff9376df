//! Recorded events at a multiple of their speed, from the beginning again at the end.

use std::{path::PathBuf, sync::Arc, time::Duration};

use anyhow::ensure;
use vedetta_model::{Clock as _, SystemClock, Timestamp, event::Loss};
use vedetta_node_agent::{
    batch::Batcher,
    process_table::ProcessTable,
    source::{Observed, Replay, Sink, Source as _, replay::Times},
};

/// Between the last event and the first one of the next time.
const REST: Duration = Duration::from_millis(1);

/// See the module.
#[derive(Debug)]
pub(super) struct Tape {
    file: PathBuf,
    replay: Replay,
    /// Recorded time that has been played, and where the present time through began.
    played: Duration,
    began: Duration,
    first: Option<Timestamp>,
    last: Option<Timestamp>,
}

impl Tape {
    /// At its beginning.
    pub(super) fn open(file: PathBuf) -> anyhow::Result<Self> {
        let replay = open(&file)?;
        Ok(Self { file, replay, played: Duration::ZERO, began: Duration::ZERO, first: None, last: None })
    }

    /// Hands over what happened in the next `time` of the recording, as happening now.
    pub(super) fn play(&mut self, time: Duration, batcher: &mut Batcher) -> anyhow::Result<()> {
        self.played += time;
        loop {
            let due = self.first.map(|first| first.after(self.played.saturating_sub(self.began)));
            if due.zip(self.last).is_some_and(|(due, last)| last >= due) {
                return Ok(());
            }
            let mut gate = Gate { batcher, due, now: SystemClock.now(), first: self.first, last: self.last };
            self.replay.drain(&mut gate, Duration::ZERO)?;
            (self.first, self.last) = (gate.first, gate.last);
            let Some((first, last)) = self.first.zip(self.last) else {
                anyhow::bail!("{}: no event in it", self.file.display());
            };
            if self.replay.has_ended() {
                let ends = self.began + last.since(first) + REST;
                if self.played < ends {
                    return Ok(());
                }
                self.began = ends;
                self.last = None;
                self.replay = open(&self.file)?;
            }
        }
    }
}

fn open(file: &std::path::Path) -> anyhow::Result<Replay> {
    ensure!(file.is_file(), "{}: no such recording", file.display());
    Ok(Replay::open(file, Times::Keep, Arc::new(SystemClock))?)
}

/// Lets events through up to a recorded time; the one behind it at most, since a source that is asked to stop may still hand over one.
struct Gate<'a> {
    batcher: &'a mut Batcher,
    /// `None` before the first event: then that one only.
    due: Option<Timestamp>,
    now: Timestamp,
    first: Option<Timestamp>,
    last: Option<Timestamp>,
}

impl Sink for Gate<'_> {
    fn event(&mut self, event: Observed, processes: &ProcessTable) {
        self.first.get_or_insert(event.time);
        self.last = self.last.max(Some(event.time));
        self.batcher.event(Observed { time: self.now, ..event }, processes);
    }

    fn loss(&mut self, loss: Loss) {
        self.batcher.loss(loss);
    }

    fn is_full(&self) -> bool {
        self.last.is_some_and(|last| self.due.is_none_or(|due| last >= due))
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use rand::{SeedableRng as _, rngs::StdRng};
    use vedetta_model::{BootId, NodeId};
    use vedetta_node_agent::{
        batch::{Limits, Origin},
        ledger::Ledger,
    };

    use super::*;

    #[test]
    fn a_recording_is_played_at_its_pace_and_again() {
        let mut rng = StdRng::seed_from_u64(1);
        let tenant = "tape".parse().unwrap();
        let origin = Origin { tenant, node: NodeId::random(&mut rng), boot: BootId::random(&mut rng) };
        let limits = Limits { waiting: usize::MAX, ..Limits::default() };
        let mut batcher = Batcher::new(origin, limits, Arc::new(Ledger::default()));
        let line = |pid: u32, millis: u32| {
            format!(
                r#"{{"process": {{"key": {{"pid": {pid}, "start": "2026-01-31T08:00:00Z"}}, "name": "cat"}}, "event": {{"time": "2026-01-31T08:00:00.{millis:03}Z", "payload": {{"Open": {{"path": "/{pid}", "flags": 0, "mode": 0}}}}}}}}"#
            )
        };
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("events.jsonl");
        std::fs::write(&file, [line(1, 100), line(2, 200), line(3, 300)].join("\n")).unwrap();
        let mut tape = Tape::open(file).unwrap();
        let mut play = |millis| {
            tape.play(Duration::from_millis(millis), &mut batcher).unwrap();
            batcher.numbered()
        };
        // One event may come before its time.
        assert!((1..=2).contains(&play(50)));
        assert!((2..=3).contains(&play(100)));
        // It lasts 200 ms, and begins again after one more.
        assert!((4..=5).contains(&play(100)));
        let more = play(10_000);
        assert!((145..=155).contains(&more), "{more} in ten seconds of 201 ms with 3 events each");
        assert!(Tape::open(Path::new("/nowhere").to_owned()).is_err());
    }
}
