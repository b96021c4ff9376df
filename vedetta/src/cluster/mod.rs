//! `vedetta cluster`: the distributed form on one machine. A real Kafka, a real CQL database, every role as a process of its
//! own, and this machine's agent.
//!
//! ```text
//!   servers (scripts/servers) ─► first-time set-up ─► tenant ─► query, ingest, detect ×2 ─► agent ─► the box
//! ```
//! It stops in the other direction. Start with [`up`]; [`Fleet`] looks after the processes.

mod child;
mod fleet;
mod leftovers;
mod servers;
mod services;

use std::{path::PathBuf, process::ExitCode, sync::Arc, time::Instant};

use anyhow::Context as _;
use clap::{Args, Subcommand};
use vedetta_model::{Clock, SystemClock, TenantId};
use vedetta_runtime::{Clients, Config, stop_signal};
use vedetta_tenant::bootstrap::Bootstrapped;

use crate::{
    cli::{failed, shown},
    down::{self, PidFile},
    first_block::FirstBlock,
    first_time::Prepared,
    local_agent::{self, LocalAgentArgs},
    up::{TENANT, tokio},
    welcome::Welcome,
};
use fleet::Fleet;
use servers::Servers;
use services::Plan;

/// The distributed form on this machine.
#[derive(Debug, Subcommand)]
pub enum ClusterCommand {
    /// Starts Kafka, a CQL database, every role as a process of its own, and the agent; runs until a signal.
    Up(ClusterArgs),
    /// Stops it from elsewhere, also what is left of one that was killed.
    Down(ServersArgs),
}

/// How to run it.
#[derive(Debug, Clone, Args)]
pub struct ClusterArgs {
    #[command(flatten)]
    agent: LocalAgentArgs,
    #[command(flatten)]
    servers: ServersArgs,
}

/// What starts the servers.
#[derive(Debug, Clone, Args)]
pub struct ServersArgs {
    /// The folder with kafka.sh and cassandra.sh.
    #[arg(long, value_name = "DIR", default_value = "scripts/servers")]
    pub servers: PathBuf,
}

impl ClusterCommand {
    /// Does it.
    pub fn run(&self, config: &Config) -> ExitCode {
        let outcome = match self {
            Self::Up(args) => {
                vedetta_runtime::init_telemetry(config).and_then(|()| tokio()).and_then(|tokio| {
                    std::fs::create_dir_all(&config.common.data_dir)?;
                    let _pid = PidFile::create(&config.common.data_dir)?;
                    tokio.block_on(up(config, args))
                })
            }
            Self::Down(args) => stop_from_elsewhere(config, args),
        };
        outcome.map_or_else(|error| failed(&error), |()| ExitCode::SUCCESS)
    }
}

fn stop_from_elsewhere(config: &Config, args: &ServersArgs) -> anyhow::Result<()> {
    let data_dir = &config.common.data_dir;
    if !data_dir.exists() {
        println!("nothing runs with the data folder {}", data_dir.display());
        return Ok(());
    }
    if down::is_running(data_dir) {
        down::stop(data_dir, Fleet::longest_stop(config))?;
        return Ok(());
    }
    tokio()?.block_on(async {
        leftovers::stop(data_dir).await?;
        Servers::new(data_dir, &args.servers)?.stop().await
    })?;
    println!("down");
    Ok(())
}

/// Everything that was started, for whoever has to stop it.
struct Started {
    servers: Servers,
    fleet: Fleet,
    agent: Option<tokio::process::Child>,
}

async fn up(config: &Config, args: &ClusterArgs) -> anyhow::Result<()> {
    let data_dir = &config.common.data_dir;
    leftovers::stop(data_dir).await?;
    let mut started = Started {
        servers: Servers::new(data_dir, &args.servers.servers)?,
        fleet: Fleet::new(config),
        agent: None,
    };
    let mut stop = std::pin::pin!(stop_signal()?);
    let outcome = tokio::select! {
        started = start(config, args, &mut started) => started,
        () = &mut stop => {
            eprintln!("stopping before it was ready");
            started.stop().await?;
            return Ok(());
        }
    };
    let mut outcome = match outcome {
        Ok(()) => tokio::select! {
            () = &mut stop => Ok(()),
            failure = started.watch() => Err(failure),
        },
        failed => failed,
    };
    if let Err(error) = &outcome {
        eprintln!("error: {error:#}");
        outcome = Err(anyhow::anyhow!("all of it was stopped; what was acknowledged is kept"));
    }
    started.stop().await?;
    if outcome.is_ok() {
        eprintln!("stopped; everything acknowledged is kept");
    }
    outcome
}

async fn start(config: &Config, args: &ClusterArgs, started: &mut Started) -> anyhow::Result<()> {
    let began = Instant::now();
    let say = |what: &str| eprintln!("{:>4}s  {what}", began.elapsed().as_secs());
    let data_dir = &config.common.data_dir;
    say(&format!(
        "Kafka and the CQL database, with their data in {} (the first time they are fetched)",
        shown(data_dir)
    ));
    let (log, store) = started.servers.start().await?;
    let mut config = config.clone();
    (config.common.log.url, config.common.store.url) = (log, store);

    say("first-time set-up: keys, topics, schema, tenant (what is there stays)");
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let tenant: TenantId = TENANT.parse()?;
    let prepared = Prepared::make(&config, clock).await?;
    let running = run_services(&config, args, started, &prepared, &tenant, &say).await;
    prepared.close().await;
    let (plan, first) = running?;

    Welcome {
        console: plan.public,
        tenant: &tenant,
        first: &first,
        data: shown(data_dir),
        down: "make cluster-down",
        more: &[
            ("Log", config.common.log.url.clone()),
            ("Store", config.common.store.url.clone()),
            ("Runs", started.fleet.names().join(", ")),
            ("Lines", format!("{}/log/NAME.log", shown(data_dir))),
            ("Health", format!("/readyz and /metrics at {}", started.fleet.addresses())),
        ],
    }
    .print();
    say("ready");
    Ok(())
}

async fn run_services(
    config: &Config,
    args: &ClusterArgs,
    started: &mut Started,
    prepared: &Prepared,
    tenant: &TenantId,
    say: &(dyn Fn(&str) + Sync),
) -> anyhow::Result<(Plan, Bootstrapped)> {
    let first = prepared.tenant(config, tenant).await.context("first-time set-up")?;
    let plan = Plan::make(config)?;
    say("the services: tenant");
    started.fleet.start(vec![plan.tenant()]).await?;
    say("the services: query, ingest, two of detect");
    started.fleet.start(plan.others()).await?;
    if !args.agent.no_agent {
        say(&format!("this machine's agent ({})", args.agent.agent_source));
        started.agent = Some(start_agent(config, args, prepared, tenant, &plan).await?);
    }
    Ok((plan, first))
}

async fn start_agent(
    config: &Config,
    args: &ClusterArgs,
    prepared: &Prepared,
    tenant: &TenantId,
    plan: &Plan,
) -> anyhow::Result<tokio::process::Child> {
    let data_dir = &config.common.data_dir;
    let clients = Clients::default();
    clients.set_internal(Clients::remote(&plan.internal_url())?);
    let keys = &prepared.secrets.keys;
    let token = if local_agent::may_have_expired(data_dir) {
        Some(local_agent::token(clients.tenant()?, keys, &SystemClock, tenant).await?)
    } else {
        None
    };
    let first_block = FirstBlock::after_now(&prepared.backends.log).await?;
    let pin = prepared.secrets.authority.pin();
    let mut child = args.agent.spawn(data_dir, &plan.agents_url(config), &pin, token.as_deref())?;
    leftovers::note(data_dir, leftovers::AGENT, child.id())?;
    let is_heard = tokio::select! {
        is_heard = first_block.has_come() => is_heard,
        _ = child.wait() => false,
    };
    if !is_heard {
        tracing::warn!("this machine's agent is not heard yet; its last lines may say why");
    }
    Ok(child)
}

impl Started {
    /// Looks after everything, and ends with what can't be mended.
    async fn watch(&mut self) -> anyhow::Error {
        let Self { servers, fleet, agent } = self;
        let agent = async {
            match agent {
                Some(agent) => {
                    let how = agent.wait().await.map_or_else(|e| e.to_string(), |status| status.to_string());
                    tracing::warn!(how, "this machine's agent has ended; the services go on without it");
                }
                None => std::future::pending::<()>().await,
            }
            std::future::pending::<()>().await
        };
        tokio::select! {
            error = servers.watch() => error,
            error = fleet.watch() => error,
            () = agent => anyhow::anyhow!("the agent's watch ended"),
        }
    }

    /// Stops what was started, in the order in which events flow.
    async fn stop(&mut self) -> anyhow::Result<()> {
        if let Some(agent) = &mut self.agent {
            local_agent::stop(agent).await;
            leftovers::forget(self.fleet.data_dir(), leftovers::AGENT);
        }
        self.fleet.stop().await;
        self.servers.stop().await
    }
}
