//! What the driver says, in the store's words.

use std::{error::Error as StdError, path::PathBuf};

use scylla::errors::{DbError, ExecutionError, RequestAttemptError};
use vedetta_store::StoreError;

use crate::{OptionsError, schema::SchemaError};

/// Why the store could not be opened or migrated.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The URL names no database.
    #[error(transparent)]
    Options(#[from] OptionsError),
    /// A password is not where the URL says.
    #[error(
        "the password for the store can't be read from {place}: {why}; set it, or change the URL's `{option}`"
    )]
    Password {
        /// The variable or file.
        place: String,
        /// Which option named it.
        option: &'static str,
        /// What was found instead.
        why: String,
    },
    /// A certificate or key can't be used.
    #[error("{path} can't be used for TLS: {why}")]
    Tls {
        /// Which file.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// Nobody said which datacenter decides, or one that is not there.
    #[error(
        "the datacenters of {place} are: {there}; say with `?dc=NAME` which one decides, the same for every process"
    )]
    Datacenter {
        /// Hosts and keyspace.
        place: String,
        /// Their names.
        there: String,
    },
    /// Nobody answers there, now.
    #[error("the database {place} is unavailable: {why}")]
    Unavailable {
        /// Hosts and keyspace.
        place: String,
        /// What was seen.
        why: String,
    },
    /// Somebody answers there and wants nothing of us, or must not be trusted.
    #[error(
        "the database {place} refuses this client: {why}; check user, where its password lies, tls_ca, tls_cert and tls_key"
    )]
    Refused {
        /// Hosts and keyspace.
        place: String,
        /// What was seen.
        why: String,
    },
    /// The schema is not the one this build works with.
    #[error("the store {place} can't be used: {source}")]
    Schema {
        /// Hosts and keyspace.
        place: String,
        /// What is wrong with it, and what to do.
        source: SchemaError,
    },
}

impl OpenError {
    /// Whether opening again may succeed without anybody doing something.
    pub const fn is_transient(&self) -> bool {
        matches!(self, Self::Unavailable { .. } | Self::Schema { source: SchemaError::Failed { .. }, .. })
    }
}

/// An error with what caused it, each said once. Values of statements never stand in the driver's errors.
pub fn told(error: &(dyn StdError + 'static)) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(source) = next {
        let more = source.to_string();
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        next = source.source();
    }
    text
}

/// A statement failed, or nobody knows whether it did.
pub fn failed(place: &str, error: &(dyn StdError + 'static)) -> StoreError {
    StoreError::Backend(format!("{place} did not answer as needed: {}", told(error)))
}

/// What was stored is not what is ever written.
pub fn corrupt(place: String, what: impl Into<String>) -> StoreError {
    StoreError::Corrupt { place, what: what.into() }
}

/// Why a conditional write failed, as far as it matters here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// It surely was not done.
    NotDone,
    /// It may have been done, or be done by whoever writes there next.
    Unknown,
}

/// Whether the database refuses a statement however often it is asked.
pub const fn is_for_good(error: &ExecutionError) -> bool {
    matches!(
        error,
        ExecutionError::BadQuery(_)
            | ExecutionError::LastAttemptError(RequestAttemptError::DbError(
                DbError::SyntaxError | DbError::Invalid | DbError::Unauthorized | DbError::ConfigError,
                _
            ))
    )
}

/// What a failed conditional write left behind. Anything that is not known to be harmless is unknown: Cassandra says
/// `Unavailable` also while it commits what has been accepted.
pub fn failure(error: &ExecutionError) -> Failure {
    let not_done = match error {
        ExecutionError::BadQuery(_) | ExecutionError::EmptyPlan | ExecutionError::PrepareError(_) => true,
        ExecutionError::ConnectionPoolError(_) => true,
        ExecutionError::LastAttemptError(RequestAttemptError::DbError(error, _)) => matches!(
            error,
            DbError::SyntaxError
                | DbError::Invalid
                | DbError::Unauthorized
                | DbError::ConfigError
                | DbError::IsBootstrapping
        ),
        _ => false,
    };
    if not_done { Failure::NotDone } else { Failure::Unknown }
}
