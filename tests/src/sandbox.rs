//! A whole system in a scratch folder.

use std::{net::SocketAddr, path::Path, sync::Arc};

use anyhow::Context as _;
use tempfile::TempDir;
use tokio::{sync::oneshot, task::JoinHandle};
use vedetta_backends::Backends;
use vedetta_load::serve::set_up;
use vedetta_log_kafka::testing as kafka;
use vedetta_model::{SystemClock, TenantId};
use vedetta_runtime::{Config, Process, Role, config::Sources};
use vedetta_store_scylla::testing::Keyspace;

use crate::{Agent, Client};

/// How the roles are spread over processes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// All roles in one.
    One,
    /// Tenant and query, ingest, and detect apart: they share log and store and call over sockets.
    Many,
    /// Every role apart, two of detect, each with its own connections to a Kafka cluster and a CQL database.
    Cluster,
}

/// The tenant that a new system has.
pub const TENANT: &str = "default";

/// What a system leaves when it stops: its folder, and what it has on servers.
#[derive(Debug)]
pub struct Place {
    form: Form,
    dir: TempDir,
    servers: Option<Servers>,
}

impl Place {
    /// One that nobody has used.
    pub async fn new(form: Form) -> anyhow::Result<Self> {
        let servers = match form {
            Form::One | Form::Many => None,
            Form::Cluster => Some(Servers::start().await?),
        };
        Ok(Self { form, dir: tempfile::tempdir()?, servers })
    }

    /// The same folder, for a cluster on what already lies on servers.
    pub fn moved_to(self, servers: Servers) -> Self {
        Self { form: Form::Cluster, servers: Some(servers), ..self }
    }

    /// The folder with keys, and the embedded log and store.
    pub fn dir(&self) -> &Path {
        self.dir.path()
    }
}

/// A running system. Dropping it stops it hard; [`Sandbox::stop`] drains it.
#[derive(Debug)]
pub struct Sandbox {
    place: Arc<Place>,
    nodes: Vec<Node>,
    front: vedetta_runtime::Context,
    addresses: vedetta_runtime::Addresses,
    agents: SocketAddr,
    admin: Option<(String, String)>,
}

#[derive(Debug)]
struct Node {
    stop: oneshot::Sender<()>,
    run: JoinHandle<anyhow::Result<()>>,
}

const ALL: [Role; 4] =
    [vedetta_tenant::ROLE, vedetta_ingest::ROLE, vedetta_detect::ROLE, vedetta_query::ROLE];

impl Sandbox {
    /// A new system.
    pub async fn start(form: Form) -> anyhow::Result<Self> {
        Self::start_in(Arc::new(Place::new(form).await?)).await
    }

    /// A system where an earlier one may have been.
    pub async fn start_in(place: Arc<Place>) -> anyhow::Result<Self> {
        Self::start_at(place, SocketAddr::from(([127, 0, 0, 1], 0))).await
    }

    /// A system where an earlier one may have been, with agents at the address they know.
    pub async fn start_at(place: Arc<Place>, agents: SocketAddr) -> anyhow::Result<Self> {
        let form = place.form;
        let settings = place.servers.as_ref().map(Servers::settings).unwrap_or_default();
        let clock = Arc::new(SystemClock);
        let config = |roles: &[Role], internal: Option<SocketAddr>| {
            let mut more = settings.clone();
            // Only who takes agents may have their address.
            if roles.iter().any(|role| role.name == "ingest") {
                more.push(("listen.agents".to_owned(), agents.to_string()));
            }
            more.extend(internal.map(|at| ("clients.internal_url".to_owned(), format!("http://{at}"))));
            config(place.dir(), more.into_iter())
        };
        if form == Form::Cluster {
            set_up(&config(&[], None)?).await?;
        }
        let first: &[Role] = match form {
            Form::One => &ALL,
            Form::Many => &[vedetta_tenant::ROLE, vedetta_query::ROLE],
            Form::Cluster => &[vedetta_tenant::ROLE],
        };
        let others: &[Role] = match form {
            Form::One => &[],
            Form::Many => &[vedetta_ingest::ROLE, vedetta_detect::ROLE],
            Form::Cluster => {
                &[vedetta_query::ROLE, vedetta_ingest::ROLE, vedetta_detect::ROLE, vedetta_detect::ROLE]
            }
        };
        let front = Process::start(&config(first, None)?, first, clock.clone()).await?;
        let context = front.context().clone();
        let mut addresses = front.addresses().clone();
        let mut nodes = Vec::new();
        for role in others {
            let internal = front.addresses().internal.context("the tenant role listens for the others")?;
            let config = config(&[*role], Some(internal))?;
            let apart = match form {
                Form::Cluster => Process::start(&config, &[*role], clock.clone()).await?,
                _ => Process::start_on(&config, &[*role], clock.clone(), front.backends().clone()).await?,
            };
            match role.name {
                "ingest" => addresses.agents = apart.addresses().agents,
                "query" => addresses.public = apart.addresses().public,
                _ => {}
            }
            nodes.push(Node::spawn(apart));
        }
        let tenant: TenantId = TENANT.parse()?;
        let first = vedetta_tenant::bootstrap::run(&context, &tenant).await?;
        nodes.push(Node::spawn(front));
        let admin = first.admin.map(|admin| (admin.name, admin.password.to_string()));
        let agents = addresses.agents;
        Ok(Self { place, nodes, front: context, addresses, agents, admin })
    }

    /// The administrator, signed in. Only for a system that was new.
    pub async fn admin(&self) -> anyhow::Result<Client> {
        let (name, password) = self.admin.as_ref().context("the password was shown by an earlier start")?;
        Client::sign_in(self.addresses.public, TENANT, name, password).await
    }

    /// Name and password of the administrator of a new system.
    pub fn credentials(&self) -> Option<(&str, &str)> {
        self.admin.as_ref().map(|(name, password)| (name.as_str(), password.as_str()))
    }

    /// Where it listens.
    pub const fn addresses(&self) -> &vedetta_runtime::Addresses {
        &self.addresses
    }

    /// The shared parts, to look behind the API.
    pub const fn context(&self) -> &vedetta_runtime::Context {
        &self.front
    }

    /// What it leaves when it stops.
    pub fn place(&self) -> Arc<Place> {
        self.place.clone()
    }

    /// Starts an agent of a machine that enrolls with a fresh token, or again when `name` did before.
    pub async fn agent(&self, client: &Client, name: &str, source: &str) -> anyhow::Result<Agent> {
        self.agent_in(client, source, &self.place.dir().join("agents").join(name)).await
    }

    /// The same with its state in a folder of the test's own.
    pub async fn agent_in(&self, client: &Client, source: &str, state: &Path) -> anyhow::Result<Agent> {
        self.agent_with(client, source, state, &[]).await
    }

    /// An agent that makes up its events, some of them worth a finding that bears this mark: one each so many milliseconds,
    /// the first at once.
    pub async fn planting_agent(
        &self,
        client: &Client,
        name: &str,
        mark: &str,
        every_ms: u64,
    ) -> anyhow::Result<Agent> {
        let state = self.place.dir().join("agents").join(name);
        let every = every_ms.to_string();
        let variables =
            [("VEDETTA_AGENT_SYNTHETIC_MARK", mark), ("VEDETTA_AGENT_SYNTHETIC_MARK_EVERY_MS", &every)];
        self.agent_with(client, "synthetic:20", &state, &variables).await
    }

    async fn agent_with(
        &self,
        client: &Client,
        source: &str,
        state: &Path,
        variables: &[(&str, &str)],
    ) -> anyhow::Result<Agent> {
        let server = format!("https://{}", self.agents);
        let pin = self.front.authority.pin();
        if state.join("identity.json").exists() {
            return Agent::start_with(&server, &pin, None, state, source, variables);
        }
        std::fs::create_dir_all(state)?;
        let tenant = vedetta_load::system::Tenant { name: TENANT.to_owned(), client: client.clone() };
        let secret = vedetta_load::agents::enrollment_token(&tenant, 1).await?;
        Agent::start_with(&server, &pin, Some(&secret), state, source, variables)
    }

    /// Drains it in order and waits.
    pub async fn stop(self) -> anyhow::Result<()> {
        for node in self.nodes {
            let _ = node.stop.send(());
            node.run.await??;
        }
        Ok(())
    }
}

/// What a system of its own has on the servers that tests share.
#[derive(Debug)]
pub struct Servers {
    kafka: kafka::Server,
    prefix: String,
    keyspace: Keyspace,
}

impl Servers {
    /// Nothing lies there yet but the store's schema.
    pub async fn start() -> anyhow::Result<Self> {
        let (kafka, keyspace) = tokio::task::block_in_place(|| (kafka::Server::shared(), Keyspace::unmade()));
        Backends::migrate(&keyspace.url(), &SystemClock).await?;
        Ok(Self { kafka, prefix: kafka::prefix(), keyspace })
    }

    /// URLs of the log and of the store.
    pub fn urls(&self) -> (String, String) {
        let (boot, prefix) = (self.kafka.boot(), &self.prefix);
        (format!("kafka://{boot}/?topic_prefix={prefix}&replication=1"), self.keyspace.url())
    }

    fn settings(&self) -> Vec<(String, String)> {
        let (log, store) = self.urls();
        let settings = [("log.url", log), ("store.url", store)];
        settings.map(|(key, value)| (key.to_owned(), value)).into()
    }
}

impl Node {
    fn spawn(process: Process) -> Self {
        let (stop, asked) = oneshot::channel();
        let run = tokio::spawn(process.run(async move {
            let _ = asked.await;
        }));
        Self { stop, run }
    }
}

fn config(dir: &Path, more: impl Iterator<Item = (String, String)>) -> anyhow::Result<Config> {
    let free = "127.0.0.1:0";
    let mut overrides: Vec<(String, String)> = ["public", "agents", "admin", "internal"]
        .map(|listener| (format!("listen.{listener}"), free.to_owned()))
        .into();
    overrides.push(("data_dir".into(), dir.display().to_string()));
    overrides.extend(more);
    Ok(Config::load(&Sources { overrides, ..Sources::default() })?)
}
