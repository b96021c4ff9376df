//! `falco/regression`: rule files and a capture, with the detections or the errors that they give.

use std::collections::BTreeSet;

use serde_json::Value as Json;

use super::captures::events;
use super::expect::{Detections, Outcome, detect};
use super::{Read, SetResult, read_cases, strings, text};
use crate::compile::{Overrides, Rule, RuleSet};
use crate::diagnostic::Diagnostic;
use crate::file::RuleFile;

pub(super) fn run(read: Read<'_>) -> SetResult {
    let set = "falco/regression/tests";
    let Some(cases) = read_cases(read, &format!("{set}.json")) else { return SetResult::absent(set) };
    let mut result = SetResult::new(set);
    // Cases about output channels and dropped events are not about rules.
    for case in cases.iter().filter(|c| c.get("needs_config").is_none()) {
        result.take(text(case, "id"), judge(read, case));
    }
    result
}

fn judge(read: Read<'_>, case: &Json) -> Result<(), String> {
    let validated = strings(case, "validate_rules");
    let names = if validated.is_empty() { strings(case, "rules") } else { validated };
    let mut files = Vec::new();
    let mut diagnostics: Vec<Diagnostic> = Vec::new();
    for name in &names {
        let rules = read(&format!("falco/regression/rules/{name}")).ok_or("a rule file is absent")?;
        match RuleFile::parse(name, &rules) {
            Ok(file) => files.push(file),
            Err(errors) => diagnostics.extend(errors),
        }
    }
    let disabled: BTreeSet<_> = strings(case, "disabled_rules").into_iter().collect();
    let compiled = RuleSet::compile(&files, &Overrides { disabled, ..Overrides::default() });
    match &compiled {
        Ok(set) => diagnostics.extend(set.warnings.iter().cloned()),
        Err(errors) => diagnostics.extend(errors.iter().cloned()),
    }
    let found = match (&compiled, case.get("capture").and_then(Json::as_str)) {
        (Ok(set), Some(capture)) => detections(read, set, case, capture)?,
        _ => Detections::new(),
    };
    Outcome { diagnostics: &diagnostics, set: compiled.as_ref().ok(), found: &found }.judge(case)
}

fn detections(read: Read<'_>, set: &RuleSet, case: &Json, capture: &str) -> Result<Detections, String> {
    let events = events(read, capture).ok_or("a capture is absent")?;
    let all = case.get("all_events").and_then(Json::as_bool).unwrap_or_default();
    let (wanted_tags, unwanted_tags) = (strings(case, "enabled_tags"), strings(case, "disabled_tags"));
    let runs = |rule: &Rule| {
        let has = |tags: &[String]| rule.tags.iter().any(|t| tags.contains(t));
        (wanted_tags.is_empty() || has(&wanted_tags)) && !has(&unwanted_tags)
    };
    Ok(detect(set, events.iter().map(|(_, event)| event), all, runs))
}
