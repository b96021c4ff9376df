//! From a batch of events to findings: pure, so that a replay gives the same ones.

use vedetta_block::Batch;
use vedetta_model::{
    Finding, FindingId, NodeId, Process, Timestamp,
    finding::RuleRef,
    simulated::{Bug, planted},
};
use vedetta_rules::{EventView, Match, Scratch};

use crate::InForce;

/// Judges every event of a batch by the rules in force. `scratch` keeps its allocations between calls.
pub fn evaluate(batch: &Batch, rules: &InForce, detected: Timestamp, scratch: &mut Scratch) -> Vec<Finding> {
    let mut matches = Vec::new();
    let mut findings = Vec::new();
    for event in &batch.events {
        let view = EventView { processes: &batch.processes, event };
        matches.clear();
        rules.compiled.evaluate(&view, scratch, &mut matches);
        findings.extend(matches.iter().map(|matched| finding(batch, &view, rules, matched, detected)));
    }
    findings
}

fn finding(
    batch: &Batch,
    view: &EventView<'_>,
    rules: &InForce,
    matched: &Match,
    detected: Timestamp,
) -> Finding {
    let rule = &rules.compiled.rules()[matched.rule];
    let header = &batch.header;
    let (message, fields) = rule.format(view);
    let evidence = batch.evidence(view.event);
    let id = if planted(Bug::RandomFindingId) {
        FindingId::of(&header.tenant, &detected.to_string(), &evidence.event_id)
    } else {
        FindingId::of(&header.tenant, &rule.version, &evidence.event_id)
    };
    Finding {
        id,
        tenant: header.tenant.clone(),
        node: header.node,
        hostname: rules.hostname(&header.node).unwrap_or_default(),
        time: view.event.time,
        detected,
        severity: rule.severity,
        rule: RuleRef {
            name: rule.name.clone(),
            version: rule.version.clone(),
            description: rule.description.clone(),
            condition: rule.condition.clone(),
            tags: rule.tags.clone(),
            rule_set_version: rules.version,
        },
        message,
        fields,
        group_key: group_key(&header.node, evidence.lineage.first()),
        evidence: Some(evidence),
    }
}

/// What related findings share: the container they happened in, else the session of the process.
/// A session is what one sign-in, one service or one job starts, which is what people mean by "the
/// same incident" far more often than the same process or the same machine.
pub fn group_key(node: &NodeId, process: Option<&Process>) -> String {
    match process {
        None => format!("{node}/agent"),
        Some(p) if !p.container_id.is_empty() => format!("{node}/container/{}", p.container_id),
        Some(p) => format!("{node}/session/{}/{}", p.sid, p.session_start.as_millis()),
    }
}
