//! A process that answers for its health, and is not ready yet.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use anyhow::Context as _;
use prometheus_client::registry::Registry;
use tokio::{net::TcpListener, sync::Mutex, task::JoinSet};
use vedetta_api::Channel;
use vedetta_backends::Backends;
use vedetta_model::Clock;

use crate::{
    Addresses, Clients, Config, Context, Drain, Process, Role, Running, Secrets, Task,
    admin::{self, Ready},
    agents_listener,
    clocks::{self, ClockWatch},
    listeners::Listeners,
    opening,
    process::Outcome,
};

/// What there is before log and store are open.
pub struct Begun<'a> {
    config: &'a Config,
    roles: &'a [Role],
    secrets: Secrets,
    clock: Arc<dyn Clock>,
    addresses: Addresses,
    drain: Drain,
    tasks: JoinSet<Outcome>,
    pub ready: Ready,
    pub registry: Arc<Mutex<Registry>>,
}

/// Listeners that are served once the roles are built.
pub struct Served {
    public: TcpListener,
    agents: TcpListener,
    internal: Option<TcpListener>,
}

impl<'a> Begun<'a> {
    pub fn new(
        config: &'a Config,
        roles: &'a [Role],
        secrets: Secrets,
        clock: Arc<dyn Clock>,
        addresses: Addresses,
    ) -> Self {
        Self {
            config,
            roles,
            secrets,
            clock,
            addresses,
            drain: Drain::new(),
            tasks: JoinSet::new(),
            ready: Ready::default(),
            registry: Arc::default(),
        }
    }

    /// Serves the admin listener: a process that waits for others is alive, and says what it waits for.
    pub fn answer(&mut self, listeners: Listeners) -> Served {
        let Listeners { public, agents, admin, internal } = listeners;
        let routes = admin::routes(self.registry.clone(), self.ready.clone());
        self.spawn("admin listener", serve_http(admin, routes, self.drain.clone()));
        Served { public, agents, internal }
    }

    /// Builds the roles on an open log and store, and starts them.
    pub async fn assemble(mut self, backends: Arc<Backends>, listeners: Served) -> anyhow::Result<Process> {
        opening::make_topics(self.config, &backends.log, &self.drain).await?;
        let context = self.context(&backends)?;
        let built = build(self.roles, &context).await?;
        self.serve(&context, listeners, built)?;
        let watch = ClockWatch {
            backends: backends.clone(),
            clock: self.clock.clone(),
            drain: self.drain.clone(),
            offset: clocks::register(&mut *self.registry.lock().await),
        };
        self.spawn("clock watch", watch.run());
        self.ready.set(true);
        Ok(Process {
            addresses: self.addresses,
            context,
            backends,
            lent: false,
            ready: self.ready,
            tasks: self.tasks,
            grace: Duration::from_secs(self.config.common.drain.grace_seconds),
        })
    }

    fn context(&self, backends: &Backends) -> anyhow::Result<Context> {
        let common = &self.config.common;
        let agents_url = if common.agents.advertise.is_empty() {
            format!("https://{}", self.addresses.agents)
        } else {
            common.agents.advertise.clone()
        };
        let context = Context {
            log: backends.log.clone(),
            events: backends.events.clone(),
            views: backends.views.clone(),
            blocks: backends.blocks.clone(),
            clock: self.clock.clone(),
            keys: self.secrets.keys.clone(),
            authority: self.secrets.authority.clone(),
            clients: Clients::default(),
            drain: self.drain.clone(),
            registry: self.registry.clone(),
            data_dir: common.data_dir.clone(),
            agents_url,
            sections: Arc::new(self.config.sections.clone()),
        };
        if !common.clients.internal_url.is_empty() {
            context.clients.set_internal(Clients::remote(&common.clients.internal_url)?);
        }
        Ok(context)
    }

    fn serve(&mut self, context: &Context, listeners: Served, built: Running) -> anyhow::Result<()> {
        let drain = self.drain.clone();
        if let Some(public) = built.public {
            self.spawn("public listener", serve_http(listeners.public, public, drain.clone()));
        }
        if let Some(routes) = built.agents {
            let mut names = self.config.common.agents.names.clone();
            names.extend(host_of(&context.agents_url));
            names.push(self.addresses.agents.ip().to_string());
            names.sort();
            names.dedup();
            let tls = context.authority.server_config(&names, context.clock.clone())?;
            let drain = drain.clone();
            self.spawn("agents listener", async move {
                let called = async move { drain.called().await };
                agents_listener::serve_agents(listeners.agents, tls, routes, called).await
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
}

async fn build(roles: &[Role], context: &Context) -> anyhow::Result<Running> {
    let mut all = Running::default();
    for role in roles {
        let built = (role.build)(context).await.with_context(|| format!("role {}", role.name))?;
        if let Some(routes) = built.internal.clone() {
            context.clients.set_internal(Channel::local(routes.prepare()));
        }
        all.public = merge(all.public, built.public, axum::Router::merge);
        all.agents = merge(all.agents, built.agents, join_routes);
        all.internal = merge(all.internal, built.internal, join_routes);
        all.tasks.extend(built.tasks);
    }
    Ok(all)
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

fn host_of(url: &str) -> Option<String> {
    let uri: axum::http::Uri = url.parse().ok()?;
    Some(uri.host()?.trim_matches(['[', ']']).to_owned())
}
