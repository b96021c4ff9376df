use super::*;

#[test]
fn versions_of_the_engine() {
    for version in ["4", "0.26.0", "'0.31.0'", "\"0.10.0\""] {
        set(&format!("- required_engine_version: {version}\n{RULE}"));
    }
    let yaml = Code::LoadErrYamlValidate;
    for version in ["x", "0.26", "1.2.3.4", "-1", "[1]", ""] {
        refused(&format!("- required_engine_version: {version}\n{RULE}"), yaml, "Unable to parse");
    }
    for version in ["999", "1.0.0"] {
        let text = format!("- required_engine_version: {version}\n{RULE}");
        refused(&text, Code::LoadErrValidate, "Rules require engine version");
    }
}

#[test]
fn versions_of_plugins() {
    let plugins = |text: &str| format!("- required_plugin_versions:\n{text}{RULE}");
    set(&plugins(
        "    - name: k8saudit\n      version: 0.7.0\n      alternatives:\n        - {name: k8saudit-eks, version: 0.4.0}\n        - {name: k8saudit-gke, version: 0.1.0}\n    - {name: json, version: 0.7.0}\n",
    ));
    let (yaml, validate) = (Code::LoadErrYamlValidate, Code::LoadErrValidate);
    for (text, code, words) in [
        ("    {name: a}\n", yaml, "must be a sequence"),
        ("    - a\n", yaml, "Plugin version must be a mapping"),
        ("    - {version: 0.1.0}\n", yaml, "no mapping for key 'name'"),
        ("    - {name: a}\n", yaml, "no mapping for key 'version'"),
        ("    - {name: a, version: new}\n", validate, "Invalid required version 'new' for plugin 'a'"),
        ("    - {name: a, version: 0.1.0, alternatives: b}\n", yaml, "alternatives must be a sequence"),
        ("    - {name: a, version: 0.1.0, alternatives: [b]}\n", yaml, "alternative must be a mapping"),
        (
            "    - {name: a, version: 0.1.0, alternatives: [{name: a, version: 0.2.0}]}\n",
            validate,
            "multiple alternative version requirements for plugin 'a'",
        ),
    ] {
        refused(&plugins(text), code, words);
    }
}

#[test]
fn priorities_in_any_case() {
    use vedetta_model::Severity as S;
    for (priority, severity) in [
        ("EMERGENCY", S::Critical),
        ("Alert", S::Critical),
        ("critical", S::Critical),
        ("ERROR", S::High),
        ("wArNiNg", S::Medium),
        ("NOTICE", S::Low),
        ("Informational", S::Informational),
        ("INFO", S::Informational),
        ("Debug", S::Informational),
    ] {
        let set = set(&RULE.replace("priority: info", &format!("priority: {priority}")));
        assert_eq!(set.rules()[0].severity, severity, "{priority}");
    }
    for priority in ["warn", "7", "''", "emerg"] {
        let text = RULE.replace("priority: info", &format!("priority: {priority}"));
        refused(&text, Code::LoadErrYamlValidate, "Invalid priority");
    }
}

#[test]
fn a_rule_needs_its_parts() {
    let yaml = Code::LoadErrYamlValidate;
    for key in ["desc: d", "condition: evt.type = open", "output: o %proc.name", "priority: info"] {
        let name = key.split(':').next().unwrap();
        refused(&RULE.replace(&format!("  {key}\n"), ""), yaml, &format!("no mapping for key '{name}'"));
    }
    for key in ["desc: d", "condition: evt.type = open", "output: o %proc.name"] {
        let name = key.split(':').next().unwrap();
        let empty = load(&RULE.replace(key, &format!("{name}:"))).unwrap_err();
        assert!(empty[0].message.contains(&format!("Mapping for key '{name}' is empty")), "{}", said(&empty));
    }
}

#[test]
fn values_of_the_wrong_kind_are_refused_and_never_dropped() {
    let yaml = Code::LoadErrYamlValidate;
    for text in
        [RULE.replace("tags: [a]", "tags: [a, [b]]"), format!("- list: l\n  items: [a, {{b: c}}]\n{RULE}")]
    {
        refused(&text, yaml, "sequence value is not scalar");
    }
    refused(&RULE.replace("tags: [a]", "tags: a"), yaml, "must be a list");
    refused(&RULE.replace("tags: [a]", "enabled: perhaps"), yaml, "must be true or false");
    refused("- 7\n", yaml, "Unexpected element type");
    refused("rule: x\n", yaml, "not yaml array of objects");
    refused("just text\n", yaml, "not yaml array of objects");
}

#[test]
fn empty_items_and_documents_are_passed_over() {
    assert_eq!(set(&format!("---\n---\n{RULE}-\n- ~\n---\n")).rules().len(), 1);
    assert!(set("").rules().is_empty());
    assert!(set("# nothing\n").rules().is_empty());
}

#[test]
fn what_is_odd_is_told() {
    warned(&format!("- thing: x\n{RULE}"), Code::LoadUnknownItem, "Unknown top level item");
    warned(&format!("{RULE}  colour: red\n"), Code::LoadUnknownKey, "colour");
    warned(&format!("- macro: m\n  condition: evt.num = 1\n{RULE}"), Code::LoadUnusedMacro, "'m'");
    warned(&format!("- list: l\n  items: [a]\n{RULE}"), Code::LoadUnusedList, "'l'");
    warned(&format!("- macro: my-m\n  condition: evt.num = 1\n{RULE}"), Code::LoadInvalidMacroName, "Macro");
    warned(&format!("- list: my list\n  items: [a]\n{RULE}"), Code::LoadInvalidListName, "List");
    warned(&RULE.replace("= open", "in (open, opeen)"), Code::LoadSuspiciousCondition, "'opeen'");
}

#[test]
fn a_list_may_have_a_dash_in_its_name() {
    let rule = RULE.replace("evt.type = open", "evt.type = open and proc.name in (my-list)");
    let set = set(&format!("- list: my-list\n  items: [a, b]\n{rule}"));
    assert!(set.warnings.is_empty(), "{}", said(&set.warnings));
    assert_eq!(set.rules()[0].compiled_condition(), "(evt.type = open and proc.name in (a, b))");
}

#[test]
fn rules_of_an_unknown_source_are_left_out() {
    let text = format!("{RULE}  source: printer\n{}", RULE.replace("rule: r", "rule: s"));
    warned(&text, Code::LoadUnknownSource, "Unknown source printer, skipping");
    let set = set(&text);
    assert_eq!(set.rules().iter().map(|r| &*r.name).collect::<Vec<_>>(), ["s"]);
    for source in crate::JsonEvent::sources() {
        let known = RULE.replace("evt.type = open", "evt.num > 0").replace("%proc.name", "");
        assert_eq!(self::set(&format!("{known}  source: {source}\n")).rules().len(), 1);
    }
}

#[test]
fn a_rule_says_which_types_of_event_it_is_about() {
    let of = |condition: &str| RULE.replace("evt.type = open", condition);
    for condition in [
        "evt.type in (open, openat) and proc.name = cat",
        "proc.name = cat and (evt.type = open or evt.type = execve)",
        "not evt.type != open",
        "not (evt.type != open or proc.name = cat)",
    ] {
        assert!(set(&of(condition)).warnings.is_empty(), "{condition}");
    }
    for condition in [
        "proc.name = cat",
        "evt.type != open",
        "evt.type = open or proc.name = cat",
        "not (evt.type = open and proc.name = cat)",
    ] {
        warned(&of(condition), Code::LoadNoEvttype, "too many evt.type values");
        assert!(set(&format!("{}  warn_evttypes: false\n", of(condition))).warnings.is_empty());
    }
    let of_audit = of("ka.verb = get").replace("%proc.name", "%ka.verb");
    assert!(set(&format!("{of_audit}  source: k8s_audit\n")).warnings.is_empty());
}

#[test]
fn comparing_with_the_text_for_nothing_is_told() {
    let text = RULE.replace("evt.type = open", "ka.target.name != <NA>").replace("%proc.name", "x");
    warned(&format!("{text}  source: k8s_audit\n"), Code::LoadUnsafeNaCheck, "'ka.target.name'");
}

#[test]
fn a_rule_with_an_unknown_field_is_left_out_when_it_asks_for_it() {
    for text in [
        RULE.replace("evt.type = open", "evt.type = open and proc.nobody = 1"),
        RULE.replace("%proc.name", "%proc.nobody"),
    ] {
        let asking = format!("{text}  skip-if-unknown-filter: true\n");
        warned(&asking, Code::LoadUnknownFilter, "proc.nobody");
        assert!(set(&asking).rules().is_empty());
        let not_asking = load(&format!("{text}  skip-if-unknown-filter: false\n"));
        assert!(not_asking.is_err());
    }
    // Only an unknown field is forgiven.
    let text = RULE.replace("evt.type = open", "proc.pid contains 1");
    refused(
        &format!("{text}  skip-if-unknown-filter: true\n"),
        Code::LoadErrCompileCondition,
        "not supported for numeric filters",
    );
}

#[test]
fn macros_see_only_what_stands_before_them() {
    let rule = RULE.replace("evt.type = open", "evt.type = open and a");
    let (a, b) = ("- macro: a\n  condition: b\n", "- macro: b\n  condition: proc.pid = 1\n");
    assert!(load(&format!("{b}{a}{rule}")).is_ok());
    refused(&format!("{a}{b}{rule}"), Code::LoadErrValidate, "Undefined macro 'b'");
    // A rule sees all macros and lists, whichever come first.
    assert!(load(&format!("{rule}{b}{a}")).is_ok());
}

#[test]
fn a_rule_names_fields_of_its_own_source_only() {
    let of_audit = |condition: &str, output: &str| {
        let rule = RULE.replace("evt.type = open", condition).replace("%proc.name", output);
        format!("{rule}  source: k8s_audit\n")
    };
    let nonexistent = "nonexistent field";
    refused(&of_audit("proc.name = a", ""), Code::LoadErrCompileCondition, nonexistent);
    refused(&of_audit("ct.name = a", ""), Code::LoadErrCompileCondition, nonexistent);
    refused(&of_audit("ka.verb = val(proc.name)", ""), Code::LoadErrCompileCondition, nonexistent);
    refused(&of_audit("ka.verb = a", "%proc.name"), Code::LoadErrCompileOutput, nonexistent);
    let exception = "  exceptions: [{name: e, fields: proc.name, values: [a]}]\n";
    let text = format!("{}{exception}", of_audit("ka.verb = a", ""));
    refused(&text, Code::LoadErrValidate, "'proc.name' is not a supported filter field");
    set(&of_audit("ka.verb = a and json.value[/x] = y and evt.num > 1", "%evt.time %ka.verb"));
    // Also where a rule that may name the field says the same.
    let (audit, nodes) = (of_audit("ka.verb = a", ""), RULE.replace("evt.type = open", "ka.verb = a"));
    let both = format!("{audit}{}", nodes.replace("rule: r", "rule: s"));
    refused(&both, Code::LoadErrCompileCondition, "nonexistent field ka.verb");
}

#[test]
fn shapes_that_published_rules_of_audit_logs_have() {
    let text = "- required_engine_version: 10
- required_plugin_versions:
  - name: cloudtrail
    version: 0.8.0
- list: regions
  items: []
- macro: in_region
  condition: (ct.region in (regions))
- rule: all
  desc: d
  condition:
    evt.num > 0 and not in_region
  output: \"seen (n=%evt.num info=%evt.plugininfo ts=%evt.time.iso8601 id=%ct.id)\"
  priority: DEBUG
  tags: [AWS, \ttabbed]
  source: aws_cloudtrail
- rule: bucket
  desc: d
  condition:
    ct.name=\"Put\" and not ct.error exists and
    json.value[/requestParameters/block]=\"\" and
      (json.value[/requestParameters/Config/RestrictPublicBuckets]=false or
      json.value[/requestParameters/Config/BlockPublicAcls]=false)
  output:
    A bucket
    (user=%ct.user, image id=%json.value[/responseElements/items/0/id])
  priority: CRITICAL
  source: aws_cloudtrail
";
    let set = set(text);
    assert!(set.warnings.is_empty(), "{}", said(&set.warnings));
    assert_eq!(set.rules()[0].tags, ["AWS", "tabbed"]);
    let event = r#"{"eventID":"e","eventTime":"2026-01-31T08:00:00Z","eventName":"Put","requestParameters":{"block":"",
        "Config":{"BlockPublicAcls":false}},"responseElements":{"items":[{"id":"i-1"}]}}"#;
    let event = crate::JsonEvent::read("aws_cloudtrail", event).unwrap().remove(0);
    let mut found = Vec::new();
    set.evaluate(&event, &mut Scratch::default(), &mut found);
    let shown: Vec<_> = found.iter().map(|m| set.rules()[m.rule].format(&event).0).collect();
    assert_eq!(
        shown,
        [
            "seen (n=1 info=<NA> ts=2026-01-31T08:00:00.000000000+0000 id=e)",
            "A bucket (user=<NA>, image id=i-1)"
        ]
    );
}
