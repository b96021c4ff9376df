//! What being watched costs a program: bare against watched, in turns, in one run.
//!
//! ```text
//! cargo run --release -p vedetta-node-agent --example overhead [ROUNDS]
//! ```
//! Needs root. Prints a JSON line per case and round, then one per case with medians. The watched
//! program runs on processor 0, the agent on processor 1. What is measured is processor time, which
//! other load on the machine disturbs less than the clock on the wall; still, only the ratios mean
//! anything on another machine.

use std::{error::Error, process::Command, sync::Arc, time::Duration};

use vedetta_model::{SystemClock, event::Loss};
use vedetta_node_agent::{
    process_table::ProcessTable,
    source::{KernelSource, Observed, Sink, Source as _, kernel},
};

/// What is done, how often in a round, and what it shows.
const CASES: &[(&str, u32, &str)] = &[
    ("getppid", 3_000_000, "a call nobody watches"),
    ("open_write", 300_000, "open for writing (recorded) and close"),
    ("open_read", 300_000, "open for reading outside the prefixes (looked at, not recorded) and close"),
    ("spawn", 800, "fork, exec and exit of /bin/true (all recorded)"),
];

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    if let [work, case, count] = &*args
        && work == "work"
    {
        println!("{}", perform(case, count.parse()?)?);
        return Ok(());
    }
    let rounds: usize = args.first().map_or(Ok(7), |text| text.parse())?;
    pin(1)?;
    for (case, count, meaning) in CASES {
        measure(case, *count, meaning, rounds)?;
    }
    Ok(())
}

fn measure(case: &str, count: u32, meaning: &str, rounds: usize) -> Result<(), Box<dyn Error>> {
    let (mut bare, mut watched, mut consumer) = (Vec::new(), Vec::new(), Vec::new());
    let (mut seen, mut lost) = (0, 0);
    for round in 1..=rounds {
        let without = run(case, count)?;
        let mut source = KernelSource::start(kernel::Config::default(), Arc::new(SystemClock))?;
        let (with, counted) = run_watched(case, count, &mut source)?;
        let totals = source.totals();
        seen += totals.read;
        lost += totals.lost;
        if let Some(per_event) = counted.cpu_nanos.checked_div(totals.read) {
            consumer.push(per_event as f64);
        }
        drop(source);
        println!(
            "{}",
            serde_json::json!({
                "case": case, "round": round, "bare_ns": without, "watched_ns": with,
                "records": totals.read, "lost": totals.lost,
            })
        );
        bare.push(without);
        watched.push(with);
    }
    let ratios: Vec<f64> = bare.iter().zip(&watched).map(|(bare, watched)| watched / bare).collect();
    println!(
        "{}",
        serde_json::json!({
            "case": case, "meaning": meaning, "rounds": rounds,
            "bare_ns": median(&bare), "watched_ns": median(&watched),
            "added_ns": median(&watched) - median(&bare),
            "ratio": median(&watched) / median(&bare), "ratio_least": least(&ratios), "ratio_most": -least(&negated(&ratios)),
            "agent_cpu_ns_per_record": median(&consumer), "records": seen, "lost": lost,
        })
    );
    Ok(())
}

/// Counts, and forgets.
#[derive(Default)]
struct Counter {
    cpu_nanos: u64,
}

impl Sink for Counter {
    fn event(&mut self, event: Observed, _: &ProcessTable) {
        std::hint::black_box(event);
    }
    fn loss(&mut self, _: Loss) {}
}

/// Runs the work in a child process, because the agent does not watch itself.
fn run(case: &str, count: u32) -> Result<f64, Box<dyn Error>> {
    let output = command(case, count)?.output()?;
    Ok(String::from_utf8(output.stdout)?.trim().parse()?)
}

fn command(case: &str, count: u32) -> Result<Command, Box<dyn Error>> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["work", case, &count.to_string()]);
    Ok(command)
}

fn run_watched(case: &str, count: u32, source: &mut KernelSource) -> Result<(f64, Counter), Box<dyn Error>> {
    let mut counter = Counter::default();
    let before = thread_cpu();
    let mut child = command(case, count)?.stdout(std::process::Stdio::piped()).spawn()?;
    while child.try_wait()?.is_none() {
        source.drain(&mut counter, Duration::from_millis(20))?;
    }
    source.drain(&mut counter, Duration::from_millis(300))?;
    source.drain(&mut counter, Duration::from_millis(300))?;
    counter.cpu_nanos = thread_cpu() - before;
    let output = child.wait_with_output()?;
    Ok((String::from_utf8(output.stdout)?.trim().parse()?, counter))
}

/// The work itself. Gives nanoseconds of processor time per turn.
fn perform(case: &str, count: u32) -> Result<f64, Box<dyn Error>> {
    pin(0)?;
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("file");
    std::fs::write(&path, b"x")?;
    let turn = || -> std::io::Result<()> {
        match case {
            "getppid" => {
                std::hint::black_box(rustix::process::getppid());
            }
            "open_write" => {
                std::fs::OpenOptions::new().write(true).open(&path)?;
            }
            "open_read" => {
                std::fs::File::open(&path)?;
            }
            _ => {
                Command::new("/bin/true").status()?;
            }
        }
        Ok(())
    };
    for _ in 0..count / 20 {
        turn()?;
    }
    let began = processor_time();
    for _ in 0..count {
        turn()?;
    }
    Ok((processor_time() - began).as_nanos() as f64 / f64::from(count))
}

/// Processor time of this process and of the children it has waited for.
#[expect(unsafe_code, reason = "getrusage")]
fn processor_time() -> Duration {
    let mut total = Duration::ZERO;
    for who in [libc::RUSAGE_SELF, libc::RUSAGE_CHILDREN] {
        // SAFETY: all-zero is a valid value, and the call fills it in.
        let usage = unsafe {
            let mut usage: libc::rusage = std::mem::zeroed();
            libc::getrusage(who, &mut usage);
            usage
        };
        for time in [usage.ru_utime, usage.ru_stime] {
            total += Duration::from_secs(time.tv_sec as u64) + Duration::from_micros(time.tv_usec as u64);
        }
    }
    total
}

/// Keeps this thread on one processor.
#[expect(unsafe_code, reason = "sched_setaffinity")]
fn pin(cpu: usize) -> std::io::Result<()> {
    // SAFETY: an all-zero set is a valid empty set, and its size is given with it.
    let result = unsafe {
        let mut set: libc::cpu_set_t = std::mem::zeroed();
        libc::CPU_SET(cpu, &mut set);
        libc::sched_setaffinity(0, size_of::<libc::cpu_set_t>(), &set)
    };
    if result == 0 { Ok(()) } else { Err(std::io::Error::last_os_error()) }
}

fn thread_cpu() -> u64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    (time.tv_sec as u64) * 1_000_000_000 + time.tv_nsec as u64
}

fn median(values: &[f64]) -> f64 {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

fn least(values: &[f64]) -> f64 {
    values.iter().copied().fold(f64::INFINITY, f64::min)
}

fn negated(values: &[f64]) -> Vec<f64> {
    values.iter().map(|value| -value).collect()
}
