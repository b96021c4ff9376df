//! Whether things are kept for as long as others need them.

use std::time::Duration;

use vedetta_backends::{Places, Risk};
use vedetta_query::Config as Query;
use vedetta_runtime::Config;

/// A weekend, in which a role may stand still before somebody looks.
const WEEKEND: Duration = Duration::from_secs(72 * 3600);

pub fn risks(config: &Config, places: &Places) -> Vec<Risk> {
    let mut found = Vec::new();
    let section = config.sections.get("query").cloned();
    let query: Query = match section.map(toml::Value::try_into).transpose() {
        Ok(query) => query.unwrap_or_default(),
        Err(error) => {
            found.push(Risk::new(
                format!("section [query] can't be read: {error}"),
                "Query will refuse to start: correct it.",
            ));
            return found;
        }
    };
    if let Some(kept) = places.telemetry_retention() {
        let hours = kept.as_secs() / 3600;
        if kept < query.telemetry() {
            found.push(Risk::new(
                format!(
                    "log.url: telemetry_retention_hours={hours} is less than query.telemetry_hours = {}",
                    query.telemetry_hours
                ),
                "The broker drops what was promised to stay: views of nodes can't be made again that far back. Raise the one or \
                 lower the other.",
            ));
        }
        if kept < WEEKEND {
            found.push(Risk::new(
                format!("log.url: telemetry_retention_hours={hours} is less than three days"),
                "The broker drops telemetry by age, read or not: a role that stands still over a weekend loses events. Keep 168 \
                 unless the disk forbids it.",
            ));
        }
    }
    let group = config.sections.get("detect").and_then(|it| it.get("group")).and_then(toml::Value::as_str);
    let group = group.unwrap_or("detect");
    if !query.telemetry_readers.iter().any(|reader| reader == group) {
        found.push(Risk::new(
            format!("query.telemetry_readers does not name detect.group = {group}"),
            "Query trims telemetry that detect has not read yet when detect is slow: name the group there.",
        ));
    }
    found
}

#[cfg(test)]
mod tests {
    use crate::config_check::testing::{CLUSTER, of_cluster};

    fn keeping(hours: &str, more: &[(&str, &str)]) -> Vec<String> {
        let log = format!("{}&telemetry_retention_hours={hours}", CLUSTER[0].1);
        of_cluster(&[&[("log.url", log.as_str())], more].concat())
    }

    #[test]
    fn a_broker_that_forgets_too_early() {
        assert_eq!(keeping("72", &[]), [""; 0]);
        let weekend = keeping("48", &[]);
        assert!(weekend.len() == 1 && weekend[0].contains("three days"), "{weekend:?}");
        let less = keeping("100", &[("query.telemetry_hours", "120")]);
        assert!(less.len() == 1 && less[0].contains("less than query.telemetry_hours = 120"), "{less:?}");
    }

    #[test]
    fn a_reader_that_is_not_waited_for() {
        let found = of_cluster(&[("detect.group", "detect-blue")]);
        assert!(found.len() == 1 && found[0].contains("detect-blue"), "{found:?}");
        let named = [("detect.group", "detect-blue"), ("query.telemetry_readers", r#"["detect-blue"]"#)];
        assert_eq!(of_cluster(&named), [""; 0]);
    }

    #[test]
    fn a_section_that_query_would_refuse() {
        let found = of_cluster(&[("query.retention_dayz", "3")]);
        assert!(found.len() == 1 && found[0].contains("section [query]"), "{found:?}");
    }
}
