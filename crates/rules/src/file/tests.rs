use proptest::prelude::*;

use super::*;

fn errors(text: &str) -> Vec<Diagnostic> {
    RuleFile::parse("test.yaml", text).map(|_| Vec::new()).unwrap_or_else(|e| e)
}

#[test]
fn a_file_holds_its_items_in_order() {
    let text = "- list: shells\n  items: [sh, bash]\n- macro: m\n  condition: proc.name in (shells)\n\
                - rule: r\n  desc: d\n  condition: m\n  output: o\n  priority: warning\n  tags: [T1059]\n";
    let file = RuleFile::parse("test.yaml", text).unwrap();
    assert_eq!(file.items.len(), 3);
    let rule = file.rules().next().unwrap();
    assert_eq!(
        (rule.name.as_str(), rule.mark.line, rule.tags.as_deref()),
        ("r", 5, Some(&["T1059".to_owned()][..]))
    );
    assert!(file.warnings.is_empty());
}

#[test]
fn text_that_is_no_yaml_is_refused_with_its_place() {
    let error = &errors("this : is : not : yaml")[0];
    assert_eq!((error.code, error.line), (Code::LoadErrYamlParse, 1));
    assert!(error.to_string().starts_with("test.yaml:1:"));
    assert_eq!(error.snippet, "this : is : not : yaml");
}

#[test]
fn everything_that_is_missing_is_said_at_once() {
    let found = errors("- rule: r\n  desc: d\n  priority: loud\n- list: l\n- macro: m\n");
    let seen: Vec<_> = found.iter().map(|d| (d.line, d.message.as_str())).collect();
    assert_eq!(
        seen,
        [
            (3, "Invalid priority 'loud'"),
            (1, "Item has no mapping for key 'condition'"),
            (4, "Item has no mapping for key 'items'"),
            (5, "Item has no mapping for key 'condition'"),
        ]
    );
    assert_eq!(found[1].expected, ["condition", "output"]);
    assert!(found[0].expected.contains(&"critical".to_owned()));
}

#[test]
fn an_unknown_key_is_a_warning_and_no_more() {
    let file = RuleFile::parse("test.yaml", "- list: l\n  items: []\n  typo: 1\n").unwrap();
    assert_eq!(file.warnings[0].message, "Unknown key 'typo'");
    assert_eq!((file.warnings[0].line, file.warnings[0].column), (3, 3));
}

#[test]
fn places_inside_a_text_are_found_in_the_file() {
    // Block, quoted and plain texts; the place is that of `wrong` in each.
    for (text, line, column) in [
        ("- macro: m\n  condition: >\n    a.b = 1 and\n    wrong = 2\n", 4, 5),
        ("- macro: m\n  condition: |\n    a.b = 1\n      and wrong = 2\n", 4, 11),
        ("- macro: m\n  condition: \"a.b = 1 and wrong = 2\"\n", 2, 27),
        ("- macro: m\n  condition: a.b = 1 and\n    wrong = 2\n", 3, 5),
    ] {
        let file = RuleFile::parse("test.yaml", text).unwrap();
        let ItemBody::Macro(it) = &file.items[0].body else { panic!("{text}") };
        let offset = it.condition.text.find("wrong").unwrap();
        let at = crate::filter::Position { offset, line: 1, column: 1 };
        let mark = file.source.locate(it.condition.mark, &it.condition.text, at);
        assert_eq!((mark.line, mark.column), (line, column), "{text}");
    }
}

#[test]
fn an_alias_may_not_blow_a_file_up() {
    let mut text = String::from("- a: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for i in 1..9 {
        let refs = vec![format!("*a{}", i - 1); 10].join(", ");
        text.push_str(&format!("- a: &a{i} [{refs}]\n"));
    }
    assert!(errors(&text)[0].message.contains("more than"));
    let deep = format!("- a: {}{}", "[".repeat(5000), "]".repeat(5000));
    assert!(!errors(&deep).is_empty());
}

proptest! {
    #[test]
    fn no_text_makes_the_file_reader_panic(text in "(?s).{0,200}") {
        let _ = RuleFile::parse("any", &text);
    }

    #[test]
    fn no_rule_shaped_text_makes_reading_or_compiling_panic(
        lines in proptest::collection::vec(
            proptest::sample::select(&[
                "- rule: a", "- macro: b", "- list: c", "- macro: d", "  condition: b and d", "  condition: d or b",
                "  condition: evt.type = open and c.d", "  condition: proc.name in (c)", "  desc: x", "  output: \"%proc.name %x.y\"",
                "  output: o", "  priority: info", "  priority: 7", "  items: [a, c, \"'q'\"]", "  items: x", "  append: true",
                "  override: {condition: append}", "  override: {items: append}", "  exceptions:", "    - name: e",
                "      fields: [proc.name]", "      fields: proc.name", "      comps: [in]", "      values: [[a]]", "      values: [a]",
                "  enabled: false", "  tests:", "    - {name: n, event: {evt.type: open}, expect: match}", "  tags: [a]", "---", "  source: x",
            ][..]),
            0..24,
        )
    ) {
        if let Ok(file) = RuleFile::parse("any", &lines.join("\n")) {
            let _ = crate::RuleSet::compile(&[file], &crate::Overrides::default());
        }
    }

    #[test]
    fn no_text_makes_the_condition_parser_panic(text in "(?s).{0,120}") {
        let _ = crate::Filter::parse(&text);
    }

    #[test]
    fn a_condition_that_parses_keeps_its_meaning_in_canonical_form(
        words in proptest::collection::vec(
            proptest::sample::select(&[
                "a.b", "c.d[1]", "m", "=", "!=", "in", "startswith", "exists", "<", "(", ")", ",", "x", "'y z'", "\"q\\\"\"", "and",
                "or", "not", "oneof", "5", "tolower(a.b)", "val(a.b)", "join('-', (a.b, 'x'))", "getopt(a.b, 'n:')[n]",
            ][..]),
            1..14,
        )
    ) {
        if let Ok(filter) = crate::Filter::parse(&words.join(" ")) {
            let canonical = filter.canonical();
            let again = crate::Filter::parse(&canonical);
            prop_assert!(again.is_ok(), "{} -> {}", words.join(" "), canonical);
            // A second round changes nothing but stacked negations.
            if !canonical.contains("not not") {
                prop_assert_eq!(again.unwrap().canonical(), canonical);
            }
        }
    }
}
