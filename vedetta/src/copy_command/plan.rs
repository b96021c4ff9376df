//! What an installation consists of, from what its roles say of themselves.

use std::collections::BTreeMap;

use vedetta_copy::{Checkpoints, Plan, Projected};
use vedetta_detect::liveness;
use vedetta_log::{Group, Topic};
use vedetta_model::control::DomainEvent;
use vedetta_runtime::Config;

/// All topics of an installation.
pub const TOPICS: [Topic; 4] = [Topic::TELEMETRY, Topic::FINDINGS, Topic::CONTROL, Topic::DEAD_LETTERS];

/// By the names of groups that the settings give.
pub fn of(config: &Config) -> anyhow::Result<Plan> {
    let query: vedetta_query::Config = config.section("query")?;
    let detect: vedetta_detect::Config = config.section("detect")?;
    let mut groups = vedetta_query::groups(&query);
    groups.push((Group::named(vedetta_ingest::RESUBMIT_GROUP), Topic::CONTROL));
    groups.push((Group::named(&detect.group), Topic::TELEMETRY));
    groups.extend(query.telemetry_readers.iter().map(|name| (Group::named(name), Topic::TELEMETRY)));
    groups.sort();
    groups.dedup();

    let mut projections: Vec<Projected> = Vec::new();
    for projection in vedetta_query::projections(&query) {
        let source = projection.source();
        let holds_places = projection.holds_places();
        projections.push(Projected {
            name: projection.name().into(),
            views: projection.views().to_vec(),
            checkpoints: if holds_places {
                Checkpoints::Places(source)
            } else {
                Checkpoints::Offsets(source)
            },
        });
    }
    projections.push(Projected {
        name: liveness::PROJECTION.into(),
        views: vec![liveness::VIEW],
        checkpoints: Checkpoints::Counts(liveness::SOURCE_PREFIX.into(), Topic::TELEMETRY),
    });
    Ok(Plan {
        topics: TOPICS.to_vec(),
        partitions: BTreeMap::new(),
        groups,
        aggregates: DomainEvent::AGGREGATES.to_vec(),
        projections,
    })
}

#[cfg(test)]
mod tests {
    use vedetta_runtime::config::Sources;

    use super::*;

    #[test]
    fn every_group_and_every_view_is_in_it() {
        let overrides = vec![("detect.group".to_owned(), "judges".to_owned())];
        let config = Config::load(&Sources { overrides, ..Sources::default() }).unwrap();
        let plan = of(&config).unwrap();
        let mut groups: Vec<String> =
            plan.groups.iter().map(|(group, topic)| format!("{topic}: {group}")).collect();
        groups.sort();
        insta::assert_snapshot!(groups.join("\n"), @r"
        control: ingest-resubmit
        control: query-control
        dead-letters: query-dead-letters-by-place
        findings: query-findings
        telemetry: detect
        telemetry: judges
        telemetry: query-archive
        telemetry: query-nodes
        ");
        let mut views: Vec<&str> =
            plan.projections.iter().flat_map(|it| &it.views).map(|view| view.0).collect();
        views.sort_unstable();
        let count = views.len();
        views.dedup();
        assert_eq!(views.len(), count, "a view has two writers");
        assert!(views.contains(&"detect_liveness") && views.contains(&"node_coverage"), "{views:?}");
    }
}
