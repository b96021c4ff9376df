//! Whether roles that run apart find each other, and agents find them.

use vedetta_backends::{Places, Risk};
use vedetta_runtime::Config;

pub fn risks(config: &Config, places: &Places) -> Vec<Risk> {
    let mut found = Vec::new();
    let common = &config.common;
    let is_apart = !common.clients.internal_url.is_empty();
    if common.agents.advertise.is_empty() {
        if common.listen.agents.ip().is_unspecified() {
            found.push(Risk::new(
                "agents.advertise is empty while listen.agents takes any address",
                "Nodes would be told to connect to 0.0.0.0: set agents.advertise to the name they can reach.",
            ));
        } else if is_apart || places.log_is_shared() {
            found.push(Risk::new(
                "agents.advertise is empty while roles run apart",
                "The console tells people where agents connect to, and query only knows its own address: set agents.advertise to \
                 the name of ingest that nodes can reach, the same for every process.",
            ));
        }
    }
    if is_apart && !places.log_is_shared() {
        found.push(Risk::new(
            format!("clients.internal_url is set while log.url = {} belongs to one process", places.log_shown()),
            "A role that runs apart has a log that nobody else reads: use kafka://… for the log, or run all roles in one \
             process.",
        ));
    }
    if places.log_is_shared() && common.keys.dir.as_os_str().is_empty() {
        found.push(Risk::new(
            "keys.dir is empty while processes share the log",
            "Each process then looks for the keys in its own data_dir: make them once with `vedetta bootstrap`, and give every \
             process that folder, read-only, as keys.dir.",
        ));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config_check::testing::{of_cluster, with};

    #[test]
    fn where_agents_connect_to() {
        let any = of_cluster(&[("agents.advertise", ""), ("listen.agents", "0.0.0.0:7601")]);
        assert!(any.len() == 1 && any[0].contains("takes any address"), "{any:?}");
        let apart = of_cluster(&[("agents.advertise", "")]);
        assert!(apart.len() == 1 && apart[0].contains("while roles run apart"), "{apart:?}");
    }

    #[test]
    fn a_log_that_only_one_process_has() {
        let config =
            with(&[("clients.internal_url", "http://127.0.0.1:1"), ("agents.advertise", "https://a:1")]);
        let found = risks(&config, &config.common.places().unwrap());
        assert!(found.len() == 1 && found[0].message.contains("belongs to one process"), "{found:?}");
    }

    #[test]
    fn keys_that_each_looks_for_at_home() {
        let found = of_cluster(&[("keys.dir", "")]);
        assert!(found.len() == 1 && found[0].contains("keys.dir is empty"), "{found:?}");
    }
}
