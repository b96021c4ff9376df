//! Which files have to reach the device.

use std::{io, path::PathBuf, sync::Arc};

use tokio::time::Instant;
use vedetta_model::simulated::{Bug, planted};

use super::disk::{Disk, DiskFile};

/// What has to be synced. See [`super::Spool::start_sync`].
#[derive(Debug)]
pub struct Sync {
    files: Vec<Arc<dyn DiskFile>>,
    dir: Option<(Arc<dyn Disk>, PathBuf)>,
}

impl Sync {
    /// Waits for the device.
    pub fn run(&self) -> io::Result<()> {
        if planted(Bug::SpoolSkipsSync) {
            return Ok(());
        }
        for file in &self.files {
            file.sync()?;
        }
        // A new file's name has to be durable as well.
        self.dir.as_ref().map_or(Ok(()), |(disk, dir)| disk.sync_dir(dir))
    }
}

#[derive(Debug)]
pub(super) struct State {
    disk: Arc<dyn Disk>,
    dir: PathBuf,
    dirty: Vec<Arc<dyn DiskFile>>,
    dir_dirty: bool,
    since: Option<Instant>,
}

impl State {
    pub(super) fn new(disk: Arc<dyn Disk>, dir: PathBuf) -> Self {
        Self { disk, dir, dirty: Vec::new(), dir_dirty: false, since: None }
    }

    pub(super) const fn new_file(&mut self) {
        self.dir_dirty = true;
    }

    pub(super) fn written(&mut self, file: &Arc<dyn DiskFile>) {
        if !self.dirty.iter().any(|dirty| Arc::ptr_eq(dirty, file)) {
            self.dirty.push(Arc::clone(file));
        }
        self.since.get_or_insert_with(Instant::now);
    }

    pub(super) fn forget(&mut self, file: &Arc<dyn DiskFile>) {
        self.dirty.retain(|dirty| !Arc::ptr_eq(dirty, file));
    }

    pub(super) fn nothing_to_keep(&mut self) {
        self.since = None;
    }

    pub(super) const fn waiting_since(&self) -> Option<Instant> {
        self.since
    }

    pub(super) fn start(&mut self) -> Sync {
        // What is appended meanwhile waits from now on.
        self.since = None;
        Sync {
            files: std::mem::take(&mut self.dirty),
            dir: std::mem::take(&mut self.dir_dirty).then(|| (Arc::clone(&self.disk), self.dir.clone())),
        }
    }

    pub(super) fn end(&mut self, sync: Sync, ok: bool) {
        if ok {
            return;
        }
        for file in sync.files {
            if !self.dirty.iter().any(|dirty| Arc::ptr_eq(dirty, &file)) {
                self.dirty.push(file);
            }
        }
        self.dir_dirty |= sync.dir.is_some();
        self.since.get_or_insert_with(Instant::now);
    }
}
