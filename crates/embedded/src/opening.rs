//! From a directory to an open engine, over whatever a crash left there.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io,
    ops::RangeInclusive,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
};

use fjall::{AbstractTree as _, CompressionType, Keyspace, KeyspaceCreateOptions, KvSeparationOptions};

use crate::{
    OpenError, Options, Values, disk, files,
    journal::{self, MARK, Verdict, commit_number},
    known::{self, Known},
};

/// The space that the database keeps for itself.
pub const MARKS: &str = "embedded.marks";

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

/// An open engine.
pub struct Opened {
    pub db: fjall::Database,
    /// The space with the number of the last commit.
    pub marks: Keyspace,
    /// The last commit, and the spaces, that are there.
    pub known: Known,
}

/// Opens or makes the engine's files in a locked directory. Refuses, before anything is changed, when what is there is
/// less than what is known to have been there.
pub fn open(dir: &Path, options: &Options) -> Result<Opened, OpenError> {
    let noted = known::read(dir).map_err(|source| OpenError::Io { path: dir.join(known::NAME), source })?;
    clear_unfinished(dir, noted.as_ref())?;
    let noted = noted.unwrap_or_default();
    check_spaces(dir, &noted)?;
    let commits = check_journals(dir, noted.commit)?;
    let (db, marks) = start(dir, options)?;
    let commit = check_commits(dir, &marks, noted.commit, commits.as_ref())?;
    Ok(Opened { db, marks, known: Known { commit, spaces: noted.spaces } })
}

fn start(dir: &Path, options: &Options) -> Result<(fjall::Database, Keyspace), OpenError> {
    let builder = fjall::Database::builder(dir)
        .cache_size(options.cache_bytes)
        .max_journaling_size(JOURNAL_BYTES)
        // Large values come compressed.
        .journal_compression(CompressionType::None)
        .worker_threads(2);
    let open = || {
        let db = builder.open()?;
        let marks = create(&db, MARKS, Values::Small, options)?;
        Ok((db, marks))
    };
    // The engine asserts some of what it finds on disk.
    let opened = catch_unwind(AssertUnwindSafe(open));
    let damaged = |what: String| OpenError::Damaged { file: dir.join(TABLES), what };
    match opened {
        Ok(Ok(opened)) => Ok(opened),
        Ok(Err(fjall::Error::Locked)) => Err(OpenError::Locked { dir: dir.into() }),
        Ok(Err(fjall::Error::Io(source) | fjall::Error::Storage(fjall::LsmError::Io(source)))) => {
            // What the machine refuses has one of its numbers, and not that of a file or place that is not there.
            let is_machine = source.raw_os_error().is_some()
                && !matches!(source.kind(), io::ErrorKind::NotFound | io::ErrorKind::InvalidInput);
            Err(if is_machine {
                OpenError::Io { path: dir.into(), source }
            } else {
                damaged(source.to_string())
            })
        }
        Ok(Err(error)) => Err(damaged(error.to_string())),
        Err(panic) => Err(damaged(panic_text(&*panic))),
    }
}

/// The space of that name; made if it is not there.
pub fn create(
    db: &fjall::Database,
    name: &str,
    values: Values,
    options: &Options,
) -> Result<Keyspace, fjall::Error> {
    db.keyspace(name, || {
        let base = KeyspaceCreateOptions::default().max_memtable_size(options.memtable_bytes);
        match values {
            Values::Small => base,
            // Blocks come compressed.
            Values::Large => base
                .with_kv_separation(Some(KvSeparationOptions::default().compression(CompressionType::None))),
        }
    })
}

/// Removes what a crash during the very first opening left. Until the version file is whole, nothing
/// was ever written, and the engine refuses to go on from there.
fn clear_unfinished(dir: &Path, noted: Option<&Known>) -> Result<(), OpenError> {
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
            LOCK | known::NAME | disk::PROBE => {}
            VERSION | ENGINE_LOCK | FIRST_JOURNAL | TABLES => leftovers.push(entry.path()),
            _ => return Err(OpenError::Foreign { dir: dir.into(), found }),
        }
    }
    let journal = dir.join(FIRST_JOURNAL);
    let has_data = match journal::look_through(&journal) {
        Ok(journal) => journal.verdict != Verdict::Empty,
        Err(error) if error.kind() == io::ErrorKind::NotFound => false,
        Err(error) => return Err(io_error(error)),
    };
    let has_tables = fs::read_dir(dir.join(TABLES)).is_ok_and(|mut tables| tables.next().is_some());
    if has_data || has_tables || noted.is_some_and(|known| known.commit > 0) {
        let what = "it is missing or short, but there is data beside it".into();
        return Err(OpenError::Damaged { file: version, what });
    }
    for path in leftovers {
        let removed = if path.is_dir() { fs::remove_dir(&path) } else { fs::remove_file(&path) };
        removed.map_err(io_error)?;
    }
    Ok(())
}

/// Refuses when a file of a space is missing.
fn check_spaces(dir: &Path, noted: &Known) -> Result<(), OpenError> {
    // The engine's own comes before any other.
    let own = (!noted.spaces.is_empty()).then_some(0);
    for space in noted.spaces.iter().copied().chain(own) {
        let folder = dir.join(TABLES).join(space.to_string());
        files::look_through(&folder)
            .map_err(|source| OpenError::Io { path: folder, source })?
            .map_err(|files::Fault { file, what }| OpenError::Damaged { file, what })?;
    }
    Ok(())
}

/// Refuses journals that are damaged in the middle or end before the `last` commit that was acknowledged, cuts off
/// what a crash left unfinished, and makes the rest durable. Gives the commits in them.
fn check_journals(dir: &Path, last: u64) -> Result<Option<RangeInclusive<u64>>, OpenError> {
    let files = journals(dir).map_err(|source| OpenError::Io { path: dir.into(), source })?;
    let mut commits: Option<RangeInclusive<u64>> = None;
    let (mut torn, mut unacknowledged) = (None, Vec::new());
    for (at, file) in files.iter().enumerate() {
        let damaged = |what| Err(OpenError::Damaged { file: file.clone(), what });
        let io_error = |source| OpenError::Io { path: file.clone(), source };
        let journal = journal::look_through(file).map_err(io_error)?;
        match journal.verdict {
            Verdict::Empty | Verdict::Whole => {}
            // Only the newest was being written; the others were synced before the next began.
            Verdict::Torn { keep, rest } if at + 1 == files.len() => torn = Some((keep, rest)),
            Verdict::Torn { keep, rest } => {
                return damaged(format!("{rest} bytes at {keep} can't be read, and a newer journal follows"));
            }
            Verdict::Damaged { what } => return damaged(what),
        }
        let Some(own) = journal.commits else { continue };
        if let Some(before) = commits.as_ref().filter(|before| before.end() + 1 != *own.start()) {
            let (before, own) = (before.end(), own.start());
            return damaged(format!(
                "it begins with commit {own}, and the journals before end with {before}"
            ));
        }
        if *own.end() > last {
            unacknowledged.push(file);
        }
        commits = Some(commits.map_or(*own.start(), |before| *before.start())..=*own.end());
    }
    let Some(newest) = files.last() else { return Ok(None) };
    if let Some(end) = commits.as_ref().map(RangeInclusive::end).filter(|end| **end < last) {
        let what = format!("it ends with commit {end}, and commit {last} was acknowledged");
        return Err(OpenError::Damaged { file: newest.clone(), what });
    }
    if let Some((keep, rest)) = torn {
        let io_error = |source| OpenError::Io { path: newest.clone(), source };
        tracing::info!(file = %newest.display(), keep, rest, "cut off a write that was never finished");
        let open = OpenOptions::new().write(true).open(newest).map_err(io_error)?;
        open.set_len(keep).and_then(|()| open.sync_all()).map_err(io_error)?;
    }
    for file in unacknowledged {
        let again = journal::write_again(file, last);
        let bytes = again.map_err(|source| OpenError::Io { path: file.clone(), source })?;
        tracing::info!(file = %file.display(), bytes, "made durable what was written and not acknowledged");
    }
    Ok(commits)
}

/// The journals of a directory, oldest first.
fn journals(dir: &Path) -> io::Result<Vec<PathBuf>> {
    let mut journals = Vec::new();
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        let number =
            path.file_stem().and_then(|stem| stem.to_str()).and_then(|stem| stem.parse::<u64>().ok());
        if let Some(number) = number.filter(|_| path.extension().is_some_and(|ext| ext == "jnl")) {
            journals.push((number, path));
        }
    }
    journals.sort();
    Ok(journals.into_iter().map(|(_, path)| path).collect())
}

/// Refuses when the engine found less than it should have. The number of the last commit.
fn check_commits(
    dir: &Path,
    marks: &Keyspace,
    acknowledged: u64,
    journals: Option<&RangeInclusive<u64>>,
) -> Result<u64, OpenError> {
    let number = |mark: Option<fjall::Slice>| mark.and_then(|mark| commit_number(&mark)).unwrap_or_default();
    let read = || {
        let in_tables = match marks.tree.get_highest_persisted_seqno() {
            Some(newest) => marks.tree.get(MARK, newest + 1)?,
            None => None,
        };
        Ok::<_, fjall::Error>((number(marks.get(MARK)?), number(in_tables)))
    };
    let (found, in_tables) = match read() {
        Ok(read) => read,
        Err(error) => {
            // Nobody's data lies in this space.
            tracing::warn!(dir = %dir.display(), %error, "{MARKS} is damaged: missing files can't be noticed this time");
            let newest = journals.map_or(0, |commits| *commits.end());
            return Ok(newest.max(acknowledged));
        }
    };
    let damaged = |what| Err(OpenError::Damaged { file: dir.into(), what });
    if found < acknowledged {
        return damaged(format!(
            "commit {found} is the last one there, and commit {acknowledged} was acknowledged"
        ));
    }
    // A journal is removed once all of it is in tables, and each commit writes to this space too.
    match journals.map(RangeInclusive::start) {
        Some(first) if in_tables + 1 < *first => {
            damaged(format!("the journals begin with commit {first}, and the tables end with {in_tables}"))
        }
        _ => Ok(found),
    }
}

fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().cloned();
    text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).into()))
        .unwrap_or_else(|| "unreadable".into())
}
