//! The agent of this machine as a child process, enrolled like any other node.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use anyhow::Context as _;
use clap::Args;
use rustix::process::{Pid, Signal, kill_process};
use tokio::process::{Child, Command};
use vedetta_api::{TenantClient, tenant::v1::CreateEnrollmentTokenRequest};
use vedetta_auth::{Keys, metadata::with_token};
use vedetta_model::{Clock, TenantId};

/// How to run this machine's agent.
#[derive(Debug, Clone, Args)]
pub struct LocalAgentArgs {
    /// Do not start an agent on this machine.
    #[arg(long)]
    pub no_agent: bool,
    /// The agent's program; by default `vedetta-agent` beside this one.
    #[arg(long, value_name = "FILE")]
    pub agent_program: Option<PathBuf>,
    /// Where its events come from: `kernel`, `synthetic:<events a second>` or `replay:<file>`.
    #[arg(long, value_name = "SOURCE", default_value = "kernel")]
    pub agent_source: String,
}

/// How long the local agent's own enrollment token is good for.
const TOKEN_SECONDS: u64 = 600;
/// How long a stopping agent may take to flush before it is killed.
const GRACE: Duration = Duration::from_secs(10);
/// A running agent renews its certificate well within this.
const RENEWED_WITHIN: Duration = Duration::from_secs(12 * 3600);

impl LocalAgentArgs {
    fn program(&self) -> anyhow::Result<PathBuf> {
        match &self.agent_program {
            Some(path) => Ok(path.clone()),
            None => Ok(std::env::current_exe()?.with_file_name("vedetta-agent")),
        }
    }

    /// Starts the agent with what it needs to reach `server`; `token` is for a machine that is not enrolled yet.
    pub fn spawn(
        &self,
        data_dir: &Path,
        server: &str,
        pin: &str,
        token: Option<&str>,
    ) -> anyhow::Result<Child> {
        let program = self.program()?;
        anyhow::ensure!(
            program.exists(),
            "{} is not there: run `make build`, or name it with --agent-program",
            program.display()
        );
        let state = state_dir(data_dir);
        std::fs::create_dir_all(&state).with_context(|| state.display().to_string())?;
        // Loading programs into the kernel needs root; the rest of Vedetta does not.
        let kernel = self.agent_source == "kernel";
        let mut command = if kernel && !rustix::process::geteuid().is_root() {
            let mut sudo = Command::new("sudo");
            sudo.arg("--preserve-env=VEDETTA_AGENT_TOKEN").arg(&program);
            sudo
        } else {
            Command::new(&program)
        };
        command.arg("run").args(["--server", server, "--ca-pin", pin, "--source", &self.agent_source]);
        command.arg("--state-dir").arg(&state);
        if let Some(token) = token {
            // Not an argument: those are readable by every process of the machine.
            command.env("VEDETTA_AGENT_TOKEN", token);
        }
        command.stdin(Stdio::null()).spawn().with_context(|| format!("starting {}", program.display()))
    }
}

/// Where the local agent keeps its key and its spool.
pub fn state_dir(data_dir: &Path) -> PathBuf {
    data_dir.join("agent")
}

/// Whether this machine holds an identity.
pub fn is_enrolled(data_dir: &Path) -> bool {
    identity(data_dir).exists()
}

/// Whether its certificate may have ended while it was off: each renewal writes the file anew.
pub fn may_have_expired(data_dir: &Path) -> bool {
    let written = identity(data_dir).metadata().and_then(|meta| meta.modified());
    written.ok().and_then(|at| at.elapsed().ok()).is_none_or(|age| age > RENEWED_WITHIN)
}

fn identity(data_dir: &Path) -> PathBuf {
    state_dir(data_dir).join("identity.json")
}

/// A short-lived token that enrolls one node: the local agent takes the path that any node takes.
pub async fn token(
    mut client: TenantClient,
    keys: &Keys,
    clock: &dyn Clock,
    tenant: &TenantId,
) -> anyhow::Result<String> {
    let create = CreateEnrollmentTokenRequest {
        label: "this machine".to_owned(),
        valid_seconds: TOKEN_SECONDS,
        max_uses: 1,
    };
    let token = keys.service_token("vedetta", Some(tenant), clock.now());
    let made =
        client.create_enrollment_token(with_token(create, &token)).await.map_err(vedetta_api::Error::from)?;
    Ok(made.into_inner().secret)
}

/// Stops an agent that was spawned here, with time to flush.
pub async fn stop(child: &mut Child) {
    if let Some(pid) = child.id().and_then(|id| Pid::from_raw(id.cast_signed()))
        && kill_process(pid, Signal::TERM).is_err()
    {
        tracing::warn!("the agent was gone already");
    }
    if tokio::time::timeout(GRACE, child.wait()).await.is_err() {
        tracing::warn!("the agent did not stop within {GRACE:?} and is killed");
        let _ = child.kill().await;
    }
}
