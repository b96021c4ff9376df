//! The agent as a child process.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
};

use anyhow::{Context, ensure};
use tokio::process::{Child, Command};

/// Where cargo put a program of this workspace. `make test` builds it before the tests run.
pub fn binary(name: &str) -> anyhow::Result<PathBuf> {
    let me = std::env::current_exe()?;
    // …/target/debug/deps/test-0123 → …/target/debug/name
    let folder = me.parent().and_then(Path::parent).context("no target folder")?;
    let path = folder.join(name);
    ensure!(
        path.exists(),
        "{} is not built: run `cargo build --workspace`, or the tests through `make test`",
        path.display()
    );
    Ok(path)
}

/// A running agent; killed when dropped.
#[derive(Debug)]
pub struct Agent {
    child: Child,
}

impl Agent {
    /// Starts an agent that enrolls with `token` unless `state` holds an identity already.
    pub fn start(
        server: &str,
        pin: &str,
        token: Option<&str>,
        state: &Path,
        source: &str,
    ) -> anyhow::Result<Self> {
        Self::start_with(server, pin, token, state, source, &[])
    }

    /// The same with more variables in its environment.
    pub fn start_with(
        server: &str,
        pin: &str,
        token: Option<&str>,
        state: &Path,
        source: &str,
        variables: &[(&str, &str)],
    ) -> anyhow::Result<Self> {
        let mut command = Command::new(binary("vedetta-agent")?);
        command
            .args(["run", "--server", server, "--ca-pin", pin, "--source", source])
            .arg("--state-dir")
            .arg(state)
            .envs(variables.iter().copied());
        if let Some(token) = token {
            command.env("VEDETTA_AGENT_TOKEN", token);
        }
        let child = command.stdin(Stdio::null()).kill_on_drop(true).spawn()?;
        Ok(Self { child })
    }

    /// Kills it as an attacker would: no goodbye.
    pub async fn kill(mut self) -> anyhow::Result<()> {
        Ok(self.child.kill().await?)
    }

    /// Asks it to stop, and waits.
    pub async fn stop(mut self) -> anyhow::Result<()> {
        let pid = self.child.id().and_then(|id| rustix::process::Pid::from_raw(id.cast_signed()));
        rustix::process::kill_process(pid.context("it has ended already")?, rustix::process::Signal::TERM)?;
        let status = self.child.wait().await?;
        ensure!(status.success(), "the agent ended with {status}");
        Ok(())
    }
}
