//! The disk that the spool lies on, with the few calls that it makes.
//!
//! What is written is there for this process at once. It survives the end of the machine only after
//! [`DiskFile::sync`], and a new name, a removal or a renaming only after [`Disk::sync_dir`].

use std::{
    fmt,
    fs::{DirBuilder, File, OpenOptions},
    io,
    os::unix::fs::DirBuilderExt as _,
    path::{Path, PathBuf},
    sync::Arc,
};

use rustix::fs::{FlockOperation, flock};

/// How a file is opened; always to read and to write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Open {
    /// It has to be there.
    Present,
    /// It must not be there.
    New,
    /// It is made when it is not there.
    Either,
}

/// A disk.
pub trait Disk: fmt::Debug + Send + Sync {
    /// Makes a folder for its owner only, with those above it. One that is there stays as it is.
    fn create_dir(&self, dir: &Path) -> io::Result<()>;

    /// Keeps other processes out for as long as the lock is held; `WouldBlock` when another is in.
    fn lock(&self, path: &Path) -> io::Result<Box<dyn Lock>>;

    /// Opens a file.
    fn open(&self, path: &Path, how: Open) -> io::Result<Arc<dyn DiskFile>>;

    /// Files of a folder, in any order.
    fn list(&self, dir: &Path) -> io::Result<Vec<PathBuf>>;

    /// Removes a file.
    fn remove(&self, path: &Path) -> io::Result<()>;

    /// Gives a file another name, in place of what bore it.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Waits until names in a folder are as durable as they will be.
    fn sync_dir(&self, dir: &Path) -> io::Result<()>;
}

/// A lock that ends when it is dropped.
pub trait Lock: fmt::Debug + Send {}

/// An open file.
#[expect(clippy::len_without_is_empty, reason = "nobody asks")]
pub trait DiskFile: fmt::Debug + Send + Sync {
    /// Bytes in it.
    fn len(&self) -> io::Result<u64>;

    /// Fills the buffer from a place.
    fn read_exact_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()>;

    /// Writes all bytes at a place. After a failure a part may have been written.
    fn write_all_at(&self, bytes: &[u8], offset: u64) -> io::Result<()>;

    /// Cuts it off, or fills it up with zeros.
    fn set_len(&self, len: u64) -> io::Result<()>;

    /// Waits until its bytes are on the device.
    fn sync(&self) -> io::Result<()>;
}

/// The file system of this machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct RealDisk;

impl Disk for RealDisk {
    fn create_dir(&self, dir: &Path) -> io::Result<()> {
        DirBuilder::new().recursive(true).mode(0o700).create(dir)
    }

    fn lock(&self, path: &Path) -> io::Result<Box<dyn Lock>> {
        let file = File::options().write(true).create(true).truncate(false).open(path)?;
        flock(&file, FlockOperation::NonBlockingLockExclusive)?;
        Ok(Box::new(file))
    }

    fn open(&self, path: &Path, how: Open) -> io::Result<Arc<dyn DiskFile>> {
        let mut options = OpenOptions::new();
        options.read(true).write(true);
        match how {
            Open::Present => &mut options,
            Open::New => options.create_new(true),
            Open::Either => options.create(true).truncate(false),
        };
        Ok(Arc::new(options.open(path)?))
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<PathBuf>> {
        std::fs::read_dir(dir)?.map(|entry| Ok(entry?.path())).collect()
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        std::fs::remove_file(path)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        std::fs::rename(from, to)
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        File::open(dir)?.sync_all()
    }
}

impl Lock for File {}

impl DiskFile for File {
    fn len(&self) -> io::Result<u64> {
        Ok(self.metadata()?.len())
    }

    fn read_exact_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
        std::os::unix::fs::FileExt::read_exact_at(self, buffer, offset)
    }

    fn write_all_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        std::os::unix::fs::FileExt::write_all_at(self, bytes, offset)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        File::set_len(self, len)
    }

    fn sync(&self) -> io::Result<()> {
        self.sync_data()
    }
}
