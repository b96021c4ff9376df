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
    let path = path(&config.common.data_dir);
    let pid = match read(&path) {
        Ok(Some(pid)) if test_kill_process(pid).is_ok() => pid,
        Ok(_) => {
            println!("nothing runs with the data folder {}", config.common.data_dir.display());
            return ExitCode::SUCCESS;
        }
        Err(error) => return failed(&error),
    };
    if let Err(error) = kill_process(pid, Signal::TERM) {
        return failed(&anyhow::anyhow!("process {}: {error}", pid.as_raw_nonzero()));
    }
    println!("stopping process {} …", pid.as_raw_nonzero());
    let deadline = Instant::now() + Duration::from_secs(config.common.drain.grace_seconds + 10);
    while test_kill_process(pid).is_ok() {
        if Instant::now() > deadline {
            return failed(&anyhow::anyhow!(
                "process {} is still there; look at its last lines, or end it with kill -9 (nothing acknowledged is lost)",
                pid.as_raw_nonzero()
            ));
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    println!("down");
    ExitCode::SUCCESS
}
