//! A real database for tests.
//!
//! Nextest runs each test in a process of its own, and a node takes seven seconds to start: all tests of all processes share one
//! node, which `scripts/servers/cassandra.sh` starts for the first and stops a minute after the last, and each test has a
//! [`Keyspace`] of its own. Who kills nodes starts some for himself ([`Nodes`]). With `VEDETTA_TEST_CQL=host:port` the tests use
//! that server instead, also a ScyllaDB.

use std::{
    fs::File,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::OnceLock,
};

use scylla::client::{session::Session, session_builder::SessionBuilder};
use tempfile::TempDir;
use uuid::Uuid;
use vedetta_model::SystemClock;

/// The script beside the crates.
fn script() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scripts/servers/cassandra.sh")
}

/// Runs the script; what it says on standard error is for people.
///
/// # Panics
/// When it fails: the test can't go on, and the script has said what is missing.
fn run(dir: &Path, nodes: usize, net: Option<&Net>, arguments: &[&str]) -> String {
    let mut command = Command::new(script());
    if let Some(net) = net {
        command.env("NET", &net.addresses).env("NETNS", &net.namespaces);
    }
    let output = command
        .args(arguments)
        .env("DIR", dir)
        .env("NODES", nodes.to_string())
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output();
    let output = output.unwrap_or_else(|error| panic!("{} can't be run: {error}", script().display()));
    assert!(output.status.success(), "cassandra.sh {} failed; see above", arguments.join(" "));
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// Where a server listens that all tests share.
///
/// # Panics
/// When there is none and none can be started.
pub fn shared_endpoint() -> String {
    static SHARED: OnceLock<(String, Option<File>)> = OnceLock::new();
    let start = || {
        if let Ok(given) = std::env::var("VEDETTA_TEST_CQL") {
            return (given, None);
        }
        let target = std::env::var_os("CARGO_TARGET_DIR")
            .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target"), PathBuf::from);
        let dir = std::path::absolute(target.join("servers/shared-cassandra")).unwrap();
        std::fs::create_dir_all(&dir).unwrap();
        // Held as long as this process lives: the node stays while anybody has it.
        let users = File::create(dir.join("users")).unwrap();
        users.lock_shared().unwrap();
        (run(&dir, 1, None, &["share"]), Some(users))
    };
    SHARED.get_or_init(start).0.clone()
}

/// Nodes of a test's own, gone with this.
#[derive(Debug)]
pub struct Nodes {
    dir: TempDir,
    count: usize,
    net: Option<Net>,
    endpoints: String,
}

/// Network namespaces to run nodes in.
#[derive(Debug, Clone)]
pub struct Net {
    /// The first three numbers of their addresses; the last one is the node's.
    pub addresses: String,
    /// The names of their namespaces, without the node's number at the end.
    pub namespaces: String,
}

impl Nodes {
    /// Starts that many, and waits until they answer.
    pub fn start(count: usize) -> Self {
        Self::start_in(&std::env::temp_dir(), count, None)
    }

    /// The same with data below this folder, and in network namespaces that are there.
    pub fn start_in(within: &Path, count: usize, net: Option<Net>) -> Self {
        Self::prepared(within, count, net, |_| {})
    }

    /// One that wants a user: `cassandra`, with that password.
    pub fn with_users() -> Self {
        let prepare =
            |dir: &Path| std::fs::write(dir.join("authenticator"), "PasswordAuthenticator").unwrap();
        Self::prepared(&std::env::temp_dir(), 1, None, prepare)
    }

    fn prepared(within: &Path, count: usize, net: Option<Net>, prepare: impl FnOnce(&Path)) -> Self {
        let dir = tempfile::tempdir_in(within).unwrap();
        prepare(dir.path());
        run(dir.path(), count, net.as_ref(), &["up"]);
        let endpoints = run(dir.path(), count, net.as_ref(), &["endpoints"]);
        Self { dir, count, net, endpoints }
    }

    /// `host:port` of each, with commas between.
    pub fn endpoints(&self) -> &str {
        &self.endpoints
    }

    /// SIGKILL, from 1.
    pub fn kill(&self, node: usize) {
        self.run("kill9", node);
    }

    /// SIGSTOP: connections stay open, and nothing answers.
    pub fn pause(&self, node: usize) {
        self.run("pause", node);
    }

    /// Lets it go on.
    pub fn resume(&self, node: usize) {
        self.run("resume", node);
    }

    /// Where nodes write what they do, `NODE.log` each.
    pub fn logs(&self) -> PathBuf {
        self.dir.path().join("log")
    }

    /// Starts a node again that was killed, on what it left, and waits until it answers.
    pub fn restart(&self, node: usize) {
        self.run("start", node);
        self.run("wait", node);
    }

    fn run(&self, command: &str, node: usize) {
        run(self.dir.path(), self.count, self.net.as_ref(), &[command, &node.to_string()]);
    }
}

impl Drop for Nodes {
    fn drop(&mut self) {
        run(self.dir.path(), self.count, self.net.as_ref(), &["down"]);
    }
}

/// A keyspace that nobody else knows, gone with this.
#[derive(Debug)]
pub struct Keyspace {
    endpoints: String,
    name: String,
    copies: usize,
}

impl Keyspace {
    /// A name for one on the shared server; nothing is made yet.
    pub fn unmade() -> Self {
        Self::unmade_on(&shared_endpoint(), 1)
    }

    /// The same on other nodes.
    pub fn unmade_on(endpoints: &str, copies: usize) -> Self {
        Self { endpoints: endpoints.into(), name: format!("test_{}", Uuid::new_v4().simple()), copies }
    }

    /// One that is ready, on the shared server.
    pub async fn migrated() -> Self {
        let keyspace = Self::unmade();
        crate::migrate(&keyspace.url(), &SystemClock).await.unwrap();
        keyspace
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What to open.
    pub fn url(&self) -> String {
        format!("scylla://{}/{}?replication={}&timeout_ms=20000", self.endpoints, self.name, self.copies)
    }

    /// A session beside the store's, to look or to spoil.
    pub async fn session(&self) -> Session {
        let nodes = self.endpoints.split(',');
        SessionBuilder::new().known_nodes(nodes).build().await.unwrap()
    }
}

impl Drop for Keyspace {
    fn drop(&mut self) {
        let (endpoints, name) = (self.endpoints.clone(), self.name.clone());
        let drop = move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let builder = SessionBuilder::new()
                    .known_nodes(endpoints.split(','))
                    .auto_await_schema_agreement(false);
                // Nodes that are gone took it along.
                let Ok(session) = builder.build().await else { return };
                let _ = session.query_unpaged(format!("DROP KEYSPACE IF EXISTS {name}"), ()).await;
            });
        };
        let _ = std::thread::spawn(drop).join();
    }
}
