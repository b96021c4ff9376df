//! What works and may still hurt about a configuration: one file per story.

mod listeners;
mod retention;
mod roles;

use vedetta_backends::{Risk, UrlError};
use vedetta_runtime::Config;

/// All of it, the dangerous first.
pub fn risks(config: &Config) -> Result<Vec<Risk>, UrlError> {
    let places = config.common.places()?;
    let mut found = places.risks();
    found.extend(listeners::risks(config));
    found.extend(roles::risks(config, &places));
    found.extend(retention::risks(config, &places));
    Ok(found)
}

#[cfg(test)]
pub mod testing {
    use vedetta_runtime::config::Sources;

    use super::*;

    /// A log and a store that are as they should be.
    pub const CLUSTER: [(&str, &str); 5] = [
        ("log.url", "kafka://b1:9092,b2:9092/?tls=yes&sasl=scram-sha-512&username=v&password_file=/pw"),
        ("store.url", "scylla://s1,s2/vedetta?tls_ca=/ca&user=v&password_file=/pw"),
        ("agents.advertise", "https://agents.example:7601"),
        ("keys.dir", "/run/secrets/vedetta"),
        ("clients.internal_url", "http://127.0.0.1:7603"),
    ];

    /// The defaults with some settings.
    pub fn with(settings: &[(&str, &str)]) -> Config {
        let overrides =
            settings.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        Config::load(&Sources { overrides, ..Sources::default() }).unwrap()
    }

    /// What is said of a cluster with some settings changed.
    pub fn of_cluster(settings: &[(&str, &str)]) -> Vec<String> {
        let all: Vec<_> = CLUSTER.iter().chain(settings).copied().collect();
        risks(&with(&all)).unwrap().into_iter().map(|risk| risk.message).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::testing::{of_cluster, with};
    use super::*;

    #[test]
    fn the_defaults_and_a_good_cluster_are_fine() {
        assert_eq!(risks(&with(&[])).unwrap(), []);
        assert_eq!(of_cluster(&[]), [""; 0]);
    }

    #[test]
    fn what_the_backends_say_is_part_of_it() {
        let found = risks(&with(&[("log.url", "memory:")])).unwrap();
        assert!(found.iter().any(|risk| risk.message.contains("forgets")), "{found:?}");
        assert!(risks(&with(&[("log.url", "s3://b")])).is_err());
    }
}
