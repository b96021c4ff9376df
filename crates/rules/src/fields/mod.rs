//! What a condition can ask about: the catalogue of field names, the values they have, and where
//! values come from.
//!
//! An event gives its values through [`FieldSource`]. A field that an event lacks has no value:
//! every comparison with it is false, `!=` too.

mod catalogue;
mod kinds;
mod known;
mod map;
mod names;
mod sources;
mod time;
mod view;

pub(crate) use catalogue::is_event_type;
pub use catalogue::{Catalogue, Field, FieldError, FieldType, Plural};
pub use kinds::KindSet;
pub(crate) use kinds::{category, is_available, type_names};
pub use known::Known;
pub use map::MapEvent;
pub use sources::{JsonEvent, ReadError};
pub use view::EventView;

use std::net::IpAddr;

use vedetta_model::Kind;

/// A field's value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Value<'a> {
    /// Text or raw bytes.
    Text(&'a [u8]),
    /// A signed number.
    Int(i64),
    /// An unsigned number.
    Uint(u64),
    /// A number with a fraction.
    Double(f64),
    /// True or false.
    Bool(bool),
    /// An address.
    Ip(IpAddr),
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(text.as_bytes())
    }
}

impl Value<'_> {
    /// Appends the value as an output text shows it. Control characters become dots, so that a
    /// value can't forge lines.
    pub fn write_to(&self, out: &mut String) {
        use std::fmt::Write;
        // Writing to a String cannot fail.
        let _ = match self {
            Self::Text(bytes) => {
                let text = String::from_utf8_lossy(bytes);
                out.extend(text.chars().map(|c| if c.is_control() { '.' } else { c }));
                Ok(())
            }
            Self::Int(n) => write!(out, "{n}"),
            Self::Uint(n) => write!(out, "{n}"),
            Self::Double(n) => write!(out, "{n}"),
            Self::Bool(b) => write!(out, "{b}"),
            Self::Ip(ip) => write!(out, "{ip}"),
        };
    }

    /// The value as a text, as it is compared after a transformer.
    pub(crate) fn text_bytes(&self, out: &mut Vec<u8>) {
        if let Self::Text(bytes) = self {
            out.extend_from_slice(bytes);
        } else {
            let mut text = String::new();
            self.write_to(&mut text);
            out.extend_from_slice(text.as_bytes());
        }
    }
}

/// What a source has for a field.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Fetch<'a> {
    /// Nothing.
    Absent,
    /// One value, as the event has it.
    Value(Value<'a>),
    /// One text that had to be put together: it was appended to the buffer.
    Built,
    /// Any number of values: ask [`FieldSource::each`].
    Many,
}

impl<'a> Fetch<'a> {
    pub(crate) fn some(value: impl Into<Value<'a>>) -> Self {
        Self::Value(value.into())
    }
    /// A text that is empty when it is not known.
    pub(crate) fn text(text: &'a str) -> Self {
        if text.is_empty() { Self::Absent } else { Self::Value(text.into()) }
    }
    pub(crate) fn int(n: impl Into<i64>) -> Self {
        Self::Value(Value::Int(n.into()))
    }
    pub(crate) fn uint(n: impl Into<u64>) -> Self {
        Self::Value(Value::Uint(n.into()))
    }
    pub(crate) fn bool(b: bool) -> Self {
        Self::Value(Value::Bool(b))
    }
}

/// An event as the engine sees it.
pub trait FieldSource {
    /// Its kind, when it is one of the model's: rules that can't match the kind are then skipped,
    /// and fields that the kind never has are taken as absent. `None` evaluates everything.
    fn kind(&self) -> Option<Kind>;

    /// The source of events that it comes from: only rules for that source look at it.
    fn event_source(&self) -> &str {
        "syscall"
    }

    /// The value of a field. The buffer is appended to only when [`Fetch::Built`] is the answer.
    fn fetch<'s>(&'s self, field: &Field, buffer: &mut Vec<u8>) -> Fetch<'s>;

    /// Hands over the values of a field that has [`Fetch::Many`], until `visit` returns true. The
    /// buffer may be used, and holds nothing of interest afterwards.
    fn each(&self, field: &Field, buffer: &mut Vec<u8>, visit: &mut dyn FnMut(Value<'_>) -> bool);
}
