//! One service: a process that runs one role, is killed, replaced, and started again.

use std::{
    fmt::Write as _,
    pin::Pin,
    sync::{Arc, Mutex},
    task::{Context as TaskContext, Poll},
    time::Duration,
};

use futures::future::BoxFuture;
use rand::Rng as _;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use vedetta_api::Channel;
use vedetta_auth::{Authority, Keys, PeerIdentity};
use vedetta_log::MemoryLog;
use vedetta_runtime::{Clients, Context, Drain, Role, Running};
use vedetta_store::MemoryStore;

use crate::{
    fault::Fault,
    link::{Address, Cable, Caller, Server},
    log::{Device, SimLog, Way},
    store::{BlockDamage, SimStore},
    world::{SimClock, World, lock},
};

/// How long a service may take to stop when asked.
const GRACE: Duration = Duration::from_secs(10);

/// What all services stand on.
pub struct Platform {
    /// The world.
    pub world: Arc<World>,
    /// What is durable of the log.
    pub log: MemoryLog,
    /// What is durable of the store.
    pub store: MemoryStore,
    /// How their device fares.
    pub device: Arc<Device>,
    /// Which stored blocks are damaged.
    pub block_damage: Arc<Mutex<BlockDamage>>,
    /// Session keys.
    pub keys: Arc<Keys>,
    /// The certificate authority.
    pub authority: Arc<Authority>,
    /// Settings of the roles.
    pub sections: Arc<toml::Table>,
    /// Where the tenant service is.
    pub tenant: Address,
}

impl Platform {
    /// A process's way to log and store.
    pub fn way(&self, dead: &CancellationToken) -> Way {
        Way { device: self.device.clone(), dead: dead.clone() }
    }

    /// The log as a process sees it.
    pub fn log(&self, dead: &CancellationToken) -> SimLog {
        SimLog { inner: self.log.clone(), way: self.way(dead) }
    }

    /// The store as a process sees it.
    pub fn store(&self, dead: &CancellationToken) -> SimStore {
        SimStore { inner: self.store.clone(), way: self.way(dead), damage: self.block_damage.clone() }
    }

    /// A channel to the tenant service.
    pub fn to_tenant(&self, cable: &Arc<Cable>, dead: &CancellationToken) -> Channel {
        let caller = Caller {
            cable: cable.clone(),
            server: self.tenant.clone(),
            dead: dead.clone(),
            identity: PeerIdentity(None),
            answers: None,
            asked: None,
        };
        caller.channel()
    }

    /// What a role is built from.
    fn context(&self, clock: &SimClock, dead: &CancellationToken, drain: &Drain) -> Context {
        let store = Arc::new(self.store(dead));
        let clients = Clients::default();
        clients.set_internal(self.to_tenant(&Cable::new(&self.world), dead));
        Context {
            log: Arc::new(self.log(dead)),
            events: store.clone(),
            views: store.clone(),
            blocks: store,
            clock: Arc::new(clock.clone()),
            keys: self.keys.clone(),
            authority: self.authority.clone(),
            clients,
            drain: drain.clone(),
            registry: Arc::default(),
            data_dir: std::path::PathBuf::from("/nonexistent"),
            agents_url: "https://simulated:1".to_owned(),
            sections: self.sections.clone(),
        }
    }
}

/// See the module.
pub struct Service {
    platform: Arc<Platform>,
    role: Role,
    /// Its clock, which outlives its processes.
    pub clock: SimClock,
    /// Where agents find it.
    pub agents: Address,
    /// Where people find it.
    pub public: Mutex<Option<axum::Router>>,
    alive: Mutex<Option<Alive>>,
}

struct Alive {
    dead: CancellationToken,
    drain: Drain,
}

impl Service {
    /// A service that does not run yet.
    pub fn new(platform: &Arc<Platform>, role: Role) -> Arc<Self> {
        Arc::new(Self {
            platform: platform.clone(),
            role,
            clock: SimClock::new(&platform.world),
            agents: Address::default(),
            public: Mutex::default(),
            alive: Mutex::default(),
        })
    }

    /// Kills it.
    pub fn kill(&self) {
        if let Some(alive) = &*lock(&self.alive) {
            alive.dead.cancel();
        }
    }

    /// Asks it to stop.
    pub fn drain(&self) {
        if let Some(alive) = &*lock(&self.alive) {
            alive.drain.call();
        }
    }

    /// Runs it, again and again, as whoever looks after services does.
    pub async fn run(self: Arc<Self>) {
        let world = self.platform.world.clone();
        loop {
            let how = self.run_once().await;
            *lock(&self.public) = None;
            *lock(&self.agents) = None;
            world.note(|line| write!(line, "{} ended: {how}", self.role.name));
            let rest = world.between(Duration::from_millis(50), Duration::from_secs(5));
            tokio::time::sleep(rest).await;
        }
    }

    async fn run_once(&self) -> String {
        let (dead, drain) = (CancellationToken::new(), Drain::new());
        *lock(&self.alive) = Some(Alive { dead: dead.clone(), drain: drain.clone() });
        let context = self.platform.context(&self.clock, &dead, &drain);
        let built = tokio::select! {
            biased;
            () = dead.cancelled() => return "killed while starting".to_owned(),
            built = (self.role.build)(&context) => built,
        };
        let Running { public, agents, internal, tasks } = match built {
            Ok(running) => running,
            Err(error) => {
                dead.cancel();
                return format!("it did not start: {error:#}");
            }
        };
        self.platform.world.note(|line| write!(line, "{} runs", self.role.name));
        let server = |routes| Server { routes, dead: dead.clone(), clock: self.clock.clone() };
        if let Some(routes) = internal {
            *lock(&self.platform.tenant) = Some(server(routes));
        }
        *lock(&self.agents) = agents.map(server);
        *lock(&self.public) = public;
        let mut running = JoinSet::new();
        for task in tasks {
            running.spawn(Shuffled { world: self.platform.world.clone(), work: task.run });
        }
        let how = tokio::select! {
            biased;
            () = dead.cancelled() => "killed".to_owned(),
            () = drain.called() => match tokio::time::timeout(GRACE, finish(&mut running)).await {
                Ok(Ok(())) => "drained".to_owned(),
                Ok(Err(error)) => format!("drained with an error: {error}"),
                Err(_) => "drained for too long".to_owned(),
            },
            Some(ended) = running.join_next() => match ended {
                Ok(Ok(())) => "a task ended by itself".to_owned(),
                Ok(Err(error)) => format!("a task failed: {error:#}"),
                Err(error) => panic!("a task of {} panicked: {error}", self.role.name),
            },
        };
        // Whatever of it is still somewhere stays where it is for ever.
        dead.cancel();
        how
    }
}

async fn finish(running: &mut JoinSet<anyhow::Result<()>>) -> Result<(), String> {
    let mut result = Ok(());
    while let Some(ended) = running.join_next().await {
        match ended {
            Ok(ended) => result = ended.map_err(|error| format!("{error:#}")).and(result),
            Err(error) => panic!("a task panicked: {error}"),
        }
    }
    result
}

/// A task that now and then lets others go first: the order in which tasks run is by the seed.
struct Shuffled {
    world: Arc<World>,
    work: BoxFuture<'static, anyhow::Result<()>>,
}

impl Future for Shuffled {
    type Output = anyhow::Result<()>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut TaskContext<'_>) -> Poll<Self::Output> {
        if self.world.dice(|rng| rng.random_bool(0.2)) {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        self.work.as_mut().poll(cx)
    }
}

/// What services suffer while there are faults.
pub async fn trouble(world: Arc<World>, services: Vec<Arc<Service>>) {
    let one = |service: Arc<Service>| {
        let world = world.clone();
        async move {
            tokio::join!(
                async {
                    loop {
                        world.due(Fault::ServiceKilled).await;
                        service.kill();
                    }
                },
                async {
                    loop {
                        world.due(Fault::ServiceReplaced).await;
                        service.drain();
                    }
                },
                async {
                    loop {
                        world.due(Fault::ServiceClock).await;
                        service.clock.jump();
                    }
                },
            );
        }
    };
    futures::future::join_all(services.into_iter().map(one)).await;
}

/// What the device of log and store suffers while there are faults.
pub async fn device_trouble(world: Arc<World>, device: Arc<Device>) {
    let while_it_lasts = |least, most| world.between(Duration::from_secs(least), Duration::from_secs(most));
    tokio::join!(
        async {
            loop {
                world.due(Fault::SlowDisk).await;
                device.set_slow(true);
                tokio::time::sleep(while_it_lasts(2, 20)).await;
                device.set_slow(false);
            }
        },
        async {
            loop {
                world.due(Fault::FullDisk).await;
                device.set_full(true);
                tokio::time::sleep(while_it_lasts(2, 20)).await;
                device.set_full(false);
            }
        },
    );
}
