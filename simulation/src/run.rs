//! One seed, from beginning to end.

use std::{fmt::Write as _, sync::Arc, time::Duration};

use anyhow::Context as _;
use rand::Rng as _;
use serde::{Deserialize, Serialize};
use tokio::task::JoinSet;
use vedetta_auth::{Authority, Keys};
use vedetta_log::{EventLog as _, MemoryLog, Topic, TopicOptions};
use vedetta_model::TenantId;
use vedetta_store::MemoryStore;

use crate::{
    check::Checker,
    hostile::Hostile,
    log::Device,
    node::{self, Node},
    people::People,
    service::{self, Platform, Service},
    world::{SimClock, World, lock},
};

/// How long things go wrong.
const TROUBLE: (Duration, Duration) = (Duration::from_secs(15), Duration::from_secs(75));
/// How long it may take until everything has come to rest.
const PATIENCE: Duration = Duration::from_secs(900);
/// More than any clock was ahead. What was decided by such a clock lies in the future: a node that was removed then can't
/// enroll again before, since its token has to be newer.
const AHEAD: Duration = Duration::from_secs(4 * 3600);
/// Between two looks.
const LOOK: Duration = Duration::from_secs(5);

/// What became of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// The seed.
    pub seed: u64,
    /// What must hold and does not.
    pub violations: Vec<String>,
    /// How many steps were taken down, and their hash: equal for two plays of a seed.
    pub trace: (u64, String),
    /// How often each fault happened.
    pub faults: Vec<(String, u64)>,
    /// How often each point of the code was reached.
    pub points: Vec<(String, u64)>,
    /// Events that were acknowledged.
    pub events: u64,
    /// Seconds that passed in the simulation.
    pub seconds: f64,
}

/// Plays a seed. `aloud` tells each step.
pub fn play(seed: u64, aloud: bool) -> anyhow::Result<Outcome> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build()?;
    runtime.block_on(tokio::task::unconstrained(run(seed, aloud)))
}

fn settings() -> anyhow::Result<toml::Table> {
    Ok("[tenant]\nnode_certificate_hours = 1\n[ingest]\nheartbeat_seconds = 5\n[query]\narchive_linger_milliseconds = 700\n".parse()?)
}

async fn run(seed: u64, aloud: bool) -> anyhow::Result<Outcome> {
    let world = World::new(seed, aloud);
    world.note(|line| write!(line, "seed {seed}: {:?}", world.plan.faults().collect::<Vec<_>>()));
    let dir = tempfile::tempdir()?;
    let log = MemoryLog::new(Arc::new(SimClock::new(&world)));
    for (topic, partitions) in
        [(Topic::TELEMETRY, 3), (Topic::FINDINGS, 3), (Topic::CONTROL, 2), (Topic::DEAD_LETTERS, 1)]
    {
        log.create_topic(&topic, TopicOptions { partitions }).await?;
    }
    let clock = SimClock::new(&world);
    let platform = Arc::new(Platform {
        device: Device::new(&world),
        log,
        store: MemoryStore::new(),
        block_damage: Arc::default(),
        keys: Arc::new(Keys::open_or_create(&dir.path().join("keys"), &mut rand::rng())?),
        authority: Arc::new(Authority::open_or_create(&dir.path().join("pki"), &clock)?),
        sections: Arc::new(settings()?),
        tenant: Arc::default(),
        world: world.clone(),
    });
    let tenant = Service::new(&platform, vedetta_tenant::ROLE);
    let ingests = [(); 2].map(|()| Service::new(&platform, vedetta_ingest::ROLE));
    let detect = Service::new(&platform, vedetta_detect::ROLE);
    let query = Service::new(&platform, vedetta_query::ROLE);
    let services: Vec<Arc<Service>> =
        [&tenant, &ingests[0], &ingests[1], &detect, &query].map(Arc::clone).into();
    let mut tasks = JoinSet::new();
    for service in &services {
        tasks.spawn(service.clone().run());
    }

    let people = People::new(&platform);
    let tenants: Vec<TenantId> = ["acme", "bolt"].into_iter().map(str::parse).collect::<Result<_, _>>()?;
    tokio::time::sleep(LOOK).await;
    for tenant in &tenants {
        people.found(tenant).await.context("a tenant could not be made before anything went wrong")?;
    }
    let books = Arc::default();
    let addresses: Vec<_> = ingests.iter().map(|ingest| ingest.agents.clone()).collect();
    let mut nodes = Vec::new();
    for number in 0..world.dice(|rng| rng.random_range(1..=3)) {
        let tenant = tenants[number % tenants.len()].clone();
        let node =
            Node::new(&platform, &people, &books, format!("node-{number}"), tenant, addresses.clone())?;
        tasks.spawn(node.clone().run());
        nodes.push(node);
    }

    world.begin_trouble();
    let mut troubles = JoinSet::new();
    troubles.spawn(service::trouble(world.clone(), services.clone()));
    troubles.spawn(service::device_trouble(world.clone(), platform.device.clone()));
    troubles.spawn(node::trouble(nodes.clone()));
    let (deciding, all) = (people.clone(), tenants.clone());
    troubles.spawn(async move { deciding.trouble(&all).await });
    let (asking, answering, all) = (people.clone(), query.clone(), tenants.clone());
    troubles.spawn(async move { asking.curious(&answering, &all).await });
    let hostile = Hostile {
        platform: platform.clone(),
        nodes: nodes.clone(),
        books: books.clone(),
        tenants: tenants.clone(),
    };
    troubles.spawn(async move { hostile.run().await });
    let end = tokio::time::sleep(world.between(TROUBLE.0, TROUBLE.1));
    tokio::select! {
        biased;
        Some(ended) = troubles.join_next() => ended.context("who makes trouble")?,
        () = end => {}
    }

    // All faults end; whatever waits is done, and then it must be right.
    world.calm_down();
    troubles.shutdown().await;
    platform.device.set_slow(false);
    platform.device.set_full(false);
    for service in &services {
        service.clock.set_right();
    }
    world.leap(AHEAD);
    for node in &nodes {
        node.clock.set_right();
        node.disk.set_full(false);
        node.cable.stall(false, false);
        node.cable.part(false);
        node.come_back();
        node.finish();
    }
    let checker = Checker { platform: platform.clone(), books: books.clone(), people, query, tenants };
    let begun = tokio::time::Instant::now();
    let violations = loop {
        tokio::time::sleep(LOOK).await;
        let patient = begun.elapsed() < PATIENCE;
        let waiting: Vec<&str> =
            nodes.iter().filter(|node| !node.is_empty()).map(|node| &*node.name).collect();
        if !waiting.is_empty() && patient {
            continue;
        }
        let mut violations = checker.look().await;
        violations.extend(waiting.iter().map(|name| format!("{name} still has something to send")));
        if violations.is_empty() || !patient {
            break violations;
        }
    };
    tasks.shutdown().await;
    let acknowledged =
        lock(&books).acknowledged.values().flatten().map(|(first, last)| last - first + 1).sum();
    Ok(Outcome {
        seed,
        violations,
        trace: world.trace(),
        faults: world.counted().into_iter().map(|(fault, times)| (format!("{fault:?}"), times)).collect(),
        points: vedetta_model::simulated::visits()
            .map(|(point, times)| (format!("{point:?}"), times))
            .collect(),
        events: acknowledged,
        seconds: world.elapsed().as_secs_f64(),
    })
}
