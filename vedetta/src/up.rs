//! `vedetta up`: everything on this machine.

use std::{process::ExitCode, sync::Arc};

use anyhow::Context as _;
use vedetta_model::{SystemClock, TenantId};
use vedetta_runtime::{Config, Process, Secrets, stop_signal};
use vedetta_tenant::bootstrap;

use crate::{
    ROLES,
    cli::{failed, shown},
    down::PidFile,
    first_block::FirstBlock,
    local_agent::{self, LocalAgentArgs},
    welcome::Welcome,
};

/// The tenant that a new installation begins with.
pub const TENANT: &str = "default";

/// Starts everything, prints where it is, and runs until a signal.
pub fn run(config: &Config, agent: &LocalAgentArgs) -> ExitCode {
    let outcome = vedetta_runtime::init_telemetry(config).and_then(|()| tokio()).and_then(|tokio| {
        let _pid = PidFile::create(&config.common.data_dir)?;
        tokio.block_on(up(config, agent))
    });
    outcome.map_or_else(|error| failed(&error), |()| ExitCode::SUCCESS)
}

/// Starts only the agent, for an installation that runs.
pub fn run_agent(config: &Config, agent: &LocalAgentArgs) -> ExitCode {
    let outcome = tokio().and_then(|tokio| tokio.block_on(agent_alone(config, agent)));
    outcome.map_or_else(|error| failed(&error), |()| ExitCode::SUCCESS)
}

/// An executor for commands.
pub fn tokio() -> anyhow::Result<tokio::runtime::Runtime> {
    Ok(tokio::runtime::Builder::new_multi_thread().enable_all().build()?)
}

async fn up(config: &Config, agent: &LocalAgentArgs) -> anyhow::Result<()> {
    let data_dir = &config.common.data_dir;
    eprintln!("starting Vedetta: log and store in {}", shown(data_dir));
    let stop = stop_signal()?;
    let mut stop = std::pin::pin!(stop);
    let process = tokio::select! {
        started = Process::start(config, &ROLES, Arc::new(SystemClock)) => started?,
        () = &mut stop => return Ok(()),
    };
    let tenant: TenantId = TENANT.parse()?;
    let context = process.context().clone();
    let first = bootstrap::run(&context, &tenant).await.context("first-time set-up")?;

    let mut child = None;
    if !agent.no_agent {
        let token = if local_agent::may_have_expired(data_dir) {
            let client = context.clients.tenant()?;
            Some(local_agent::token(client, &context.keys, &*context.clock, &tenant).await?)
        } else {
            None
        };
        eprintln!("starting this machine's agent ({})", agent.agent_source);
        let first_block = FirstBlock::after_now(&context.log).await?;
        let child = child.insert(agent.spawn(
            data_dir,
            &context.agents_url,
            &context.authority.pin(),
            token.as_deref(),
        )?);
        // What the box says to do next has to be seen.
        let is_heard = tokio::select! {
            is_heard = first_block.has_come() => is_heard,
            _ = child.wait() => false,
        };
        if !is_heard {
            tracing::warn!("this machine's agent is not heard yet; its last lines may say why");
        }
    }
    Welcome {
        console: process.addresses().public,
        tenant: &tenant,
        first: &first,
        data: shown(data_dir),
        down: "make down",
        more: &[],
    }
    .print();

    let (asked, drained) = tokio::sync::oneshot::channel();
    let stop = async {
        match &mut child {
            Some(child) => {
                tokio::select! {
                    () = &mut stop => local_agent::stop(child).await,
                    ended = child.wait() => {
                        let how = ended.map_or_else(|error| error.to_string(), |status| status.to_string());
                        tracing::warn!(how, "this machine's agent has ended; unless another one runs, start it again with `make agent`");
                        stop.await;
                    }
                }
            }
            None => stop.await,
        }
        let _ = asked.send(());
    };
    let result = process.run(stop).await;
    if drained.await.is_ok() {
        eprintln!("stopped; everything acknowledged is kept");
    }
    result
}

async fn agent_alone(config: &Config, agent: &LocalAgentArgs) -> anyhow::Result<()> {
    let data_dir = &config.common.data_dir;
    anyhow::ensure!(
        local_agent::is_enrolled(data_dir),
        "this machine is not enrolled with the data folder {}: run `make up` first",
        shown(data_dir)
    );
    let server = if config.common.agents.advertise.is_empty() {
        format!("https://{}", config.common.listen.agents)
    } else {
        config.common.agents.advertise.clone()
    };
    let pin = Secrets::open(&config.common, &SystemClock)?.authority.pin();
    let stop = stop_signal()?;
    let mut child = agent.spawn(data_dir, &server, &pin, None)?;
    tokio::select! {
        () = stop => local_agent::stop(&mut child).await,
        status = child.wait() => {
            let status = status?;
            anyhow::ensure!(status.success(), "the agent ended with {status}; its last lines may say why");
        }
    }
    Ok(())
}
