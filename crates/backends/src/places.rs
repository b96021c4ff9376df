//! The two URLs of a configuration, read.

use vedetta_log_kafka::options::Creation;

use crate::{
    UrlError,
    url::{self, LogPlace, Place, StorePlace},
};

/// Where log and store are. Reading the URLs opens nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Places {
    pub(crate) log: LogPlace,
    pub(crate) store: StorePlace,
}

impl Places {
    /// Reads both URLs.
    pub fn parse(log_url: &str, store_url: &str) -> Result<Self, UrlError> {
        Ok(Self { log: url::parse_log(log_url)?, store: url::parse_store(store_url)? })
    }

    /// Whether other processes may use the same log at the same time.
    pub const fn log_is_shared(&self) -> bool {
        matches!(self.log, LogPlace::Kafka(_))
    }

    /// Whether other processes may use the same store at the same time.
    pub const fn store_is_shared(&self) -> bool {
        matches!(self.store, StorePlace::Scylla(_))
    }

    /// Whether something of it lies on this machine's disk.
    pub const fn uses_disk(&self) -> bool {
        matches!(self.log, LogPlace::Local(Place::Directory { .. }))
            || matches!(self.store, StorePlace::Local(Place::Directory { .. }))
    }

    /// The log for people, without a secret.
    pub fn log_shown(&self) -> String {
        match &self.log {
            LogPlace::Kafka(options) => options.shown(),
            LogPlace::Local(place) => place.shown(),
        }
    }

    /// The store for people, without a secret.
    pub fn store_shown(&self) -> String {
        match &self.store {
            StorePlace::Local(place) => place.shown(),
            // It was read before.
            StorePlace::Scylla(url) => {
                vedetta_store_scylla::Options::parse(url).map_or_else(|e| e.to_string(), |it| it.place())
            }
        }
    }

    /// The same, for a process that refuses a log whose topics are missing and leaves it to `vedetta bootstrap` to make them.
    #[must_use]
    pub fn making_no_topics(mut self) -> Self {
        if let LogPlace::Kafka(options) = &mut self.log
            && options.topics.creation == Creation::Opening
        {
            options.topics.creation = Creation::Bootstrap;
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shared_and_what_lies_here() {
        let far = Places::parse("kafka://b1:9092/?replication=1", "scylla://s1/vedetta").unwrap();
        assert!(far.log_is_shared() && far.store_is_shared() && !far.uses_disk());
        assert_eq!(far.store_shown(), "scylla://s1:9042/vedetta");
        let near = Places::parse("file:/var/lib/vedetta", "memory:").unwrap();
        assert!(!near.log_is_shared() && !near.store_is_shared() && near.uses_disk());
        assert_eq!(
            (near.log_shown().as_str(), near.store_shown().as_str()),
            ("file:/var/lib/vedetta", "memory:")
        );
    }
}
