//! `falco/captures/scap`: recorded captures, read here, against what libsinsp reads from them:
//! the fields of its events, and which events each macro and rule matches. Files are handed in.

use hashbrown::HashMap;
use serde_json::{Map, Value as Json};
use vedetta_rules::conformance::SetResult;
use vedetta_rules::{Catalogue, Condition, Filter, MapEvent};

use crate::{Capture, Limits};

/// Gives the bytes of a file below the corpora folder. `None` when there is none.
pub type ReadBytes<'r> = &'r dyn Fn(&str) -> Option<Vec<u8>>;

const SET: &str = "falco/captures/scap";
const MATCHES: &str = "falco/captures/expected_matches.json";
/// Differences that a failure names at most.
const NAMED: usize = 5;

/// How the fields of one capture's events compare.
#[derive(Default)]
struct Agreement {
    /// Values that libsinsp gives.
    total: usize,
    /// Those of them that differ here: event, field, what libsinsp gives, what stands here.
    others: Vec<String>,
}

/// Of a socket libsinsp prints memory that it never set.
fn is_garbage(line: &Map<String, Json>, field: &str) -> bool {
    let kind = line.get("fd.type").and_then(Json::as_str);
    field.starts_with("fd.dev") && !matches!(kind, Some("file" | "directory"))
}

/// Compares events with the lines that libsinsp wrote.
fn compare(events: &[Map<String, Json>], lines: &[Map<String, Json>]) -> Agreement {
    let by_number: HashMap<u64, &Map<String, Json>> =
        events.iter().filter_map(|event| Some((event.get("evt.num")?.as_u64()?, event))).collect();
    let mut agreement = Agreement::default();
    for line in lines {
        let number = line.get("evt.num").and_then(Json::as_u64).unwrap_or_default();
        let event = by_number.get(&number);
        for (field, wanted) in line.iter().filter(|(field, _)| !is_garbage(line, field)) {
            agreement.total += 1;
            let found = event.and_then(|event| event.get(field));
            if found != Some(wanted) {
                let found = found.map_or_else(|| "nothing".to_owned(), Json::to_string);
                agreement.others.push(format!("{number} {field}: {wanted}, here {found}"));
            }
        }
    }
    agreement
}

/// The events of a capture below `falco/captures`; why not when it can't be read whole.
fn events(read: ReadBytes<'_>, capture: &str) -> Result<Vec<Map<String, Json>>, String> {
    let bytes = read(&format!("falco/captures/{capture}.scap")).ok_or("the capture is absent")?;
    let capture = Capture::open(&bytes, Limits::default()).map_err(|e| e.to_string())?;
    capture.events().collect::<Result<_, _>>().map_err(|e| e.to_string())
}

/// The lines that libsinsp wrote of a capture.
fn lines(read: ReadBytes<'_>, capture: &str) -> Option<Vec<Map<String, Json>>> {
    let text = String::from_utf8(read(&format!("falco/captures/{capture}.events.jsonl"))?).ok()?;
    text.lines().map(|line| serde_json::from_str(line).ok()).collect()
}

/// Runs the set: for each capture, whether its fields are libsinsp's; for each macro and rule and
/// capture, whether it matches the same events.
pub fn run(read: ReadBytes<'_>) -> SetResult {
    let mut result = SetResult { set: SET.to_owned(), ..SetResult::default() };
    let cases = read(MATCHES).and_then(|bytes| serde_json::from_slice::<Vec<Json>>(&bytes).ok());
    let Some(cases) = cases else {
        result.absent = true;
        return result;
    };
    let mut captures: HashMap<String, Result<Recorded, String>> = HashMap::new();
    for case in &cases {
        let text = |key| case.get(key).and_then(Json::as_str).unwrap_or_default();
        let condition = Filter::parse(text("filter"))
            .map_err(|e| e.to_string())
            .and_then(|filter| Condition::compile(&filter, Catalogue::standard()).map_err(|e| e.message));
        let expected = case.get("matches").and_then(Json::as_object);
        for (capture, numbers) in expected.into_iter().flatten() {
            if !captures.contains_key(capture) {
                let recorded = Recorded::read(read, capture);
                let verdict = recorded.as_ref().map_err(Clone::clone).and_then(|r| r.fields.clone());
                take(&mut result, format!("fields | {capture}"), verdict);
                captures.insert(capture.clone(), recorded);
            }
            let verdict = match (&condition, &captures[capture]) {
                (Err(why), _) | (_, Err(why)) => Err(why.clone()),
                (Ok(condition), Ok(recorded)) => recorded.matches(condition, numbers),
            };
            take(&mut result, format!("{} {} | {capture}", text("kind"), text("name")), verdict);
        }
    }
    result
}

fn take(result: &mut SetResult, id: String, verdict: Result<(), String>) {
    result.total += 1;
    match verdict {
        Ok(()) => result.passed += 1,
        Err(why) => result.failures.push((id, why)),
    }
}

/// A capture's events, read once.
struct Recorded {
    /// Of the events that libsinsp's lines are about.
    events: Vec<(u64, MapEvent)>,
    fields: Result<(), String>,
}

impl Recorded {
    fn read(read: ReadBytes<'_>, capture: &str) -> Result<Self, String> {
        let events = events(read, capture)?;
        let lines = lines(read, capture).ok_or("libsinsp's lines are absent")?;
        let agreement = compare(&events, &lines);
        let named = agreement.others.iter().take(NAMED).cloned().collect::<Vec<_>>().join("; ");
        let fields = if agreement.others.is_empty() {
            Ok(())
        } else {
            Err(format!("{} of {} values differ: {named}", agreement.others.len(), agreement.total))
        };
        let number = |event: &Map<String, Json>| event.get("evt.num")?.as_u64();
        let told: Vec<u64> = lines.iter().filter_map(number).collect();
        let events = events.iter().filter_map(|event| Some((number(event)?, MapEvent::from_json(event))));
        Ok(Self { events: events.filter(|(number, _)| told.contains(number)).collect(), fields })
    }

    fn matches(&self, condition: &Condition, wanted: &Json) -> Result<(), String> {
        let found = self.events.iter().filter(|(_, event)| condition.holds(event));
        let found: Vec<u64> = found.map(|(number, _)| *number).collect();
        let wanted: Vec<u64> = wanted.as_array().into_iter().flatten().filter_map(Json::as_u64).collect();
        if found == wanted {
            return Ok(());
        }
        let missing: Vec<_> = wanted.iter().filter(|n| !found.contains(n)).take(NAMED).collect();
        let extra: Vec<_> = found.iter().filter(|n| !wanted.contains(n)).take(NAMED).collect();
        Err(format!("missing {missing:?}, extra {extra:?}"))
    }
}
