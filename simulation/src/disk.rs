//! An agent's disk: what was written is there at once, and survives a power cut only once it was synced.
//!
//! ```text
//!   write ─► now (what the process reads)
//!        └─► pending ── sync ─► safe (what a power cut leaves, with any part of what was pending)
//! ```
//! Bytes of a file are pending write by write, and a power cut keeps each of them, a beginning of it, or nothing, whatever
//! their order. Names of a folder become safe in their order, as a journaling file system does it.

use std::{
    collections::BTreeMap,
    io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};

use rand::{Rng as _, rngs::StdRng};
use vedetta_node_agent::spool::disk::{Disk, DiskFile, Lock, Open};

use crate::{
    fault::Fault,
    world::{World, lock},
};

/// The least that a device writes whole.
const SECTOR: usize = 512;

/// See the module.
#[derive(Debug)]
pub struct SimDisk {
    world: Arc<World>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    names: Names,
    safe_names: Names,
    pending: Vec<Naming>,
    full: bool,
}

type Names = BTreeMap<PathBuf, Arc<SimFile>>;

#[derive(Debug)]
enum Naming {
    Make(PathBuf, Arc<SimFile>),
    Remove(PathBuf),
    Rename(PathBuf, PathBuf),
}

impl Naming {
    fn apply(&self, names: &mut Names) {
        match self {
            Self::Make(path, file) => {
                names.insert(path.clone(), file.clone());
            }
            Self::Remove(path) => {
                names.remove(path);
            }
            Self::Rename(from, to) => {
                if let Some(file) = names.remove(from) {
                    names.insert(to.clone(), file);
                }
            }
        }
    }
}

impl SimDisk {
    /// An empty one.
    pub fn new(world: &Arc<World>) -> Arc<Self> {
        Arc::new(Self { world: world.clone(), state: Mutex::default() })
    }

    /// Whether there is no room, from now on.
    pub fn set_full(&self, full: bool) {
        lock(&self.state).full = full;
    }

    /// Whether there is no room.
    pub fn is_full(&self) -> bool {
        lock(&self.state).full
    }

    /// The power fails: what was not synced is there in any part.
    pub fn power_cut(&self) {
        let mut state = lock(&self.state);
        self.world.dice(|rng| {
            let kept = rng.random_range(0..=state.pending.len());
            let State { names, safe_names, pending, .. } = &mut *state;
            pending.drain(..).take(kept).for_each(|naming| naming.apply(safe_names));
            for file in safe_names.values() {
                lock(&file.content).power_cut(rng);
            }
            names.clone_from(safe_names);
        });
    }

    /// A bit turns somewhere in a file that holds something.
    pub fn flip_bit(&self) {
        let state = lock(&self.state);
        let files: Vec<&Arc<SimFile>> = state.names.values().collect();
        self.world.dice(|rng| {
            let Some(file) = files.get(rng.random_range(0..files.len().max(1))) else { return };
            let mut content = lock(&file.content);
            if content.now.is_empty() {
                return;
            }
            let (at, bit) = (rng.random_range(0..content.now.len()), rng.random_range(0..8));
            content.now[at] ^= 1 << bit;
            if let Some(byte) = content.safe.get_mut(at) {
                *byte ^= 1 << bit;
            }
        });
    }

    fn refuse_when_full(&self) -> io::Result<()> {
        if lock(&self.state).full { Err(io::ErrorKind::StorageFull.into()) } else { Ok(()) }
    }
}

/// The disk as one run of an agent sees it.
#[derive(Debug, Clone)]
pub struct Mounted(pub Arc<SimDisk>);

impl Disk for Mounted {
    fn create_dir(&self, _: &Path) -> io::Result<()> {
        Ok(())
    }

    fn lock(&self, _: &Path) -> io::Result<Box<dyn Lock>> {
        Ok(Box::new(Unlocked))
    }

    fn open(&self, path: &Path, how: Open) -> io::Result<Arc<dyn DiskFile>> {
        let present = lock(&self.0.state).names.get(path).cloned();
        let file = match (present, how) {
            (Some(_), Open::New) => return Err(io::ErrorKind::AlreadyExists.into()),
            (None, Open::Present) => return Err(io::ErrorKind::NotFound.into()),
            (Some(file), _) => file,
            (None, _) => {
                self.0.refuse_when_full()?;
                let file = Arc::new(SimFile { disk: self.clone(), content: Mutex::default() });
                let mut state = lock(&self.0.state);
                let naming = Naming::Make(path.to_owned(), file.clone());
                naming.apply(&mut state.names);
                state.pending.push(naming);
                file
            }
        };
        Ok(file)
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<PathBuf>> {
        Ok(lock(&self.0.state).names.keys().filter(|path| path.parent() == Some(dir)).cloned().collect())
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.rename_or_remove(Naming::Remove(path.to_owned()), path)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.rename_or_remove(Naming::Rename(from.to_owned(), to.to_owned()), from)
    }

    fn sync_dir(&self, _: &Path) -> io::Result<()> {
        if self.0.world.strikes(Fault::SpoolSyncFailed) {
            return Err(io::Error::other("injected"));
        }
        let State { safe_names, pending, .. } = &mut *lock(&self.0.state);
        pending.drain(..).for_each(|naming| naming.apply(safe_names));
        Ok(())
    }
}

impl Mounted {
    fn rename_or_remove(&self, naming: Naming, path: &Path) -> io::Result<()> {
        let mut state = lock(&self.0.state);
        if !state.names.contains_key(path) {
            return Err(io::ErrorKind::NotFound.into());
        }
        naming.apply(&mut state.names);
        state.pending.push(naming);
        Ok(())
    }
}

/// One agent after the other uses the disk.
#[derive(Debug)]
struct Unlocked;

impl Lock for Unlocked {}

#[derive(Debug)]
struct SimFile {
    disk: Mounted,
    content: Mutex<Content>,
}

#[derive(Debug, Default)]
struct Content {
    now: Vec<u8>,
    safe: Vec<u8>,
    pending: Vec<Change>,
}

#[derive(Debug)]
enum Change {
    Write { offset: usize, bytes: Vec<u8> },
    Length(usize),
}

impl Change {
    fn apply(&self, bytes: &mut Vec<u8>) {
        match self {
            Self::Length(length) => bytes.resize(*length, 0),
            Self::Write { offset, bytes: written } => {
                let end = offset + written.len();
                if bytes.len() < end {
                    bytes.resize(end, 0);
                }
                bytes[*offset..end].copy_from_slice(written);
            }
        }
    }

    /// The part of it that reached the device.
    fn torn(self, rng: &mut StdRng) -> Option<Self> {
        match (rng.random_range(0..3), self) {
            (0, _) => None,
            (1, Self::Write { offset, mut bytes }) => {
                let whole = bytes.len() / SECTOR;
                bytes.truncate(rng.random_range(0..=whole) * SECTOR);
                Some(Self::Write { offset, bytes })
            }
            (_, whole) => Some(whole),
        }
    }
}

impl Content {
    fn change(&mut self, change: Change) {
        change.apply(&mut self.now);
        self.pending.push(change);
    }

    fn power_cut(&mut self, rng: &mut StdRng) {
        for change in std::mem::take(&mut self.pending) {
            if let Some(change) = change.torn(rng) {
                change.apply(&mut self.safe);
            }
        }
        self.now.clone_from(&self.safe);
    }
}

impl DiskFile for SimFile {
    fn len(&self) -> io::Result<u64> {
        Ok(lock(&self.content).now.len() as u64)
    }

    fn read_exact_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
        let content = lock(&self.content);
        let from = usize::try_from(offset).unwrap_or(usize::MAX);
        let part = content.now.get(from..).and_then(|rest| rest.get(..buffer.len()));
        buffer.copy_from_slice(part.ok_or(io::ErrorKind::UnexpectedEof)?);
        Ok(())
    }

    fn write_all_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        let offset = usize::try_from(offset).map_err(io::Error::other)?;
        let mut content = lock(&self.content);
        let grows = offset + bytes.len() > content.now.len();
        if grows && let Err(full) = self.disk.0.refuse_when_full() {
            // A part may have found room.
            let part = self.disk.0.world.dice(|rng| rng.random_range(0..=bytes.len()));
            content.change(Change::Write { offset, bytes: bytes[..part].to_vec() });
            return Err(full);
        }
        content.change(Change::Write { offset, bytes: bytes.to_vec() });
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        let len = usize::try_from(len).map_err(io::Error::other)?;
        lock(&self.content).change(Change::Length(len));
        Ok(())
    }

    fn sync(&self) -> io::Result<()> {
        let mut content = lock(&self.content);
        let Content { safe, pending, .. } = &mut *content;
        if self.disk.0.world.strikes(Fault::SpoolSyncFailed) {
            // What the kernel failed to write once it forgets: a later sync is no proof of it.
            self.disk.0.world.dice(|rng| {
                pending.drain(..).filter_map(|change| change.torn(rng)).for_each(|change| change.apply(safe));
            });
            return Err(io::Error::other("injected"));
        }
        pending.drain(..).for_each(|change| change.apply(safe));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn what_was_synced_survives_a_power_cut_and_the_rest_may_be_torn() {
        let mut torn = [false; 3];
        for seed in 0..40 {
            let world = World::new(seed, false);
            world.calm_down();
            let disk = SimDisk::new(&world);
            let mounted = Mounted(disk.clone());
            let (dir, path) = (Path::new("/spool"), Path::new("/spool/a"));
            let file = mounted.open(path, Open::New).unwrap();
            file.write_all_at(&[1; 2000], 0).unwrap();
            file.sync().unwrap();
            mounted.sync_dir(dir).unwrap();
            file.write_all_at(&[2; 2000], 2000).unwrap();
            disk.power_cut();
            let len = usize::try_from(mounted.open(path, Open::Present).unwrap().len().unwrap()).unwrap();
            assert!(len >= 2000, "what was synced is there");
            torn[usize::from(len > 2000) + usize::from(len == 4000)] = true;
            // A name that was not synced may be gone with all that was synced in it.
            let other = mounted.open(Path::new("/spool/b"), Open::New).unwrap();
            other.sync().unwrap();
        }
        assert_eq!(torn, [true; 3], "all of it, a part of it and nothing of it was seen");
    }
}
