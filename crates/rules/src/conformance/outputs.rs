//! `falco/captures/single_rule_with_cat_write`: what Falco itself printed for a capture.

use serde_json::Value as Json;
use vedetta_model::Timestamp;

use super::captures::events;
use super::{Read, SetResult};
use crate::compile::{Overrides, Rule, RuleSet};
use crate::eval::Scratch;
use crate::fields::MapEvent;
use crate::file::RuleFile;

const CAPTURE: &str = "cat_write";

pub(super) fn run(read: Read<'_>) -> SetResult {
    let set = "falco/captures/single_rule_with_cat_write";
    let (Some(lines), Some(json)) = (read(&format!("{set}.txt")), read(&format!("{set}.json"))) else {
        return SetResult::absent(set);
    };
    let mut result = SetResult::new(set);
    let texts = printed(read, "single_rule.yaml", |_, text, _| text.to_owned());
    compare(&mut result, "text", &texts, lines.lines().map(str::to_owned));
    let objects = printed(read, "single_rule_with_tags.yaml", object);
    let wanted = json.lines().map(|line| serde_json::from_str(line).unwrap_or(Json::Null));
    compare(&mut result, "JSON", &objects, wanted);
    result
}

fn compare<T: PartialEq + std::fmt::Debug>(
    result: &mut SetResult,
    form: &str,
    printed: &Result<Vec<T>, String>,
    wanted: impl Iterator<Item = T>,
) {
    let wanted: Vec<_> = wanted.collect();
    let count = printed.as_ref().map_or(0, Vec::len);
    let counted = if count == wanted.len() { Ok(()) } else { Err(format!("{count}, not {}", wanted.len())) };
    result.take(format!("{form} lines"), counted);
    for (at, wanted) in wanted.iter().enumerate() {
        let verdict = match printed.as_ref().map(|lines| lines.get(at)) {
            Ok(Some(line)) if line == wanted => Ok(()),
            Ok(line) => Err(format!("{line:?}")),
            Err(error) => Err(error.clone()),
        };
        result.take(format!("{form} line {}", at + 1), verdict);
    }
}

/// What is shown of each match: given are the rule, the line and the event's time.
fn printed<T>(
    read: Read<'_>,
    rules: &str,
    show: impl Fn(&Match<'_>, &str, &str) -> T,
) -> Result<Vec<T>, String> {
    let text = read(&format!("falco/regression/rules/{rules}")).ok_or("the rule file is absent")?;
    let said = |diagnostics: Vec<crate::Diagnostic>| format!("{diagnostics:?}");
    let file = RuleFile::parse(rules, &text).map_err(said)?;
    let set = RuleSet::compile(&[file], &Overrides::default()).map_err(said)?;
    let (mut scratch, mut found, mut lines) = (Scratch::default(), Vec::new(), Vec::new());
    for (_, event) in events(read, CAPTURE).ok_or("the capture is absent")? {
        found.clear();
        set.evaluate(&event, &mut scratch, &mut found);
        for it in &found {
            let rule = &set.rules()[it.rule];
            let time = Timestamp::from_nanos(event.integer("evt.rawtime").unwrap_or_default()).to_string();
            let (message, fields) = rule.format(&event);
            let priority = capitalised(&rule.priority);
            let line = format!("{}+0000: {priority} {message}", time.trim_end_matches('Z'));
            lines.push(show(&Match { rule, event: &event, priority, fields }, &line, &time));
        }
    }
    Ok(lines)
}

struct Match<'m> {
    rule: &'m Rule,
    event: &'m MapEvent,
    priority: String,
    fields: Vec<(String, String)>,
}

fn capitalised(word: &str) -> String {
    let mut letters = word.chars();
    let first = letters.next().map(|c| c.to_ascii_uppercase());
    first.into_iter().chain(letters.map(|c| c.to_ascii_lowercase())).collect()
}

fn object(found: &Match<'_>, line: &str, time: &str) -> Json {
    let mut fields: serde_json::Map<_, _> =
        found.fields.iter().map(|(name, value)| (name.clone(), Json::from(value.clone()))).collect();
    fields.insert("evt.time.iso8601".to_owned(), Json::from(found.event.integer("evt.rawtime")));
    serde_json::json!({
        "hostname": "test-falco-hostname",
        "output": line,
        "priority": found.priority,
        "rule": found.rule.name,
        "source": found.rule.source,
        "tags": found.rule.tags,
        "time": time,
        "output_fields": fields,
    })
}
