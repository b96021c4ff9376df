//! A JSON event of a source, read under the names of its fields.

use std::borrow::Cow;
use std::fmt;

use vedetta_model::{Kind, Timestamp};

use super::json::Json;
use super::take::{Argument, Texts};
use super::{KNOWN, Known as Source, find};
use crate::fields::time::time_field;
use crate::fields::{Fetch, Field, FieldSource, FieldType, Known, Plural, Value};

/// An event that a service wrote as JSON.
#[derive(Clone)]
pub struct JsonEvent {
    source: &'static Source,
    json: Json,
    number: u64,
    time: Option<Timestamp>,
}

/// Why a text holds no events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReadError {
    /// There is no such source.
    UnknownSource(String),
    /// The text is no JSON: where it ends to be, and why.
    NotJson {
        /// The line, counted from one.
        line: usize,
        /// The column, counted from one.
        column: usize,
        /// What is wrong.
        why: String,
    },
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownSource(name) => {
                let known: Vec<_> = JsonEvent::sources().collect();
                write!(f, "there is no source of events '{name}'; there are {}", known.join(", "))
            }
            Self::NotJson { line, column, why } => write!(f, "line {line}, column {column}: {why}"),
        }
    }
}

impl std::error::Error for ReadError {}

impl fmt::Debug for JsonEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (source, json) = (self.source.source.name, self.json.to_json());
        f.debug_struct("JsonEvent").field("source", &source).field("json", &json).finish()
    }
}

impl JsonEvent {
    /// The names of the sources whose events can be read.
    pub fn sources() -> impl Iterator<Item = &'static str> {
        KNOWN.iter().map(|known| known.source.name)
    }

    /// The fields of a source's own that its events can have; none where there is no such source.
    pub fn fields(source: &str) -> impl Iterator<Item = &'static str> {
        find(source).into_iter().flat_map(|known| known.takes.keys().copied())
    }

    /// Reads events of a source from a text: one event, a list of them, what the service sends them
    /// in, or several of these one after the other. Events are numbered from one.
    pub fn read(source: &str, text: &str) -> Result<Vec<Self>, ReadError> {
        let source = find(source).ok_or_else(|| ReadError::UnknownSource(source.to_owned()))?;
        let mut events = Vec::new();
        for json in serde_json::Deserializer::from_str(text).into_iter::<Json>() {
            let json = json.map_err(|e| ReadError::NotJson {
                line: e.line(),
                column: e.column(),
                why: e.to_string(),
            })?;
            unpack(source, json, &mut events);
        }
        Ok(events)
    }

    /// When the event came to be, if it says.
    pub const fn time(&self) -> Option<Timestamp> {
        self.time
    }

    /// The same event at a time of its own, such as that of its arrival.
    #[must_use]
    pub const fn at(mut self, time: Timestamp) -> Self {
        self.time = Some(time);
        self
    }

    fn values(&self, field: &Field) -> Texts<'_> {
        let text = field.arg.as_deref().unwrap_or_default();
        match &*field.base {
            "json.value" | "jevt.value" => {
                self.json.pointer(text).map(super::take::any_text).into_iter().collect()
            }
            "json.obj" | "jevt.obj" => vec![Cow::Owned(self.json.to_indented())],
            "json.rawtime" | "jevt.rawtime" => {
                self.time.map(|time| Cow::Owned(time.as_nanos().to_string())).into_iter().collect()
            }
            "jevt.time" => self.time_text(Known::EvtTime),
            "jevt.time.iso8601" => self.time_text(Known::EvtTimeIso),
            name => {
                let is_ours = self.source.source.mark.is_none_or(|mark| self.json.get(mark).is_some());
                let Some(take) = self.source.takes.get(name).filter(|_| is_ours) else { return Vec::new() };
                let index = field.index.and_then(|index| usize::try_from(index).ok());
                take.values(&self.json, Argument { text, index })
            }
        }
    }

    fn time_text(&self, form: Known) -> Texts<'_> {
        let mut out = Vec::new();
        match self.time.map(|time| time_field(form, time, &mut out)) {
            Some(Some(Fetch::Built)) => vec![Cow::Owned(String::from_utf8_lossy(&out).into_owned())],
            _ => Vec::new(),
        }
    }

    /// The fields that all events have.
    fn common(&self, known: Known, out: &mut Vec<u8>) -> Fetch<'static> {
        match known {
            Known::EvtNum => Fetch::uint(self.number),
            Known::EvtSource => Fetch::some(self.source.source.name),
            Known::EvtType => Fetch::some("pluginevent"),
            Known::EvtCount => Fetch::uint(1u32),
            known => {
                let time = self.time.and_then(|time| time_field(known, time, out));
                time.unwrap_or(Fetch::Absent)
            }
        }
    }
}

fn unpack(source: &'static Source, json: Json, events: &mut Vec<JsonEvent>) {
    match json {
        Json::List(items) => items.into_iter().for_each(|item| unpack(source, item, events)),
        Json::Object(mut members) => {
            let key = source.source.envelope.unwrap_or_default();
            let inner = members.iter().position(|(name, value)| name == key && value.as_list().is_some());
            match inner {
                Some(at) => unpack(source, members.swap_remove(at).1, events),
                None => {
                    let json = Json::Object(members);
                    let number = events.len() as u64 + 1;
                    let written = source.source.time.iter().find_map(|path| json.at(path)?.as_text());
                    let time = written.and_then(|text| text.parse().ok());
                    events.push(JsonEvent { source, json, number, time });
                }
            }
        }
        // No event is a mere text or number.
        _ => {}
    }
}

impl FieldSource for JsonEvent {
    /// None of the model's.
    fn kind(&self) -> Option<Kind> {
        None
    }

    fn event_source(&self) -> &str {
        self.source.source.name
    }

    fn fetch<'s>(&'s self, field: &Field, buffer: &mut Vec<u8>) -> Fetch<'s> {
        if let Some(known) = field.known {
            return self.common(known, buffer);
        }
        if field.plural == Plural::List {
            return Fetch::Many;
        }
        match self.values(field).into_iter().next() {
            None => Fetch::Absent,
            Some(text) if field.field_type == FieldType::Uint => {
                text.parse().map_or(Fetch::Absent, |n: u64| Fetch::uint(n))
            }
            Some(Cow::Borrowed(text)) => Fetch::some(text),
            Some(Cow::Owned(text)) => {
                buffer.extend_from_slice(text.as_bytes());
                Fetch::Built
            }
        }
    }

    fn each(&self, field: &Field, _: &mut Vec<u8>, visit: &mut dyn FnMut(Value<'_>) -> bool) {
        let _ = self.values(field).iter().any(|text| visit(Value::from(&**text)));
    }
}
