//! The database's errors in the log's words.

use vedetta_embedded::Error;
use vedetta_log::{AppendError, GroupError, Offset, Partition, ReadError};

pub fn append(error: Error) -> AppendError {
    match error {
        Error::Full(what) => AppendError::Full(what),
        Error::Closed => AppendError::Closed,
        // Not available now, nothing written: for the caller the same as full.
        Error::Unavailable(_) => AppendError::Full(error.to_string()),
        other => AppendError::Unknown(other.to_string()),
    }
}

pub fn read(partition: &Partition, offset: Offset, error: Error) -> ReadError {
    match error {
        Error::Closed => ReadError::Closed,
        Error::Damaged { place, what } => {
            ReadError::Corrupt { partition: partition.clone(), offset, what: format!("{place}: {what}") }
        }
        other => ReadError::Backend(other.to_string()),
    }
}

pub fn group(error: Error) -> GroupError {
    match error {
        Error::Closed => GroupError::Closed,
        other => GroupError::Backend(other.to_string()),
    }
}
