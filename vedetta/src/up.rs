//! `vedetta up`: everything on this machine.

use std::{io::IsTerminal, process::ExitCode, sync::Arc, time::Duration};

use anyhow::Context as _;
use rustix::process::{Pid, Signal, kill_process};
use tokio::process::Child;
use vedetta_model::{SystemClock, TenantId};
use vedetta_runtime::{Config, Process, stop_signal};
use vedetta_tenant::bootstrap::{self, Bootstrapped};

use crate::{
    ROLES,
    cli::{failed, shown},
    down::PidFile,
    first_block::FirstBlock,
    local_agent::{self, LocalAgentArgs},
};

/// The tenant that a new installation begins with.
const TENANT: &str = "default";
/// How long a stopping agent may take to flush before it is killed.
const AGENT_GRACE: Duration = Duration::from_secs(10);

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

fn tokio() -> anyhow::Result<tokio::runtime::Runtime> {
    Ok(tokio::runtime::Builder::new_multi_thread().enable_all().build()?)
}

async fn up(config: &Config, agent: &LocalAgentArgs) -> anyhow::Result<()> {
    let data_dir = &config.common.data_dir;
    eprintln!("starting Vedetta: log and store in {}", shown(data_dir));
    let stop = stop_signal()?;
    let process = Process::start(config, &ROLES, Arc::new(SystemClock)).await?;
    let tenant: TenantId = TENANT.parse()?;
    let context = process.context().clone();
    let first = bootstrap::run(&context, &tenant).await.context("first-time set-up")?;

    let mut child = None;
    if !agent.no_agent {
        let token = if local_agent::may_have_expired(data_dir) {
            Some(local_agent::token(&context, &tenant).await?)
        } else {
            None
        };
        eprintln!("starting this machine's agent ({})", agent.agent_source);
        let first_block = FirstBlock::after_now(&context.log).await?;
        let child = child.insert(agent.spawn(
            data_dir,
            &context.agents_url,
            &local_agent::pin(&process),
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
    print_box(config, &process, &tenant, &first);

    let (asked, drained) = tokio::sync::oneshot::channel();
    let stop = async {
        match &mut child {
            Some(child) => {
                tokio::pin!(stop);
                tokio::select! {
                    () = &mut stop => stop_agent(child).await,
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

async fn stop_agent(child: &mut Child) {
    if let Some(pid) = child.id().and_then(|id| Pid::from_raw(id.cast_signed()))
        && kill_process(pid, Signal::TERM).is_err()
    {
        tracing::warn!("the agent was gone already");
    }
    if tokio::time::timeout(AGENT_GRACE, child.wait()).await.is_err() {
        tracing::warn!("the agent did not stop within {AGENT_GRACE:?} and is killed");
        let _ = child.kill().await;
    }
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
    let authority = vedetta_auth::Authority::open_or_create(&data_dir.join("pki"), &SystemClock)?;
    let stop = stop_signal()?;
    let mut child = agent.spawn(data_dir, &server, &authority.pin(), None)?;
    tokio::select! {
        () = stop => stop_agent(&mut child).await,
        status = child.wait() => {
            let status = status?;
            anyhow::ensure!(status.success(), "the agent ended with {status}; its last lines may say why");
        }
    }
    Ok(())
}

fn print_box(config: &Config, process: &Process, tenant: &TenantId, first: &Bootstrapped) {
    let mut lines =
        vec![format!("Console   http://{}/", process.addresses().public), format!("Tenant    {tenant}")];
    match &first.admin {
        Some(admin) => {
            lines.push(format!("User      {}", admin.name));
            lines.push(format!("Password  {}   (shown this once)", admin.password.as_str()));
        }
        None => lines.push("User      admin, with the password you have".to_owned()),
    }
    lines.push(format!("Data      {}", shown(&config.common.data_dir)));
    lines.push("Stop      Ctrl-C, or `make down` from elsewhere".to_owned());
    lines.push("Next      `make demo`: harmless things an attacker would do".to_owned());
    let width = lines.iter().map(|line| line.chars().count()).max().unwrap_or(0);
    let rule = "─".repeat(width + 2);
    println!("┌{rule}┐");
    for line in &lines {
        println!("│ {line:<width$} │");
    }
    println!("└{rule}┘");
    if first.admin.is_some() && !std::io::stdout().is_terminal() {
        tracing::info!("the password above is not written anywhere else");
    }
}
