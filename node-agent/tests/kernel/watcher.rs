//! One source for all tests of this program, drained by a thread, and child processes to be seen.

use std::{
    io::Write as _,
    sync::{Arc, Condvar, Mutex, OnceLock},
    time::{Duration, Instant},
};

use vedetta_model::{Payload, SystemClock, event::Loss};
use vedetta_node_agent::{
    process_table::{ProcessFacts, ProcessTable},
    source::{Interest, KernelSource, Observed, Reads, Sink, Source as _, kernel},
};

/// How long an event may take. Far more than it does, because the machine may be busy.
const PATIENCE: Duration = Duration::from_secs(20);

/// An event with its process and that one's ancestors, nearest first.
#[derive(Debug, Clone)]
pub struct Seen {
    pub event: Observed,
    pub process: ProcessFacts,
    pub ancestors: Vec<ProcessFacts>,
}

#[derive(Default)]
pub struct Collector {
    pub seen: Vec<Seen>,
    pub lost: Vec<Loss>,
}

impl Sink for Collector {
    fn event(&mut self, event: Observed, processes: &ProcessTable) {
        let process = processes.facts(event.process).cloned().expect("an event's process is in the table");
        let mut ancestors = Vec::new();
        let mut next = process.parent;
        while let Some(facts) = next.and_then(|handle| processes.facts(handle)) {
            next = facts.parent;
            ancestors.push(facts.clone());
        }
        self.seen.push(Seen { event, process, ancestors });
    }
    fn loss(&mut self, loss: Loss) {
        self.lost.push(loss);
    }
}

struct Watcher {
    collected: Mutex<Vec<Seen>>,
    more: Condvar,
}

static WATCHER: OnceLock<&'static Watcher> = OnceLock::new();

pub fn start(config: kernel::Config) -> KernelSource {
    KernelSource::start(config, Arc::new(SystemClock))
        .unwrap_or_else(|error| panic!("these tests need root and a kernel with BTF: {error}"))
}

/// Everything, reads included.
pub fn everything() -> kernel::Config {
    let interest = Interest { reads: Reads::All, ..Interest::default() };
    kernel::Config { interest, ring_bytes: 16 * 1024 * 1024, ..kernel::Config::default() }
}

fn watcher() -> &'static Watcher {
    WATCHER.get_or_init(|| {
        let watcher: &'static Watcher =
            Box::leak(Box::new(Watcher { collected: Mutex::default(), more: Condvar::new() }));
        let mut source = start(everything());
        std::thread::spawn(move || {
            loop {
                let mut collector = Collector::default();
                source.drain(&mut collector, Duration::from_millis(50)).expect("the source goes on");
                watcher.collected.lock().expect("no test panics holding it").extend(collector.seen);
                watcher.more.notify_all();
            }
        });
        watcher
    })
}

/// Runs `action` in a child process and gives its pid, once it has ended.
pub fn in_child(action: impl FnOnce()) -> u32 {
    watcher();
    let (pid, code) = fork(action);
    assert_eq!(code, 0, "the child failed; its panic is in the output");
    pid
}

/// Runs `action` in a child process; gives its pid and its exit code.
#[expect(unsafe_code, reason = "fork")]
pub fn fork(action: impl FnOnce()) -> (u32, i32) {
    // SAFETY: the child only runs `action` and ends without unwinding into the harness.
    unsafe {
        let pid = libc::fork();
        assert!(pid >= 0, "fork failed");
        if pid == 0 {
            let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(action));
            let _ = std::io::stderr().flush();
            libc::_exit(if result.is_ok() { 0 } else { 101 });
        }
        let mut status = 0;
        assert_eq!(libc::waitpid(pid, &mut status, 0), pid);
        (pid as u32, libc::WEXITSTATUS(status))
    }
}

/// Waits for an event of process `pid` that `is_it` accepts.
pub fn await_event(pid: u32, what: &str, mut is_it: impl FnMut(&Seen) -> bool) -> Seen {
    let watcher = watcher();
    let deadline = Instant::now() + PATIENCE;
    let mut collected = watcher.collected.lock().expect("no test panics holding it");
    loop {
        if let Some(seen) = collected.iter().find(|seen| seen.process.key.pid == pid && is_it(seen)) {
            return seen.clone();
        }
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            let of_pid: Vec<_> =
                collected.iter().filter(|seen| seen.process.key.pid == pid).map(|seen| &seen.event).collect();
            panic!("no {what} of process {pid}; it did: {of_pid:#?}");
        }
        collected = watcher.more.wait_timeout(collected, left).expect("no test panics holding it").0;
    }
}

/// Waits for a payload.
pub fn await_payload(pid: u32, expected: impl Into<Payload>) -> Seen {
    let expected = expected.into();
    await_event(pid, &format!("{expected:?}"), |seen| seen.event.payload == expected)
}

/// All events of a process that has ended.
pub fn all_of(pid: u32) -> Vec<Seen> {
    await_event(pid, "end", |seen| matches!(seen.event.payload, Payload::Exit(_)));
    let collected = watcher().collected.lock().expect("no test panics holding it");
    collected.iter().filter(|seen| seen.process.key.pid == pid).cloned().collect()
}

/// Whether any event so far is accepted by `is_it`.
pub fn any(is_it: impl FnMut(&Seen) -> bool) -> bool {
    watcher().collected.lock().expect("no test panics holding it").iter().any(is_it)
}
