//! Events as Falco's fields.

pub(crate) mod args;
mod descriptor;
mod event;
mod identity;
mod path;
mod process;

use serde_json::{Map, Value as Json};

use crate::state::{Current, Tables};

/// The fields of one event, as they fill up.
#[derive(Debug, Default)]
pub(crate) struct Fields {
    map: Map<String, Json>,
}

impl Fields {
    fn set(&mut self, name: &str, value: impl Into<Json>) {
        self.map.insert(name.to_owned(), value.into());
    }

    fn set_some(&mut self, name: &str, value: Option<impl Into<Json>>) {
        if let Some(value) = value {
            self.set(name, value);
        }
    }
}

/// The fields of the event that the tables took last.
pub(crate) fn of<'c>(
    tables: &mut Tables<'c>,
    current: &Current<'c>,
    number: u64,
    ancestors: usize,
) -> Map<String, Json> {
    let mut fields = Fields::default();
    event::add(&mut fields, tables, current, number);
    if current.tid.is_some() {
        descriptor::add(&mut fields, tables, current);
        process::add(&mut fields, tables, current, ancestors);
        identity::add(&mut fields, tables, current);
        path::add(&mut fields, tables, current);
    }
    fields.map
}
