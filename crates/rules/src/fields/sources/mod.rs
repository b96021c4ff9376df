//! Events that are no system calls: audit logs that services write as JSON. For each source a table
//! says where in an event the values of a field lie; [`JsonEvent`] reads by it.
//!
//! A source is added as a table in a file of its own, and a line in [`SOURCES`].

mod aws_cloudtrail;
mod event;
mod gcp_auditlog;
mod github;
mod json;
mod k8s_audit;
mod okta;
mod take;

use std::collections::HashMap;
use std::sync::LazyLock;

pub use event::{JsonEvent, ReadError};
use take::{Path, Take};

/// A source of events, by the name that rules have under `source`.
struct Source {
    name: &'static str,
    /// Texts that hold many events have them in a list under this key.
    envelope: Option<&'static str>,
    /// What each event has; what lacks it is another kind of JSON, and has none of the fields.
    mark: Option<&'static str>,
    /// Where an event says when it came to be: the first that is there counts.
    time: &'static [Path],
    fields: &'static [&'static [(&'static str, Take)]],
}

const SOURCES: [Source; 5] = [
    Source {
        name: "k8s_audit",
        envelope: Some("items"),
        mark: Some("auditID"),
        time: &[&["stageTimestamp"], &["requestReceivedTimestamp"], &["timestamp"]],
        fields: k8s_audit::FIELDS,
    },
    Source {
        name: "aws_cloudtrail",
        envelope: Some("Records"),
        mark: None,
        time: &[&["eventTime"]],
        fields: aws_cloudtrail::FIELDS,
    },
    Source { name: "okta", envelope: None, mark: None, time: &[&["published"]], fields: okta::FIELDS },
    Source { name: "github", envelope: None, mark: None, time: &[], fields: github::FIELDS },
    Source {
        name: "gcp_auditlog",
        envelope: None,
        mark: None,
        time: &[&["timestamp"]],
        fields: gcp_auditlog::FIELDS,
    },
];

/// A source with its fields by name.
struct Known {
    source: Source,
    takes: HashMap<&'static str, Take>,
}

static KNOWN: LazyLock<Vec<Known>> = LazyLock::new(|| {
    let known = |source: Source| {
        let takes = source.fields.iter().copied().flatten().copied().collect();
        Known { source, takes }
    };
    SOURCES.into_iter().map(known).collect()
});

fn find(name: &str) -> Option<&'static Known> {
    KNOWN.iter().find(|known| known.source.name == name)
}

#[cfg(test)]
mod tests;
