//! An agent on a bench.

use std::{path::PathBuf, sync::Arc, time::Duration};

use rand::{SeedableRng, rngs::StdRng};
use tempfile::TempDir;
use vedetta_model::{BootId, NodeId, SystemClock};
use vedetta_node_agent::{
    batch::{self, Origin},
    run::{Agent, Ended, Parts, Settings},
    ship::{self, Plain},
    source::Source,
    spool::{Limits, Spool},
};

/// Keeps the spool from one run to the next, and makes runs that hurry.
pub struct Bench {
    dir: TempDir,
    runs: u64,
    pub limits: Limits,
    pub settings: Settings,
}

impl Bench {
    pub fn new() -> Self {
        let settings = Settings {
            batch: batch::Limits { events: 50, age: Duration::from_millis(5), ..batch::Limits::default() },
            age_when_away: Duration::from_millis(20),
            sync_after: Duration::from_millis(5),
            ship: ship::Config {
                window_blocks: 4,
                answer_within: Duration::from_secs(10),
                backoff: (Duration::from_millis(5), Duration::from_millis(50)),
                ..ship::Config::default()
            },
            grace: Duration::from_secs(20),
            exit_at_end: true,
            ..Settings::default()
        };
        Self { dir: tempfile::tempdir().unwrap(), runs: 0, limits: Limits::of(64 << 20), settings }
    }

    pub fn spool_dir(&self) -> PathBuf {
        self.dir.path().join("spool")
    }

    /// Starts the next run against the server at `url`.
    pub fn start(&mut self, url: &str, source: impl Source + 'static) -> (Agent, BootId) {
        self.runs += 1;
        let mut rng = StdRng::seed_from_u64(self.runs);
        let boot = BootId::random(&mut rng);
        let parts = Parts {
            origin: Origin {
                tenant: "default".parse().unwrap(),
                node: NodeId::random(&mut StdRng::seed_from_u64(0)),
                boot,
            },
            hostname: "bench".into(),
            spool: Spool::open(&self.spool_dir(), self.limits).unwrap(),
            dial: Arc::new(Plain { server: url.to_owned() }),
            clock: Arc::new(SystemClock),
            settings: self.settings.clone(),
        };
        (Agent::start(Box::new(source), parts, &mut rng).unwrap(), boot)
    }
}

/// Runs until the source has ended and everything is acknowledged.
pub async fn complete(agent: Agent) -> Ended {
    let ended = agent.run_until(std::future::pending()).await;
    ended.source.as_ref().unwrap();
    assert!(ended.complete, "{ended:?}");
    ended
}
