//! One process: from a configuration to running roles, and back down in order.

use std::{net::SocketAddr, path::Path, sync::Arc, time::Duration};

use anyhow::Context as _;
use prometheus_client::registry::Registry;
use tokio::{
    net::TcpListener,
    sync::Mutex,
    task::{JoinError, JoinSet},
};
use vedetta_api::Channel;
use vedetta_auth::{Authority, Keys};
use vedetta_backends::Backends;
use vedetta_log::{Topic, TopicOptions};
use vedetta_model::Clock;

use crate::{
    Clients, Config, Context, Drain, Role, Running, Task,
    admin::{self, Ready},
    agents_listener,
};

type Outcome = (&'static str, anyhow::Result<()>);

/// A started process: all listeners are bound and all roles run.
#[derive(Debug)]
pub struct Process {
    addresses: Addresses,
    context: Context,
    backends: Arc<Backends>,
    /// Lent by another process object that closes them.
    lent: bool,
    ready: Ready,
    tasks: JoinSet<Outcome>,
    grace: Duration,
}

/// Where a process listens. Port 0 in the configuration shows as the port that was taken.
#[derive(Debug, Clone)]
pub struct Addresses {
    /// Console and API.
    pub public: SocketAddr,
    /// Agents.
    pub agents: SocketAddr,
    /// Health and metrics.
    pub admin: SocketAddr,
    /// Other roles.
    pub internal: Option<SocketAddr>,
}

/// What a process listens with, bound before anything else starts: a taken port is known at once.
struct Listeners {
    public: TcpListener,
    agents: TcpListener,
    admin: TcpListener,
    internal: Option<TcpListener>,
}

impl Process {
    /// Binds all listeners, opens the log and the store, builds the roles in the order given, starts them.
    pub async fn start(config: &Config, roles: &[Role], clock: Arc<dyn Clock>) -> anyhow::Result<Self> {
        let common = &config.common;
        create_private_dir(&common.data_dir)?;
        let (listeners, addresses) = bind(config, roles).await?;
        let mut registry = Registry::default();
        let backends =
            Arc::new(Backends::open(&common.log.url, &common.store.url, &mut registry, clock.clone()).await?);
        let started =
            Self::assemble(config, roles, clock, backends.clone(), registry, listeners, addresses).await;
        if started.is_err() {
            backends.close().await;
        }
        started
    }

    /// The same on a log and a store that another [`Process`] of this program opened and will close.
    pub async fn start_on(
        config: &Config,
        roles: &[Role],
        clock: Arc<dyn Clock>,
        backends: Arc<Backends>,
    ) -> anyhow::Result<Self> {
        let (listeners, addresses) = bind(config, roles).await?;
        let registry = Registry::default();
        let mut process =
            Self::assemble(config, roles, clock, backends, registry, listeners, addresses).await?;
        process.lent = true;
        Ok(process)
    }

    async fn assemble(
        config: &Config,
        roles: &[Role],
        clock: Arc<dyn Clock>,
        backends: Arc<Backends>,
        registry: Registry,
        listeners: Listeners,
        addresses: Addresses,
    ) -> anyhow::Result<Self> {
        refuse_foreign_sections(config, roles)?;
        let common = &config.common;
        make_topics(config, &backends).await?;

        let agents_url = if common.agents.advertise.is_empty() {
            format!("https://{}", addresses.agents)
        } else {
            common.agents.advertise.clone()
        };
        let keys = Keys::open_or_create(&common.data_dir.join("keys"), &mut rand::rng())?;
        let authority = Arc::new(Authority::open_or_create(&common.data_dir.join("pki"), &*clock)?);
        let context = Context {
            log: backends.log.clone(),
            events: backends.events.clone(),
            views: backends.views.clone(),
            blocks: backends.blocks.clone(),
            clock,
            keys: Arc::new(keys),
            authority,
            clients: Clients::default(),
            drain: Drain::new(),
            registry: Arc::new(Mutex::new(registry)),
            data_dir: common.data_dir.clone(),
            agents_url,
            sections: Arc::new(config.sections.clone()),
        };
        if !common.clients.internal_url.is_empty() {
            let endpoint = tonic::transport::Endpoint::from_shared(common.clients.internal_url.clone())
                .context("setting clients.internal_url")?;
            context.clients.set_internal(Channel::remote(endpoint.connect_lazy()));
        }

        let mut process = Self {
            addresses,
            context,
            backends,
            lent: false,
            ready: Ready::default(),
            tasks: JoinSet::new(),
            grace: Duration::from_secs(common.drain.grace_seconds),
        };
        let built = process.build(roles).await?;
        process.serve(listeners, built, config)?;
        process.ready.set(true);
        Ok(process)
    }

    /// Where it listens.
    pub const fn addresses(&self) -> &Addresses {
        &self.addresses
    }

    /// The shared parts, for whoever starts a process and wants to talk to its roles.
    pub const fn context(&self) -> &Context {
        &self.context
    }

    /// The log and the store, to start another [`Process`] on them.
    pub const fn backends(&self) -> &Arc<Backends> {
        &self.backends
    }

    async fn build(&mut self, roles: &[Role]) -> anyhow::Result<Running> {
        let mut all = Running::default();
        for role in roles {
            let built = (role.build)(&self.context).await.with_context(|| format!("role {}", role.name))?;
            if let Some(routes) = built.internal.clone() {
                self.context.clients.set_internal(Channel::local(routes.prepare()));
            }
            all.public = merge(all.public, built.public, axum::Router::merge);
            all.agents = merge(all.agents, built.agents, join_routes);
            all.internal = merge(all.internal, built.internal, join_routes);
            all.tasks.extend(built.tasks);
        }
        Ok(all)
    }

    fn serve(&mut self, listeners: Listeners, built: Running, config: &Config) -> anyhow::Result<()> {
        let drain = self.context.drain.clone();
        let admin = admin::routes(self.context.registry.clone(), self.ready.clone());
        self.spawn("admin listener", serve_http(listeners.admin, admin, drain.clone()));
        if let Some(public) = built.public {
            self.spawn("public listener", serve_http(listeners.public, public, drain.clone()));
        }
        if let Some(routes) = built.agents {
            let mut names = config.common.agents.names.clone();
            names.extend(host_of(&self.context.agents_url));
            names.push(self.addresses.agents.ip().to_string());
            names.sort();
            names.dedup();
            let tls = self.context.authority.server_config(&names, self.context.clock.clone())?;
            let drain = drain.clone();
            self.spawn("agents listener", async move {
                agents_listener::serve_agents(
                    listeners.agents,
                    tls,
                    routes,
                    async move { drain.called().await },
                )
                .await
            });
        }
        if let (Some(routes), Some(listener)) = (built.internal, listeners.internal) {
            let server = tonic::transport::Server::builder().add_routes(routes);
            let incoming = tokio_stream::wrappers::TcpListenerStream::new(listener);
            self.spawn("internal listener", async move {
                server
                    .serve_with_incoming_shutdown(incoming, async move { drain.called().await })
                    .await
                    .map_err(Into::into)
            });
        }
        for Task { name, run } in built.tasks {
            self.spawn(name, run);
        }
        Ok(())
    }

    fn spawn(&mut self, name: &'static str, run: impl Future<Output = anyhow::Result<()>> + Send + 'static) {
        self.tasks.spawn(async move { (name, run.await) });
    }

    /// Runs until `stop` is done or a task ends by itself, then drains. An error names the task that failed.
    pub async fn run(mut self, stop: impl Future<Output = ()>) -> anyhow::Result<()> {
        let failure = tokio::select! {
            () = stop => None,
            Some(ended) = self.tasks.join_next() => Some(unexpected(ended)),
        };
        let drained = self.drain().await;
        match failure {
            Some(error) => Err(error),
            None => drained,
        }
    }

    /// Stops in order: no new work, finish and commit what was taken, then close log and store.
    async fn drain(mut self) -> anyhow::Result<()> {
        self.ready.set(false);
        self.context.drain.call();
        let mut result = Ok(());
        let finished = tokio::time::timeout(self.grace, async {
            while let Some(ended) = self.tasks.join_next().await {
                if let Err(error) = flatten(ended) {
                    tracing::error!(error = format!("{error:#}"), "a task failed while draining");
                    result = Err(error);
                }
            }
        })
        .await;
        if finished.is_err() {
            let left = self.tasks.len();
            self.tasks.shutdown().await;
            result = Err(anyhow::anyhow!(
                "{left} tasks did not finish within {:?} and were cut off; what they had not committed comes again at the next start",
                self.grace
            ));
        }
        if !self.lent {
            self.backends.close().await;
        }
        result
    }
}

fn flatten(ended: Result<Outcome, JoinError>) -> anyhow::Result<&'static str> {
    let (name, result) = ended.context("a task panicked")?;
    result.with_context(|| name.to_owned())?;
    Ok(name)
}

fn unexpected(ended: Result<Outcome, JoinError>) -> anyhow::Error {
    match flatten(ended) {
        Ok(name) => anyhow::anyhow!("{name} ended by itself"),
        Err(error) => error,
    }
}

fn merge<T>(a: Option<T>, b: Option<T>, join: impl FnOnce(T, T) -> T) -> Option<T> {
    match (a, b) {
        (Some(a), Some(b)) => Some(join(a, b)),
        (a, b) => a.or(b),
    }
}

fn join_routes(a: tonic::service::Routes, b: tonic::service::Routes) -> tonic::service::Routes {
    tonic::service::Routes::from(a.into_axum_router().merge(b.into_axum_router()))
}

async fn serve_http(listener: TcpListener, routes: axum::Router, drain: Drain) -> anyhow::Result<()> {
    let service = routes.into_make_service_with_connect_info::<SocketAddr>();
    axum::serve(listener, service).with_graceful_shutdown(async move { drain.called().await }).await?;
    Ok(())
}

async fn bind(config: &Config, roles: &[Role]) -> anyhow::Result<(Listeners, Addresses)> {
    let listen = &config.common.listen;
    // With every role in this process nothing needs the internal listener.
    let apart = roles.len() < crate::ALL_ROLES && roles.iter().any(|r| r.name == "tenant");
    let internal = match listen.internal.filter(|_| apart) {
        Some(address) => Some(bind_one("internal", address).await?),
        None => None,
    };
    let listeners = Listeners {
        public: bind_one("public", listen.public).await?,
        agents: bind_one("agents", listen.agents).await?,
        admin: bind_one("admin", listen.admin).await?,
        internal,
    };
    let addresses = Addresses {
        public: listeners.public.local_addr()?,
        agents: listeners.agents.local_addr()?,
        admin: listeners.admin.local_addr()?,
        internal: listeners.internal.as_ref().map(TcpListener::local_addr).transpose()?,
    };
    Ok((listeners, addresses))
}

async fn bind_one(name: &str, address: SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).await.with_context(|| {
        let variable = name.to_uppercase();
        format!(
            "cannot listen at {address}: stop what listens there, or set listen.{name} \
             (VEDETTA_LISTEN__{variable}) to another address"
        )
    })
}

async fn make_topics(config: &Config, backends: &Backends) -> anyhow::Result<()> {
    let topics = &config.common.topics;
    for (topic, partitions) in [
        (Topic::TELEMETRY, topics.telemetry_partitions),
        (Topic::FINDINGS, topics.findings_partitions),
        (Topic::CONTROL, topics.control_partitions),
        (Topic::DEAD_LETTERS, 1),
    ] {
        let present = backends.log.create_topic(&topic, TopicOptions { partitions }).await?;
        if present != partitions {
            tracing::warn!(%topic, present, configured = partitions, "the topic keeps the partitions it was made with");
        }
    }
    Ok(())
}

fn refuse_foreign_sections(config: &Config, roles: &[Role]) -> anyhow::Result<()> {
    let known = ["ingest", "detect", "query", "tenant"];
    for section in config.sections.keys() {
        let present = roles.iter().any(|r| r.name == section) || known.contains(&section.as_str());
        anyhow::ensure!(present, "configuration section [{section}] belongs to no role");
    }
    Ok(())
}

/// Makes a folder that only its owner can enter; an existing one stays as it is.
fn create_private_dir(path: &Path) -> anyhow::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(path).with_context(|| {
        format!("data folder {}: set data_dir to one that this user may write", path.display())
    })
}

fn host_of(url: &str) -> Option<String> {
    let uri: axum::http::Uri = url.parse().ok()?;
    Some(uri.host()?.trim_matches(['[', ']']).to_owned())
}
