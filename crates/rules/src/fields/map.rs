//! An event given as a flat map of field names to values: how tests of rules and recorded cases
//! write events.

use std::collections::HashMap;
use std::net::IpAddr;

use serde_json::Value as Json;
use vedetta_model::Kind;

use super::{Fetch, Field, FieldSource, FieldType, Value};

/// An event as field names and values. Values are texts, numbers, true or false, lists of those,
/// and `{"hex": "…"}` for raw bytes. Lists of ancestors begin with the parent.
#[derive(Debug, Clone, Default)]
pub struct MapEvent {
    fields: HashMap<String, Vec<Item>>,
}

#[derive(Debug, Clone)]
enum Item {
    Text(Vec<u8>),
    Int(i64),
    Uint(u64),
    Double(f64),
    Bool(bool),
}

impl Item {
    fn from_json(json: &Json) -> Option<Self> {
        Some(match json {
            Json::String(text) => Self::Text(text.as_bytes().to_vec()),
            Json::Bool(b) => Self::Bool(*b),
            Json::Number(n) => match (n.as_i64(), n.as_u64()) {
                (Some(n), _) => Self::Int(n),
                (_, Some(n)) => Self::Uint(n),
                _ => Self::Double(n.as_f64()?),
            },
            Json::Object(object) => Self::Text(decode_hex(object.get("hex")?.as_str()?)?),
            Json::Null | Json::Array(_) => return None,
        })
    }

    /// The value as the field's type wants it. `None` when it has to be built as text.
    fn as_type(&self, field_type: FieldType) -> Option<Value<'_>> {
        let text = |bytes| std::str::from_utf8(bytes).ok();
        Some(match (self, field_type) {
            (Self::Text(bytes), FieldType::Ip | FieldType::Net) => {
                Value::Ip(text(bytes)?.parse::<IpAddr>().ok()?)
            }
            (Self::Text(bytes), FieldType::Bool) => Value::Bool(text(bytes)?.parse().ok()?),
            (Self::Text(bytes), FieldType::Int | FieldType::Uint | FieldType::Port) => {
                Value::Int(text(bytes)?.parse().ok()?)
            }
            (Self::Text(bytes), _) => Value::Text(bytes),
            (
                Self::Int(_) | Self::Uint(_) | Self::Double(_) | Self::Bool(_),
                FieldType::Text | FieldType::Bytes,
            ) => {
                return None;
            }
            (Self::Int(n), _) => Value::Int(*n),
            (Self::Uint(n), _) => Value::Uint(*n),
            (Self::Double(n), _) => Value::Double(*n),
            (Self::Bool(b), _) => Value::Bool(*b),
        })
    }

    fn untyped(&self) -> Value<'_> {
        match self {
            Self::Text(bytes) => Value::Text(bytes),
            Self::Int(n) => Value::Int(*n),
            Self::Uint(n) => Value::Uint(*n),
            Self::Double(n) => Value::Double(*n),
            Self::Bool(b) => Value::Bool(*b),
        }
    }
}

fn decode_hex(text: &str) -> Option<Vec<u8>> {
    let digits = text.as_bytes().chunks(2);
    digits.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()).collect()
}

/// Fields that are the same value as another where a map does not give them.
const SAME: [(&str, &str); 4] =
    [("fd.cnet", "fd.cip"), ("fd.snet", "fd.sip"), ("fd.lnet", "fd.lip"), ("fd.rnet", "fd.rip")];

/// Fields that stand for several others, which a map may give instead.
const EITHER: [(&str, [&str; 2]); 3] = [
    ("fd.ip", ["fd.cip", "fd.sip"]),
    ("fd.net", ["fd.cip", "fd.sip"]),
    ("fd.port", ["fd.cport", "fd.sport"]),
];

impl MapEvent {
    /// Takes the fields of a JSON object; `null` is no value.
    pub fn from_json(fields: &serde_json::Map<String, Json>) -> Self {
        let mut event = Self::default();
        for (name, json) in fields {
            event.insert(name, json);
        }
        for (name, from) in EITHER {
            let items: Vec<_> = from.iter().filter_map(|f| event.fields.get(*f)).flatten().cloned().collect();
            if !items.is_empty() && !event.contains(name) {
                event.fields.insert(name.to_owned(), items);
            }
        }
        event
    }

    /// Sets a field.
    pub fn insert(&mut self, name: &str, json: &Json) {
        let items = match json {
            Json::Array(items) => items.iter().filter_map(Item::from_json).collect(),
            one => Item::from_json(one).into_iter().collect(),
        };
        self.fields.insert(name.to_owned(), items);
    }

    /// The first value of a field, where it is a whole number.
    pub fn integer(&self, name: &str) -> Option<i64> {
        match self.fields.get(name)?.first()? {
            Item::Int(n) => Some(*n),
            _ => None,
        }
    }

    /// Whether a field was given.
    pub fn contains(&self, name: &str) -> bool {
        self.fields.contains_key(name)
    }

    /// The names of the fields that were given.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.fields.keys().map(String::as_str)
    }

    /// The values of a field, and the one of them that an argument picks out.
    fn items(&self, field: &Field) -> &[Item] {
        if let Some(items) = self.fields.get(&*field.name) {
            return items;
        }
        if let Some((_, from)) = SAME.iter().find(|(name, _)| *name == field.name) {
            return self.fields.get(*from).map(Vec::as_slice).unwrap_or_default();
        }
        let (Some(all), Some(index)) = (self.fields.get(&*field.base), field.index) else { return &[] };
        let Ok(index) = usize::try_from(index) else { return &[] };
        // Number 0 of an ancestry is the process itself, which a list of ancestors lacks.
        let is_ancestry = field.base.starts_with("proc.a") && field.base != "proc.args";
        let at = if is_ancestry { index.checked_sub(1) } else { Some(index) };
        at.and_then(|at| all.get(at..=at)).unwrap_or_default()
    }
}

impl FieldSource for MapEvent {
    /// Unknown: a map may have fields that the model's event of that kind has not.
    fn kind(&self) -> Option<Kind> {
        None
    }

    fn event_source(&self) -> &str {
        let given = self.fields.get("evt.source").and_then(|items| items.first());
        match given {
            Some(Item::Text(text)) => std::str::from_utf8(text).unwrap_or("syscall"),
            _ => "syscall",
        }
    }

    fn fetch<'s>(&'s self, field: &Field, buffer: &mut Vec<u8>) -> Fetch<'s> {
        match self.items(field) {
            [] => Fetch::Absent,
            [one] if field.plural == super::Plural::One => match one.as_type(field.field_type) {
                Some(value) => Fetch::Value(value),
                None if matches!(field.field_type, FieldType::Text | FieldType::Bytes) => {
                    one.untyped().text_bytes(buffer);
                    Fetch::Built
                }
                None => Fetch::Absent,
            },
            _ => Fetch::Many,
        }
    }

    fn each(&self, field: &Field, buffer: &mut Vec<u8>, visit: &mut dyn FnMut(Value<'_>) -> bool) {
        for item in self.items(field) {
            buffer.clear();
            let done = match item.as_type(field.field_type) {
                Some(value) => visit(value),
                None => {
                    item.untyped().text_bytes(buffer);
                    visit(Value::Text(buffer))
                }
            };
            if done {
                return;
            }
        }
    }
}
