//! One match with its evidence: a fact that never changes.

use serde::{Deserialize, Serialize};

use crate::{Event, EventId, FindingId, NodeId, Process, Severity, TenantId, Timestamp};

/// What a rule made of one event. Carries all that is needed to understand it later: nothing in
/// it points into a store.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// Hash of rule version and event: a repeat has the same one.
    pub id: FindingId,
    /// Whose.
    pub tenant: TenantId,
    /// Where.
    pub node: NodeId,
    /// The node's name when it happened.
    #[serde(default)]
    pub hostname: String,
    /// When the event happened, by the node's clock.
    pub time: Timestamp,
    /// When it was found.
    pub detected: Timestamp,
    /// How bad.
    pub severity: Severity,
    /// The rule that matched.
    pub rule: RuleRef,
    /// The rule's output text with its fields filled in.
    pub message: String,
    /// The fields named in the rule's output, in its order.
    pub fields: Vec<(String, String)>,
    /// What happened. `None` for a condition such as a silent node.
    pub evidence: Option<Evidence>,
    /// Findings with the same key, close in time, become one case.
    pub group_key: String,
}

/// The rule as it was when it matched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleRef {
    /// Its name.
    pub name: String,
    /// Hash of what it compiles from: the rule with its macros, lists and exceptions.
    pub version: String,
    /// What it is for.
    #[serde(default)]
    pub description: String,
    /// Its condition as written.
    #[serde(default)]
    pub condition: String,
    /// Its tags, MITRE ids among them.
    #[serde(default)]
    pub tags: Vec<String>,
    /// Version of the tenant's rule set that it was part of.
    pub rule_set_version: u64,
}

impl RuleRef {
    /// The MITRE ATT&CK technique ids among the tags, such as `T1059.004`.
    pub fn techniques(&self) -> impl Iterator<Item = &str> {
        self.tags.iter().map(String::as_str).filter(|tag| is_technique(tag))
    }
}

/// `T1059` or `T1059.004`.
pub fn is_technique(tag: &str) -> bool {
    let Some(rest) = tag.strip_prefix('T') else { return false };
    let (main, sub) = rest.split_once('.').map_or((rest, None), |(m, s)| (m, Some(s)));
    let digits = |text: &str, n: usize| text.len() == n && text.bytes().all(|b| b.is_ascii_digit());
    digits(main, 4) && sub.is_none_or(|s| digits(s, 3))
}

/// The event that matched and who did it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    /// Which event.
    pub event_id: EventId,
    /// The event itself; its process index is not meaningful here: see `lineage`.
    pub event: Event,
    /// The process that did it, then its parent, and so on up. Empty for the agent's own reports.
    pub lineage: Vec<Process>,
}

#[cfg(test)]
mod tests {
    use super::is_technique;

    #[test]
    fn a_technique_id_has_four_digits_and_maybe_three_more() {
        assert!(is_technique("T1059") && is_technique("T1059.004"));
        for no in ["TA0002", "T105", "T1059.4", "host", "T1059.0045"] {
            assert!(!is_technique(no), "{no}");
        }
    }
}
