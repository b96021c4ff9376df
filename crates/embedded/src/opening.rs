//! From a directory to an open engine, over whatever a crash left there.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
};

use fjall::CompressionType;

use crate::{
    OpenError, Options,
    journal::{self, Verdict},
};

const LOCK: &str = "vedetta.lock";
const VERSION: &str = "version";
const ENGINE_LOCK: &str = "lock";
const FIRST_JOURNAL: &str = "0.jnl";
const TABLES: &str = "keyspaces";
const VERSION_BYTES: u64 = 4;
const JOURNAL_BYTES: u64 = 256 << 20;

/// Keeps other processes out for as long as the file is held.
pub fn lock(dir: &Path) -> Result<File, OpenError> {
    let path = dir.join(LOCK);
    let io_error = |source| OpenError::Io { path: path.clone(), source };
    fs::create_dir_all(dir).map_err(io_error)?;
    let file = OpenOptions::new().create(true).truncate(false).write(true).open(&path).map_err(io_error)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(OpenError::Locked { dir: dir.into() }),
        Err(TryLockError::Error(source)) => Err(io_error(source)),
    }
}

/// Opens or makes the engine's files in a locked directory.
pub fn open(dir: &Path, options: &Options) -> Result<fjall::Database, OpenError> {
    clear_unfinished(dir)?;
    check_journals(dir)?;
    let builder = fjall::Database::builder(dir)
        .cache_size(options.cache_bytes)
        .max_journaling_size(JOURNAL_BYTES)
        // Large values come compressed.
        .journal_compression(CompressionType::None)
        .worker_threads(2);
    // The engine asserts some of what it finds on disk.
    let opened = catch_unwind(AssertUnwindSafe(|| builder.open()));
    let damaged = |what: String| OpenError::Damaged { file: dir.join(TABLES), what };
    match opened {
        Ok(Ok(db)) => Ok(db),
        Ok(Err(fjall::Error::Locked)) => Err(OpenError::Locked { dir: dir.into() }),
        Ok(Err(fjall::Error::Io(source) | fjall::Error::Storage(fjall::LsmError::Io(source)))) => {
            Err(match source.kind() {
                io::ErrorKind::NotFound | io::ErrorKind::UnexpectedEof => damaged(source.to_string()),
                _ => OpenError::Io { path: dir.into(), source },
            })
        }
        Ok(Err(error)) => Err(damaged(error.to_string())),
        Err(panic) => Err(damaged(panic_text(&*panic))),
    }
}

/// Removes what a crash during the very first opening left. Until the version file is whole, nothing
/// was ever written, and the engine refuses to go on from there.
fn clear_unfinished(dir: &Path) -> Result<(), OpenError> {
    let io_error = |source| OpenError::Io { path: dir.into(), source };
    let version = dir.join(VERSION);
    if fs::metadata(&version).is_ok_and(|meta| meta.len() >= VERSION_BYTES) {
        return Ok(());
    }
    let mut leftovers = Vec::new();
    for entry in fs::read_dir(dir).map_err(io_error)? {
        let entry = entry.map_err(io_error)?;
        let found = entry.file_name().to_string_lossy().into_owned();
        match found.as_str() {
            LOCK => {}
            VERSION | ENGINE_LOCK | FIRST_JOURNAL | TABLES => leftovers.push(entry.path()),
            _ => return Err(OpenError::Foreign { dir: dir.into(), found }),
        }
    }
    let journal = dir.join(FIRST_JOURNAL);
    let has_data = match journal::look_through(&journal) {
        Ok(verdict) => verdict != Verdict::Empty,
        Err(error) if error.kind() == io::ErrorKind::NotFound => false,
        Err(error) => return Err(io_error(error)),
    };
    let has_tables = fs::read_dir(dir.join(TABLES)).is_ok_and(|mut tables| tables.next().is_some());
    if has_data || has_tables {
        let what = "it is missing or short, but there is data beside it".into();
        return Err(OpenError::Damaged { file: version, what });
    }
    for path in leftovers {
        let removed = if path.is_dir() { fs::remove_dir(&path) } else { fs::remove_file(&path) };
        removed.map_err(io_error)?;
    }
    Ok(())
}

/// Refuses journals that are damaged in the middle, and cuts off what a crash left unfinished.
fn check_journals(dir: &Path) -> Result<(), OpenError> {
    let io_error = |source| OpenError::Io { path: dir.into(), source };
    let mut journals = Vec::new();
    for entry in fs::read_dir(dir).map_err(io_error)? {
        let path = entry.map_err(io_error)?.path();
        let number =
            path.file_stem().and_then(|stem| stem.to_str()).and_then(|stem| stem.parse::<u64>().ok());
        if let Some(number) = number.filter(|_| path.extension().is_some_and(|ext| ext == "jnl")) {
            journals.push((number, path));
        }
    }
    journals.sort();
    let newest = journals.last().map(|(number, _)| *number);
    for (number, file) in journals {
        let io_error = |source| OpenError::Io { path: file.clone(), source };
        match journal::look_through(&file).map_err(io_error)? {
            Verdict::Empty | Verdict::Whole => {}
            // Only the newest was being written; the others were synced before the next began.
            Verdict::Torn { keep, rest } if Some(number) == newest => {
                tracing::info!(file = %file.display(), keep, rest, "cut off a write that was never finished");
                let open = OpenOptions::new().write(true).open(&file).map_err(io_error)?;
                open.set_len(keep).and_then(|()| open.sync_all()).map_err(io_error)?;
            }
            Verdict::Torn { keep, rest } => {
                let what = format!("{rest} bytes at {keep} can't be read, and a newer journal follows");
                return Err(OpenError::Damaged { file, what });
            }
            Verdict::Damaged { at, next } => {
                let what = format!("bytes {at} to {next} can't be read, and whole data follows");
                return Err(OpenError::Damaged { file, what });
            }
        }
    }
    Ok(())
}

fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().cloned();
    text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).into()))
        .unwrap_or_else(|| "unreadable".into())
}
