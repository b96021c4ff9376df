//! `falco/captures`: recorded events, and which of them each macro and rule matches.

use std::collections::HashMap;

use serde_json::Value as Json;

use super::{Read, SetResult, read_cases, text};
use crate::eval::Condition;
use crate::fields::{Catalogue, MapEvent};
use crate::filter::Filter;

/// A capture's events with their numbers.
pub(super) fn events(read: Read<'_>, capture: &str) -> Option<Vec<(u64, MapEvent)>> {
    let lines = read(&format!("falco/captures/{capture}.events.jsonl"))?;
    let event = |line: &str| {
        let json: serde_json::Map<String, Json> = serde_json::from_str(line).ok()?;
        Some((json.get("evt.num")?.as_u64()?, MapEvent::from_json(&json)))
    };
    Some(lines.lines().filter_map(event).collect())
}

pub(super) fn run(read: Read<'_>) -> SetResult {
    let set = "falco/captures/expected_matches";
    let Some(cases) = read_cases(read, &format!("{set}.json")) else { return SetResult::absent(set) };
    let mut result = SetResult::new(set);
    let mut captures: HashMap<String, Option<Vec<(u64, MapEvent)>>> = HashMap::new();
    for case in &cases {
        let compiled = Filter::parse(text(case, "filter"))
            .map_err(|e| e.to_string())
            .and_then(|f| Condition::compile(&f, Catalogue::standard()).map_err(|e| e.message));
        let expected = case.get("matches").and_then(Json::as_object).cloned().unwrap_or_default();
        for (capture, numbers) in &expected {
            let id = format!("{} {} | {capture}", text(case, "kind"), text(case, "name"));
            let events = captures.entry(capture.clone()).or_insert_with(|| events(read, capture));
            let verdict = match (&compiled, events) {
                (Err(error), _) => Err(error.clone()),
                (_, None) => Err("capture is absent".to_owned()),
                (Ok(condition), Some(events)) => {
                    let matched = events.iter().filter(|(_, e)| condition.holds(e));
                    let found: Vec<_> = matched.map(|(number, _)| Json::from(*number)).collect();
                    if Json::from(found.clone()) == *numbers {
                        Ok(())
                    } else {
                        Err(differences(&found, numbers))
                    }
                }
            };
            result.take(id, verdict);
        }
    }
    result
}

fn differences(found: &[Json], wanted: &Json) -> String {
    let wanted = wanted.as_array().map(Vec::as_slice).unwrap_or_default();
    let missing: Vec<_> = wanted.iter().filter(|n| !found.contains(n)).take(5).collect();
    let extra: Vec<_> = found.iter().filter(|n| !wanted.contains(n)).take(5).collect();
    format!("missing {missing:?}, extra {extra:?}")
}
