//! `vedetta down`, and the file that says which process to stop.

use std::{
    io::ErrorKind,
    path::{Path, PathBuf},
    process::ExitCode,
    time::{Duration, Instant},
};

use anyhow::Context;
use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use vedetta_runtime::Config;

use crate::cli::failed;

/// Names the running process for as long as it lives.
#[derive(Debug)]
pub struct PidFile(PathBuf);

impl PidFile {
    /// Writes it. A file that a dead process left behind is taken over.
    pub fn create(data_dir: &Path) -> anyhow::Result<Self> {
        let path = path(data_dir);
        if let Some(pid) = read(&path)? {
            anyhow::ensure!(
                test_kill_process(pid).is_err(),
                "process {} already runs with the data folder {}: stop it with `vedetta down` or choose another --data-dir",
                pid.as_raw_nonzero(),
                data_dir.display()
            );
        }
        std::fs::create_dir_all(data_dir).with_context(|| format!("data folder {}", data_dir.display()))?;
        std::fs::write(&path, std::process::id().to_string()).with_context(|| path.display().to_string())?;
        Ok(Self(path))
    }
}

impl Drop for PidFile {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_file(&self.0) {
            eprintln!("warning: {}: {error}", self.0.display());
        }
    }
}

/// Whether a process runs with this data folder.
pub fn is_running(data_dir: &Path) -> bool {
    matches!(read(&path(data_dir)), Ok(Some(pid)) if test_kill_process(pid).is_ok())
}

fn path(data_dir: &Path) -> PathBuf {
    data_dir.join("vedetta.pid")
}

fn read(path: &Path) -> anyhow::Result<Option<Pid>> {
    match std::fs::read_to_string(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| path.display().to_string()),
        Ok(text) => Ok(text.trim().parse().ok().and_then(Pid::from_raw)),
    }
}

/// Stops the process of this data folder and waits until it is gone.
pub fn run(config: &Config) -> ExitCode {
    let data_dir = &config.common.data_dir;
    if !is_running(data_dir) {
        println!("nothing runs with the data folder {}", data_dir.display());
        return ExitCode::SUCCESS;
    }
    let patience = Duration::from_secs(config.common.drain.grace_seconds + 10);
    stop(data_dir, patience).map_or_else(|error| failed(&error), |()| ExitCode::SUCCESS)
}

/// Asks the process of a data folder to stop, and waits for it for so long.
pub fn stop(data_dir: &Path, patience: Duration) -> anyhow::Result<()> {
    let Some(pid) = read(&path(data_dir))? else { return Ok(()) };
    kill_process(pid, Signal::TERM).with_context(|| format!("process {}", pid.as_raw_nonzero()))?;
    println!("stopping process {} …", pid.as_raw_nonzero());
    let deadline = Instant::now() + patience;
    while test_kill_process(pid).is_ok() {
        anyhow::ensure!(
            Instant::now() < deadline,
            "process {} is still there; look at its last lines, or end it with kill -9 (nothing acknowledged is lost)",
            pid.as_raw_nonzero()
        );
        std::thread::sleep(Duration::from_millis(50));
    }
    println!("down");
    Ok(())
}
