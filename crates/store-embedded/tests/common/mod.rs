//! A store in a temporary directory.

use std::{
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
};

use async_trait::async_trait;
use tempfile::TempDir;
use vedetta_embedded::{Database, Options};
use vedetta_store::{BlockStore, EventStore, ViewStore, conformance::Fixture};
use vedetta_store_embedded::EmbeddedStore;

pub type All = (Arc<dyn EventStore>, Arc<dyn ViewStore>, Arc<dyn BlockStore>);

pub struct OnDisk {
    root: TempDir,
    dir: PathBuf,
    options: Options,
    /// Whether the files stand still, so that a copy is what a crash would leave.
    calm: bool,
    wrap: fn(EmbeddedStore) -> All,
    db: Database,
    store: EmbeddedStore,
    all: All,
    copies: usize,
}

impl OnDisk {
    pub async fn new(options: Options, calm: bool, wrap: fn(EmbeddedStore) -> All) -> Self {
        let root = tempfile::tempdir().unwrap();
        let dir = root.path().join("0");
        let (db, store) = open(&dir, &options).await;
        let all = wrap(store.clone());
        Self { root, dir, options, calm, wrap, db, store, all, copies: 0 }
    }

    async fn open(&mut self) {
        (self.db, self.store) = open(&self.dir, &self.options).await;
        self.all = (self.wrap)(self.store.clone());
    }
}

async fn open(dir: &Path, options: &Options) -> (Database, EmbeddedStore) {
    let db = Database::open(dir, options.clone()).unwrap();
    let store = EmbeddedStore::open(&db).await.unwrap();
    (db, store)
}

#[async_trait]
impl Fixture for OnDisk {
    fn events(&self) -> Arc<dyn EventStore> {
        self.all.0.clone()
    }

    fn views(&self) -> Arc<dyn ViewStore> {
        self.all.1.clone()
    }

    fn blocks(&self) -> Arc<dyn BlockStore> {
        self.all.2.clone()
    }

    fn durable(&self) -> bool {
        true
    }

    async fn reopen(&mut self) {
        self.store.close().await;
        self.db.close().await;
        self.open().await;
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
        self.open().await;
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
