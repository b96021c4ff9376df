//! A whole system in a scratch folder.

use std::{net::SocketAddr, path::Path, sync::Arc};

use anyhow::Context as _;
use prometheus_client::registry::Registry;
use tempfile::TempDir;
use tokio::{sync::oneshot, task::JoinHandle};
use vedetta_backends::Backends;
use vedetta_log_kafka::testing as kafka;
use vedetta_model::{SystemClock, TenantId};
use vedetta_runtime::{Config, Drain, Process, Role, Secrets, config::Sources, make_topics};
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

/// A running system. Dropping it stops it hard; [`Sandbox::stop`] drains it.
#[derive(Debug)]
pub struct Sandbox {
    dir: Arc<TempDir>,
    nodes: Vec<Node>,
    front: vedetta_runtime::Context,
    addresses: vedetta_runtime::Addresses,
    agents: SocketAddr,
    admin: Option<(String, String)>,
    servers: Option<Servers>,
}

#[derive(Debug)]
struct Node {
    stop: oneshot::Sender<()>,
    run: JoinHandle<anyhow::Result<()>>,
}

const ALL: [Role; 4] =
    [vedetta_tenant::ROLE, vedetta_ingest::ROLE, vedetta_detect::ROLE, vedetta_query::ROLE];

impl Sandbox {
    /// A new system on the embedded log and store.
    pub async fn start(form: Form) -> anyhow::Result<Self> {
        Self::start_in(Arc::new(tempfile::tempdir()?), form).await
    }

    /// A system in a folder that an earlier one may have left.
    pub async fn start_in(dir: Arc<TempDir>, form: Form) -> anyhow::Result<Self> {
        Self::start_at(dir, form, SocketAddr::from(([127, 0, 0, 1], 0))).await
    }

    /// A system in a folder that an earlier one may have left, with agents at the address they know.
    pub async fn start_at(dir: Arc<TempDir>, form: Form, agents: SocketAddr) -> anyhow::Result<Self> {
        let servers = match form {
            Form::One | Form::Many => None,
            Form::Cluster => Some(Servers::start().await?),
        };
        let settings = servers.as_ref().map(Servers::settings).unwrap_or_default();
        let clock = Arc::new(SystemClock);
        let config = |more: (&str, String)| {
            let more = settings.iter().cloned().chain([(more.0.to_owned(), more.1)]);
            config(dir.path(), more)
        };
        if form == Form::Cluster {
            set_up(&config(("listen.agents", agents.to_string()))?).await?;
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
        let front =
            Process::start(&config(("listen.agents", agents.to_string()))?, first, clock.clone()).await?;
        let context = front.context().clone();
        let mut addresses = front.addresses().clone();
        let mut nodes = Vec::new();
        for role in others {
            let internal = front.addresses().internal.context("the tenant role listens for the others")?;
            let config = config(("clients.internal_url", format!("http://{internal}")))?;
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
        Ok(Self { dir, nodes, front: context, addresses, agents, admin, servers })
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

    /// The folder with keys, log and store.
    pub fn dir(&self) -> Arc<TempDir> {
        self.dir.clone()
    }

    /// Starts an agent of a machine that enrolls with a fresh token, or again when `name` did before.
    pub async fn agent(&self, client: &Client, name: &str, source: &str) -> anyhow::Result<Agent> {
        self.agent_in(client, source, &self.dir.path().join("agents").join(name)).await
    }

    /// The same with its state in a folder of the test's own.
    pub async fn agent_in(&self, client: &Client, source: &str, state: &Path) -> anyhow::Result<Agent> {
        let server = format!("https://{}", self.agents);
        let pin = self.front.authority.pin();
        if state.join("identity.json").exists() {
            return Agent::start(&server, &pin, None, state, source);
        }
        std::fs::create_dir_all(state)?;
        let tenant = vedetta_load::system::Tenant { name: TENANT.to_owned(), client: client.clone() };
        let secret = vedetta_load::agents::enrollment_token(&tenant, 1).await?;
        Agent::start(&server, &pin, Some(&secret), state, source)
    }

    /// Drains it in order and waits.
    pub async fn stop(self) -> anyhow::Result<()> {
        for node in self.nodes {
            let _ = node.stop.send(());
            node.run.await??;
        }
        drop(self.servers);
        Ok(())
    }
}

/// What a system of its own has on the servers that tests share.
#[derive(Debug)]
struct Servers {
    kafka: kafka::Server,
    prefix: String,
    keyspace: Keyspace,
}

impl Servers {
    async fn start() -> anyhow::Result<Self> {
        let (kafka, keyspace) = tokio::task::block_in_place(|| (kafka::Server::shared(), Keyspace::unmade()));
        Backends::migrate(&keyspace.url(), &SystemClock).await?;
        Ok(Self { kafka, prefix: kafka::prefix(), keyspace })
    }

    fn settings(&self) -> Vec<(String, String)> {
        let (boot, prefix) = (self.kafka.boot(), &self.prefix);
        let log = format!("kafka://{boot}/?topic_prefix={prefix}&replication=1");
        let settings = [("log.url", log), ("store.url", self.keyspace.url())];
        settings.map(|(key, value)| (key.to_owned(), value)).into()
    }
}

/// What roles that run apart find: keys and topics.
async fn set_up(config: &Config) -> anyhow::Result<()> {
    let common = &config.common;
    Secrets::open_or_create(common, &SystemClock)?;
    let (log, store) = (&common.log.url, &common.store.url);
    let backends = Backends::open(log, store, &mut Registry::default(), Arc::new(SystemClock)).await?;
    let made = make_topics(config, &backends.log, &Drain::new()).await;
    backends.close().await;
    made.map(drop)
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
