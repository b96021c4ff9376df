//! Runs the tests that stand inside rule files.

use vedetta_model::Kind;

use crate::compile::{Overrides, RuleSet};
use crate::diagnostic::Diagnostic;
use crate::eval::Scratch;
use crate::fields::{Catalogue, JsonEvent, MapEvent, is_available, type_names};
use crate::file::{RuleFile, RuleItem, TestItem};

/// What came of one test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// The rule's name.
    pub rule: String,
    /// The test's name.
    pub test: String,
    /// The line it stands on.
    pub line: usize,
    /// Why it failed. `None` when it passed.
    pub failure: Option<String>,
}

/// Runs all tests of a rule file, which has to compile by itself.
pub fn run(file: &RuleFile) -> Result<Vec<Outcome>, Vec<Diagnostic>> {
    let set = RuleSet::compile(std::slice::from_ref(file), &Overrides::default())?;
    let mut scratch = Scratch::default();
    let mut outcomes = Vec::new();
    for rule in file.rules() {
        for test in &rule.tests {
            outcomes.push(Outcome {
                rule: rule.name.clone(),
                test: test.name.clone(),
                line: test.mark.line,
                failure: failure(&set, rule, test, &mut scratch),
            });
        }
    }
    Ok(outcomes)
}

fn failure(set: &RuleSet, rule: &RuleItem, test: &TestItem, scratch: &mut Scratch) -> Option<String> {
    let mut matches = Vec::new();
    match set.rule(&rule.name).map(|rule| &*rule.source) {
        // The event of another source is what the service writes.
        Some(source) if source != "syscall" => {
            match JsonEvent::read(source, &serde_json::Value::from(test.event.clone()).to_string()) {
                Ok(events) => events.iter().for_each(|event| set.evaluate(event, scratch, &mut matches)),
                Err(error) => return Some(error.to_string()),
            }
        }
        _ => {
            let event = MapEvent::from_json(&test.event);
            if let Some(wrong) = impossible_field(&event, test) {
                return Some(wrong);
            }
            set.evaluate(&event, scratch, &mut matches);
        }
    }
    let matched = matches.iter().any(|m| set.rules()[m.rule].name == rule.name);
    match (matched, test.expect_match) {
        (true, false) => Some("the rule matches, and should not".to_owned()),
        (false, true) => Some("the rule does not match, and should".to_owned()),
        _ => None,
    }
}

/// A test may only give fields that a real event of its type can have, or it would prove nothing.
fn impossible_field(event: &MapEvent, test: &TestItem) -> Option<String> {
    let event_type = test.event.get("evt.type")?.as_str()?;
    let kind = Kind::ALL.iter().find(|k| type_names(**k).iter().any(|names| names.contains(&event_type)))?;
    for name in event.names() {
        let field = match Catalogue::standard().resolve(name, None) {
            Ok(field) => field,
            Err(error) => return Some(error.to_string()),
        };
        if !is_available(&field, *kind) {
            return Some(format!("an event of type {event_type} never has {name}"));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_test_of_an_audit_rule_gives_the_event_as_the_service_writes_it() {
        let text = "- rule: r
  desc: d
  condition: ka.verb = create and ka.target.resource = pods
  output: o
  priority: info
  source: k8s_audit
  tests:
    - {name: yes, event: {auditID: a, verb: create, objectRef: {resource: pods}}, expect: match}
    - {name: no, event: {auditID: a, verb: get, objectRef: {resource: pods}}, expect: no_match}
    - {name: wrong, event: {auditID: a, verb: get}, expect: match}
";
        let outcomes = run(&RuleFile::parse("r.yaml", text).unwrap()).unwrap();
        let failed: Vec<_> =
            outcomes.iter().filter(|o| o.failure.is_some()).map(|o| o.test.as_str()).collect();
        assert_eq!((outcomes.len(), failed), (3, vec!["wrong"]));
    }
}
