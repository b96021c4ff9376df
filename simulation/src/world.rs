//! What everything in a run shares: the dice, the time, what happened so far.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicI64, Ordering},
    },
    time::Duration,
};

use rand::{Rng as _, SeedableRng as _, rngs::StdRng};
use tokio::time::Instant;
use vedetta_model::{Clock, Timestamp};

use crate::fault::{Fault, Plan};

/// Where every run begins.
const BEGIN: Timestamp = Timestamp::from_millis(1_790_000_000_000);

/// See the module.
#[derive(Debug)]
pub struct World {
    /// The faults of this run.
    pub plan: Plan,
    rng: Mutex<StdRng>,
    began: Instant,
    leaps_nanos: AtomicI64,
    calm: AtomicBool,
    counted: Mutex<BTreeMap<Fault, u64>>,
    trace: Mutex<Trace>,
}

#[derive(Debug)]
struct Trace {
    hash: blake3::Hasher,
    lines: u64,
    aloud: bool,
}

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl World {
    /// A run that begins now. `aloud` tells each step on standard error.
    pub fn new(seed: u64, aloud: bool) -> Arc<Self> {
        let mut rng = StdRng::seed_from_u64(seed);
        let trace = Trace { hash: blake3::Hasher::new(), lines: 0, aloud };
        Arc::new(Self {
            plan: Plan::draw(&mut rng),
            rng: Mutex::new(rng),
            began: Instant::now(),
            leaps_nanos: AtomicI64::new(0),
            calm: AtomicBool::new(true),
            counted: Mutex::default(),
            trace: Mutex::new(trace),
        })
    }

    /// The true time.
    pub fn now(&self) -> Timestamp {
        let leapt = self.leaps_nanos.load(Ordering::Relaxed).unsigned_abs();
        BEGIN.after(self.elapsed()).after(Duration::from_nanos(leapt))
    }

    /// Lets time pass in which nothing happens, not even timers.
    pub fn leap(&self, time: Duration) {
        let nanos = i64::try_from(time.as_nanos()).unwrap_or(i64::MAX);
        self.leaps_nanos.fetch_add(nanos, Ordering::Relaxed);
    }

    /// How long the run has taken, in its own time.
    pub fn elapsed(&self) -> Duration {
        self.began.elapsed()
    }

    /// Uses the dice.
    pub fn dice<T>(&self, draw: impl FnOnce(&mut StdRng) -> T) -> T {
        draw(&mut lock(&self.rng))
    }

    /// Whether a fault that happens to calls and messages happens to this one.
    pub fn strikes(&self, fault: Fault) -> bool {
        let rate = self.plan.rate(fault);
        // The dice are not used for what never happens: a plan with one fault less plays much the same.
        let strikes = rate > 0.0 && !self.is_calm() && self.dice(|rng| rng.random_bool(rate));
        if strikes {
            self.count(fault);
        }
        strikes
    }

    /// Waits until a fault that happens now and then is due. Never, when it is not in the plan or all is calm.
    pub async fn due(&self, fault: Fault) {
        let rate = self.plan.rate(fault);
        if rate == 0.0 {
            return std::future::pending().await;
        }
        let minutes = self.dice(|rng| -rng.random_range(f64::EPSILON..1.0).ln() / rate);
        tokio::time::sleep(Duration::from_secs_f64(minutes * 60.0)).await;
        if self.is_calm() {
            return std::future::pending().await;
        }
        self.count(fault);
    }

    /// Counts a fault that happened.
    fn count(&self, fault: Fault) {
        *lock(&self.counted).entry(fault).or_default() += 1;
        self.note(|line| write!(line, "fault {fault:?}"));
    }

    /// How often each fault happened.
    pub fn counted(&self) -> BTreeMap<Fault, u64> {
        lock(&self.counted).clone()
    }

    /// From now on things go wrong.
    pub fn begin_trouble(&self) {
        self.calm.store(false, Ordering::Relaxed);
    }

    /// From now on nothing goes wrong any more.
    pub fn calm_down(&self) {
        self.calm.store(true, Ordering::Relaxed);
        self.note(|line| write!(line, "calm"));
    }

    /// Whether nothing goes wrong any more.
    pub fn is_calm(&self) -> bool {
        self.calm.load(Ordering::Relaxed)
    }

    /// A duration between two.
    pub fn between(&self, least: Duration, most: Duration) -> Duration {
        self.dice(|rng| rng.random_range(least..=most))
    }

    /// Takes down a step. Two plays of a seed are the same when all steps are.
    pub fn note(&self, step: impl FnOnce(&mut String) -> std::fmt::Result) {
        let mut line = format!("{:>9.3} ", self.elapsed().as_secs_f64());
        // Writing to a text does not fail.
        let _ = step(&mut line);
        let mut trace = lock(&self.trace);
        trace.hash.update(line.as_bytes());
        trace.lines += 1;
        if trace.aloud {
            eprintln!("{line}");
        }
    }

    /// How many steps, and their hash.
    pub fn trace(&self) -> (u64, String) {
        let trace = lock(&self.trace);
        (trace.lines, trace.hash.finalize().to_hex()[..16].to_owned())
    }
}

/// The clock of one machine: the true time, and how far it is off.
#[derive(Debug, Clone)]
pub struct SimClock {
    world: Arc<World>,
    off_nanos: Arc<AtomicI64>,
}

impl SimClock {
    /// One that is right.
    pub fn new(world: &Arc<World>) -> Self {
        Self { world: world.clone(), off_nanos: Arc::default() }
    }

    /// Sets it off by some hours at most, either way.
    pub fn jump(&self) {
        const HOURS: i64 = 3;
        let most = HOURS * 3_600_000_000_000;
        let off = self.world.dice(|rng| rng.random_range(-most..=most));
        self.off_nanos.store(off, Ordering::Relaxed);
        self.world.note(|line| write!(line, "a clock is off by {} s", off / 1_000_000_000));
    }

    /// Sets it right.
    pub fn set_right(&self) {
        self.off_nanos.store(0, Ordering::Relaxed);
    }
}

impl Clock for SimClock {
    fn now(&self) -> Timestamp {
        let nanos = self.world.now().as_nanos().saturating_add(self.off_nanos.load(Ordering::Relaxed));
        Timestamp::from_nanos(nanos)
    }
}
