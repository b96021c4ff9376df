//! What can go wrong.

use std::{io, path::PathBuf};

/// Why a read or a write did not happen.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The disk is too full; nothing was written.
    #[error("{0}")]
    Full(String),
    /// Bytes on disk are not what was written.
    #[error("{place} is damaged: {what}")]
    Damaged {
        /// The key or file.
        place: String,
        /// What was found.
        what: String,
    },
    /// The database is shutting down; nothing was written.
    #[error("the database is closed")]
    Closed,
    /// It is not known whether the write happened.
    #[error("the write ended in an unknown state: {0}")]
    Unknown(String),
    /// The database can't be used just now; nothing was written.
    #[error("the database is not available: {0}")]
    Unavailable(String),
}

/// Why a database could not be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// Somebody else has it.
    #[error("another vedetta runs on {}; stop it or choose another directory", dir.display())]
    Locked {
        /// The directory.
        dir: PathBuf,
    },
    /// The directory holds something else.
    #[error("{} holds `{found}` and no vedetta database; choose an empty directory", dir.display())]
    Foreign {
        /// The directory.
        dir: PathBuf,
        /// A file that does not belong.
        found: String,
    },
    /// Bytes on disk are damaged in a way that would lose acknowledged data if passed over.
    #[error("{} is damaged: {what}; nothing was changed. Restore the directory from a backup, or copy it \
             away and start on an empty one", file.display())]
    Damaged {
        /// The file, or the directory when the file is not known.
        file: PathBuf,
        /// What was found and where.
        what: String,
    },
    /// The machine refused.
    #[error("{} can't be opened: {source}", path.display())]
    Io {
        /// The file or directory.
        path: PathBuf,
        /// The machine's answer.
        source: io::Error,
    },
}

impl From<fjall::Error> for Error {
    fn from(error: fjall::Error) -> Self {
        use fjall::{Error as F, LsmError as L};
        let text = error.to_string();
        match &error {
            F::Io(io) | F::Storage(L::Io(io)) if is_full(io) => Self::Full(io.to_string()),
            F::Io(io) | F::Storage(L::Io(io)) if io.kind() != io::ErrorKind::UnexpectedEof => {
                Self::Unavailable(io.to_string())
            }
            F::Poisoned | F::Locked | F::KeyspaceDeleted => Self::Unavailable(text),
            _ => Self::Damaged { place: "a table file".into(), what: text },
        }
    }
}

pub(crate) fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}
