//! A system under load that can be hurt and healed.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail};
use rand::{Rng as _, rngs::StdRng};
use tokio::{task::block_in_place, time::timeout};
use vedetta_load::{
    agents::{Crew, Fleet, Manner, Pace},
    probe::Probe,
    system::{Apart, Form, Launch, Servers, System, Tenant, last_words},
};

use crate::{
    fault::{Fault, Kind, Targets, role},
    net::Network,
    spooling::{Habits, Spooling},
};

/// Tenants that synthetic agents report to.
const TENANTS: u32 = 2;
const AGENTS_PER_TENANT: u32 = 2;
const BLOCK_AGE: Duration = Duration::from_millis(400);
/// Agents that are processes, with more spool than they ever need.
const AGENTS: [Habits; 2] = [
    Habits { name: "agent-kept", may_be_killed: false, rate: 50, spool: "256MiB" },
    Habits { name: "agent-killed", may_be_killed: true, rate: 50, spool: "256MiB" },
];
/// Planted events come often enough to tell when findings come again.
const PACE: Pace = Pace { events: 30.0, planted: 0.3 };
/// A process that does not serve within this has hung.
const START: Duration = Duration::from_secs(60);
/// What was hurt must work again within this.
const RECOVERY: Duration = Duration::from_secs(180);
const ANSWER: Duration = Duration::from_secs(3);
const LOOK: Duration = Duration::from_millis(50);

/// What to hurt.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The programs: `vedetta-load` and `vedetta-agent`.
    pub programs: Programs,
    /// Processes of ingest and of detect, each; there is one of tenant and one of query.
    pub processes: u32,
    /// 1 or 3.
    pub brokers: u32,
    /// Whether each process has a network namespace.
    pub network: bool,
    /// Whether agents run as processes of their own, too.
    pub agents: bool,
}

/// Where the programs lie.
#[derive(Debug, Clone)]
pub struct Programs {
    /// `vedetta-load`.
    pub load: PathBuf,
    /// `vedetta-agent`.
    pub agent: PathBuf,
}

/// See the module. Dropping it ends everything.
#[derive(Debug)]
pub struct Rig {
    /// Who offers.
    pub fleet: Fleet,
    /// Who plants and finds.
    pub probe: Arc<Probe>,
    /// Agents that are processes of their own.
    pub agents: Vec<Spooling>,
    /// What is hurt.
    pub system: System,
    /// How often a process ended by itself and was started again, as an installation's supervisor would.
    pub ended: BTreeMap<String, u64>,
    /// Those that lie dead by a fault; nobody starts them again before it is healed.
    dead: BTreeSet<String>,
    /// Goes last: the others run inside.
    network: Option<Network>,
}

impl Rig {
    /// Starts everything, under load.
    pub async fn start(plan: &Plan) -> anyhow::Result<Self> {
        let Plan { processes, brokers, .. } = *plan;
        // Only processes die here, and a disk that is shared with much else is slow to sync.
        let memory = Path::new("/dev/shm");
        let database_within = if memory.is_dir() { memory.to_owned() } else { std::env::temp_dir() };
        let mut apart = Apart {
            ingest: processes,
            detect: processes,
            query: 1,
            brokers,
            database_within,
            ..Apart::default()
        };
        let network = if plan.network { Some(Network::new(&apart.all())?) } else { None };
        apart.places = network.as_ref().map(Network::places).unwrap_or_default();
        let tenants = TENANTS + u32::from(plan.agents);
        let launch = Launch { tenants, form: Form::Apart(apart), ..Launch::by(plan.programs.load.clone()) };
        let system = System::launch(launch).await?;
        let probe = Probe::start(&system).await?;
        let crew = Crew {
            tenants: &system.tenants[..TENANTS as usize],
            per_tenant: AGENTS_PER_TENANT,
            block_age: BLOCK_AGE,
            manner: Manner::Lasting,
            recording: None,
        };
        let fleet = Fleet::of(crew, &system, &probe).await?;
        let mut agents = Vec::new();
        if let Some(tenant) = system.tenants.get(TENANTS as usize) {
            for habits in AGENTS {
                agents.push(Spooling::start(&plan.programs.agent, &system, tenant, habits).await?);
            }
        }
        fleet.pace(PACE);
        Ok(Self { fleet, probe, agents, system, ended: BTreeMap::new(), dead: BTreeSet::new(), network })
    }

    /// The tenants of synthetic agents.
    pub fn tenants(&self) -> &[Tenant] {
        &self.system.tenants[..TENANTS as usize]
    }

    /// The tenant of agents that are processes of their own.
    pub fn tenant_of_processes(&self) -> Option<&Tenant> {
        self.system.tenants.get(TENANTS as usize)
    }

    /// Load as at the start.
    pub fn go_on(&self) {
        self.fleet.pace(PACE);
    }

    /// Who can be hit.
    pub fn targets(&self) -> Targets {
        let brokers = self.servers().map_or(0, Servers::brokers);
        let servers = (1..=brokers).map(|number| format!("broker-{number}")).chain(["database-1".to_owned()]);
        Targets {
            services: self.system.members.iter().map(|member| member.name().to_owned()).collect(),
            servers: servers.collect(),
            agents: self
                .agents
                .iter()
                .map(|agent| (agent.name().to_owned(), agent.may_be_killed()))
                .collect(),
            network: self.network.is_some(),
        }
    }

    fn servers(&self) -> Option<&Servers> {
        self.system.servers.as_ref()
    }

    /// Does it.
    pub fn hurt(&mut self, fault: &Fault) -> anyhow::Result<()> {
        if matches!(fault.kind, Kind::Kill | Kind::KillTwice | Kind::Drain) {
            self.dead.insert(fault.target.clone());
        }
        block_in_place(|| self.act(fault, true)).with_context(|| fault.to_string())
    }

    /// Undoes it, and waits until whoever was started again serves.
    pub async fn heal(&mut self, fault: &Fault, rng: &mut StdRng) -> anyhow::Result<()> {
        if fault.kind == Kind::KillTwice {
            self.launch_again(&fault.target)?;
            self.fleet.run_for(Duration::from_millis(rng.random_range(0..800))).await?;
            block_in_place(|| self.act(fault, true))?;
        }
        self.dead.remove(&fault.target);
        block_in_place(|| self.act(fault, false)).with_context(|| format!("after {fault}"))
    }

    fn act(&mut self, fault: &Fault, hurt: bool) -> anyhow::Result<()> {
        let target = fault.target.as_str();
        let network = || self.network.as_ref().context("a network");
        match &fault.kind {
            Kind::Isolate => return network()?.isolate(target, hurt),
            Kind::Slow => return network()?.slow(target, hurt),
            Kind::OneWay(other) => return network()?.cut(target, other, hurt),
            Kind::Cut(other) => {
                network()?.cut(target, other, hurt)?;
                return network()?.cut(other, target, hurt);
            }
            Kind::Kill | Kind::KillTwice | Kind::Pause | Kind::Drain => {}
        }
        match role(target) {
            "broker" | "database" => self.act_on_server(fault, hurt),
            "agent" => {
                let agent =
                    self.agents.iter_mut().find(|agent| agent.name() == target).context("an agent")?;
                match (&fault.kind, hurt) {
                    (Kind::Pause, true) => agent.pause(),
                    (Kind::Pause, false) => agent.resume(),
                    (Kind::Drain, true) => agent.drain().map(drop),
                    (_, true) => agent.kill(),
                    (_, false) => agent.launch(),
                }
            }
            _ => {
                let member = self.system.member(target)?;
                match (&fault.kind, hurt) {
                    (Kind::Pause, true) => member.pause(),
                    (Kind::Pause, false) => member.resume(),
                    (Kind::Drain, true) => member.drain(),
                    (_, true) => member.kill(),
                    (_, false) => self.bring_back(target),
                }
            }
        }
    }

    fn act_on_server(&self, fault: &Fault, hurt: bool) -> anyhow::Result<()> {
        let servers = self.servers().context("servers of its own")?;
        let number: u32 = fault.target.rsplit('-').next().context("a number")?.parse()?;
        let node = number as usize;
        let is_broker = role(&fault.target) == "broker";
        match (&fault.kind, hurt, is_broker) {
            (Kind::Pause, true, true) => servers.kafka.pause(number),
            (Kind::Pause, false, true) => servers.kafka.resume(number),
            (Kind::Pause, true, false) => servers.database.pause(node),
            (Kind::Pause, false, false) => servers.database.resume(node),
            (_, true, true) => servers.kafka.kill(number),
            (_, false, true) => servers.kafka.start(number),
            (_, true, false) => servers.database.kill(node),
            (_, false, false) => servers.database.restart(node),
        }
        Ok(())
    }

    fn launch_again(&mut self, target: &str) -> anyhow::Result<()> {
        match role(target) {
            "agent" => {
                self.agents.iter_mut().find(|agent| agent.name() == target).context("an agent")?.launch()
            }
            _ => self.system.member(target)?.relaunch(),
        }
    }

    /// Starts a service again until it serves: it may end at its start when what it needs is away, and a supervisor starts it
    /// again.
    fn bring_back(&mut self, name: &str) -> anyhow::Result<()> {
        let deadline = Instant::now() + RECOVERY;
        loop {
            let member = self.system.member(name)?;
            member.relaunch()?;
            match within(START, member.pid()?, || member.serves()) {
                Ok(_) => return Ok(()),
                Err(error) if Instant::now() > deadline => return Err(error),
                Err(_) => {
                    member.kill()?;
                    *self.ended.entry(name.to_owned()).or_default() += 1;
                }
            }
        }
    }

    /// Starts those again that have ended by themselves.
    pub fn supervise(&mut self) -> anyhow::Result<()> {
        let names: Vec<String> = self.system.members.iter().map(|member| member.name().to_owned()).collect();
        for name in names {
            if !self.dead.contains(&name) && !self.system.member(&name)?.is_running() {
                self.system.member(&name)?.kill()?;
                *self.ended.entry(name.clone()).or_default() += 1;
                block_in_place(|| self.bring_back(&name))?;
            }
        }
        Ok(())
    }

    /// Waits until everything that was offered before `since` is acknowledged, and something planted after it is found in
    /// each tenant; how long that took.
    pub async fn recovered(&mut self, since: Instant, offered: u64) -> anyhow::Result<Duration> {
        let mut acknowledged = None;
        loop {
            self.supervise()?;
            if acknowledged.is_none() && self.fleet.counts().now().accepted >= offered {
                acknowledged = Some(since.elapsed());
            }
            // An answer may fail, or stay away, while query is on its way up.
            if acknowledged.is_some()
                && let Ok(Ok(true)) = timeout(ANSWER, self.probe.has_found_since(since, self.tenants())).await
            {
                return Ok(since.elapsed());
            }
            if since.elapsed() > RECOVERY {
                let counts = self.fleet.counts().now();
                match acknowledged {
                    None => bail!("acknowledgements don't come again: {counts:?}, {offered} were offered"),
                    Some(after) => bail!("acknowledgements came after {after:?}, findings don't come again"),
                }
            }
            self.fleet.run_for(LOOK).await?;
        }
    }

    /// The last lines of everybody's words.
    pub fn words(&self) -> String {
        let members = self.system.members.iter().filter_map(|member| member.log().map(Into::into));
        let agents = self.agents.iter().map(|agent| agent.log().to_owned());
        let servers = self.servers().into_iter().flat_map(|servers| {
            let brokers =
                (1..=servers.brokers()).map(|number| servers.kafka.logs().join(format!("{number}.log")));
            brokers.chain([servers.database.logs().join("1.log")])
        });
        members
            .chain(agents)
            .chain(servers)
            .map(|path: PathBuf| format!("--- {}\n{}\n", path.display(), last_words(&path)))
            .collect()
    }
}

/// Does what may hang, and kills the process when it takes longer, so that it fails.
fn within<T>(most: Duration, pid: u32, what: impl FnOnce() -> anyhow::Result<T>) -> anyhow::Result<T> {
    let watchdog = tokio::spawn(async move {
        tokio::time::sleep(most).await;
        if let Some(pid) = rustix::process::Pid::from_raw(pid.cast_signed()) {
            let _ = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
        }
    });
    let done = what();
    watchdog.abort();
    done
}
