//! What a killed `vedetta cluster` left running.

use std::{
    fs,
    io::ErrorKind,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use anyhow::Context as _;
use rustix::process::{Pid, Signal, kill_process, test_kill_process};

use super::fleet::STOP_ORDER;
use crate::local_agent::state_dir;

/// This machine's agent, which is no service.
pub const AGENT: &str = "agent";
/// How long a drain may take before it is a kill.
const PATIENCE: Duration = Duration::from_secs(30);
const LOOK: Duration = Duration::from_millis(50);

fn pid_file(data_dir: &Path, name: &str) -> PathBuf {
    data_dir.join("run").join(format!("{name}.pid"))
}

/// Says which process a name stands for, until it is stopped.
pub fn note(data_dir: &Path, name: &str, pid: Option<u32>) -> anyhow::Result<()> {
    let path = pid_file(data_dir, name);
    let folder = data_dir.join("run");
    fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
    fs::write(&path, pid.map(|pid| pid.to_string()).unwrap_or_default())
        .with_context(|| path.display().to_string())
}

/// It was stopped.
pub fn forget(data_dir: &Path, name: &str) {
    let path = pid_file(data_dir, name);
    if let Err(error) = fs::remove_file(&path)
        && error.kind() != ErrorKind::NotFound
    {
        tracing::warn!("{}: {error}", path.display());
    }
}

/// Stops processes of this data folder that nobody looks after any more, in the order of a drain.
pub async fn stop(data_dir: &Path) -> anyhow::Result<()> {
    for name in std::iter::once(AGENT).chain(STOP_ORDER) {
        if let Some(pid) = process(&pid_file(data_dir, name), data_dir) {
            eprintln!("stopping {name}, left by an earlier start");
            kill_process(pid, Signal::TERM).with_context(|| name.to_owned())?;
            let deadline = Instant::now() + PATIENCE;
            while test_kill_process(pid).is_ok() {
                if Instant::now() > deadline {
                    kill_process(pid, Signal::KILL).with_context(|| name.to_owned())?;
                }
                tokio::time::sleep(LOOK).await;
            }
        }
        forget(data_dir, name);
    }
    Ok(())
}

/// The process that a file names, if it still is one of this data folder: numbers are used again.
fn process(path: &Path, data_dir: &Path) -> Option<Pid> {
    let pid: i32 = fs::read_to_string(path).ok()?.trim().parse().ok()?;
    let arguments = fs::read(format!("/proc/{pid}/cmdline")).ok()?;
    let service = format!("--set=data_dir={}", data_dir.display());
    let agent = state_dir(data_dir).display().to_string();
    let is_mine = |argument: &[u8]| [&service, &agent].iter().any(|mine| mine.as_bytes() == argument);
    if arguments.split(|byte| *byte == 0).any(is_mine) { Pid::from_raw(pid) } else { None }
}

#[cfg(test)]
mod tests {
    use std::process::{Child, Command};

    use super::*;

    fn shell(argument: &str) -> Child {
        Command::new("sh")
            .args(["-c", "read never", argument])
            .stdin(std::process::Stdio::piped())
            .spawn()
            .unwrap()
    }

    #[tokio::test]
    async fn only_processes_of_this_folder_are_stopped() {
        let dir = tempfile::tempdir().unwrap();
        let mut mine = shell(&format!("--set=data_dir={}", dir.path().display()));
        let mut strange = shell("--set=data_dir=/elsewhere");
        note(dir.path(), "query", Some(mine.id())).unwrap();
        note(dir.path(), "tenant", Some(strange.id())).unwrap();
        let reap = std::thread::spawn(move || mine.wait().unwrap());
        stop(dir.path()).await.unwrap();
        assert!(!reap.join().unwrap().success(), "it was asked to stop");
        assert!(strange.try_wait().unwrap().is_none(), "a number that is somebody else's now");
        strange.kill().unwrap();
        strange.wait().unwrap();
        assert_eq!(fs::read_dir(dir.path().join("run")).unwrap().count(), 0);
    }
}
