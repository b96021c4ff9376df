//! One process of a system.

use std::{
    fs::File,
    io::{BufRead as _, BufReader, Write as _},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{ChildStdin, ChildStdout, Command, Stdio},
    time::Duration,
};

use anyhow::{Context as _, ensure};

use super::process::Process;
use crate::serve::{Answered, Direct, Served, ServedTenant};

/// A process that serves some roles or all. Dropping it kills it.
#[derive(Debug)]
pub struct Member {
    name: String,
    program: PathBuf,
    dir: PathBuf,
    settings: Vec<String>,
    /// All when empty.
    roles: Vec<String>,
    /// A network namespace to run in.
    namespace: Option<String>,
    /// Where it writes what it does; where this process writes when there is none.
    log: Option<PathBuf>,
    served: Option<Served>,
    running: Option<Running>,
}

#[derive(Debug)]
struct Running {
    process: Process,
    stdin: Option<ChildStdin>,
    stdout: BufReader<ChildStdout>,
}

impl Member {
    /// One of every role.
    pub(super) fn new(name: &str, program: PathBuf, dir: PathBuf, settings: Vec<String>) -> Self {
        let name = name.to_owned();
        Self {
            name,
            program,
            dir,
            settings,
            roles: vec![],
            namespace: None,
            log: None,
            served: None,
            running: None,
        }
    }

    /// One of this role only, in a network namespace or not, with a file for its words.
    pub(super) fn apart(self, role: &str, namespace: Option<String>, log: PathBuf) -> Self {
        Self { roles: vec![role.to_owned()], namespace, log: Some(log), ..self }
    }

    /// What it is called.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether it has this role.
    pub fn has(&self, role: &str) -> bool {
        self.roles.is_empty() || self.roles.iter().any(|has| has == role)
    }

    /// The file with its words, if they do not go where those of this process go.
    pub fn log(&self) -> Option<&Path> {
        self.log.as_deref()
    }

    /// How it was reached when it served last.
    ///
    /// # Panics
    /// When it never served: systems are made of members that do.
    pub fn served(&self) -> &Served {
        self.served.as_ref().expect("a member that has served")
    }

    /// Starts it, at the addresses that it had before if it had some; it may not serve yet.
    pub(super) fn spawn(&mut self, tenants: u32) -> anyhow::Result<()> {
        let mut command = match &self.namespace {
            None => Command::new(&self.program),
            Some(namespace) => {
                let mut command = Command::new("nsenter");
                command.arg(format!("--net=/run/netns/{namespace}")).arg(&self.program);
                command
            }
        };
        command.arg("serve").arg("--data-dir").arg(&self.dir).args(["--tenants", &tenants.to_string()]);
        for role in &self.roles {
            command.args(["--role", role]);
        }
        for setting in &self.settings {
            command.args(["--set", setting]);
        }
        for (listener, address) in self.served.iter().flat_map(Served::listeners) {
            command.arg("--set").arg(format!("listen.{listener}={address}"));
        }
        if let Some(log) = &self.log {
            command.stderr(File::options().create(true).append(true).open(log)?);
        }
        let spawned = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
        let mut child = spawned.with_context(|| format!("{:?}", command.get_program()))?;
        let stdin = child.stdin.take();
        let stdout = BufReader::new(child.stdout.take().context("a child with a standard output")?);
        self.running = Some(Running { process: child.into(), stdin, stdout });
        Ok(())
    }

    /// Starts it again after it was killed or drained, at its addresses; it may not serve yet.
    pub fn relaunch(&mut self) -> anyhow::Result<()> {
        self.spawn(0)
    }

    /// Waits until it serves; gives the tenants that it made. Blocks.
    pub fn serves(&mut self) -> anyhow::Result<Vec<ServedTenant>> {
        let mut line = String::new();
        let running = self.running.as_mut().context("a process that was started")?;
        running.stdout.read_line(&mut line)?;
        let words =
            || self.log.as_ref().map_or("are above".to_owned(), |log| format!("were:\n{}", last_words(log)));
        let mut served: Served = serde_json::from_str(&line)
            .with_context(|| format!("{} did not start; its last words {}", self.name, words()))?;
        let made = std::mem::take(&mut served.tenants);
        self.served = Some(served);
        Ok(made)
    }

    /// Ends it as a power switch would, as far as its own process goes, and waits. One that has ended already stays ended.
    pub fn kill(&mut self) -> anyhow::Result<()> {
        self.running.take().map_or(Ok(()), |running| running.process.kill())
    }

    /// Stops it where it stands (SIGSTOP): its connections stay open, and nothing answers.
    pub fn pause(&self) -> anyhow::Result<()> {
        self.process()?.pause()
    }

    /// Lets it go on after [`Member::pause`].
    pub fn resume(&self) -> anyhow::Result<()> {
        self.process()?.resume()
    }

    fn process(&self) -> anyhow::Result<&Process> {
        let running = self.running.as_ref().with_context(|| format!("{} does not run", self.name))?;
        Ok(&running.process)
    }

    /// Its process id.
    pub fn pid(&self) -> anyhow::Result<u32> {
        Ok(self.process()?.pid())
    }

    /// Whether its process is there, be it stopped. One that ended by itself is not.
    pub fn is_running(&mut self) -> bool {
        self.running.as_mut().is_some_and(|running| running.process.is_running())
    }

    /// Asks it to stop in order, and waits. Blocks.
    pub fn drain(&mut self) -> anyhow::Result<()> {
        let Some(mut running) = self.running.take() else { return Ok(()) };
        drop(running.stdin.take());
        let status = running.process.wait()?;
        ensure!(status.success(), "{} ended with {status}", self.name);
        Ok(())
    }

    /// Where agents connect to it.
    pub fn agents(&self) -> SocketAddr {
        self.served().agents
    }

    /// Processor time it has used so far, all threads, by `/proc/PID/stat`. Zero when it does not run.
    pub fn cpu(&self) -> anyhow::Result<Duration> {
        let Ok(pid) = self.pid() else { return Ok(Duration::ZERO) };
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"))?;
        // The name may hold blanks and brackets; what follows its last bracket is in columns from 3 on.
        let columns: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
        let of = |column: usize| columns.get(column - 3).and_then(|text| text.parse::<u64>().ok());
        let ticks = of(14).zip(of(15)).map(|(user, system)| user + system).context("/proc/PID/stat")?;
        Ok(Duration::from_secs_f64(ticks as f64 / rustix::param::clock_ticks_per_second() as f64))
    }

    /// The most memory that it ever had resident, in bytes, by `/proc/PID/status`. Zero when it does not run.
    pub fn peak_memory(&self) -> anyhow::Result<u64> {
        let Ok(pid) = self.pid() else { return Ok(0) };
        let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix("kB"));
        Ok(peak.context("VmHWM in /proc/PID/status")?.trim().parse::<u64>()? * 1024)
    }

    pub(super) fn direct(&mut self, search: &Direct) -> anyhow::Result<Answered> {
        let running = self.running.as_mut().context("a system that runs")?;
        let stdin = running.stdin.as_mut().context("a system that runs")?;
        writeln!(stdin, "{}", serde_json::to_string(search)?)?;
        let mut line = String::new();
        running.stdout.read_line(&mut line)?;
        serde_json::from_str(&line).with_context(|| line)
    }
}

/// The end of a file with words.
pub fn last_words(path: &Path) -> String {
    const LINES: usize = 15;
    let text = std::fs::read(path).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(LINES)..].join("\n")
}
