//! From URLs to a log and a store, metered and ready to use.
//!
//! | URL | What it is |
//! |---|---|
//! | `memory:` | gone with the process |
//! | `file:PATH` | a local directory; log and store at the same path share one database and one fsync |
//! | `kafka://host:port,host:port/?…` | a log on a Kafka cluster; `vedetta-log-kafka` lists the options |
//! | `scylla://HOST:PORT,…/KEYSPACE?…` | a store in ScyllaDB or Cassandra, whose schema `vedetta migrate` made; `vedetta_store_scylla::Options` lists the options |
//!
//! `file:PATH?reserve_mib=N` leaves N MiB of the disk free (256 unless told otherwise).
//! This is the only crate that names backends; nothing else depends on what lies behind the
//! contracts. Start with [`Backends::open`].

mod open;
mod places;
mod remote;
mod risks;
mod url;

pub use open::Backends;
pub use places::Places;
pub use remote::{Part, Told};
pub use risks::Risk;
pub use url::UrlError;
pub use vedetta_store_scylla::Migrated;

/// Why the backends could not be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// A URL names nothing that can be opened.
    #[error(transparent)]
    Url(#[from] UrlError),
    /// The directory can't be opened.
    #[error(transparent)]
    Directory(#[from] vedetta_embedded::OpenError),
    /// What lies in the directory can't be used.
    #[error("{dir} can't be used: {source}")]
    Contents {
        /// The directory.
        dir: String,
        /// What is wrong.
        source: vedetta_embedded::Error,
    },
    /// The Kafka cluster can't be used.
    #[error(transparent)]
    Kafka(#[from] vedetta_log_kafka::OpenError),
    /// The database can't be used, or not now.
    #[error(transparent)]
    Scylla(#[from] vedetta_store_scylla::OpenError),
}

impl OpenError {
    /// Whether another process has the directory.
    pub const fn is_in_use(&self) -> bool {
        matches!(self, Self::Directory(vedetta_embedded::OpenError::Locked { .. }))
    }

    /// Whether nobody answers yet: opening again later may go well without anybody changing a setting.
    pub const fn is_unreachable(&self) -> bool {
        matches!(
            self,
            Self::Kafka(vedetta_log_kafka::OpenError::Unreachable { .. })
                | Self::Scylla(vedetta_store_scylla::OpenError::Unavailable { .. })
        )
    }
}

/// The directory that a URL of this machine names; `None` for other URLs. Nothing is looked at on the disk.
pub fn directory_of(url: &str) -> Option<std::path::PathBuf> {
    match url::parse_log(url) {
        Ok(url::LogPlace::Local(url::Place::Directory { path, .. })) => Some(path),
        _ => None,
    }
}
