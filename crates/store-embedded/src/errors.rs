//! The database's errors in the store's words.

use vedetta_embedded::Error;
use vedetta_store::{AppendError, StoreError};

pub fn store(error: Error) -> StoreError {
    match error {
        Error::Full(what) => StoreError::Full(what),
        Error::Closed => StoreError::Closed,
        Error::Damaged { place, what } => StoreError::Corrupt { place, what },
        other => StoreError::Backend(other.to_string()),
    }
}

pub fn append(error: Error) -> AppendError {
    AppendError::Store(store(error))
}

/// A value whose checksum is right and whose meaning is not.
pub fn not_a(what: &str, space: &str, key: &[u8]) -> Error {
    Error::Damaged { place: format!("{space}[{}]", key.escape_ascii()), what: format!("not a {what}") }
}
