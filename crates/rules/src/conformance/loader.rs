//! `falco/engine-vectors/rule_loader` and the inventories of `falco/rules`.

use serde_json::Value as Json;

use super::{Read, SetResult, read_cases, read_json, text};
use crate::compile::{Overrides, RuleSet};
use crate::diagnostic::Diagnostic;
use crate::file::{ItemBody, RuleFile};

/// Reads and compiles one text. The diagnostics are all there are, whether it loads or not.
fn load(name: &str, rules: &str) -> (Option<RuleSet>, Vec<Diagnostic>) {
    let set = RuleFile::parse(name, rules).and_then(|file| RuleSet::compile(&[file], &Overrides::default()));
    match set {
        Ok(set) => {
            let warnings = set.warnings.clone();
            (Some(set), warnings)
        }
        Err(diagnostics) => (None, diagnostics),
    }
}

pub(super) fn run(read: Read<'_>) -> SetResult {
    let set = "falco/engine-vectors/rule_loader";
    let Some(cases) = read_cases(read, &format!("{set}.json")) else { return SetResult::absent(set) };
    let mut result = SetResult::new(set);
    // Output formats that a program adds are set through an interface that is not ours: such cases
    // are left out of the count.
    let ours = |c: &&Json| c.get("needs_api_calls").and_then(Json::as_bool) != Some(true);
    for case in cases.iter().filter(ours) {
        let steps = case.get("steps").and_then(Json::as_array).cloned().unwrap_or_default();
        let mut loaded = (None, Vec::new());
        let verdict = steps.iter().try_for_each(|s| step(s, &mut loaded));
        result.take(text(case, "id"), verdict);
    }
    result
}

fn step(step: &Json, loaded: &mut (Option<RuleSet>, Vec<Diagnostic>)) -> Result<(), String> {
    let value = text(step, "value");
    let said = |errors: bool, diagnostics: &[Diagnostic]| {
        diagnostics.iter().any(|d| d.is_error() == errors && d.message.contains(value))
    };
    let fail = |what: String| Err(format!("{}: {what}", text(step, "op")));
    let rule = |set: &Option<RuleSet>| {
        set.as_ref().and_then(|s| s.rule(text(step, "rule")).cloned()).ok_or("no such rule".to_owned())
    };
    match text(step, "op") {
        "load" => {
            *loaded = load("rules.yaml", text(step, "rules"));
            let wanted = step.get("ok").and_then(Json::as_bool).unwrap_or(true);
            if loaded.0.is_some() == wanted {
                Ok(())
            } else {
                fail(loaded.1.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))
            }
        }
        "error_contains" if said(true, &loaded.1) => Ok(()),
        "warning_contains" if said(false, &loaded.1) => Ok(()),
        "warning_not_contains" if !said(false, &loaded.1) => Ok(()),
        "has_warnings" => {
            let warned = loaded.1.iter().any(|d| !d.is_error());
            if step.get("value").and_then(Json::as_bool) == Some(warned) {
                Ok(())
            } else {
                fail(format!("{:?}", loaded.1))
            }
        }
        "compiled_condition" => match rule(&loaded.0)?.compiled_condition() {
            found if found == value => Ok(()),
            found => fail(found),
        },
        "compiled_output" => match rule(&loaded.0)?.output {
            found if found == value => Ok(()),
            found => fail(found),
        },
        "num_enabled_rules" => {
            let enabled = loaded.0.as_ref().map(|s| s.rules().iter().filter(|r| r.enabled).count() as u64);
            if step.get("value").and_then(Json::as_u64) == enabled {
                Ok(())
            } else {
                fail(format!("{enabled:?}"))
            }
        }
        "describe" => {
            let set = loaded.0.as_ref().ok_or("did not load")?;
            let index = step.get("rule_index").and_then(Json::as_u64).unwrap_or_default();
            let rule = usize::try_from(index).ok().and_then(|i| set.rules().get(i)).ok_or("no such rule")?;
            let path = step.get("path").and_then(Json::as_array).cloned().unwrap_or_default();
            let key = path.last().and_then(Json::as_str).unwrap_or_default();
            let found = match key {
                "condition" => rule.condition.clone(),
                "output" => rule.output.clone(),
                "description" => rule.description.clone(),
                "name" => rule.name.clone(),
                "priority" => rule.priority.clone(),
                "source" => rule.source.clone(),
                other => return fail(format!("can't describe {other}")),
            };
            if found == value { Ok(()) } else { fail(found) }
        }
        "error_contains" | "warning_contains" | "warning_not_contains" => {
            fail(loaded.1.iter().map(|d| d.message.clone()).collect::<Vec<_>>().join("; "))
        }
        other => Err(format!("unknown step {other}")),
    }
}

pub(super) fn inventory(read: Read<'_>) -> SetResult {
    let set = "falco/rules";
    let Some(Json::Object(files)) = read_json(read, "falco/rules/inventory.json") else {
        return SetResult::absent(set);
    };
    let mut result = SetResult::new(set);
    for (name, wanted) in &files {
        let Some(rules) = read(&format!("falco/rules/{name}")) else {
            result.take(name, Err("file is absent".to_owned()));
            continue;
        };
        result.take(format!("{name} loads"), loads(name, &rules));
        let file = match RuleFile::parse(name, &rules) {
            Ok(file) => file,
            Err(_) => continue,
        };
        let count = |key: &str| match wanted.get(key) {
            Some(Json::Array(items)) => items.len(),
            Some(Json::Object(items)) => items.len(),
            _ => 0,
        };
        let found = |pick: fn(&ItemBody) -> bool| file.items.iter().filter(|i| pick(&i.body)).count();
        let counts = [
            ("rules", found(|b| matches!(b, ItemBody::Rule(_)))),
            ("macros", found(|b| matches!(b, ItemBody::Macro(_)))),
            ("lists", found(|b| matches!(b, ItemBody::List(_)))),
        ];
        for (key, found) in counts {
            let verdict =
                if found == count(key) { Ok(()) } else { Err(format!("found {found}, not {}", count(key))) };
            result.take(format!("{name} {key}"), verdict);
        }
        rule_facts(&mut result, name, &rules, wanted);
    }
    result
}

fn loads(name: &str, rules: &str) -> Result<(), String> {
    match load(name, rules) {
        (Some(_), _) => Ok(()),
        (None, diagnostics) => {
            let errors = diagnostics.iter().filter(|d| d.is_error()).map(ToString::to_string);
            Err(errors.collect::<Vec<_>>().join("; "))
        }
    }
}

fn rule_facts(result: &mut SetResult, file: &str, rules: &str, wanted: &Json) {
    let (Some(set), _) = load(file, rules) else { return };
    for fact in wanted.get("rules").and_then(Json::as_array).into_iter().flatten() {
        let name = text(fact, "name");
        let tags = |r: &crate::Rule| Json::from(r.tags.clone());
        let verdict = match set.rule(name) {
            None => Err("no such rule".to_owned()),
            Some(rule)
                if rule.priority.eq_ignore_ascii_case(text(fact, "priority"))
                    && rule.source == text(fact, "source")
                    && Some(rule.enabled) == fact.get("enabled").and_then(Json::as_bool)
                    && fact.get("tags").is_none_or(|t| *t == tags(rule)) =>
            {
                Ok(())
            }
            Some(rule) => Err(format!("{} {} {} {:?}", rule.priority, rule.source, rule.enabled, rule.tags)),
        };
        result.take(format!("{file} {name}"), verdict);
    }
}
