//! The system that is driven: a process of its own, so that its processor time is its own.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    net::SocketAddr,
    path::Path,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    time::Duration,
};

use anyhow::Context as _;
use tempfile::TempDir;

use crate::{
    client::Client,
    serve::{Answered, Direct, Served},
};

/// A running system in a scratch folder. Dropping it stops it.
#[derive(Debug)]
pub struct System {
    /// Its tenants, each with a signed-in administrator.
    pub tenants: Vec<Tenant>,
    /// Where agents connect.
    pub agents: SocketAddr,
    /// The authority's pin.
    pub pin: String,
    child: Child,
    stdin: Option<ChildStdin>,
    stdout: BufReader<ChildStdout>,
    dir: TempDir,
}

/// A tenant.
#[derive(Debug, Clone)]
pub struct Tenant {
    /// Its name.
    pub name: String,
    /// Its administrator.
    pub client: Client,
}

impl System {
    /// Starts a new one with so many tenants.
    pub async fn start(tenants: u32, memory: bool) -> anyhow::Result<Self> {
        let dir = tempfile::tempdir()?;
        let mut command = Command::new(std::env::current_exe()?);
        command.arg("serve").arg("--data-dir").arg(dir.path()).args(["--tenants", &tenants.to_string()]);
        let mut settings = vec!["telemetry.log=warn", "ingest.enrollments_per_second=100000"];
        if memory {
            settings.extend(["log.url=memory:", "store.url=memory:"]);
        }
        for setting in settings {
            command.args(["--set", setting]);
        }
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let stdin = child.stdin.take();
        let mut line = String::new();
        let mut stdout = BufReader::new(child.stdout.take().context("a child with a standard output")?);
        stdout.read_line(&mut line)?;
        let served: Served =
            serde_json::from_str(&line).context("the system did not start; its words are above")?;
        let mut signed_in = Vec::new();
        for tenant in served.tenants {
            let client =
                Client::sign_in(served.public, &tenant.tenant, &tenant.user, &tenant.password).await?;
            signed_in.push(Tenant { name: tenant.tenant, client });
        }
        Ok(Self { tenants: signed_in, agents: served.agents, pin: served.pin, child, stdin, stdout, dir })
    }

    /// Its data folder.
    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// Processor time it has used so far, all threads, by `/proc/PID/stat`.
    pub fn cpu(&self) -> anyhow::Result<Duration> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id()))?;
        // The name may hold blanks and brackets; what follows its last bracket is in columns from 3 on.
        let columns: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
        let of = |column: usize| columns.get(column - 3).and_then(|text| text.parse::<u64>().ok());
        let ticks = of(14).zip(of(15)).map(|(user, system)| user + system).context("/proc/PID/stat")?;
        Ok(Duration::from_secs_f64(ticks as f64 / rustix::param::clock_ticks_per_second() as f64))
    }

    /// The most memory that it ever had resident, in bytes, by `/proc/PID/status`.
    pub fn peak_memory(&self) -> anyhow::Result<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix("kB"));
        Ok(peak.context("VmHWM in /proc/PID/status")?.trim().parse::<u64>()? * 1024)
    }

    /// Has it search its store without its API in between. Blocks until it has answered.
    pub fn direct(&mut self, search: &Direct) -> anyhow::Result<Answered> {
        let stdin = self.stdin.as_mut().context("a system that runs")?;
        writeln!(stdin, "{}", serde_json::to_string(search)?)?;
        let mut line = String::new();
        self.stdout.read_line(&mut line)?;
        serde_json::from_str(&line).with_context(|| line)
    }

    /// Drains it and waits.
    pub fn stop(mut self) -> anyhow::Result<()> {
        drop(self.stdin.take());
        let status = self.child.wait()?;
        anyhow::ensure!(status.success(), "the system ended with {status}");
        Ok(())
    }
}

impl Drop for System {
    fn drop(&mut self) {
        // Already gone is as good.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
