use super::*;

fn changed(change: &str) -> String {
    format!("{RULE}- rule: r\n{change}")
}

fn rule(text: &str) -> crate::Rule {
    set(text).rules()[0].clone()
}

#[test]
fn each_key_that_can_be_added_to_is() {
    let rule = rule(&changed(
        "  desc: more\n  condition: and proc.name = cat\n  output: p=%proc.pid\n  tags: [b, a]\n  override:\n    desc: append\n    condition: append\n    output: append\n    tags: append\n",
    ));
    assert_eq!(rule.description, "d more");
    assert_eq!(rule.condition, "evt.type = open and proc.name = cat");
    assert_eq!(rule.output, "o %proc.name p=%proc.pid");
    assert_eq!(rule.tags, ["a", "b"]);
}

#[test]
fn each_key_that_can_be_replaced_is() {
    let rule = rule(&changed(
        "  desc: new\n  condition: evt.type = execve\n  output: n\n  priority: CRITICAL\n  tags: [z]\n  enabled: false\n  override: {desc: replace, condition: replace, output: replace, priority: replace, tags: replace, enabled: replace}\n",
    ));
    assert_eq!(
        (&*rule.description, &*rule.condition, &*rule.output, &*rule.priority, rule.enabled),
        ("new", "evt.type = execve", "n", "CRITICAL", false)
    );
    assert_eq!(rule.tags, ["z"]);
}

#[test]
fn some_keys_can_be_added_to_while_others_are_replaced() {
    let rule = rule(&changed(
        "  condition: and proc.name = cat\n  priority: alert\n  override: {condition: append, priority: replace}\n",
    ));
    assert_eq!((&*rule.condition, &*rule.priority), ("evt.type = open and proc.name = cat", "alert"));
}

#[test]
fn a_rule_can_be_made_to_skip_unknown_fields_later() {
    let text = RULE.replace("evt.type = open", "evt.type = open and proc.nobody = 1");
    refused(&text, Code::LoadErrCompileCondition, "nonexistent field proc.nobody");
    let later = format!(
        "{text}- rule: r\n  skip-if-unknown-filter: true\n  override: {{skip-if-unknown-filter: replace}}\n"
    );
    warned(&later, Code::LoadUnknownFilter, "proc.nobody");
    assert!(set(&later).rules().is_empty());
}

#[test]
fn a_rule_can_be_made_silent_about_its_types_later() {
    let text = RULE.replace("evt.type = open", "proc.name = cat");
    warned(&text, Code::LoadNoEvttype, "too many evt.type values");
    let later = format!("{text}- rule: r\n  warn_evttypes: false\n  override: {{warn_evttypes: replace}}\n");
    assert!(set(&later).warnings.is_empty());
}

#[test]
fn macros_and_lists_are_added_to_and_replaced() {
    let base = format!(
        "- list: l\n  items: [a]\n- macro: m\n  condition: proc.name in (l)\n{}",
        RULE.replace("evt.type = open", "evt.type = open and (m)")
    );
    let compiled = |more: &str| rule(&format!("{base}{more}")).clone_condition();
    assert_eq!(
        compiled("- list: l\n  items: [b]\n  override: {items: append}\n"),
        "(evt.type = open and proc.name in (a, b))"
    );
    assert_eq!(
        compiled("- list: l\n  items: [b]\n  override: {items: replace}\n"),
        "(evt.type = open and proc.name in (b))"
    );
    assert_eq!(compiled("- list: l\n  items: [b]\n"), "(evt.type = open and proc.name in (b))");
    assert_eq!(
        compiled("- list: l\n  items: [b]\n  append: true\n"),
        "(evt.type = open and proc.name in (a, b))"
    );
    assert_eq!(
        compiled("- macro: m\n  condition: or proc.pid = 1\n  override: {condition: append}\n"),
        "(evt.type = open and (proc.name in (a) or proc.pid = 1))"
    );
    assert_eq!(
        compiled("- macro: m\n  condition: proc.pid = 1\n  override: {condition: replace}\n"),
        "(evt.type = open and proc.pid = 1)"
    );
}

trait CompiledText {
    fn clone_condition(&self) -> String;
}

impl CompiledText for crate::Rule {
    fn clone_condition(&self) -> String {
        self.compiled_condition()
    }
}

#[test]
fn what_an_override_may_not_do() {
    let yaml = Code::LoadErrYamlValidate;
    for (change, words) in [
        (
            "  priority: info\n  override: {priority: append}\n",
            "Key 'priority' cannot be appended to, use 'replace' instead",
        ),
        (
            "  enabled: true\n  override: {enabled: append}\n",
            "Key 'enabled' cannot be appended to, use 'replace' instead",
        ),
        ("  source: x\n  override: {source: replace}\n", "Key 'source' cannot be replaced"),
        (
            "  condition: x\n  override: {condition: prepend}\n",
            "Invalid override operation for key 'condition': 'prepend'",
        ),
        (
            "  override: {condition: append}\n",
            "An append override for 'condition' was specified but 'condition' is not defined",
        ),
        (
            "  override: {desc: replace}\n",
            "An replace override for 'desc' was specified but 'desc' is not defined",
        ),
        (
            "  desc: x\n  condition: and x\n  override: {condition: append}\n",
            "Unexpected key 'desc': no corresponding entry under 'override' is defined.",
        ),
        ("  append: true\n  condition: and x\n  override: {condition: append}\n", "cannot be used together"),
    ] {
        refused(&changed(change), yaml, words);
    }
    let validate = Code::LoadErrValidate;
    refused(&changed("  append: true\n"), validate, "must have exceptions or condition property");
}

#[test]
fn what_changes_another_needs_that_other_before_it() {
    let validate = Code::LoadErrValidate;
    for (text, words) in [
        ("- rule: x\n  condition: and a\n  append: true\n", "Rule uses 'append'"),
        (
            "- rule: x\n  condition: and a\n  override: {condition: append}\n",
            "no rule by that name already exists",
        ),
        (
            "- rule: x\n  condition: and a\n  override: {condition: replace}\n",
            "no rule by that name already exists",
        ),
        ("- macro: x\n  condition: and a\n  append: true\n", "no macro by that name already exists"),
        ("- list: x\n  items: [a]\n  override: {items: append}\n", "no list by that name already exists"),
        ("- rule: x\n  enabled: true\n", "Rule has 'enabled' key but no rule by that name already exists"),
    ] {
        refused(text, validate, words);
    }
}

#[test]
fn old_ways_still_work_and_are_told() {
    let text = changed("  condition: and proc.name = cat\n  append: true\n");
    warned(&text, Code::LoadDeprecatedItem, "'append' key is deprecated");
    assert_eq!(rule(&text).condition, "evt.type = open and proc.name = cat");
    let text = changed("  enabled: false\n");
    warned(&text, Code::LoadDeprecatedItem, "'enabled' key usage is deprecated");
    assert!(!rule(&text).enabled);
}

#[test]
fn a_rule_defined_again_takes_the_place_of_the_first() {
    let again = RULE.replace("evt.type = open", "evt.type = execve").replace("tags: [a]", "enabled: true");
    let set = set(&format!("{RULE}{}{again}", RULE.replace("rule: r", "rule: s")));
    let names: Vec<_> = set.rules().iter().map(|r| (&*r.name, &*r.condition)).collect();
    assert_eq!(names, [("r", "evt.type = execve"), ("s", "evt.type = open")]);
    assert!(set.rules()[0].tags.is_empty());
}

#[test]
fn a_rule_keeps_its_source() {
    let of_audit = RULE.replace("evt.type = open", "ka.verb = get").replace("%proc.name", "%ka.verb");
    let of_audit = format!("{of_audit}  source: k8s_audit\n");
    refused(&format!("{of_audit}{RULE}"), Code::LoadErrValidate, "re-defined with a different source");
    refused(&format!("{RULE}{of_audit}"), Code::LoadErrValidate, "re-defined with a different source");
    let more = "- rule: r\n  condition: and ka.stage = x\n  override: {condition: append}\n";
    assert_eq!(set(&format!("{of_audit}{more}")).rules()[0].source, "k8s_audit");
}

#[test]
fn changes_may_stand_in_a_later_file() {
    let more = "- rule: r\n  tags: [b]\n  override: {tags: append}\n";
    assert_eq!(load_files(&[RULE, more]).unwrap().rules()[0].tags, ["a", "b"]);
    assert!(load_files(&[more, RULE]).is_err());
}
