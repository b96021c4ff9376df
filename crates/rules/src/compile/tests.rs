use vedetta_model::Severity;
use vedetta_model::control::RuleException;

use super::*;
use crate::diagnostic::Code;
use crate::eval::Scratch;
use crate::fields::MapEvent;
use crate::file::RuleFile;

const RULE: &str = "- rule: r\n  desc: d\n  condition: evt.type = open and proc.name = cat\n  output: \"%proc.name\"\n  priority: error\n";

fn compile(text: &str) -> Result<RuleSet, Vec<crate::Diagnostic>> {
    RuleSet::compile(&[RuleFile::parse("a.yaml", text)?], &Overrides::default())
}

fn with(overrides: &Overrides) -> RuleSet {
    RuleSet::compile(&[RuleFile::parse("a.yaml", RULE).unwrap()], overrides).unwrap()
}

fn event(json: serde_json::Value) -> MapEvent {
    MapEvent::from_json(json.as_object().unwrap())
}

fn matches(set: &RuleSet, event: &MapEvent) -> bool {
    let mut out = Vec::new();
    set.evaluate(event, &mut Scratch::default(), &mut out);
    !out.is_empty()
}

fn exception(value: &str) -> RuleException {
    RuleException {
        name: "known".to_owned(),
        fields: vec!["fd.name".to_owned()],
        comps: vec!["startswith".to_owned()],
        values: vec![vec![value.to_owned()]],
    }
}

#[test]
fn a_rule_carries_what_its_file_says() {
    let set = compile(RULE).unwrap();
    let rule = &set.rules()[0];
    assert_eq!((rule.name.as_str(), rule.severity, rule.enabled), ("r", Severity::High, true));
    assert_eq!(rule.condition, "evt.type = open and proc.name = cat");
    assert_eq!(rule.kinds.iter().map(|k| k.as_str()).collect::<Vec<_>>(), ["file.open"]);
    assert_eq!(rule.version.len(), 32);
}

#[test]
fn an_added_exception_stops_the_rule_changes_its_version_and_is_named() {
    let open = event(serde_json::json!({"evt.type": "open", "proc.name": "cat", "fd.name": "/srv/x"}));
    let plain = with(&Overrides::default());
    assert!(matches(&plain, &open));
    let mut overrides = Overrides::default();
    overrides.exceptions.insert("r".to_owned(), vec![exception("/srv/")]);
    let excepted = with(&overrides);
    assert!(!matches(&excepted, &open));
    assert_ne!(plain.rules()[0].version, excepted.rules()[0].version);
    let explanation = excepted.explain("r", &open).unwrap();
    assert_eq!((explanation.matched, explanation.stopped_by), (false, vec!["known".to_owned()]));
    assert!(matches(
        &excepted,
        &event(serde_json::json!({"evt.type": "open", "proc.name": "cat", "fd.name": "/etc/x"}))
    ));
}

#[test]
fn a_wrong_exception_is_refused_by_name() {
    let mut overrides = Overrides::default();
    let wrong = RuleException { fields: vec!["no.such".to_owned()], ..exception("x") };
    overrides.exceptions.insert("r".to_owned(), vec![wrong]);
    let errors = RuleSet::compile(&[RuleFile::parse("a.yaml", RULE).unwrap()], &overrides).unwrap_err();
    assert!(errors[0].message.contains("'no.such' is not a supported filter field"), "{errors:?}");
    assert_eq!(errors[0].file, "exception known");
}

#[test]
fn a_rule_that_was_turned_off_is_silent_and_of_no_interest() {
    let overrides = Overrides { disabled: ["r".to_owned()].into(), ..Overrides::default() };
    let set = with(&overrides);
    assert!(!set.rules()[0].enabled && set.interest().is_empty());
    assert!(!matches(&set, &event(serde_json::json!({"evt.type": "open", "proc.name": "cat"}))));
}

#[test]
fn a_decision_about_no_rule_is_a_warning() {
    let set = with(&Overrides { disabled: ["gone".to_owned()].into(), ..Overrides::default() });
    assert_eq!(set.warnings[0].code, Code::LoadUnknownItem);
}

#[test]
fn an_error_in_a_macro_is_shown_where_the_macro_is_written() {
    let text = format!(
        "- macro: m\n  condition: >\n    evt.type = open and\n    fd.nam = 1\n{}",
        RULE.replace("proc.name = cat", "m")
    );
    let errors = compile(&text).unwrap_err();
    assert_eq!((errors[0].line, errors[0].column), (4, 5), "{}", errors[0]);
    assert_eq!(errors[0].message, "filter_check called with nonexistent field fd.nam");
    let broken = compile(&RULE.replace("= cat", "=")).unwrap_err();
    assert_eq!((broken[0].code, broken[0].line), (Code::LoadErrCompileCondition, 3));
    assert!(!broken[0].expected.is_empty());
}

#[test]
fn macros_that_go_round_are_refused() {
    let text =
        "- macro: a\n  condition: evt.num = 1\n- macro: b\n  condition: a\n- macro: a\n  condition: b\n";
    let errors = compile(text).unwrap_err();
    assert!(errors.iter().any(|e| e.message.contains("stands for itself")), "{errors:?}");
    assert!(compile("- macro: a\n  condition: a\n").is_err());
}

#[test]
fn macros_that_multiply_have_an_end() {
    let mut text = String::from("- macro: m0\n  condition: evt.num = 1\n");
    for i in 1..40 {
        text.push_str(&format!("- macro: m{i}\n  condition: m{0} or m{0}\n", i - 1));
    }
    let errors = compile(&text).unwrap_err();
    assert!(errors[0].message.contains("grows beyond"), "{errors:?}");
}

#[test]
fn two_wrong_rules_give_two_errors() {
    let text = format!(
        "{}{}",
        RULE.replace("= cat", "> cat"),
        RULE.replace("rule: r", "rule: s").replace("%proc.name", "%nope")
    );
    let errors = compile(&text).unwrap_err();
    assert_eq!(errors.iter().filter(|e| e.is_error()).count(), 2, "{errors:?}");
    assert!(errors.iter().any(|e| e.code == Code::LoadErrCompileOutput && e.line == 9), "{errors:?}");
}

#[test]
fn equal_parts_of_rules_are_one_node() {
    let text = format!(
        "{RULE}{}",
        RULE.replace("rule: r", "rule: s").replace("proc.name = cat", "proc.name = cat and fd.num > 3")
    );
    let set = compile(&text).unwrap();
    assert_eq!(set.program.dag.atoms().len(), 3);
}

#[test]
fn rules_of_another_source_do_not_see_the_nodes_events() {
    let text = RULE
        .replace("evt.type = open and proc.name = cat", "not ka.verb = get")
        .replace("%proc.name", "%ka.verb")
        + "  source: k8s_audit\n";
    let set = compile(&text).unwrap();
    assert!(set.rules()[0].kinds.is_empty());
    assert!(!matches(&set, &event(serde_json::json!({"evt.type": "open"}))));
    assert!(matches(&set, &event(serde_json::json!({"evt.source": "k8s_audit", "ka.verb": "create"}))));
}
