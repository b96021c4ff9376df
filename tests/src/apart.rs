//! Every service as a process of its own, from the programs that ship, on the Kafka and the CQL database that tests share.

use std::{
    fs::File,
    net::{SocketAddr, TcpListener},
    os::unix::process::ExitStatusExt as _,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use anyhow::{Context as _, ensure};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;
use tokio::process::{Child, Command};
use vedetta_log_kafka::testing as kafka;
use vedetta_store_scylla::testing::Keyspace;

use crate::{agent::binary, until};

/// A service has to end within this: its drain and some more, on a busy machine.
const END: Duration = Duration::from_secs(60);

/// What an installation has on the shared servers, with nothing set up.
#[derive(Debug)]
pub struct Apart {
    dir: TempDir,
    _kafka: kafka::Server,
    keyspace: Keyspace,
    brokers: String,
    prefix: String,
}

/// A running service; killed when dropped.
#[derive(Debug)]
pub struct Service {
    child: Child,
    lines: PathBuf,
    /// Where it answers for its health.
    pub admin: SocketAddr,
}

/// How a program ended.
#[derive(Debug)]
pub struct Ended {
    /// Its exit code.
    pub code: Option<i32>,
    /// What it wrote to standard output, or to both.
    pub out: String,
    /// What it wrote to standard error.
    pub err: String,
}

impl Apart {
    /// A name on each server that nobody else has.
    pub fn new() -> anyhow::Result<Self> {
        let (server, keyspace) =
            tokio::task::block_in_place(|| (kafka::Server::shared(), Keyspace::unmade()));
        let brokers = server.boot().to_owned();
        Ok(Self { dir: tempfile::tempdir()?, _kafka: server, keyspace, brokers, prefix: kafka::prefix() })
    }

    /// A scratch folder.
    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// The folder with the keys.
    pub fn secrets(&self) -> PathBuf {
        self.dir.path().join("secrets")
    }

    /// Where the shared broker listens.
    pub fn brokers(&self) -> &str {
        &self.brokers
    }

    /// The log, at these brokers.
    pub fn log_at(&self, brokers: &str) -> String {
        format!("kafka://{brokers}/?topic_prefix={}&replication=1", self.prefix)
    }

    /// The store.
    pub fn store(&self) -> String {
        self.keyspace.url()
    }

    /// `--set` for everybody; later ones win.
    fn arguments(&self, more: &[(&str, String)]) -> Vec<String> {
        let free = || "127.0.0.1:0".to_owned();
        let mut settings = vec![
            // Nothing can be made there, not even by root.
            ("data_dir", "/proc/vedetta".to_owned()),
            ("keys.dir", self.secrets().display().to_string()),
            ("log.url", self.log_at(&self.brokers)),
            ("store.url", self.store()),
            ("listen.public", free()),
            ("listen.agents", free()),
            ("listen.admin", free()),
            ("telemetry.format", "json".to_owned()),
            ("telemetry.output", "stdout".to_owned()),
        ];
        settings.extend(more.iter().cloned());
        settings.into_iter().map(|(key, value)| format!("--set={key}={value}")).collect()
    }

    /// Runs `vedetta` with a command to its end.
    pub async fn vedetta(&self, command: &[&str], more: &[(&str, String)]) -> anyhow::Result<Ended> {
        self.to_its_end("vedetta", command, more).await
    }

    /// Runs a program that is to end by itself.
    pub async fn to_its_end(
        &self,
        program: &str,
        command: &[&str],
        more: &[(&str, String)],
    ) -> anyhow::Result<Ended> {
        let mut run = Command::new(binary(program)?);
        run.args(command).args(self.arguments(more)).stdin(Stdio::null()).kill_on_drop(true);
        let output = tokio::time::timeout(2 * END, run.output()).await;
        let output = output.with_context(|| format!("{program} {command:?} did not end"))??;
        Ok(Ended {
            code: output.status.code(),
            out: String::from_utf8(output.stdout)?,
            err: String::from_utf8(output.stderr)?,
        })
    }

    /// Starts a service that can write to no file: its root is read-only.
    pub fn service(&self, name: &str, number: u32, more: &[(&str, String)]) -> anyhow::Result<Service> {
        let admin = free_address()?;
        let mut more = more.to_vec();
        more.push(("listen.admin", admin.to_string()));
        let lines = self.dir.path().join(format!("{name}-{number}.log"));
        let file = File::create(&lines)?;
        let read_only = "mount -o remount,bind,ro / && exec \"$0\" \"$@\"";
        let child = Command::new("unshare")
            .args(["--mount", "--propagation", "private", "sh", "-c", read_only])
            .arg(binary(name)?)
            .args(self.arguments(&more))
            .stdin(Stdio::null())
            .stdout(file.try_clone()?)
            .stderr(file)
            .kill_on_drop(true)
            .spawn()
            .context("unshare is missing: install util-linux")?;
        Ok(Service { child, lines, admin })
    }
}

impl Service {
    /// What it answers at a path of its admin listener: status and text.
    pub async fn asked(&self, path: &str) -> anyhow::Result<(u16, String)> {
        let answer = reqwest::get(format!("http://{}{path}", self.admin)).await?;
        Ok((answer.status().as_u16(), answer.text().await?))
    }

    /// Waits until it is ready; fails with its lines when it ends instead.
    pub async fn ready(&mut self) -> anyhow::Result<()> {
        let (admin, lines) = (self.admin, self.lines.clone());
        let asked = until("a service is ready", || async move {
            let answer = reqwest::get(format!("http://{admin}/readyz")).await?;
            Ok(answer.status().is_success().then_some(()))
        });
        tokio::select! {
            ready = asked => ready.with_context(|| std::fs::read_to_string(&lines).unwrap_or_default()),
            ended = self.child.wait() => {
                anyhow::bail!("it ended with {}: {}", ended?, std::fs::read_to_string(&lines)?)
            }
        }
    }

    /// Its lines so far.
    pub fn lines(&self) -> anyhow::Result<String> {
        Ok(std::fs::read_to_string(&self.lines)?)
    }

    /// Asks it to stop, and waits for its end, which has to be a good one.
    pub async fn stop(mut self) -> anyhow::Result<String> {
        let pid = self.child.id().and_then(|id| Pid::from_raw(id.cast_signed()));
        kill_process(pid.context("it has ended already")?, Signal::TERM)?;
        let status = tokio::time::timeout(END, self.child.wait()).await.context("it does not stop")??;
        let lines = self.lines()?;
        ensure!(status.success(), "it ended with {status} (signal {:?}): {lines}", status.signal());
        Ok(lines)
    }
}

/// An address that was free a moment ago.
pub fn free_address() -> anyhow::Result<SocketAddr> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?)
}
