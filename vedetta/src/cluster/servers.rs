//! Kafka and the CQL database, started by the scripts that tests use, too.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use anyhow::Context as _;
use rustix::process::{Pid, test_kill_process};
use tokio::process::Command;

/// How often it is looked whether they live.
const LOOK: Duration = Duration::from_secs(2);

/// Both, with their data below one folder.
#[derive(Debug)]
pub struct Servers {
    scripts: PathBuf,
    kafka: PathBuf,
    cassandra: PathBuf,
}

impl Servers {
    /// Starts nothing yet.
    pub fn new(data_dir: &Path, scripts: &Path) -> anyhow::Result<Self> {
        anyhow::ensure!(
            scripts.join("kafka.sh").exists(),
            "{} does not hold kafka.sh and cassandra.sh: run this in the root of the repository, or name it with --servers",
            scripts.display()
        );
        let dir = std::path::absolute(data_dir)?;
        Ok(Self {
            scripts: scripts.canonicalize()?,
            kafka: dir.join("kafka"),
            cassandra: dir.join("cassandra"),
        })
    }

    /// Starts those that do not run, on what they left, and waits until both serve. Gives the URLs of log and store.
    pub async fn start(&self) -> anyhow::Result<(String, String)> {
        let (boot, endpoints) = tokio::try_join!(self.start_kafka(), self.start_cassandra())?;
        // One broker, one node: there is nowhere to put a second copy.
        Ok((
            format!("kafka://{boot}/?replication=1"),
            format!("scylla://{endpoints}/vedetta?replication=1&timeout_ms=20000"),
        ))
    }

    async fn start_kafka(&self) -> anyhow::Result<String> {
        self.script("kafka.sh", &["up", text(&self.kafka)?, "1"]).await
    }

    async fn start_cassandra(&self) -> anyhow::Result<String> {
        self.script("cassandra.sh", &["serve"]).await
    }

    /// Starts again what ends; ends itself when that can't be done.
    pub async fn watch(&self) -> anyhow::Error {
        loop {
            tokio::time::sleep(LOOK).await;
            for (name, dir) in [("Kafka", &self.kafka), ("the CQL database", &self.cassandra)] {
                if is_alive(dir) {
                    continue;
                }
                tracing::warn!(
                    "{name} has ended and is started again; its lines are in {}/log",
                    dir.display()
                );
                let again =
                    if *dir == self.kafka { self.start_kafka().await } else { self.start_cassandra().await };
                match again {
                    Ok(_) => tracing::info!("{name} serves again"),
                    Err(error) => return error.context(format!("{name} can't be started again")),
                }
            }
        }
    }

    /// Stops both in order, whoever started them.
    pub async fn stop(&self) -> anyhow::Result<()> {
        let kafka = async {
            if self.kafka.exists() {
                self.script("kafka.sh", &["down", text(&self.kafka)?]).await?;
            }
            anyhow::Ok(())
        };
        let cassandra = async {
            if self.cassandra.exists() {
                self.script("cassandra.sh", &["down"]).await?;
            }
            anyhow::Ok(())
        };
        tokio::try_join!(kafka, cassandra).map(drop)
    }

    /// Runs a script; what it says on standard error is for people. In a group of its own: Ctrl-C means this process, which
    /// then stops servers after those that use them.
    async fn script(&self, name: &str, arguments: &[&str]) -> anyhow::Result<String> {
        let path = self.scripts.join(name);
        let output = Command::new(&path)
            .args(arguments)
            .env("DIR", &self.cassandra)
            .process_group(0)
            .stdin(Stdio::null())
            .stderr(Stdio::inherit())
            .output()
            .await
            .with_context(|| path.display().to_string())?;
        anyhow::ensure!(output.status.success(), "{name} {} failed, see above", arguments.join(" "));
        Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    }
}

/// Whether the first node of a server lives.
fn is_alive(dir: &Path) -> bool {
    let pid = std::fs::read_to_string(dir.join("run/1.pid")).ok();
    let pid = pid.and_then(|text| text.trim().parse().ok()).and_then(Pid::from_raw);
    pid.is_some_and(|pid| test_kill_process(pid).is_ok())
}

fn text(path: &Path) -> anyhow::Result<&str> {
    path.to_str().with_context(|| format!("{} is not UTF-8", path.display()))
}
