//! Real Kafka servers for tests.
//!
//! nextest gives each test a process of its own, so the server that tests share is nobody's child: whoever comes first starts
//! it (under a lock), each user holds a shared lock on a file for as long as it lives, and when nobody has held that for half a
//! minute the server stops by itself (`scripts/servers/kafka.sh`). Tests keep apart by a prefix of their topics. Those that kill a
//! server start one for themselves.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use crate::{KafkaLog, Options};
use tempfile::TempDir;

const IDLE_SECONDS: &str = "30";

/// A server of one node or three.
#[derive(Debug)]
pub struct Server {
    boot: String,
    /// `None` for one that somebody else runs.
    dir: Option<PathBuf>,
    /// Says to those who would stop the shared one that it is used.
    _users: Option<File>,
    /// Of a server of our own.
    own: Option<TempDir>,
}

fn script(arguments: &[&str]) -> String {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scripts/servers/kafka.sh");
    let output = Command::new(script).args(arguments).stdin(Stdio::null()).stderr(Stdio::inherit()).output();
    let output = output.expect("scripts/servers/kafka.sh can't be run");
    assert!(output.status.success(), "scripts/servers/kafka.sh {arguments:?} failed, see above");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// Where servers lie.
fn target() -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target"), PathBuf::from);
    let dir = std::path::absolute(target.join("servers")).unwrap();
    fs::create_dir_all(&dir).unwrap();
    dir
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a path in UTF-8")
}

impl Server {
    /// The one that all tests share, or the one that `VEDETTA_TEST_KAFKA` names.
    pub fn shared() -> Self {
        if let Ok(boot) = std::env::var("VEDETTA_TEST_KAFKA") {
            return Self { boot, dir: None, _users: None, own: None };
        }
        let dir = target().join("shared-kafka");
        fs::create_dir_all(&dir).unwrap();
        let file = |name| File::options().create(true).append(true).open(dir.join(name)).unwrap();
        let (starting, users) = (file("lock"), file("users"));
        starting.lock().unwrap();
        users.lock_shared().unwrap();
        let boot = script(&["up", text(&dir), "1", IDLE_SECONDS]);
        Self { boot, dir: Some(dir), _users: Some(users), own: None }
    }

    /// One that nobody else uses, and that stops with this value.
    pub fn own(nodes: u32) -> Self {
        Self::prepared(nodes, |_| {})
    }

    /// The same; `prepare` puts files into its folder first.
    pub fn prepared(nodes: u32, prepare: impl FnOnce(&Path)) -> Self {
        let own = tempfile::Builder::new().prefix("kafka").tempdir_in(target()).unwrap();
        prepare(own.path());
        let boot = script(&["up", text(own.path()), &nodes.to_string()]);
        Self { boot, dir: Some(own.path().to_owned()), _users: None, own: Some(own) }
    }

    /// `host:port` of each node.
    pub fn boot(&self) -> &str {
        &self.boot
    }

    /// The same for another listener.
    pub fn listener(&self, name: &str) -> String {
        script(&["boot", self.dir(), name])
    }

    /// Kills a node as a crash would.
    pub fn kill(&self, node: u32) {
        script(&["kill", self.dir(), &node.to_string()]);
    }

    /// Starts a node again, and waits until it is ready.
    pub fn start(&self, node: u32) {
        script(&["start", self.dir(), &node.to_string()]);
    }

    /// Stops a node where it stands (SIGSTOP): its connections stay open, and nothing answers.
    pub fn pause(&self, node: u32) {
        script(&["pause", self.dir(), &node.to_string()]);
    }

    /// Lets it go on.
    pub fn resume(&self, node: u32) {
        script(&["resume", self.dir(), &node.to_string()]);
    }

    /// Where its nodes write what they do, `NODE.log` each.
    pub fn logs(&self) -> PathBuf {
        Path::new(self.dir()).join("log")
    }

    fn dir(&self) -> &str {
        text(self.dir.as_deref().expect("not with VEDETTA_TEST_KAFKA"))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(own) = &self.own {
            script(&["down", text(own.path())]);
        }
    }
}

/// A prefix of topics and groups that nobody else has.
pub fn prefix() -> String {
    format!("t{:016x}.", rand::random::<u64>())
}

/// Options for a log that shares nothing with any other on the cluster: quick to notice, modest in copies.
pub fn fresh(boot: &str) -> Options {
    let mut options = Options::to(boot);
    options.prefix = prefix();
    options.topics.replication = 1;
    options.topics.min_insync = 1;
    options.topics.exact_partitions = false;
    options.group.session_timeout = Duration::from_secs(6);
    options.group.heartbeat = Duration::from_millis(200);
    options
}

/// Opens it.
pub async fn open(options: &Options) -> KafkaLog {
    KafkaLog::open(options.clone()).await.unwrap()
}
