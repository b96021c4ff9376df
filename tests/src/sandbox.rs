//! A whole system in a scratch folder.

use std::{net::SocketAddr, path::Path, sync::Arc};

use anyhow::Context as _;
use tempfile::TempDir;
use tokio::{sync::oneshot, task::JoinHandle};
use vedetta_model::{SystemClock, TenantId};
use vedetta_runtime::{Config, Process, Role, config::Sources};

use crate::{Agent, Client};

/// How the roles are spread over processes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// All roles in one.
    One,
    /// Tenant and query, ingest, and detect apart: they share log and store and call over sockets.
    Many,
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
        let clock = Arc::new(SystemClock);
        let mut nodes = Vec::new();
        let config = config(dir.path(), &[("listen.agents", &agents.to_string())])?;
        let first: &[Role] = match form {
            Form::One => &ALL,
            Form::Many => &[vedetta_tenant::ROLE, vedetta_query::ROLE],
        };
        let front = Process::start(&config, first, clock.clone()).await?;
        let context = front.context().clone();
        let addresses = front.addresses().clone();
        let mut agents = addresses.agents;
        if form == Form::Many {
            let internal = addresses.internal.context("the tenant role listens for the others")?;
            let config =
                self::config(dir.path(), &[("clients.internal_url", &format!("http://{internal}"))])?;
            for role in [vedetta_ingest::ROLE, vedetta_detect::ROLE] {
                let backends = front.backends().clone();
                let apart = Process::start_on(&config, &[role], clock.clone(), backends).await?;
                if role.name == "ingest" {
                    agents = apart.addresses().agents;
                }
                nodes.push(Node::spawn(apart));
            }
        }
        let tenant: TenantId = TENANT.parse()?;
        let first = vedetta_tenant::bootstrap::run(&context, &tenant).await?;
        nodes.push(Node::spawn(front));
        let admin = first.admin.map(|admin| (admin.name, admin.password.to_string()));
        Ok(Self { dir, nodes, front: context, addresses, agents, admin })
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
        Ok(())
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

fn config(dir: &Path, more: &[(&str, &str)]) -> anyhow::Result<Config> {
    let free = "127.0.0.1:0";
    let mut overrides: Vec<(String, String)> = ["public", "agents", "admin", "internal"]
        .map(|listener| (format!("listen.{listener}"), free.to_owned()))
        .into();
    overrides.push(("data_dir".into(), dir.display().to_string()));
    overrides.extend(more.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())));
    Ok(Config::load(&Sources { overrides, ..Sources::default() })?)
}
