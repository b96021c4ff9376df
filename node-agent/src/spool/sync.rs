//! Which files have to reach the device.

use std::{fs::File, io, sync::Arc, time::Instant};

/// What has to be synced. See [`super::Spool::start_sync`].
#[derive(Debug)]
pub struct Sync {
    files: Vec<Arc<File>>,
    dir: Option<Arc<File>>,
}

impl Sync {
    /// Waits for the device.
    pub fn run(&self) -> io::Result<()> {
        for file in &self.files {
            file.sync_data()?;
        }
        // A new file's name has to be durable as well.
        self.dir.as_ref().map_or(Ok(()), |dir| dir.sync_all())
    }
}

#[derive(Debug)]
pub(super) struct State {
    dir: Arc<File>,
    dirty: Vec<Arc<File>>,
    dir_dirty: bool,
    since: Option<Instant>,
}

impl State {
    pub(super) fn new(dir: File) -> Self {
        Self { dir: Arc::new(dir), dirty: Vec::new(), dir_dirty: false, since: None }
    }

    pub(super) const fn new_file(&mut self) {
        self.dir_dirty = true;
    }

    pub(super) fn written(&mut self, file: &Arc<File>) {
        if !self.dirty.iter().any(|dirty| Arc::ptr_eq(dirty, file)) {
            self.dirty.push(Arc::clone(file));
        }
        self.since.get_or_insert_with(Instant::now);
    }

    pub(super) fn forget(&mut self, file: &Arc<File>) {
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
            dir: std::mem::take(&mut self.dir_dirty).then(|| Arc::clone(&self.dir)),
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
