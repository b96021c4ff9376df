use serde_json::json;

use super::*;

fn with(exceptions: &str) -> String {
    format!("{RULE}  exceptions:\n{exceptions}")
}

#[test]
fn rows_have_one_value_for_each_field() {
    let set = set(&with(
        "    - name: e\n      fields: [proc.name, fd.name]\n      comps: [=, contains]\n      values:\n        - [nginx, /var/log]\n        - [cat, secret]\n",
    ));
    let one = |name: &str, file: &str| matches(&set, open(json!({"proc.name": name, "fd.name": file})));
    assert!(!one("nginx", "/var/log/x"));
    assert!(!one("cat", "/a/secret"));
    assert!(one("cat", "/var/log/x"));
    assert!(one("nginx", "/a/secret"));
}

#[test]
fn fields_are_compared_for_equality_when_comps_are_left_out() {
    let set =
        set(&with("    - name: e\n      fields: [proc.name, fd.name]\n      values:\n        - [cat, /a]\n"));
    assert_eq!(
        set.rules()[0].compiled_condition(),
        "(evt.type = open and not (proc.name = cat and fd.name = /a))"
    );
}

#[test]
fn one_field_as_a_text_takes_a_list_of_values() {
    for (comp, condition) in [
        ("", "proc.name in (cat, ls)"),
        ("      comps: in\n", "proc.name in (cat, ls)"),
        ("      comps: intersects\n", "proc.name intersects (cat, ls)"),
        ("      comps: pmatch\n", "proc.name pmatch (cat, ls)"),
    ] {
        let set =
            set(&with(&format!("    - name: e\n      fields: proc.name\n{comp}      values: [cat, ls]\n")));
        assert_eq!(set.rules()[0].compiled_condition(), format!("(evt.type = open and not {condition})"));
    }
}

#[test]
fn a_value_can_be_a_list_or_the_name_of_one() {
    let text = with(
        "    - name: e\n      fields: [proc.name, fd.name]\n      comps: [in, startswith]\n      values:\n        - [[cat, ls], /a]\n        - [shells, /b]\n        - ['(tac, nl)', /c]\n",
    );
    let set = set(&format!("- list: shells\n  items: [sh, bash]\n{text}"));
    let stopped = |name: &str, file: &str| !matches(&set, open(json!({"proc.name": name, "fd.name": file})));
    assert!(stopped("ls", "/a/x") && stopped("bash", "/b/x") && stopped("nl", "/c/x"));
    assert!(!stopped("bash", "/a/x") && !stopped("shells", "/b/x"));
}

#[test]
fn values_with_blanks_and_quotes_stay_whole() {
    let set = set(&with(
        "    - name: e\n      fields: [proc.cmdline]\n      values:\n        - [cat /etc/passwd]\n        - ['\"ls -l\"']\n",
    ));
    assert!(!matches(&set, open(json!({"proc.cmdline": "cat /etc/passwd"}))));
    assert!(!matches(&set, open(json!({"proc.cmdline": "ls -l"}))));
    assert!(matches(&set, open(json!({"proc.cmdline": "ls"}))));
}

#[test]
fn several_exceptions_each_stop_the_rule() {
    let set = set(&with(
        "    - {name: a, fields: proc.name, values: [cat]}\n    - {name: b, fields: [fd.name], comps: [endswith], values: [[.log]]}\n",
    ));
    assert!(!matches(&set, open(json!({"proc.name": "cat"}))));
    assert!(!matches(&set, open(json!({"proc.name": "x", "fd.name": "a.log"}))));
    assert!(matches(&set, open(json!({"proc.name": "x", "fd.name": "a.txt"}))));
}

#[test]
fn an_exception_without_values_stops_nothing() {
    let set = set(&with("    - name: e\n      fields: [proc.name]\n"));
    assert_eq!(set.rules()[0].compiled_condition(), "evt.type = open");
}

#[test]
fn an_exception_lets_a_rule_with_or_through_as_a_whole() {
    let rule = RULE.replace("evt.type = open", "evt.type = open or evt.type = execve");
    let set = set(&format!("{rule}  exceptions:\n    - {{name: a, fields: proc.name, values: [cat]}}\n"));
    assert!(!matches(&set, open(json!({"proc.name": "cat"}))));
    assert!(!matches(&set, json!({"evt.type": "execve", "proc.name": "cat"})));
    assert!(matches(&set, json!({"evt.type": "execve", "proc.name": "ls"})));
}

#[test]
fn what_an_exception_may_not_be() {
    let validate = Code::LoadErrValidate;
    for (exception, words) in [
        ("{name: e, fields: [proc.name], comps: [=, =], values: [[a]]}", "must have equal length"),
        ("{name: e, fields: [proc.name, fd.name], values: [[a]]}", "must have equal length"),
        ("{name: e, fields: [proc.name, fd.name], values: [a]}", "must have equal length"),
        ("{name: e, fields: [proc.name], comps: [is], values: [[a]]}", "'is' is not a supported comparison"),
        ("{name: e, fields: [proc.nobody], values: [[a]]}", "'proc.nobody' is not a supported filter field"),
        ("{name: e, fields: proc.nobody, values: [a]}", "'proc.nobody' is not a supported filter field"),
        ("{name: e, fields: proc.name, comps: [in], values: [a]}", "must both be strings"),
        ("{name: e, fields: proc.name, comps: =, values: [a]}", "one of (in, pmatch, intersects)"),
        ("{name: e, fields: proc.name, values: [[a]]}", "to contain a list of strings"),
    ] {
        refused(&with(&format!("    - {exception}\n")), validate, words);
    }
    for (exceptions, words) in [
        ("    - {fields: [proc.name]}\n", "no mapping for key 'name'"),
        ("    - {name: e, values: [[a]]}\n", "no mapping for key 'fields'"),
        ("    - {name: e, fields: [proc.name], values: a}\n", "values must be a sequence"),
        ("    - {name: e, fields: [[proc.name]]}\n", "is not scalar"),
        ("    - e\n", "not a mapping"),
        ("    {name: e}\n", "must be a sequence"),
    ] {
        refused(&with(exceptions), Code::LoadErrYamlValidate, words);
    }
}

#[test]
fn two_exceptions_of_one_name_are_a_warning() {
    let twice = "    - {name: e, fields: proc.name, values: [a]}\n".repeat(2);
    warned(&with(&twice), Code::LoadExceptionNameNotUnique, "'e'");
}

#[test]
fn values_are_added_to_an_exception_and_exceptions_to_a_rule() {
    let defined = with("    - {name: e, fields: proc.name, values: [a]}\n");
    for change in ["  append: true\n", "  override: {exceptions: append}\n"] {
        let text = format!(
            "{defined}- rule: r\n{change}  exceptions:\n    - {{name: e, values: [b]}}\n    - {{name: f, fields: [fd.name], values: [[c]]}}\n"
        );
        let set = set(&text);
        assert_eq!(
            set.rules()[0].compiled_condition(),
            "(evt.type = open and not proc.name in (a, b) and not fd.name = c)"
        );
        assert_eq!(set.rules().len(), 1);
    }
}

#[test]
fn an_exception_that_is_added_to_takes_values_only() {
    let defined = with("    - {name: e, fields: proc.name, values: [a]}\n");
    let adding = |more: &str| {
        format!("{defined}- rule: r\n  override: {{exceptions: append}}\n  exceptions:\n    - {more}\n")
    };
    refused(
        &adding("{name: e, fields: proc.name, values: [b]}"),
        Code::LoadErrValidate,
        "Can not append exception fields to existing exception, only values",
    );
    refused(
        &adding("{name: e, comps: in, values: [b]}"),
        Code::LoadErrValidate,
        "Can not append exception comps to existing exception, only values",
    );
    refused(&adding("{name: f, values: [b]}"), Code::LoadErrValidate, "must have fields property");
    refused(&adding("{name: f, fields: proc.name}"), Code::LoadErrValidate, "must have values property");
    warned(&adding("{name: e}"), Code::LoadAppendNoValues, "no values");
}

#[test]
fn exceptions_can_be_replaced() {
    let set = set(&format!(
        "{}- rule: r\n  override: {{exceptions: replace}}\n  exceptions:\n    - {{name: g, fields: proc.name, values: [z]}}\n",
        with("    - {name: e, fields: proc.name, values: [a]}\n")
    ));
    assert_eq!(set.rules()[0].compiled_condition(), "(evt.type = open and not proc.name in (z))");
}
