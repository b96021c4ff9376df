//! A log in a temporary directory.

use std::{
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
};

use async_trait::async_trait;
use tempfile::TempDir;
use vedetta_embedded::{Database, Options};
use vedetta_log::{EventLog, conformance::Fixture};
use vedetta_log_embedded::EmbeddedLog;
use vedetta_model::SystemClock;

pub struct OnDisk {
    root: TempDir,
    dir: PathBuf,
    options: Options,
    /// Whether the files stand still, so that a copy is what a crash would leave.
    calm: bool,
    wrap: fn(EmbeddedLog) -> Arc<dyn EventLog>,
    db: Database,
    log: Arc<dyn EventLog>,
    copies: usize,
}

impl OnDisk {
    pub fn new(options: Options, calm: bool, wrap: fn(EmbeddedLog) -> Arc<dyn EventLog>) -> Self {
        let root = tempfile::tempdir().unwrap();
        let dir = root.path().join("0");
        let (db, log) = open(&dir, &options);
        Self { root, dir, options, calm, wrap, db, log: wrap(log), copies: 0 }
    }

    fn open(&mut self) {
        let (db, log) = open(&self.dir, &self.options);
        (self.db, self.log) = (db, (self.wrap)(log));
    }
}

fn open(dir: &Path, options: &Options) -> (Database, EmbeddedLog) {
    let db = Database::open(dir, options.clone()).unwrap();
    let log = EmbeddedLog::open(&db, Arc::new(SystemClock)).unwrap();
    (db, log)
}

#[async_trait]
impl Fixture for OnDisk {
    fn log(&self) -> Arc<dyn EventLog> {
        self.log.clone()
    }

    async fn reopen(&mut self) {
        self.log.close().await;
        self.db.close().await;
        self.open();
    }

    async fn crash(&mut self) {
        if self.calm {
            self.copies += 1;
            let copy = self.root.path().join(self.copies.to_string());
            let copied =
                Command::new("cp").args(["-r", "--sparse=auto"]).args([&self.dir, &copy]).status().unwrap();
            assert!(copied.success());
            self.db.close().await;
            self.dir = copy;
        } else {
            self.db.close().await;
        }
        self.open();
    }
}

/// Few and small: each limit is met.
pub fn tight() -> Options {
    Options {
        reserve_bytes: 1 << 20,
        queue_jobs: 3,
        queue_bytes: 50_000,
        group_bytes: 100_000,
        memtable_bytes: 200_000,
        ..Options::default()
    }
}
