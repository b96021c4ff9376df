use std::collections::BTreeSet;

use super::builtin;
use crate::compile::{Overrides, RuleSet};
use crate::file::RuleFile;
use crate::testing;

fn files() -> Vec<RuleFile> {
    let parse = |(path, text): &(&str, &str)| match RuleFile::parse(path, text) {
        Ok(file) => file,
        Err(errors) => panic!("{}", errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")),
    };
    builtin().iter().map(parse).collect()
}

#[test]
fn the_tests_inside_every_built_in_rule_pass() {
    let mut failures = Vec::new();
    for file in files() {
        let outcomes = testing::run(&file).unwrap_or_else(|e| panic!("{}: {e:?}", file.name()));
        for outcome in outcomes {
            if let Some(failure) = outcome.failure {
                failures.push(format!("{}:{}: {}: {failure}", file.name(), outcome.line, outcome.test));
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn all_built_in_rules_compile_together_without_a_warning() {
    let set = RuleSet::compile(&files(), &Overrides::default()).unwrap();
    assert!(set.rules().len() >= 24, "{}", set.rules().len());
    assert_eq!(set.warnings, Vec::new());
    let names: BTreeSet<_> = set.rules().iter().map(|r| &r.name).collect();
    assert_eq!(names.len(), set.rules().len(), "names are unique");
}

#[test]
fn every_built_in_rule_names_a_technique_a_tactic_and_what_it_can_match() {
    let set = RuleSet::compile(&files(), &Overrides::default()).unwrap();
    for rule in set.rules() {
        assert!(rule.tags.iter().any(|t| vedetta_model::finding::is_technique(t)), "{}", rule.name);
        assert!(rule.tags.iter().any(|t| t.starts_with("TA00")), "{}", rule.name);
        assert!(!rule.kinds.is_empty() && rule.enabled, "{}", rule.name);
        assert!(rule.output.contains("%proc.cmdline"), "{}", rule.name);
    }
}

#[test]
fn every_built_in_file_is_one_rule_with_both_kinds_of_test() {
    for file in files() {
        let rules: Vec<_> = file.rules().collect();
        assert_eq!(rules.len(), 1, "{}", file.name());
        for expected in [true, false] {
            assert!(rules[0].tests.iter().any(|t| t.expect_match == expected), "{}", file.name());
        }
    }
}
