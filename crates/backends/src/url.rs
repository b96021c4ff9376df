//! What a URL names.

use std::path::PathBuf;

use vedetta_log_kafka::Options as KafkaOptions;
use vedetta_store_scylla::Options as ScyllaOptions;

/// Why a URL names no backend.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UrlError {
    /// Nobody can open that.
    #[error("{setting}: `{scheme}` is not known; use `memory:`, `file:PATH` or `{large}://…`")]
    Unknown {
        /// `log.url` or `store.url`.
        setting: &'static str,
        /// What stands before the first colon.
        scheme: String,
        /// The large backend for it.
        large: &'static str,
    },
    /// No path behind `file:`.
    #[error("{setting}: `file:` needs a path, for instance `file:data`")]
    NoPath {
        /// `log.url` or `store.url`.
        setting: &'static str,
    },
    /// A cluster that is not named as it must be.
    #[error("log.url: {0}")]
    Kafka(#[from] vedetta_log_kafka::OptionsError),
    /// A database that is not named as it must be.
    #[error("store.url: {0}")]
    Scylla(#[from] vedetta_store_scylla::OptionsError),
    /// An option behind `?`.
    #[error("{setting}: `{option}` is not an option; `reserve_mib=N` is")]
    Option {
        /// `log.url` or `store.url`.
        setting: &'static str,
        /// As given.
        option: String,
    },
}

/// What can be opened on this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    Memory,
    Directory { path: PathBuf, reserve_mib: Option<u64> },
}

impl Place {
    /// As a URL.
    pub fn shown(&self) -> String {
        match self {
            Self::Memory => "memory:".into(),
            Self::Directory { path, .. } => format!("file:{}", path.display()),
        }
    }
}

/// Where a log can lie.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LogPlace {
    Local(Place),
    Kafka(Box<KafkaOptions>),
}

/// Where a store can lie.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StorePlace {
    Local(Place),
    /// As given: whoever opens it reads it.
    Scylla(String),
}

/// The log or the store.
#[derive(Debug, Clone, Copy)]
struct Setting {
    name: &'static str,
    /// The scheme of its large backend.
    large: &'static str,
}

const LOG: Setting = Setting { name: "log.url", large: "kafka" };
const STORE: Setting = Setting { name: "store.url", large: "scylla" };

/// Reads the log's URL.
pub fn parse_log(url: &str) -> Result<LogPlace, UrlError> {
    if url.starts_with("kafka:") {
        return Ok(LogPlace::Kafka(Box::new(url.parse()?)));
    }
    parse(LOG, url).map(LogPlace::Local)
}

/// Reads the store's URL.
pub fn parse_store(url: &str) -> Result<StorePlace, UrlError> {
    if url.starts_with("scylla:") {
        ScyllaOptions::parse(url)?;
        return Ok(StorePlace::Scylla(url.into()));
    }
    parse(STORE, url).map(StorePlace::Local)
}

/// Reads a URL of this machine. Nothing of it but the scheme gets into an error: the rest may hold a password.
fn parse(setting: Setting, url: &str) -> Result<Place, UrlError> {
    let Setting { name: setting, large } = setting;
    let (scheme, rest) = url.split_once(':').unwrap_or((url, ""));
    match scheme {
        "memory" => Ok(Place::Memory),
        "file" => {
            let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
            let path = path.strip_prefix("//").unwrap_or(path);
            if path.is_empty() {
                return Err(UrlError::NoPath { setting });
            }
            let mut reserve_mib = None;
            for option in query.split('&').filter(|option| !option.is_empty()) {
                let value = option.strip_prefix("reserve_mib=").and_then(|value| value.parse().ok());
                reserve_mib = Some(value.ok_or_else(|| UrlError::Option { setting, option: option.into() })?);
            }
            Ok(Place::Directory { path: path.into(), reserve_mib })
        }
        _ => {
            let scheme = scheme.chars().take(32).collect();
            Err(UrlError::Unknown { setting, scheme, large })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn directory(path: &str) -> Place {
        Place::Directory { path: path.into(), reserve_mib: None }
    }

    #[test]
    fn a_path_may_be_relative_absolute_or_with_slashes() {
        assert_eq!(parse(LOG, "file:data"), Ok(directory("data")));
        assert_eq!(parse(LOG, "file:/var/lib/vedetta"), Ok(directory("/var/lib/vedetta")));
        assert_eq!(parse(STORE, "file:///var/lib/vedetta"), Ok(directory("/var/lib/vedetta")));
        assert_eq!(
            parse(LOG, "file:data?reserve_mib=8"),
            Ok(Place::Directory { path: "data".into(), reserve_mib: Some(8) })
        );
        assert_eq!(parse(LOG, "memory:"), Ok(Place::Memory));
    }

    #[test]
    fn a_refusal_says_what_to_use_and_never_repeats_a_secret() {
        let refused = |setting, url| parse(setting, url).unwrap_err().to_string();
        assert!(refused(LOG, "s3://me:secret@b").contains("`s3` is not known"));
        assert!(!refused(LOG, "s3://me:secret@b").contains("secret"));
        assert!(refused(STORE, "file:").contains("needs a path"));
        assert!(refused(STORE, "file:x?size=3").contains("`size=3` is not an option"));
    }

    #[test]
    fn a_log_may_lie_on_a_cluster() {
        let Ok(LogPlace::Kafka(options)) = parse_log("kafka://b1:9092,b2:9092/?topic_prefix=x.") else {
            panic!("not a cluster")
        };
        assert_eq!((options.brokers.as_str(), options.prefix.as_str()), ("b1:9092,b2:9092", "x."));
        assert_eq!(parse_log("memory:"), Ok(LogPlace::Local(Place::Memory)));
        let refused = parse_log("kafka://me:secret@b1:9092").unwrap_err().to_string();
        assert!(refused.starts_with("log.url: ") && refused.contains("password_env"), "{refused}");
        assert!(!refused.contains("secret"), "{refused}");
        assert!(parse_store("kafka://b1:9092").unwrap_err().to_string().contains("`kafka` is not known"));
    }

    #[test]
    fn a_store_may_lie_in_a_database() {
        let url = "scylla://s1,s2:9142/vedetta?replication=3";
        assert_eq!(parse_store(url), Ok(StorePlace::Scylla(url.into())));
        assert_eq!(parse_store("memory:"), Ok(StorePlace::Local(Place::Memory)));
        let refused = |url| parse_store(url).unwrap_err().to_string();
        assert!(refused("scylla://s1").starts_with("store.url: the URL ends with a keyspace"));
        assert!(!refused("scylla://me:secret@s1/v").contains("secret"));
        assert!(refused("scylla://s1/v?copies=3").contains("`copies` is not an option"));
        assert!(parse_log("scylla://s1/v").unwrap_err().to_string().contains("`scylla` is not known"));
    }
}
