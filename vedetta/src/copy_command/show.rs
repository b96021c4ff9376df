//! What people see of a copy: how far it is, on standard error, and the table at its end.

use std::{
    io::{IsTerminal as _, Write as _},
    time::{Duration, Instant},
};

use tokio::task::JoinHandle;
use vedetta_copy::{Line, Meter, Reading};

/// Between two looks: on a terminal, where a line is written over, and into a file.
const LOOK: Duration = Duration::from_millis(500);
const LOOK_IN_FILES: Duration = Duration::from_secs(10);

/// Shows a meter until it is ended or dropped.
#[derive(Debug)]
pub struct Ticker(JoinHandle<()>);

impl Ticker {
    /// Begins.
    pub fn start(meter: Meter) -> Self {
        let is_terminal = std::io::stderr().is_terminal();
        Self(tokio::spawn(async move {
            let mut tick = tokio::time::interval(if is_terminal { LOOK } else { LOOK_IN_FILES });
            let (mut phase, mut since) = (String::new(), Instant::now());
            loop {
                tick.tick().await;
                let reading = meter.read();
                if reading.phase.is_empty() {
                    continue;
                }
                if reading.phase != phase {
                    (phase, since) = (reading.phase.clone(), Instant::now());
                }
                let text = line(&reading, since.elapsed());
                // Nobody reading it is no fault.
                let _ = if is_terminal {
                    write!(std::io::stderr(), "\r\x1b[K{text}")
                } else {
                    writeln!(std::io::stderr(), "{text}")
                };
            }
        }))
    }

    /// Says something between.
    pub fn say(&self, text: &str) {
        let clear = if std::io::stderr().is_terminal() { "\r\x1b[K" } else { "" };
        let _ = writeln!(std::io::stderr(), "{clear}{text}");
    }

    /// Ends it.
    pub fn end(&self) {
        self.0.abort();
        if std::io::stderr().is_terminal() {
            let _ = write!(std::io::stderr(), "\r\x1b[K");
        }
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        self.end();
    }
}

fn line(reading: &Reading, elapsed: Duration) -> String {
    let Reading { phase, unit, done, total, bytes } = reading;
    let of = if *total > 0 { format!(" of {total}") } else { String::new() };
    let seconds = elapsed.as_secs_f64().max(0.1);
    let rate = *done as f64 / seconds;
    let left = if *total > *done && rate > 0.0 && elapsed > Duration::from_secs(1) {
        format!(", about {:.0} s left", (*total - *done) as f64 / rate)
    } else {
        String::new()
    };
    format!(
        "{phase}: {done}{of} {unit}, {}, {}/s{left}",
        size(*bytes),
        size((*bytes as f64 / seconds) as u64)
    )
}

fn size(bytes: u64) -> String {
    match bytes {
        0..1024 => format!("{bytes} B"),
        1024..1_048_576 => format!("{:.1} KiB", bytes as f64 / 1024.0),
        1_048_576..1_073_741_824 => format!("{:.1} MiB", bytes as f64 / 1_048_576.0),
        _ => format!("{:.2} GiB", bytes as f64 / 1_073_741_824.0),
    }
}

/// Prints what there is of each part.
pub fn table(lines: &[Line]) {
    print!("{}", text(lines));
}

fn text(lines: &[Line]) -> String {
    use std::fmt::Write as _;
    let width = lines.iter().map(|line| line.what.len()).max().unwrap_or(0);
    let mut text = String::new();
    for Line { what, unit, count, bytes, hash, note } in lines {
        let hash = &hash[..hash.len().min(16)];
        let _ = write!(text, "{what:<width$}  {count:>10} {unit:<7}  {:>10}  {hash}", size(*bytes));
        let _ = if note.is_empty() { writeln!(text) } else { writeln!(text, "  {note}") };
    }
    let bytes = lines.iter().map(|line| line.bytes).sum();
    let _ = writeln!(text, "{} in all", size(bytes));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_how_far_it_is_and_how_long_it_takes() {
        let reading = Reading {
            phase: "copying telemetry".into(),
            unit: "records",
            done: 50,
            total: 200,
            bytes: 5 << 20,
        };
        assert_eq!(
            line(&reading, Duration::from_secs(5)),
            "copying telemetry: 50 of 200 records, 5.0 MiB, 1.0 MiB/s, about 15 s left"
        );
        let unknown = Reading { total: 0, ..reading };
        assert_eq!(
            line(&unknown, Duration::from_secs(5)),
            "copying telemetry: 50 records, 5.0 MiB, 1.0 MiB/s"
        );
    }

    #[test]
    fn the_table_has_a_row_for_each_part() {
        let part = Line {
            what: "telemetry/0".into(),
            unit: "records",
            count: 3,
            bytes: 2048,
            hash: "0123456789abcdef0123456789abcdef".into(),
            note: String::new(),
        };
        let noted =
            Line { what: "views of control".into(), unit: "rows", note: "made again".into(), ..part.clone() };
        let text = text(&[part, noted]);
        let row = "telemetry/0                3 records     2.0 KiB  0123456789abcdef\n";
        assert!(text.replace("       3", "3").contains(&row.replace("       3", "3")), "{text}");
        assert!(text.contains("made again\n") && text.ends_with("4.0 KiB in all\n"), "{text}");
    }
}
