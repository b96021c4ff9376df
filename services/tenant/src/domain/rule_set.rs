//! Rules: imported, turned on and off, excepted. A change that does not compile is not made.

use std::collections::BTreeSet;

use vedetta_model::control::{ConfigFile, RuleException, RuleSet, RuleSetEvent};
use vedetta_rules::{Diagnostic, Overrides, RuleFile};

use super::{Refusal, at_most, text};

/// Most bytes of all rule files of a tenant.
const MAX_BYTES: usize = 4 << 20;
/// Most bytes of one rule file as JSON: an event has to fit into the store and the log.
const MAX_FILE_BYTES: usize = 960 << 10;
/// What the names of the files that ship with Vedetta begin with.
pub const BUILTIN: &str = "builtin/";

/// Why rule files were not taken.
#[derive(Debug, Clone, PartialEq)]
pub enum ImportRefusal {
    /// They do not compile; errors and warnings with places.
    Diagnostics(Vec<Diagnostic>),
    /// The command itself is wrong.
    Refused(Refusal),
}

impl From<Refusal> for ImportRefusal {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

/// Takes rule files in and out: all of it, or nothing when the result does not compile. `Ok` has the
/// events and the warnings.
pub fn import(
    state: &RuleSet,
    files: &[ConfigFile],
    remove: &[String],
) -> Result<(Vec<RuleSetEvent>, Vec<Diagnostic>), ImportRefusal> {
    check_names(files)?;
    let changed = files.iter().filter(|f| state.files.get(&f.name) != Some(&f.text));
    let mut events = in_events(changed)?;
    let named = |name: &&String| state.files.contains_key(*name) && !files.iter().any(|f| f.name == **name);
    let removed: Vec<String> = remove.iter().filter(named).cloned().collect();
    if !removed.is_empty() {
        events.push(RuleSetEvent::RulesRemoved { files: removed });
    }
    let mut after = state.clone();
    events.iter().for_each(|event| after.apply(event));
    let size: usize = after.files.values().map(String::len).sum();
    if size > MAX_BYTES {
        let what = format!("the rule files have {size} bytes together, at most {MAX_BYTES} are kept");
        return Err(Refusal::Invalid(what).into());
    }
    let compiled = compile(&after).map_err(ImportRefusal::Diagnostics)?;
    Ok((events, compiled.warnings))
}

fn check_names(files: &[ConfigFile]) -> Result<(), Refusal> {
    let mut seen = BTreeSet::new();
    for ConfigFile { name, .. } in files {
        text("a rule file's name", name, 255)?;
        if name.chars().any(char::is_control) {
            return Err(Refusal::Invalid("a rule file's name has no control characters".into()));
        }
        if !seen.insert(name) {
            return Err(Refusal::Invalid(format!("rule file `{name}` was given twice")));
        }
    }
    Ok(())
}

/// One event for as many files as fit into one.
fn in_events<'f>(files: impl Iterator<Item = &'f ConfigFile>) -> Result<Vec<RuleSetEvent>, Refusal> {
    let (mut events, mut batch, mut room) = (Vec::new(), Vec::new(), MAX_FILE_BYTES);
    for file in files {
        let size = serde_json::to_string(file).map_or(usize::MAX, |json| json.len());
        if size > MAX_FILE_BYTES {
            let what = format!(
                "rule file `{}` is too long ({size} bytes, at most {MAX_FILE_BYTES}); split it",
                file.name
            );
            return Err(Refusal::Invalid(what));
        }
        if size > room {
            events.push(RuleSetEvent::RulesImported { files: std::mem::take(&mut batch) });
            room = MAX_FILE_BYTES;
        }
        room -= size;
        batch.push(file.clone());
    }
    if !batch.is_empty() {
        events.push(RuleSetEvent::RulesImported { files: batch });
    }
    Ok(events)
}

/// Turns a rule on or off.
pub fn set_enabled(
    state: &RuleSet,
    rule: &str,
    enabled: bool,
    reason: &str,
) -> Result<Vec<RuleSetEvent>, Refusal> {
    at_most("the reason", reason, 1000)?;
    let compiled = known(state)?;
    let present = compiled.rule(rule).ok_or_else(|| unknown(rule))?;
    if present.enabled == enabled {
        return Ok(vec![]);
    }
    let (rule, reason) = (rule.to_owned(), reason.to_owned());
    Ok(vec![if enabled {
        RuleSetEvent::RuleEnabled { rule, reason }
    } else {
        RuleSetEvent::RuleDisabled { rule, reason }
    }])
}

/// Adds an exception to a rule, or replaces the one of that name.
pub fn add_exception(
    state: &RuleSet,
    rule: &str,
    exception: RuleException,
    reason: &str,
) -> Result<Vec<RuleSetEvent>, Refusal> {
    at_most("the reason", reason, 1000)?;
    if known(state)?.rule(rule).is_none() {
        return Err(unknown(rule));
    }
    check(&exception)?;
    if state.exceptions.get(rule).and_then(|of_rule| of_rule.get(&exception.name)) == Some(&exception) {
        return Ok(vec![]);
    }
    let event = RuleSetEvent::ExceptionAdded { rule: rule.to_owned(), exception, reason: reason.to_owned() };
    let mut after = state.clone();
    after.apply(&event);
    match compile(&after) {
        Ok(_) => Ok(vec![event]),
        Err(diagnostics) => Err(Refusal::Invalid(join(&diagnostics))),
    }
}

/// Takes an exception away.
pub fn remove_exception(
    state: &RuleSet,
    rule: &str,
    name: &str,
    reason: &str,
) -> Result<Vec<RuleSetEvent>, Refusal> {
    at_most("the reason", reason, 1000)?;
    if !state.exceptions.get(rule).is_some_and(|of_rule| of_rule.contains_key(name)) {
        return Err(Refusal::NotFound(format!("rule `{rule}` has no exception `{name}`")));
    }
    Ok(vec![RuleSetEvent::ExceptionRemoved {
        rule: rule.to_owned(),
        name: name.to_owned(),
        reason: reason.to_owned(),
    }])
}

/// Compiles a state.
pub fn compile(state: &RuleSet) -> Result<vedetta_rules::RuleSet, Vec<Diagnostic>> {
    let (mut files, mut wrong) = (Vec::new(), Vec::new());
    for (name, text) in &state.files {
        match RuleFile::parse(name, text) {
            Ok(file) => files.push(file),
            Err(found) => wrong.extend(found),
        }
    }
    if !wrong.is_empty() {
        return Err(wrong);
    }
    vedetta_rules::RuleSet::compile(&files, &Overrides::from(state))
}

fn known(state: &RuleSet) -> Result<vedetta_rules::RuleSet, Refusal> {
    // What is there was accepted once; a later version of the language may see it otherwise.
    compile(state).map_err(|found| {
        Refusal::Conflict(format!(
            "the rules that are there do not compile any more; import a mended file first: {}",
            join(&found)
        ))
    })
}

fn unknown(rule: &str) -> Refusal {
    Refusal::NotFound(format!("there is no rule `{rule}`"))
}

fn join(diagnostics: &[Diagnostic]) -> String {
    diagnostics.iter().filter(|d| d.is_error()).map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

fn check(exception: &RuleException) -> Result<(), Refusal> {
    let invalid = |what: String| Err(Refusal::Invalid(what));
    let RuleException { name, fields, comps, values } = exception;
    let fine = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    if name.is_empty() || name.len() > 100 || !name.chars().all(fine) {
        return invalid("an exception's name has 1 to 100 letters, digits, _ and -".into());
    }
    if fields.is_empty() || fields.len() != comps.len() {
        return invalid(format!(
            "{} fields and {} operators: give one operator for each field",
            fields.len(),
            comps.len()
        ));
    }
    if values.is_empty() {
        return invalid("an exception without values hides nothing: give at least one row".into());
    }
    if let Some(row) = values.iter().find(|row| row.len() != fields.len()) {
        return invalid(format!("a row has {} values for {} fields", row.len(), fields.len()));
    }
    let distinct: BTreeSet<_> = values.iter().collect();
    if distinct.len() != values.len() {
        return invalid("two rows are the same".into());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULE: &str = "- rule: Shell\n  desc: a shell\n  condition: evt.type = execve and proc.name = sh\n  output: shell %proc.name\n  priority: NOTICE\n";

    fn file(text: &str) -> ConfigFile {
        ConfigFile { name: "own.yaml".into(), text: text.into() }
    }

    fn given() -> RuleSet {
        let mut state = RuleSet::default();
        let (events, _) = import(&state, &[file(RULE)], &[]).unwrap();
        events.iter().for_each(|event| state.apply(event));
        state
    }

    fn exception(comp: &str, values: &[&str]) -> RuleException {
        RuleException {
            name: "known".into(),
            fields: vec!["proc.cmdline".into()],
            comps: vec![comp.into()],
            values: values.iter().map(|v| vec![(*v).to_owned()]).collect(),
        }
    }

    #[test]
    fn the_same_file_again_is_no_change() {
        assert_eq!(import(&given(), &[file(RULE)], &[]).unwrap().0, []);
    }

    #[test]
    fn a_broken_file_says_where_and_changes_nothing() {
        let broken = RULE.replace("proc.name = sh", "proc.nmae = sh");
        let Err(ImportRefusal::Diagnostics(found)) = import(&given(), &[file(&broken)], &[]) else {
            panic!("a broken file was taken")
        };
        let error = found.iter().find(|d| d.is_error()).unwrap();
        assert_eq!((error.file.as_str(), error.line), ("own.yaml", 3), "{error}");
        assert!(error.column > 1 && !error.message.is_empty(), "{error}");
    }

    #[test]
    fn a_file_that_another_needs_is_not_removed() {
        let uses = RULE.replace("Shell", "Uses").replace("proc.name = sh", "is_shell");
        let text = "- macro: is_shell\n  condition: proc.name = sh\n".to_owned();
        let macros = ConfigFile { name: "a.yaml".into(), text };
        let mut state = RuleSet::default();
        for event in import(&state.clone(), &[macros, file(&uses)], &[]).unwrap().0 {
            state.apply(&event);
        }
        let refused = import(&state, &[], &["a.yaml".into()]);
        assert!(matches!(refused, Err(ImportRefusal::Diagnostics(_))), "{refused:?}");
        let (events, _) = import(&state, &[], &["a.yaml".into(), "own.yaml".into()]).unwrap();
        assert_eq!(events.len(), 1);
        assert_eq!(
            import(&state, &[], &["never.yaml".into()]).unwrap().0,
            [],
            "what is not there is gone already"
        );
    }

    #[test]
    fn names_and_sizes_that_can_not_be_kept_are_refused() {
        let named = |name: &str| ConfigFile { name: name.into(), text: RULE.into() };
        for files in [vec![named("")], vec![named("a\nb")], vec![named("x"), named("x")]] {
            let refused = import(&RuleSet::default(), &files, &[]);
            assert!(matches!(refused, Err(ImportRefusal::Refused(Refusal::Invalid(_)))), "{refused:?}");
        }
        let long = file(&format!("{RULE}# {}\n", "x".repeat(MAX_FILE_BYTES)));
        assert!(matches!(import(&RuleSet::default(), &[long], &[]), Err(ImportRefusal::Refused(_))));
    }

    #[test]
    fn many_files_become_events_that_each_fit() {
        let text = format!("# {}\n", "x".repeat(400 << 10));
        let files: Vec<_> =
            (0..5).map(|n| ConfigFile { name: format!("{n}.yaml"), text: text.clone() }).collect();
        let (events, _) = import(&RuleSet::default(), &files, &[]).unwrap();
        assert_eq!(events.len(), 3);
        let mut state = RuleSet::default();
        for event in &events {
            assert!(serde_json::to_string(event).unwrap().len() < 1 << 20);
            state.apply(event);
        }
        assert_eq!(state.files.len(), 5);
    }

    #[test]
    fn a_decision_about_a_rule_outlives_the_rule_and_holds_when_it_comes_back() {
        let mut state = given();
        state.apply(&set_enabled(&state, "Shell", false, "noisy").unwrap()[0].clone());
        for event in import(&state.clone(), &[], &["own.yaml".into()]).unwrap().0 {
            state.apply(&event);
        }
        assert!(matches!(set_enabled(&state, "Shell", true, ""), Err(Refusal::NotFound(_))));
        for event in import(&state.clone(), &[file(&RULE.replace("a shell", "any shell"))], &[]).unwrap().0 {
            state.apply(&event);
        }
        assert!(!compile(&state).unwrap().rule("Shell").unwrap().enabled);
    }

    #[test]
    fn a_rule_is_turned_off_once_and_an_unknown_one_is_told() {
        let mut state = given();
        let off = set_enabled(&state, "Shell", false, "noisy").unwrap();
        assert_eq!(off, [RuleSetEvent::RuleDisabled { rule: "Shell".into(), reason: "noisy".into() }]);
        state.apply(&off[0]);
        assert_eq!(set_enabled(&state, "Shell", false, ""), Ok(vec![]));
        assert!(matches!(set_enabled(&state, "Shel", false, ""), Err(Refusal::NotFound(_))));
    }

    #[test]
    fn an_exception_must_compile() {
        let state = given();
        assert_eq!(add_exception(&state, "Shell", exception("=", &["sh -c id"]), "").unwrap().len(), 1);
        assert!(matches!(
            add_exception(&state, "Shell", exception("resembles", &["x"]), ""),
            Err(Refusal::Invalid(_))
        ));
        assert!(matches!(add_exception(&state, "Shell", exception("=", &[]), ""), Err(Refusal::Invalid(_))));
        assert!(matches!(
            add_exception(&state, "Nothing", exception("=", &["x"]), ""),
            Err(Refusal::NotFound(_))
        ));
        assert!(matches!(remove_exception(&state, "Shell", "known", ""), Err(Refusal::NotFound(_))));
    }
}
