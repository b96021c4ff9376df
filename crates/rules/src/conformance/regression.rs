//! `falco/regression`: rule files and a capture, with the detections or the errors that they give.

use std::collections::{BTreeSet, HashMap};

use serde_json::Value as Json;

use super::captures::events;
use super::{Read, SetResult, read_cases, text};
use crate::compile::{Overrides, Rule, RuleSet};
use crate::diagnostic::Diagnostic;
use crate::eval::Scratch;
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

fn strings(case: &Json, key: &str) -> Vec<String> {
    let items = case.get(key).and_then(Json::as_array).into_iter().flatten();
    items.filter_map(Json::as_str).map(str::to_owned).collect()
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
    let failed = diagnostics.iter().any(Diagnostic::is_error);
    let found = match (&compiled, case.get("capture").and_then(Json::as_str)) {
        (Ok(set), Some(capture)) => detections(read, set, case, capture)?,
        _ => HashMap::new(),
    };
    let expectations = case.get("expect").and_then(Json::as_array).cloned().unwrap_or_default();
    expectations.iter().try_for_each(|e| expectation(e, failed, &diagnostics, compiled.as_ref().ok(), &found))
}

/// How often each rule is the first to match an event (or matches at all).
fn detections(
    read: Read<'_>,
    set: &RuleSet,
    case: &Json,
    capture: &str,
) -> Result<HashMap<usize, usize>, String> {
    let events = events(read, capture).ok_or("a capture is absent")?;
    let all = case.get("all_events").and_then(Json::as_bool).unwrap_or_default();
    let (wanted_tags, unwanted_tags) = (strings(case, "enabled_tags"), strings(case, "disabled_tags"));
    let runs = |rule: &Rule| {
        let has = |tags: &[String]| rule.tags.iter().any(|t| tags.contains(t));
        (wanted_tags.is_empty() || has(&wanted_tags)) && !has(&unwanted_tags)
    };
    let mut found = HashMap::new();
    let (mut scratch, mut matches) = (Scratch::default(), Vec::new());
    for (_, event) in &events {
        matches.clear();
        set.evaluate(event, &mut scratch, &mut matches);
        let matching = matches.iter().filter(|m| runs(&set.rules()[m.rule]));
        for it in matching.take(if all { usize::MAX } else { 1 }) {
            *found.entry(it.rule).or_default() += 1;
        }
    }
    Ok(found)
}

fn expectation(
    expect: &Json,
    failed: bool,
    diagnostics: &[Diagnostic],
    set: Option<&RuleSet>,
    found: &HashMap<usize, usize>,
) -> Result<(), String> {
    let said = || diagnostics.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
    if let Some(code) = expect.get("exit_code").and_then(Json::as_u64) {
        return if failed == (code != 0) {
            Ok(())
        } else {
            Err(format!("exit code is not {code}: {}", said()))
        };
    }
    if let Some(wanted) = expect.get("detections").and_then(Json::as_str) {
        let counts = |rule: usize| {
            let rule = set.and_then(|s| s.rules().get(rule));
            let of =
                |key: &str, has: &dyn Fn(&Rule) -> bool| expect.get(key).is_none() || rule.is_some_and(has);
            of("rule", &|r| r.name == text(expect, "rule"))
                && of("priority", &|r| r.priority.eq_ignore_ascii_case(text(expect, "priority")))
        };
        let count: usize = found.iter().filter(|(rule, _)| counts(**rule)).map(|(_, n)| n).sum();
        let fine = match wanted.strip_prefix("==") {
            Some(n) => n.parse() == Ok(count),
            None => count > 0,
        };
        return if fine { Ok(()) } else { Err(format!("{count} detections, not {wanted}, for {expect}")) };
    }
    if expect.get("validation").is_some() {
        let errors = text(expect, "validation") == "AllErrors";
        let of_level = || diagnostics.iter().filter(|d| d.is_error() == errors);
        if let Some(count) = expect.get("count").and_then(Json::as_u64) {
            let found = of_level().count() as u64;
            return if found == count { Ok(()) } else { Err(format!("{found}, not {count}: {}", said())) };
        }
        let code = text(expect, "Code");
        return if of_level().any(|d| d.code.as_str() == code) {
            Ok(())
        } else {
            Err(format!("no {code}: {}", said()))
        };
    }
    Err(format!("unknown expectation {expect}"))
}
