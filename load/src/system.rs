//! The system that is driven: a process of its own, so that its processor time is its own.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    time::Duration,
};

use anyhow::Context as _;
use tempfile::TempDir;

use crate::{
    client::Client,
    serve::{Answered, Direct, Served},
};

/// A system in a scratch folder, running unless it was killed. Dropping it stops it.
#[derive(Debug)]
pub struct System {
    /// Its tenants, each with a signed-in administrator.
    pub tenants: Vec<Tenant>,
    /// Where agents connect.
    pub agents: SocketAddr,
    /// The authority's pin.
    pub pin: String,
    public: SocketAddr,
    program: PathBuf,
    settings: Vec<String>,
    running: Running,
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

/// How a system is started.
#[derive(Debug, Clone)]
pub struct Launch {
    /// The `vedetta-load` that serves it.
    pub program: PathBuf,
    /// Tenants to make.
    pub tenants: u32,
    /// Settings beside the usual ones, KEY=VALUE.
    pub settings: Vec<String>,
    /// Where its folder is made.
    pub within: PathBuf,
}

impl Launch {
    /// One tenant, a folder where temporary files lie.
    pub fn by(program: PathBuf) -> Self {
        Self { program, tenants: 1, settings: vec![], within: std::env::temp_dir() }
    }
}

#[derive(Debug)]
struct Running {
    child: Child,
    stdin: Option<ChildStdin>,
    stdout: BufReader<ChildStdout>,
}

impl Running {
    fn spawn(program: &Path, dir: &Path, tenants: u32, settings: &[String]) -> anyhow::Result<Self> {
        let mut command = Command::new(program);
        command.arg("serve").arg("--data-dir").arg(dir).args(["--tenants", &tenants.to_string()]);
        for setting in settings {
            command.args(["--set", setting]);
        }
        let spawned = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
        let mut child = spawned.with_context(|| program.display().to_string())?;
        let stdin = child.stdin.take();
        let stdout = BufReader::new(child.stdout.take().context("a child with a standard output")?);
        Ok(Self { child, stdin, stdout })
    }

    /// Waits until it serves.
    fn served(&mut self) -> anyhow::Result<Served> {
        let mut line = String::new();
        self.stdout.read_line(&mut line)?;
        serde_json::from_str(&line).context("the system did not start; its words are above")
    }
}

impl System {
    /// Starts a new one with so many tenants, served by this program.
    pub async fn start(tenants: u32, memory: bool) -> anyhow::Result<Self> {
        let in_memory = ["log.url=memory:", "store.url=memory:"].map(str::to_owned);
        let settings = if memory { in_memory.into() } else { vec![] };
        Self::launch(Launch { tenants, settings, ..Launch::by(std::env::current_exe()?) }).await
    }

    /// Starts a new one.
    pub async fn launch(launch: Launch) -> anyhow::Result<Self> {
        let Launch { program, tenants, settings: more, within } = launch;
        let dir = tempfile::tempdir_in(within)?;
        let mut settings =
            vec!["telemetry.log=warn".to_owned(), "ingest.enrollments_per_second=100000".to_owned()];
        settings.extend(more);
        let mut running = Running::spawn(&program, dir.path(), tenants, &settings)?;
        let served = running.served()?;
        let mut signed_in = Vec::new();
        for tenant in served.tenants {
            let client =
                Client::sign_in(served.public, &tenant.tenant, &tenant.user, &tenant.password).await?;
            signed_in.push(Tenant { name: tenant.tenant, client });
        }
        let Served { public, agents, pin, .. } = served;
        Ok(Self { tenants: signed_in, agents, pin, public, program, settings, running, dir })
    }

    /// Ends it as a power switch would, as far as its own process goes.
    pub fn kill(&mut self) -> anyhow::Result<()> {
        self.running.child.kill()?;
        self.running.child.wait()?;
        Ok(())
    }

    /// Starts it again after a kill, in its folder and at its addresses; it may not serve yet.
    pub fn relaunch(&mut self) -> anyhow::Result<()> {
        let mut settings = self.settings.clone();
        settings.push(format!("listen.public={}", self.public));
        settings.push(format!("listen.agents={}", self.agents));
        self.running = Running::spawn(&self.program, self.dir.path(), 0, &settings)?;
        Ok(())
    }

    /// Waits until it serves after [`System::relaunch`].
    pub fn serves(&mut self) -> anyhow::Result<()> {
        self.running.served().map(drop)
    }

    /// Its data folder.
    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// Processor time it has used so far, all threads, by `/proc/PID/stat`.
    pub fn cpu(&self) -> anyhow::Result<Duration> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.running.child.id()))?;
        // The name may hold blanks and brackets; what follows its last bracket is in columns from 3 on.
        let columns: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
        let of = |column: usize| columns.get(column - 3).and_then(|text| text.parse::<u64>().ok());
        let ticks = of(14).zip(of(15)).map(|(user, system)| user + system).context("/proc/PID/stat")?;
        Ok(Duration::from_secs_f64(ticks as f64 / rustix::param::clock_ticks_per_second() as f64))
    }

    /// The most memory that it ever had resident, in bytes, by `/proc/PID/status`.
    pub fn peak_memory(&self) -> anyhow::Result<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.running.child.id()))?;
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix("kB"));
        Ok(peak.context("VmHWM in /proc/PID/status")?.trim().parse::<u64>()? * 1024)
    }

    /// Has it search its store without its API in between. Blocks until it has answered.
    pub fn direct(&mut self, search: &Direct) -> anyhow::Result<Answered> {
        let stdin = self.running.stdin.as_mut().context("a system that runs")?;
        writeln!(stdin, "{}", serde_json::to_string(search)?)?;
        let mut line = String::new();
        self.running.stdout.read_line(&mut line)?;
        serde_json::from_str(&line).with_context(|| line)
    }

    /// Drains it and waits; gives its folder, which goes when it is dropped.
    pub fn stop(mut self) -> anyhow::Result<TempDir> {
        drop(self.running.stdin.take());
        let status = self.running.child.wait()?;
        anyhow::ensure!(status.success(), "the system ended with {status}");
        Ok(self.dir)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Already gone is as good.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
