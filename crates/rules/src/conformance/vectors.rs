//! `falco/engine-vectors/filter_*`.

use serde_json::{Value as Json, json};

use super::{Read, SetResult, case_id, read_cases, text};
use crate::eval::Condition;
use crate::fields::{Catalogue, FieldType, MapEvent};
use crate::filter::Filter;

type Judge = fn(&Json) -> Result<(), String>;

const SETS: [(&str, Judge); 4] = [
    ("falco/engine-vectors/filter_parser", parser),
    ("falco/engine-vectors/filter_boolean", boolean),
    ("falco/engine-vectors/filter_compile", compiles),
    ("falco/engine-vectors/filter_eval", evaluates),
];

pub(super) fn run(read: Read<'_>) -> Vec<SetResult> {
    SETS.iter()
        .map(|(set, judge)| {
            let Some(cases) = read_cases(read, &format!("{set}.json")) else { return SetResult::absent(set) };
            let mut result = SetResult::new(set);
            for case in &cases {
                result.take(case_id(case), judge(case));
            }
            result
        })
        .collect()
}

fn parser(case: &Json) -> Result<(), String> {
    let parsed = Filter::parse(text(case, "filter"));
    match (text(case, "expect"), parsed) {
        ("accept", Ok(filter)) => {
            let canonical = filter.canonical();
            if let Err(error) = Filter::parse(&canonical) {
                return Err(format!("canonical text {canonical:?} does not read back: {error}"));
            }
            match case.get("canonical").and_then(Json::as_str) {
                Some(wanted) if wanted != canonical => Err(format!("canonical text is {canonical:?}")),
                _ => Ok(()),
            }
        }
        ("accept", Err(error)) => Err(format!("refused: {error}")),
        ("reject", Err(error)) => match case.get("message").and_then(Json::as_str) {
            Some(wanted) if !error.message.contains(wanted) => {
                Err(format!("refused with: {}", error.message))
            }
            _ => Ok(()),
        },
        ("reject", Ok(filter)) => Err(format!("accepted as {}", filter.canonical())),
        (other, _) => Err(format!("unknown expectation {other:?}")),
    }
}

fn mock_catalogue() -> Catalogue {
    let texts = ["c.true", "c.false", "c.doublequote", "c.singlequote"];
    texts
        .iter()
        .fold(Catalogue::standard().clone(), |c, name| c.with(name, FieldType::Text))
        .with("c.buffer", FieldType::Bytes)
}

fn compile(filter: &str, catalogue: &Catalogue) -> Result<Condition, String> {
    let filter = Filter::parse(filter).map_err(|e| e.to_string())?;
    Condition::compile(&filter, catalogue).map_err(|e| e.message)
}

fn boolean(case: &Json) -> Result<(), String> {
    let event = json!({
        "c.true": "1",
        "c.false": "0",
        "c.doublequote": "hello \"quoted\"",
        "c.singlequote": "hello 'quoted'",
    });
    let event = event.as_object().map(MapEvent::from_json).unwrap_or_default();
    let condition = compile(text(case, "filter"), &mock_catalogue())?;
    judge_verdict(case, condition.holds(&event))
}

fn judge_verdict(case: &Json, verdict: bool) -> Result<(), String> {
    if case.get("expect").and_then(Json::as_bool) == Some(verdict) {
        Ok(())
    } else {
        Err(format!("comes to {verdict}"))
    }
}

fn compiles(case: &Json) -> Result<(), String> {
    let compiled = compile(text(case, "filter"), &mock_catalogue());
    match (case.get("compiles").and_then(Json::as_bool), compiled) {
        (Some(true), Ok(condition)) => {
            let wanted = case.get("warnings").and_then(Json::as_u64);
            let found = condition.warnings.len() as u64;
            if wanted.is_none_or(|w| w == found) { Ok(()) } else { Err(format!("gives {found} warnings")) }
        }
        (Some(true), Err(error)) => Err(format!("refused: {error}")),
        (_, Ok(_)) => Err("compiles".to_owned()),
        (_, Err(_)) => Ok(()),
    }
}

fn evaluates(case: &Json) -> Result<(), String> {
    let compiled = compile(text(case, "filter"), Catalogue::standard());
    if case.get("compiles").and_then(Json::as_bool) == Some(false) {
        return if compiled.is_err() { Ok(()) } else { Err("compiles".to_owned()) };
    }
    let condition = compiled?;
    let event = case.get("event").ok_or("has no event")?;
    let fields = event.get("fields").and_then(Json::as_object);
    let mut map = fields.map(MapEvent::from_json).unwrap_or_default();
    // What every recorded event has, said or not.
    for (name, value) in [("evt.num", json!(1)), ("evt.type", event.get("type").cloned().unwrap_or_default())]
    {
        if !map.contains(name) {
            map.insert(name, &value);
        }
    }
    judge_verdict(case, condition.holds(&map))
}
