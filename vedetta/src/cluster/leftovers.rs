//! What a killed `vedetta cluster` left running.

use std::{
    fs,
    io::ErrorKind,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use anyhow::Context as _;
use rustix::process::{Pid, Signal, kill_process, test_kill_process};

/// How long a drain may take before it is a kill.
const PATIENCE: Duration = Duration::from_secs(30);
const LOOK: Duration = Duration::from_millis(50);

/// Where a service's number stands while it runs.
pub fn pid_file(data_dir: &Path, name: &str) -> PathBuf {
    data_dir.join("run").join(format!("{name}.pid"))
}

/// Stops services of this data folder that nobody looks after any more.
pub async fn stop(data_dir: &Path) -> anyhow::Result<()> {
    let folder = data_dir.join("run");
    let files = match fs::read_dir(&folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        files => files.with_context(|| folder.display().to_string())?,
    };
    for file in files {
        let path = file?.path();
        if let Some(pid) = service(&path, data_dir) {
            eprintln!("stopping process {}, left by an earlier start", pid.as_raw_nonzero());
            kill_process(pid, Signal::TERM)?;
            let deadline = Instant::now() + PATIENCE;
            while test_kill_process(pid).is_ok() {
                if Instant::now() > deadline {
                    kill_process(pid, Signal::KILL)?;
                }
                tokio::time::sleep(LOOK).await;
            }
        }
        fs::remove_file(&path).with_context(|| path.display().to_string())?;
    }
    Ok(())
}

/// The process that a file names, if it is still that service: numbers are used again.
fn service(path: &Path, data_dir: &Path) -> Option<Pid> {
    let pid: i32 = fs::read_to_string(path).ok()?.trim().parse().ok()?;
    let arguments = fs::read(format!("/proc/{pid}/cmdline")).ok()?;
    let mine = format!("--set=data_dir={}", data_dir.display());
    arguments
        .split(|byte| *byte == 0)
        .any(|argument| argument == mine.as_bytes())
        .then_some(Pid::from_raw(pid)?)
}
