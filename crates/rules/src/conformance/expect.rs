//! What a recorded case expects of rules: how often they match, and what is said of their files.

use std::collections::{BTreeSet, HashMap};

use serde_json::Value as Json;

use super::text;
use crate::compile::{Rule, RuleSet};
use crate::diagnostic::Diagnostic;
use crate::eval::Scratch;
use crate::fields::FieldSource;

/// How often each rule, by its place in the set, was found.
pub(super) type Detections = HashMap<usize, usize>;

/// How often each rule that runs is the first to match an event (or matches at all).
pub(super) fn detect<'e, S: FieldSource + 'e>(
    set: &RuleSet,
    events: impl Iterator<Item = &'e S>,
    all: bool,
    runs: impl Fn(&Rule) -> bool,
) -> Detections {
    let mut found = Detections::new();
    let (mut scratch, mut matches) = (Scratch::default(), Vec::new());
    for event in events {
        matches.clear();
        set.evaluate(event, &mut scratch, &mut matches);
        let matching = matches.iter().filter(|m| runs(&set.rules()[m.rule]));
        for it in matching.take(if all { usize::MAX } else { 1 }) {
            *found.entry(it.rule).or_default() += 1;
        }
    }
    found
}

/// What came of a case.
pub(super) struct Outcome<'c> {
    pub(super) diagnostics: &'c [Diagnostic],
    /// `None` when the rules do not compile.
    pub(super) set: Option<&'c RuleSet>,
    pub(super) found: &'c Detections,
}

impl Outcome<'_> {
    /// Whether it is all that the case expects.
    pub(super) fn judge(&self, case: &Json) -> Result<(), String> {
        let expectations = case.get("expect").and_then(Json::as_array).map(Vec::as_slice).unwrap_or_default();
        expectations.iter().try_for_each(|expect| self.expectation(expect))
    }

    fn expectation(&self, expect: &Json) -> Result<(), String> {
        let Self { diagnostics, set, found } = *self;
        let failed = diagnostics.iter().any(Diagnostic::is_error);
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
                let of = |key: &str, has: &dyn Fn(&Rule) -> bool| {
                    expect.get(key).is_none() || rule.is_some_and(has)
                };
                of("rule", &|r| r.name == text(expect, "rule"))
                    && of("priority", &|r| r.priority.eq_ignore_ascii_case(text(expect, "priority")))
            };
            let count: usize = found.iter().filter(|(rule, _)| counts(**rule)).map(|(_, n)| n).sum();
            let fine = match wanted.strip_prefix("==") {
                Some(n) => n.parse() == Ok(count),
                None => count > 0,
            };
            return if fine {
                Ok(())
            } else {
                Err(format!("{count} detections, not {wanted}, for {expect}"))
            };
        }
        if expect.get("validation").is_some() {
            let errors = text(expect, "validation") == "AllErrors";
            let of_level = || diagnostics.iter().filter(|d| d.is_error() == errors);
            if let Some(count) = expect.get("count").and_then(Json::as_u64) {
                // Falco ends at the first error of a file; here all of them are told.
                let files = || of_level().map(|d| &d.file).collect::<BTreeSet<_>>().len();
                let found = if errors { files() } else { of_level().count() } as u64;
                return if found == count {
                    Ok(())
                } else {
                    Err(format!("{found}, not {count}: {}", said()))
                };
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
}
