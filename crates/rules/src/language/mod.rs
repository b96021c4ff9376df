//! The rule language from end to end: what a file says, and what its rules then make of an event.

mod exceptions;
mod hostile;
mod loading;
mod outputs;
mod overrides;
mod transformers;
mod values;

use serde_json::json;

use crate::fields::MapEvent;
use crate::{Code, Diagnostic, Overrides, RuleFile, RuleSet, Scratch};

/// A whole rule, to which keys may be added.
const RULE: &str = "- rule: r\n  desc: d\n  condition: evt.type = open\n  output: o %proc.name\n  priority: info\n  tags: [a]\n";

/// Reads and compiles texts, each as a file of its own. All that is said comes with a failure.
fn load_files(texts: &[&str]) -> Result<RuleSet, Vec<Diagnostic>> {
    let files: Result<Vec<_>, _> =
        texts.iter().enumerate().map(|(i, text)| RuleFile::parse(&format!("{i}.yaml"), text)).collect();
    RuleSet::compile(&files?, &Overrides::default())
}

fn load(text: &str) -> Result<RuleSet, Vec<Diagnostic>> {
    load_files(&[text])
}

/// The set; a text that does not load shows why.
fn set(text: &str) -> RuleSet {
    load(text).unwrap_or_else(|errors| panic!("{}\n{text}", said(&errors)))
}

fn said(diagnostics: &[Diagnostic]) -> String {
    diagnostics.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

/// The text is refused with exactly one error, which has this code and these words.
fn refused(text: &str, code: Code, words: &str) {
    let diagnostics = match load(text) {
        Ok(_) => panic!("loads:\n{text}"),
        Err(diagnostics) => diagnostics,
    };
    let errors: Vec<_> = diagnostics.iter().filter(|d| d.is_error()).collect();
    let fits = |d: &Diagnostic| d.code == code && d.message.contains(words);
    assert!(errors.len() == 1 && fits(errors[0]), "{}\n{text}", said(&diagnostics));
}

/// The text loads, and this is said of it.
fn warned(text: &str, code: Code, words: &str) {
    let set = set(text);
    let found = set.warnings.iter().any(|d| d.code == code && d.message.contains(words));
    assert!(found, "no {}: {}\n{text}", code.as_str(), said(&set.warnings));
}

fn event(fields: serde_json::Value) -> MapEvent {
    MapEvent::from_json(fields.as_object().unwrap())
}

/// The names of the rules that an event matches.
fn matched(set: &RuleSet, event: &MapEvent) -> Vec<String> {
    let mut found = Vec::new();
    set.evaluate(event, &mut Scratch::default(), &mut found);
    found.iter().map(|m| set.rules()[m.rule].name.clone()).collect()
}

fn matches(set: &RuleSet, fields: serde_json::Value) -> bool {
    !matched(set, &event(fields)).is_empty()
}

/// Whether a condition holds for an event.
fn holds(condition: &str, fields: serde_json::Value) -> bool {
    let filter = crate::Filter::parse(condition).unwrap_or_else(|e| panic!("{condition}: {e}"));
    let condition = crate::Condition::compile(&filter, crate::Catalogue::standard())
        .unwrap_or_else(|e| panic!("{condition}: {}", e.message));
    condition.holds(&event(fields))
}

/// Each condition with whether it holds for the event.
fn verdicts(fields: &serde_json::Value, cases: &[(&str, bool)]) {
    for (condition, wanted) in cases {
        assert_eq!(holds(condition, fields.clone()), *wanted, "{condition}");
    }
}

/// Why a condition is refused.
fn wrong(condition: &str) -> String {
    match crate::Filter::parse(condition) {
        Err(error) => error.message,
        Ok(filter) => match crate::Condition::compile(&filter, crate::Catalogue::standard()) {
            Err(error) => error.message,
            Ok(_) => panic!("accepted: {condition}"),
        },
    }
}

fn open(more: serde_json::Value) -> serde_json::Value {
    let mut fields = json!({"evt.type": "open"});
    let all = fields.as_object_mut().unwrap();
    all.extend(more.as_object().unwrap().clone());
    fields
}
