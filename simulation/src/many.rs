//! Many seeds, each in a process of its own: what one leaves in memory never reaches another, and one that hangs or dies is
//! told like any other failure.

use std::{
    collections::BTreeMap,
    io::Read as _,
    path::PathBuf,
    process::{Command, Stdio},
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use vedetta_model::simulated::{Bug, Point};

use crate::{fault::Fault, run::Outcome, world::lock};

/// A run that takes longer hangs.
const LONGEST: Duration = Duration::from_secs(120);

/// Which seeds, and how.
#[derive(Debug, Clone)]
pub struct Seeds {
    /// The program that plays one: `vedetta-simulate` itself.
    pub program: PathBuf,
    /// The first.
    pub from: u64,
    /// How many.
    pub count: u64,
    /// How many at a time.
    pub at_once: usize,
    /// A bug that is switched on.
    pub bug: Option<Bug>,
    /// No more than so many failures are waited for.
    pub failures: usize,
}

/// What became of them.
#[derive(Debug, Default)]
pub struct Summary {
    /// Seeds that were played.
    pub played: u64,
    /// Seeds that failed, and how.
    pub failed: BTreeMap<u64, Vec<String>>,
    /// How often each fault happened.
    pub faults: BTreeMap<String, u64>,
    /// How often each point of the code was reached.
    pub points: BTreeMap<String, u64>,
    /// Events that were acknowledged.
    pub events: u64,
    /// Seconds that passed in the simulations.
    pub simulated: f64,
    /// Seconds that passed.
    pub took: f64,
}

impl Summary {
    fn add(&mut self, outcome: Outcome) {
        self.played += 1;
        for (all, counted) in [(&mut self.faults, outcome.faults), (&mut self.points, outcome.points)] {
            for (name, times) in counted {
                *all.entry(name).or_default() += times;
            }
        }
        self.events += outcome.events;
        self.simulated += outcome.seconds;
        if !outcome.violations.is_empty() {
            self.failed.insert(outcome.seed, outcome.violations);
        }
    }

    /// Faults that never happened and points that were never reached.
    pub fn missed(&self) -> Vec<String> {
        let faults = Fault::ALL.iter().map(|fault| (format!("{fault:?}"), &self.faults));
        let points = Point::ALL.iter().map(|point| (format!("{point:?}"), &self.points));
        let missed =
            faults.chain(points).filter(|(name, seen)| seen.get(name).is_none_or(|times| *times == 0));
        missed.map(|(name, _)| name).collect()
    }
}

/// Plays one seed in a process of its own.
pub fn play_apart(seeds: &Seeds, seed: u64) -> Result<Outcome, String> {
    let mut command = Command::new(&seeds.program);
    command.arg("one").arg(seed.to_string()).arg("--json");
    if let Some(bug) = seeds.bug {
        command.arg("--bug").arg(format!("{bug:?}"));
    }
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| format!("{}: {error}", seeds.program.display()))?;
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let text = |pipe: Option<Box<dyn std::io::Read + Send>>| {
        let mut text = String::new();
        if let Some(mut pipe) = pipe {
            // What could be read is told, whatever stopped it.
            let _ = pipe.read_to_string(&mut text);
        }
        text
    };
    thread::scope(|scope| {
        let said = scope.spawn(move || text(stdout.map(|pipe| Box::new(pipe) as _)));
        let words = scope.spawn(move || text(stderr.map(|pipe| Box::new(pipe) as _)));
        let deadline = Instant::now() + LONGEST;
        let status = loop {
            match child.try_wait() {
                Ok(Some(status)) => break Ok(status),
                Ok(None) if Instant::now() < deadline => thread::sleep(Duration::from_millis(5)),
                Ok(None) => {
                    // Gone by itself in this moment is as good.
                    let _ = child.kill();
                    let _ = child.wait();
                    break Err(format!("it did not end within {LONGEST:?}"));
                }
                Err(error) => break Err(error.to_string()),
            }
        };
        let (said, words) = (said.join().unwrap_or_default(), words.join().unwrap_or_default());
        let status = status?;
        serde_json::from_str(&said).map_err(|_| format!("it ended with {status}: {}", tail(&words)))
    })
}

/// The last lines of what was said.
fn tail(words: &str) -> String {
    let lines: Vec<&str> = words.lines().collect();
    lines[lines.len().saturating_sub(12)..].join("\n")
}

/// Plays all of them.
pub fn play(seeds: &Seeds, mut progress: impl FnMut(&Summary) + Send) -> Summary {
    let began = Instant::now();
    let next = AtomicU64::new(seeds.from);
    let enough = AtomicBool::new(false);
    let summary = Mutex::new((Summary::default(), &mut progress));
    thread::scope(|scope| {
        for _ in 0..seeds.at_once.max(1) {
            scope.spawn(|| {
                while !enough.load(Ordering::Relaxed) {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= seeds.from + seeds.count {
                        return;
                    }
                    let outcome = play_apart(seeds, seed);
                    let (summary, progress) = &mut *lock(&summary);
                    match outcome {
                        Ok(outcome) => summary.add(outcome),
                        Err(how) => {
                            summary.played += 1;
                            summary.failed.insert(seed, vec![how]);
                        }
                    }
                    enough.fetch_or(summary.failed.len() >= seeds.failures, Ordering::Relaxed);
                    progress(summary);
                }
            });
        }
    });
    let (mut summary, _) = summary.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    summary.took = began.elapsed().as_secs_f64();
    summary
}
