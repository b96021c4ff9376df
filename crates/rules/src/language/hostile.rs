//! Files that want to do harm end in an error, soon.

use std::time::{Duration, Instant};

use serde_json::json;

use super::*;

/// What it does is done in good time, also where nothing is optimised.
fn soon<T>(act: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let result = act();
    assert!(start.elapsed() < Duration::from_secs(60), "took {:?}", start.elapsed());
    result
}

fn of(condition: &str) -> String {
    RULE.replace("evt.type = open", &format!("'{}'", condition.replace('\'', "''")))
}

#[test]
fn deep_parentheses() {
    for depth in [101, 10_000, 100_000] {
        let condition = format!("{}evt.type = open{}", "(".repeat(depth), ")".repeat(depth));
        soon(|| refused(&of(&condition), Code::LoadErrCompileCondition, "max depth"));
        let condition = format!("{}proc.name{} = a", "tolower(".repeat(depth), ")".repeat(depth));
        soon(|| refused(&of(&condition), Code::LoadErrCompileCondition, "max depth"));
        let condition = format!("{}evt.type = open{}", "not (".repeat(depth), ")".repeat(depth));
        soon(|| refused(&of(&condition), Code::LoadErrCompileCondition, "max depth"));
    }
    let flat = format!("{} evt.type = open", "not ".repeat(100_000));
    soon(|| set(&of(&flat)));
}

#[test]
fn macros_that_nest() {
    let chain = |length: usize| {
        let mut text = "- macro: m0\n  condition: proc.pid = 1\n".to_owned();
        for i in 1..length {
            text.push_str(&format!("- macro: m{i}\n  condition: evt.num > {i} or m{}\n", i - 1));
        }
        format!("{text}{}", RULE.replace("evt.type = open", &format!("evt.type = open and m{}", length - 1)))
    };
    assert_eq!(soon(|| set(&chain(50))).rules().len(), 1);
    let errors = soon(|| load(&chain(5_000))).unwrap_err();
    assert!(errors[0].message.contains("nest"), "{}", errors[0]);
    // The other way round each macro is unknown where it is named.
    let mut backwards = String::new();
    for i in 0..2_000 {
        backwards.push_str(&format!("- macro: a{i}\n  condition: a{}\n", i + 1));
    }
    assert!(soon(|| load(&backwards)).is_err());
}

#[test]
fn lists_that_multiply() {
    let mut text = "- list: l0\n  items: [a, b, c, d, e, f, g, h, i, j]\n".to_owned();
    for i in 1..12 {
        let items = vec![format!("l{}", i - 1); 10].join(", ");
        text.push_str(&format!("- list: l{i}\n  items: [{items}]\n"));
    }
    let errors = soon(|| load(&text)).unwrap_err();
    assert!(errors[0].message.contains("more than"), "{}", errors[0]);
    let many = vec!["l"; 5000].join(", ");
    let items: Vec<_> = (0..1000).map(|i| format!("v{i}")).collect();
    let text =
        format!("- list: l\n  items: [{}]\n{}", items.join(", "), of(&format!("proc.name in ({many})")));
    let errors = soon(|| load(&text)).unwrap_err();
    assert!(errors.iter().any(|e| e.message.contains("more than")), "{}", said(&errors));
}

#[test]
fn long_lists_are_no_harm() {
    let items: Vec<_> = (0..50_000).map(|i| format!("name-{i}")).collect();
    let text =
        format!("- list: l\n  items: [{}]\n{}", items.join(", "), of("evt.type = open and proc.name in (l)"));
    let set = soon(|| set(&text));
    assert!(matches(&set, open(json!({"proc.name": "name-49999"}))));
    assert!(!matches(&set, open(json!({"proc.name": "name-50000"}))));
}

#[test]
fn many_items_that_nothing_uses() {
    let mut text = RULE.to_owned();
    for i in 0..5_000 {
        text.push_str(&format!("- macro: m{i}\n  condition: proc.pid = {i}\n- list: l{i}\n  items: [a]\n"));
    }
    let set = soon(|| set(&text));
    assert_eq!(set.warnings.len(), 10_000);
}

const TEN_MEGABYTES: usize = 10_000_000;

#[test]
fn ten_megabytes_of_one_text() {
    let long = RULE.replace("desc: d", &format!("desc: {}", "x".repeat(TEN_MEGABYTES)));
    assert_eq!(soon(|| set(&long)).rules().len(), 1);
}

#[test]
fn ten_megabytes_of_a_comment() {
    let comment = format!("# {}\n{RULE}", "x".repeat(TEN_MEGABYTES));
    assert_eq!(soon(|| set(&comment)).rules().len(), 1);
}

#[test]
fn ten_megabytes_of_values() {
    let values = format!("- list: l\n  items: [{}x]\n", "x, ".repeat(TEN_MEGABYTES / 3));
    assert!(soon(|| load(&values)).unwrap_err()[0].message.contains("more than"));
}

#[test]
fn ten_megabytes_of_brackets() {
    let open = format!("- list: l\n  items: {}", "[".repeat(TEN_MEGABYTES));
    assert!(soon(|| load(&open)).is_err());
}

#[test]
fn ten_megabytes_of_a_condition() {
    let condition = of(&format!("proc.name = a{}", " or proc.name = b".repeat(TEN_MEGABYTES / 17)));
    soon(|| refused(&condition, Code::LoadErrCompileCondition, "longer than"));
    let condition = of(&format!("proc.name = a{}", " or proc.name = b".repeat(25_000)));
    soon(|| refused(&condition, Code::LoadErrCompileCondition, "more than 20000 comparisons"));
}

#[test]
fn aliases_that_multiply() {
    let mut text = "- list: a\n  items: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for i in 1..10 {
        let refs = vec![format!("*a{}", i - 1); 10].join(", ");
        text.push_str(&format!("- other: &a{i} [{refs}]\n"));
    }
    let errors = soon(|| load(&text)).unwrap_err();
    assert_eq!(errors[0].code, Code::LoadErrYamlParse);
}

#[test]
fn patterns_that_look_slow() {
    let text = "a".repeat(100_000);
    let stars = format!("{}b", "*a".repeat(50));
    let event = json!({"fd.name": text, "proc.name": "x"});
    assert!(!soon(|| holds(&format!("fd.name glob '{stars}'"), event.clone())));
    assert!(!soon(|| holds("fd.name regex '(a+)+b'", event.clone())));
    assert!(!soon(|| holds("fd.name regex '(a|a)*(a|a)*b'", event.clone())));
    let classes = format!("fd.name glob '{}'", "[a-z]".repeat(20_000));
    assert!(!soon(|| holds(&classes, event)));
    for pattern in ["(a{1000}){1000}", "((((a{100}){100}){100}){100})", "(", "[a", "a{2,1}", "\\p{Nope}"] {
        assert!(!soon(|| wrong(&format!("fd.name regex '{pattern}'"))).is_empty());
    }
}

#[test]
fn names_that_are_long_or_strange() {
    let name = "é🦀 \u{202e}%s".repeat(10_000);
    let set = soon(|| set(&RULE.replace("rule: r", &format!("rule: '{name}'"))));
    assert_eq!(set.rules()[0].name, name.as_str());
    assert!(load("- rule: r\0\n").is_err());
    assert!(load(&RULE.replace("%proc.name", "%proc.\u{0}")).is_err());
}
