//! What came of the rounds, for people.

use std::{collections::BTreeMap, fmt, time::Duration};

use crate::fault::{Fault, role};

/// Rounds by what happened in them.
#[derive(Debug, Default)]
pub struct Table {
    rows: BTreeMap<(&'static str, String), Row>,
}

#[derive(Debug, Default)]
struct Row {
    recoveries: Vec<Duration>,
    longest_pause: Duration,
}

impl Table {
    /// Takes down a round. One with two faults counts for both.
    pub fn add(&mut self, faults: &[Fault], recovered: Duration, pause: Duration) {
        for fault in faults {
            let key = (fault.kind.name(), role(&fault.target).to_owned());
            let row = self.rows.entry(key).or_default();
            row.recoveries.push(recovered);
            row.longest_pause = row.longest_pause.max(pause);
        }
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let line = |f: &mut fmt::Formatter<'_>, cells: [&str; 6]| {
            let [fault, of, rounds, half, most, pause] = cells;
            writeln!(f, "{fault:<12} {of:<9} {rounds:>6} {half:>13} {most:>13} {pause:>13}")
        };
        line(f, ["fault", "of", "rounds", "healed p50 s", "healed max s", "ack pause s"])?;
        let seconds = |time: Duration| format!("{:.1}", time.as_secs_f64());
        for ((fault, of), row) in &self.rows {
            let mut times = row.recoveries.clone();
            times.sort();
            let (half, most) = (times[times.len() / 2], times[times.len() - 1]);
            let rounds = times.len().to_string();
            line(f, [fault, of, &rounds, &seconds(half), &seconds(most), &seconds(row.longest_pause)])?;
        }
        Ok(())
    }
}
