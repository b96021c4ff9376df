use serde_json::json;

use super::*;

fn shown(output: &str, fields: serde_json::Value) -> String {
    let set = set(&format!(
        "- rule: r\n  desc: d\n  condition: evt.type = open\n  priority: info\n  output: >-\n    {output}\n"
    ));
    set.rules()[0].format(&event(fields)).0
}

#[test]
fn fields_end_where_they_should() {
    let fields = json!({"proc.name": "cat", "proc.pid": 7, "fd.name": "/a b", "proc.aname": ["sh", "init"]});
    for (output, text) in [
        ("%proc.name", "cat"),
        ("(%proc.name)", "(cat)"),
        ("%proc.name.", "cat."),
        ("%proc.name,%proc.pid;", "cat,7;"),
        ("%proc.name:%proc.pid", "cat:7"),
        ("%proc.name%proc.pid", "cat7"),
        ("[%proc.aname[2]]", "[init]"),
        ("%proc.aname[1]/%proc.aname[2]", "sh/init"),
        ("<%fd.name>", "</a b>"),
        ("100%% of %proc.name", "100% of cat"),
        ("*x %proc.name", "x cat"),
        ("%fd.num and %proc.aname[9]", "<NA> and <NA>"),
        ("%toupper(proc.name) %concat(proc.name, '-', fd.name)", "CAT cat-/a b"),
        ("%len(proc.name)", "3"),
    ] {
        assert_eq!(shown(output, fields.clone()), text, "{output}");
    }
}

#[test]
fn arguments_may_hold_slashes_dots_and_brackets() {
    let event = crate::JsonEvent::read("k8s_audit", r#"{"auditID":"x","a":{"b.c":[1,2],"d[0]":3},"l":[4]}"#);
    let event = event.unwrap().remove(0);
    let text = "- rule: r\n  desc: d\n  condition: ka.auditid exists\n  priority: info\n  source: k8s_audit\n  output: \"%ka.auditid %json.value[/a/b.c/1], %jevt.value[/l] %json.value['/a/d[0]'] %json.value[/none] %ka.uri.param[x]\"\n";
    let set = set(text);
    let (message, fields) = set.rules()[0].format(&event);
    assert_eq!(message, "x 2, [4] 3 <NA> <NA>");
    assert_eq!(fields[1], ("json.value[/a/b.c/1]".to_owned(), "2".to_owned()));
}

#[test]
fn a_value_can_forge_no_line() {
    assert_eq!(shown("%proc.name", json!({"proc.name": "a\nb\u{1b}[1m"})), "a.b.[1m");
    assert_eq!(shown("%proc.name", json!({"proc.name": "%fd.name"})), "%fd.name");
}

#[test]
fn fields_of_an_output_are_listed_once() {
    let set = set(&RULE.replace("o %proc.name", "o %proc.name %proc.pid %proc.name"));
    let fields = set.rules()[0].format(&event(json!({"proc.name": "cat"}))).1;
    assert_eq!(fields.iter().map(|(name, _)| &**name).collect::<Vec<_>>(), ["proc.name", "proc.pid"]);
}

#[test]
fn what_is_no_field_is_refused() {
    let compile = Code::LoadErrCompileOutput;
    for output in
        ["%nope", "%proc.nobody", "% x", "%proc.name[1]", "%toupper(proc.pid)", "%ka.uri.param", "a %"]
    {
        refused(&RULE.replace("o %proc.name", &format!("'{output}'")), compile, "invalid formatting token");
    }
}
