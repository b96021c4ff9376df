//! One service as a child process.

use std::{
    fs::File,
    io::{Read as _, Seek as _, SeekFrom},
    path::{Path, PathBuf},
    process::{ExitStatus, Stdio},
    time::{Duration, Instant},
};

use anyhow::Context as _;
use rustix::process::{Pid, Signal, kill_process};
use tokio::process::{Child, Command};

use super::{leftovers, services::Service};
use crate::health::readiness;

/// How often it is asked whether it is ready.
const LOOK: Duration = Duration::from_millis(100);
/// Who is not ready after this is told, with what it waits for.
const SILENCE: Duration = Duration::from_secs(5);
/// How much of its last lines is shown when it fails.
const TAIL: u64 = 2000;

/// A started process. Dropping it kills it.
#[derive(Debug)]
pub struct Running {
    child: Child,
    service: Service,
    lines: PathBuf,
}

impl Running {
    /// Starts it; its lines go into a file of the data folder.
    pub fn start(service: &Service, data_dir: &Path) -> anyhow::Result<Self> {
        anyhow::ensure!(
            service.program.exists(),
            "{} is not there: run `make cluster`, or build it with `cargo build -p {}`",
            service.program.display(),
            service.program.file_name().unwrap_or_default().display()
        );
        let lines = data_dir.join("log").join(format!("{}.log", service.name));
        let folder = data_dir.join("log");
        std::fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
        let open = || File::options().create(true).append(true).open(&lines);
        let file = open().with_context(|| lines.display().to_string())?;
        let child = Command::new(&service.program)
            .args(&service.arguments)
            .stdin(Stdio::null())
            .stdout(file.try_clone()?)
            .stderr(file)
            // Ctrl-C means the parent, which stops its children one after the other.
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("starting {}", service.program.display()))?;
        leftovers::note(data_dir, service.name, child.id())?;
        Ok(Self { child, service: service.clone(), lines })
    }

    /// Its name.
    pub fn name(&self) -> &'static str {
        self.service.name
    }

    /// Waits until it says that it is ready. When it ends instead, the error has its last lines.
    pub async fn ready(&mut self) -> anyhow::Result<()> {
        let (began, mut told) = (Instant::now(), String::new());
        loop {
            if let Ok(health) = readiness(self.service.admin).await {
                if health.is_ready {
                    return Ok(());
                }
                if began.elapsed() > SILENCE && health.says != told {
                    eprintln!("       {}: {}", self.name(), health.says);
                    told = health.says;
                }
            }
            if let Ok(ended) = tokio::time::timeout(LOOK, self.child.wait()).await {
                anyhow::bail!(
                    "{} ended before it was ready ({}):\n{}",
                    self.name(),
                    ended?,
                    self.last_lines()
                );
            }
        }
    }

    /// Waits until it ends.
    pub async fn ended(&mut self) -> anyhow::Result<ExitStatus> {
        Ok(self.child.wait().await?)
    }

    /// Where its lines are.
    pub fn lines(&self) -> &Path {
        &self.lines
    }

    /// Asks it to drain and waits; kills it after `grace`.
    pub async fn stop(mut self, grace: Duration) {
        if let Some(pid) = self.child.id().and_then(|id| Pid::from_raw(id.cast_signed()))
            && let Err(error) = kill_process(pid, Signal::TERM)
        {
            tracing::warn!("{}: {error}", self.name());
        }
        match tokio::time::timeout(grace, self.child.wait()).await {
            Ok(Ok(status)) if status.success() => {}
            Ok(Ok(status)) => {
                tracing::warn!(
                    "{} ended with {status} while stopping; its lines: {}",
                    self.name(),
                    self.lines.display()
                );
            }
            Ok(Err(error)) => tracing::warn!("{}: {error}", self.name()),
            Err(_) => {
                tracing::warn!("{} did not stop within {grace:?} and is killed", self.name());
                let _ = self.child.kill().await;
            }
        }
    }

    fn last_lines(&self) -> String {
        let read = || {
            let mut file = File::open(&self.lines)?;
            let length = file.metadata()?.len();
            file.seek(SeekFrom::Start(length.saturating_sub(TAIL)))?;
            let mut bytes = Vec::new();
            file.read_to_end(&mut bytes)?;
            std::io::Result::Ok(String::from_utf8_lossy(&bytes).trim_end().to_owned())
        };
        let text = read().unwrap_or_else(|error| format!("{}: {error}", self.lines.display()));
        let lines: Vec<&str> = text.lines().rev().take(5).collect();
        lines.into_iter().rev().map(|line| format!("  {line}")).collect::<Vec<_>>().join("\n")
    }
}
