//! The system that is driven: processes of its own, so that their processor time is their own, and each can be killed, stopped,
//! drained and started again.

mod apart;
mod balancer;
mod member;
mod process;
mod servers;

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::Context as _;
use tempfile::TempDir;

pub use self::{
    apart::{Apart, Place},
    balancer::Balancer,
    member::{Member, last_words},
    process::Process,
    servers::Servers,
};
use crate::{
    client::Client,
    serve::{Answered, Direct, ServedTenant},
};

/// A system in a scratch folder, running unless it was killed. Dropping it stops it.
#[derive(Debug)]
pub struct System {
    /// Its tenants, each with a signed-in administrator.
    pub tenants: Vec<Tenant>,
    /// Where agents connect.
    pub agents: SocketAddr,
    /// Console and API.
    pub public: SocketAddr,
    /// The authority's pin.
    pub pin: String,
    /// Its processes, in the order in which they were started: one with every role, or each role apart: `tenant`, `ingest-1`,
    /// `detect-1`, `query-1` and so on.
    pub members: Vec<Member>,
    /// What stands before several processes of a role.
    _balancers: Vec<Balancer>,
    /// Its log and database, when its roles are apart.
    pub servers: Option<Servers>,
    dir: TempDir,
}

/// A tenant.
#[derive(Debug, Clone)]
pub struct Tenant {
    /// Its name.
    pub name: String,
    /// Its administrator.
    pub client: Client,
}

/// Which processes a system is made of.
#[derive(Debug, Clone, Default)]
pub enum Form {
    /// One with every role, on the embedded log and store unless the settings say otherwise.
    #[default]
    One,
    /// Each role apart, on a Kafka cluster and a CQL database of its own.
    Apart(Apart),
}

/// How a system is started.
#[derive(Debug, Clone)]
pub struct Launch {
    /// The `vedetta-load` that serves it.
    pub program: PathBuf,
    /// Tenants to make.
    pub tenants: u32,
    /// Settings beside the usual ones, KEY=VALUE, of every process.
    pub settings: Vec<String>,
    /// Where its folder is made.
    pub within: PathBuf,
    /// Which processes.
    pub form: Form,
}

impl Launch {
    /// One tenant, one process, a folder where temporary files lie.
    pub fn by(program: PathBuf) -> Self {
        Self { program, tenants: 1, settings: vec![], within: std::env::temp_dir(), form: Form::One }
    }
}

impl System {
    /// Starts a new one with so many tenants, served by this program.
    pub async fn start(tenants: u32, memory: bool) -> anyhow::Result<Self> {
        let in_memory = ["log.url=memory:", "store.url=memory:"].map(str::to_owned);
        let settings = if memory { in_memory.into() } else { vec![] };
        Self::launch(Launch { tenants, settings, ..Launch::by(std::env::current_exe()?) }).await
    }

    /// Starts a new one.
    pub async fn launch(launch: Launch) -> anyhow::Result<Self> {
        let Launch { program, tenants, settings: more, within, form } = launch;
        let dir = tempfile::tempdir_in(within)?;
        let mut settings =
            vec!["telemetry.log=warn".to_owned(), "ingest.enrollments_per_second=100000".to_owned()];
        settings.extend(more);
        match form {
            Form::One => {
                let mut member = Member::new("vedetta", program, dir.path().to_owned(), settings);
                member.spawn(tenants)?;
                let made = member.serves()?;
                Self::of(vec![member], vec![], None, made, dir).await
            }
            Form::Apart(apart) => apart.launch(program, tenants, settings, dir).await,
        }
    }

    /// A system of processes that serve, with the tenants that were made.
    async fn of(
        members: Vec<Member>,
        balancers: Vec<Balancer>,
        servers: Option<Servers>,
        made: Vec<ServedTenant>,
        dir: TempDir,
    ) -> anyhow::Result<Self> {
        let front = |role: &str| members.iter().find(|member| member.has(role)).map(Member::served);
        let balanced = |role: &str| balancers.iter().find(|b| b.role() == role).map(Balancer::address);
        let ingest = front("ingest").context("a process of ingest")?;
        let query = front("query").context("a process of query")?;
        let (agents, pin) = (balanced("ingest").unwrap_or(ingest.agents), ingest.pin.clone());
        let public = balanced("query").unwrap_or(query.public);
        let mut tenants = Vec::new();
        for tenant in made {
            let client = Client::sign_in(public, &tenant.tenant, &tenant.user, &tenant.password).await?;
            tenants.push(Tenant { name: tenant.tenant, client });
        }
        Ok(Self { tenants, agents, public, pin, members, _balancers: balancers, servers, dir })
    }

    /// One of its processes.
    pub fn member(&mut self, name: &str) -> anyhow::Result<&mut Member> {
        let names: Vec<String> = self.members.iter().map(|member| member.name().to_owned()).collect();
        let found = self.members.iter_mut().find(|member| member.name() == name);
        found.with_context(|| format!("no process {name} among {}", names.join(", ")))
    }

    /// Ends all of its processes as a power switch would, as far as they go. Servers go on.
    pub fn kill(&mut self) -> anyhow::Result<()> {
        self.members.iter_mut().try_for_each(Member::kill)
    }

    /// Starts all again after a kill, in their folder and at their addresses; they may not serve yet.
    pub fn relaunch(&mut self) -> anyhow::Result<()> {
        self.members.iter_mut().try_for_each(Member::relaunch)
    }

    /// Waits until all serve after [`System::relaunch`].
    pub fn serves(&mut self) -> anyhow::Result<()> {
        self.members.iter_mut().try_for_each(|member| member.serves().map(drop))
    }

    /// Its data folder.
    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// URLs of its log and its store.
    pub fn urls(&self) -> (String, String) {
        match &self.servers {
            Some(servers) => (servers.log_url(), servers.store_url()),
            None => {
                let url = format!("file:{}", self.dir.path().join("db").display());
                (url.clone(), url)
            }
        }
    }

    /// Processor time that its running processes have used so far, all threads.
    pub fn cpu(&self) -> anyhow::Result<Duration> {
        self.members.iter().map(Member::cpu).sum()
    }

    /// The most memory that each of its running processes ever had resident, together, in bytes.
    pub fn peak_memory(&self) -> anyhow::Result<u64> {
        self.members.iter().map(Member::peak_memory).sum()
    }

    /// Has it search its store without its API in between. Blocks until it has answered.
    pub fn direct(&mut self, search: &Direct) -> anyhow::Result<Answered> {
        self.members.first_mut().context("a system that runs")?.direct(search)
    }

    /// Drains it and waits, the last started first.
    pub fn stop(mut self) -> anyhow::Result<Stopped> {
        self.members.iter_mut().rev().try_for_each(Member::drain)?;
        Ok(Stopped { urls: self.urls(), servers: self.servers, dir: self.dir })
    }
}

/// What is left of a system: its folder and its servers, which go with this.
#[derive(Debug)]
pub struct Stopped {
    urls: (String, String),
    servers: Option<Servers>,
    dir: TempDir,
}

impl Stopped {
    /// Its data folder.
    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// URLs of its log and its store.
    pub const fn urls(&self) -> &(String, String) {
        &self.urls
    }

    /// Its log and database, if its roles were apart.
    pub const fn servers(&self) -> Option<&Servers> {
        self.servers.as_ref()
    }
}
