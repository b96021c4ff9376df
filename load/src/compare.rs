//! Two reports of one scenario side by side, and which differences are more than noise.
//!
//! **The rule.** A figure of a report is the median of its rounds. With three rounds or more on both sides, it has changed when every round of
//! one side lies beyond every round of the other, and the medians differ by more than `LEAST`: by chance alone that happens to
//! one figure in ten with three rounds each, to one in 126 with five. With fewer rounds it has changed when it
//! differs by more than `ALONE`, because repeated runs on a shared machine were seen to differ by 10 %, and now and then by 25 %
//! (docs/performance.md). Everything else is called noise, also where it is not.

use std::{fmt, path::Path};

use anyhow::ensure;

use crate::report::{Report, Round};

/// A smaller difference of medians is nothing to speak of.
const LEAST: f64 = 0.05;
/// A smaller difference of single runs says nothing.
const ALONE: f64 = 0.30;
/// Rounds of each side from which on their spread is looked at.
const ROUNDS: usize = 3;

/// Which way is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Better {
    More,
    Less,
}

type Figure = (&'static str, Better, fn(&Round) -> f64);

const FIGURES: [Figure; 12] = [
    ("accepted, events/s", Better::More, |r| r.counts.accepted as f64 / r.seconds),
    ("bytes an event", Better::Less, |r| r.counts.bytes as f64 / r.counts.accepted as f64),
    ("refused, of those offered", Better::Less, |r| r.counts.refused as f64 / r.counts.offered as f64),
    ("shed, of those offered", Better::Less, |r| r.counts.shed as f64 / r.counts.offered as f64),
    ("finding p50, ms", Better::Less, |r| r.probe.lag_ms[0]),
    ("finding p99, ms", Better::Less, |r| r.probe.lag_ms[1]),
    ("processor, ns an event", Better::Less, |r| r.cpu_seconds * 1e9 / r.counts.accepted as f64),
    ("memory at most, MiB", Better::Less, |r| r.memory.peak as f64 / f64::from(1 << 20)),
    ("memory of connections, MiB", Better::Less, |r| {
        r.memory.connected.saturating_sub(r.memory.idle) as f64 / f64::from(1 << 20)
    }),
    ("neighbour, ratio of p99", Better::Less, |r| r.neighbour.as_ref().map_or(f64::NAN, |it| it.ratio())),
    ("down, s", Better::Less, |r| r.stop.as_ref().map_or(f64::NAN, |it| it.down_seconds)),
    ("no acknowledgement, s", Better::Less, |r| r.stop.as_ref().map_or(f64::NAN, |it| it.silent_seconds)),
];

/// What a difference is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Better,
    Worse,
    Noise,
}

/// One figure of both.
#[derive(Debug)]
struct Row {
    name: &'static str,
    before: f64,
    after: f64,
    verdict: Verdict,
}

/// Both reports.
#[derive(Debug)]
pub struct Comparison {
    rows: Vec<Row>,
    notes: Vec<String>,
    rounds: (usize, usize),
    correct: bool,
}

/// Prints both side by side; false when either was not correct.
pub fn run(before: &Path, after: &Path) -> anyhow::Result<bool> {
    let comparison = compare(&Report::load(before)?, &Report::load(after)?)?;
    println!("{comparison}");
    Ok(comparison.correct)
}

/// Compares two reports of the same scenario.
pub fn compare(before: &Report, after: &Report) -> anyhow::Result<Comparison> {
    ensure!(
        before.scenario == after.scenario,
        "these are reports of different scenarios: {} and {}",
        serde_json::to_string(&before.scenario)?,
        serde_json::to_string(&after.scenario)?
    );
    ensure!(!before.rounds.is_empty() && !after.rounds.is_empty(), "a report without a round says nothing");
    let mut notes = Vec::new();
    if before.form != after.form {
        notes.push(format!("the first is {}, the second {}", before.form, after.form));
    }
    let same_machine = (&before.machine.processor, before.machine.processors, &before.machine.kernel)
        == (&after.machine.processor, after.machine.processors, &after.machine.kernel);
    if !same_machine {
        notes.push(format!("different machines: {}; {}", before.machine, after.machine));
    }
    for (which, report) in [("first", before), ("second", after)] {
        let wrong = report.rounds.iter().filter(|round| !round.probe.is_correct());
        notes.extend(wrong.map(|round| format!("NOT CORRECT, the {which}: {:?}", round.probe)));
    }
    let rows = FIGURES.iter().filter_map(|(name, better, figure)| {
        let of = |report: &Report| -> Vec<f64> {
            let mut values: Vec<f64> = report.rounds.iter().map(figure).collect();
            values.sort_by(f64::total_cmp);
            values
        };
        let (a, b) = (of(before), of(after));
        let is_there = a.iter().chain(&b).all(|value| value.is_finite());
        is_there.then(|| Row { name, before: median(&a), after: median(&b), verdict: judge(&a, &b, *better) })
    });
    Ok(Comparison {
        rows: rows.collect(),
        notes,
        rounds: (before.rounds.len(), after.rounds.len()),
        correct: before.is_correct() && after.is_correct(),
    })
}

/// See the module. Both are sorted and not empty.
fn judge(a: &[f64], b: &[f64], better: Better) -> Verdict {
    let (before, after) = (median(a), median(b));
    let differs = |by: f64| (after - before).abs() > by * before.abs().max(f64::MIN_POSITIVE);
    let apart = a[a.len() - 1] < b[0] || b[b.len() - 1] < a[0];
    let has_changed = if a.len().min(b.len()) >= ROUNDS { apart && differs(LEAST) } else { differs(ALONE) };
    match (has_changed, after > before, better) {
        (false, ..) => Verdict::Noise,
        (true, true, Better::More) | (true, false, Better::Less) => Verdict::Better,
        (true, ..) => Verdict::Worse,
    }
}

fn median(sorted: &[f64]) -> f64 {
    let half = sorted.len() / 2;
    if sorted.len().is_multiple_of(2) { f64::midpoint(sorted[half - 1], sorted[half]) } else { sorted[half] }
}

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for note in &self.notes {
            writeln!(f, "{note}")?;
        }
        writeln!(f, "{:<28}{:>14}{:>14}{:>8}", "", "first", "second", "ratio")?;
        for Row { name, before, after, verdict } in &self.rows {
            let said = match verdict {
                Verdict::Better => "better",
                Verdict::Worse => "WORSE",
                Verdict::Noise => "",
            };
            let ratio = if before == after { 1.0 } else { after / before };
            writeln!(f, "{name:<28}{before:>14.2}{after:>14.2}{ratio:>8.2}  {said}")?;
        }
        let (a, b) = self.rounds;
        if a.min(b) >= ROUNDS {
            write!(
                f,
                "medians of {a} and {b} rounds; marked: no round of one side reaches the other's, and more than {} % apart",
                LEAST * 100.0
            )
        } else {
            write!(
                f,
                "{a} and {b} rounds; marked: more than {} % apart. `run --rounds 5` on both sides tells more",
                ALONE * 100.0
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_counts_when_no_round_reaches_the_others() {
        let verdict = |a: &[f64], b: &[f64]| judge(a, b, Better::Less);
        assert_eq!(verdict(&[10.0, 11.0, 12.0], &[13.0, 14.0, 15.0]), Verdict::Worse);
        assert_eq!(verdict(&[13.0, 14.0, 15.0], &[10.0, 11.0, 12.0]), Verdict::Better);
        assert_eq!(verdict(&[10.0, 11.0, 14.0], &[13.0, 14.0, 15.0]), Verdict::Noise);
        assert_eq!(
            verdict(&[10.0, 10.1, 10.2], &[10.3, 10.4, 10.5]),
            Verdict::Noise,
            "apart, and next to nothing"
        );
        assert_eq!(judge(&[10.0, 11.0, 12.0], &[13.0, 14.0, 15.0], Better::More), Verdict::Better);
    }

    #[test]
    fn single_runs_say_little() {
        assert_eq!(judge(&[100.0], &[125.0], Better::Less), Verdict::Noise);
        assert_eq!(judge(&[100.0], &[140.0], Better::Less), Verdict::Worse);
        assert_eq!(judge(&[0.0], &[0.0], Better::Less), Verdict::Noise);
        assert_eq!(judge(&[0.0], &[0.1], Better::Less), Verdict::Worse, "there was none before");
    }
}
