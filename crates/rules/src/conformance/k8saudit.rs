//! `falco/k8saudit`: rules and audit events of Kubernetes, with the detections that they give.

use serde_json::Value as Json;

use super::expect::{Detections, Outcome, detect};
use super::{Read, SetResult, read_cases, strings, text};
use crate::compile::{Overrides, RuleSet};
use crate::diagnostic::Diagnostic;
use crate::fields::JsonEvent;
use crate::file::RuleFile;

pub(super) fn run(read: Read<'_>) -> SetResult {
    let set = "falco/k8saudit";
    let Some(cases) = read_cases(read, &format!("{set}/tests.json")) else { return SetResult::absent(set) };
    let mut result = SetResult::new(set);
    for case in &cases {
        result.take(text(case, "id"), judge(read, case));
    }
    result
}

fn judge(read: Read<'_>, case: &Json) -> Result<(), String> {
    let mut files = Vec::new();
    let mut diagnostics: Vec<Diagnostic> = Vec::new();
    for name in strings(case, "rules") {
        // The rules of a test lie with it; the published ones have a folder of their own.
        let of_test = read(&format!("falco/k8saudit/rules/{name}"));
        let rules = of_test.or_else(|| read(&format!("falco/rules/{name}")));
        match RuleFile::parse(&name, &rules.ok_or_else(|| format!("{name} is absent"))?) {
            Ok(file) => files.push(file),
            Err(errors) => diagnostics.extend(errors),
        }
    }
    let compiled = RuleSet::compile(&files, &Overrides::default());
    match &compiled {
        Ok(set) => diagnostics.extend(set.warnings.iter().cloned()),
        Err(errors) => diagnostics.extend(errors.iter().cloned()),
    }
    let found = match &compiled {
        Ok(set) => {
            let trace = text(case, "trace");
            let events = read(&format!("falco/k8saudit/traces/{trace}")).ok_or("the trace is absent")?;
            let events = JsonEvent::read("k8s_audit", &events).map_err(|e| format!("{trace}: {e}"))?;
            detect(set, events.iter(), false, |_| true)
        }
        Err(_) => Detections::new(),
    };
    Outcome { diagnostics: &diagnostics, set: compiled.as_ref().ok(), found: &found }.judge(case)
}
