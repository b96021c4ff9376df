//! The catalogue: which fields exist, of what type, with what argument.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, LazyLock};

use smol_str::SmolStr;

use super::Known;
use crate::filter::Literal;

/// What values a field has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FieldType {
    /// Text.
    Text,
    /// Raw bytes.
    Bytes,
    /// A signed number.
    Int,
    /// An unsigned number.
    Uint,
    /// A port number.
    Port,
    /// A number with a fraction.
    Double,
    /// True or false.
    Bool,
    /// An IP address.
    Ip,
    /// An IP address that is compared with networks.
    Net,
    /// Whatever the event has.
    Any,
}

impl FieldType {
    fn from_word(word: &str) -> Option<Self> {
        Some(match word {
            "text" => Self::Text,
            "bytes" => Self::Bytes,
            "int" => Self::Int,
            "uint" => Self::Uint,
            "port" => Self::Port,
            "double" => Self::Double,
            "bool" => Self::Bool,
            "ip" => Self::Ip,
            "net" => Self::Net,
            "any" => Self::Any,
            _ => return None,
        })
    }

    /// For error messages.
    pub const fn describe(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Bytes => "bytes",
            Self::Int => "signed number",
            Self::Uint => "unsigned number",
            Self::Port => "port",
            Self::Double => "number",
            Self::Bool => "true or false",
            Self::Ip => "IP address",
            Self::Net => "network",
            Self::Any => "any value",
        }
    }
}

/// How many values a field has, and how comparisons take them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Plural {
    /// One.
    One,
    /// Several of which one has to agree (for `!=`: none may be equal), such as `fd.ip`.
    Any,
    /// A list: `in` wants all of its values to be in the list on the right, `intersects` one.
    List,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Argument {
    None,
    Optional,
    Required,
}

#[derive(Debug, Clone)]
struct Entry {
    /// The only source whose events have it; `None` for all of them.
    source: Option<&'static str>,
    field_type: FieldType,
    list: bool,
    /// Each item of the list can be several values.
    nested: bool,
    argument: Argument,
}

/// A field as a condition names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// Name and argument in one form: `proc.aname[2]`, `evt.arg.flags`.
    pub name: SmolStr,
    /// Name without the argument.
    pub base: SmolStr,
    /// The argument.
    pub arg: Option<SmolStr>,
    /// The argument as a number, where it is one.
    pub index: Option<u32>,
    /// What values it has.
    pub field_type: FieldType,
    /// How many.
    pub plural: Plural,
    /// Which of the fields that events of the model can fill it is.
    pub known: Option<Known>,
}

/// Why a name is no field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FieldError {
    /// There is no such field.
    Unknown(String),
    /// It takes no argument.
    NoArgument(String),
    /// It needs one.
    ArgumentRequired(String),
    /// Its argument has to be a number.
    NotANumber(String, String),
}

impl std::fmt::Display for FieldError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Unknown(name) => write!(f, "filter_check called with nonexistent field {name}"),
            Self::NoArgument(name) => write!(f, "field '{name}' takes no argument"),
            Self::ArgumentRequired(name) => {
                write!(f, "field '{name}' requires an argument but none was given")
            }
            Self::NotANumber(name, arg) => {
                write!(f, "field '{name}' wants a number as argument, not '{arg}'")
            }
        }
    }
}

/// Which fields exist.
#[derive(Debug, Clone)]
pub struct Catalogue {
    entries: Arc<HashMap<SmolStr, Entry>>,
    /// Only fields of this source's events exist.
    source: Option<SmolStr>,
}

static STANDARD: LazyLock<Catalogue> = LazyLock::new(|| {
    let mut entries = HashMap::new();
    let mut source = None;
    for line in include_str!("catalogue.txt").lines() {
        if let Some(name) = line.strip_prefix('[') {
            source = Some(name.trim_end_matches(']')).filter(|name| *name != "*");
        }
        if line.is_empty() || line.starts_with(['#', '[']) {
            continue;
        }
        let mut words = line.split(' ');
        let (Some(name), Some(field_type)) = (words.next(), words.next().and_then(FieldType::from_word))
        else {
            continue;
        };
        let source = source.filter(|_| !COMMON.contains(&name));
        let mut entry = Entry { source, field_type, list: false, nested: false, argument: Argument::None };
        for word in words {
            match word {
                "list" => entry.list = true,
                "lists" => (entry.list, entry.nested) = (true, true),
                "arg?" => entry.argument = Argument::Optional,
                "arg!" => entry.argument = Argument::Required,
                _ => {}
            }
        }
        entries.insert(SmolStr::new_static(name), entry);
    }
    Catalogue { entries: Arc::new(entries), source: None }
});

static EVENT_TYPES: LazyLock<HashSet<&str>> =
    LazyLock::new(|| include_str!("event_types.txt").lines().collect());

/// Whether there is a system call, or another event, of this name.
pub(crate) fn is_event_type(name: &str) -> bool {
    EVENT_TYPES.contains(name)
}

/// Fields that events of all sources have.
const COMMON: [&str; 17] = [
    "evt.num",
    "evt.time",
    "evt.time.s",
    "evt.time.iso8601",
    "evt.datetime",
    "evt.datetime.s",
    "evt.rawtime",
    "evt.rawtime.s",
    "evt.rawtime.ns",
    "evt.type",
    "evt.count",
    "evt.source",
    "evt.hostname",
    "evt.is_async",
    "evt.asynctype",
    "evt.pluginname",
    "evt.plugininfo",
];

/// Fields whose argument stands behind a dot: `evt.arg.flags` is `evt.arg[flags]`.
const DOTTED: [&str; 6] =
    ["evt.arg", "evt.rawarg", "evt.abspath", "evt.type.is", "thread.cgroup", "container.mount"];

/// Fields that stand for several values of which one has to agree.
const ANY: [&str; 12] = [
    "evt.type",
    "syscall.type",
    "proc.aname",
    "proc.apid",
    "proc.aexe",
    "proc.aexepath",
    "proc.acmdline",
    "proc.aargs",
    "proc.aenv",
    "fd.ip",
    "fd.port",
    "fd.net",
];

/// Fields whose argument says how far up the ancestry to look.
const ANCESTRY: [&str; 7] =
    ["proc.aname", "proc.apid", "proc.aexe", "proc.aexepath", "proc.acmdline", "proc.aargs", "proc.aenv"];

impl Catalogue {
    /// The fields of Falco and its plugins.
    pub fn standard() -> &'static Self {
        &STANDARD
    }

    /// The same with one more text (or bytes) field.
    #[must_use]
    pub fn with(mut self, name: &str, field_type: FieldType) -> Self {
        let entry =
            Entry { source: None, field_type, list: false, nested: false, argument: Argument::Optional };
        Arc::make_mut(&mut self.entries).insert(name.into(), entry);
        self
    }

    /// The same without the fields that only events of other sources have.
    #[must_use]
    pub fn for_source(&self, source: &str) -> Self {
        Self { source: Some(source.into()), ..self.clone() }
    }

    /// All names, sorted.
    pub fn names(&self) -> Vec<&str> {
        let mut names: Vec<_> = self.entries.keys().map(SmolStr::as_str).collect();
        names.sort_unstable();
        names
    }

    /// Whether there is a field of exactly this name.
    pub fn contains(&self, name: &str) -> bool {
        self.entries.contains_key(name) || self.dotted(name).is_some()
    }

    fn dotted<'n>(&self, name: &'n str) -> Option<(&'static str, &'n str)> {
        DOTTED.iter().find_map(|base| {
            let arg = name.strip_prefix(base)?.strip_prefix('.')?;
            (self.entries.contains_key(*base) && !arg.is_empty()).then_some((*base, arg))
        })
    }

    /// The field that a condition or output text names.
    pub fn resolve(&self, name: &str, arg: Option<&Literal>) -> Result<Field, FieldError> {
        let bracket = arg.map(|a| SmolStr::from(&*a.to_text()));
        let (base, entry, arg, dotted) = match (self.entries.get(name), self.dotted(name)) {
            (Some(entry), _) => (SmolStr::from(name), entry, bracket, false),
            (None, Some((base, arg))) if bracket.is_none() => {
                let entry = self.entries.get(base).ok_or_else(|| FieldError::Unknown(name.to_owned()))?;
                (SmolStr::new_static(base), entry, Some(SmolStr::from(arg)), true)
            }
            _ => return Err(FieldError::Unknown(name.to_owned())),
        };
        if let (Some(of), Some(source)) = (entry.source, &self.source)
            && of != source
        {
            return Err(FieldError::Unknown(name.to_owned()));
        }
        match (&arg, entry.argument) {
            (Some(_), Argument::None) => return Err(FieldError::NoArgument(name.to_owned())),
            (None, Argument::Required) => return Err(FieldError::ArgumentRequired(name.to_owned())),
            _ => {}
        }
        let index = arg.as_ref().and_then(|a| a.parse().ok());
        if let Some(arg) = &arg
            && index.is_none()
            && ANCESTRY[..6].contains(&&*base)
        {
            return Err(FieldError::NotANumber(base.to_string(), arg.to_string()));
        }
        let plural = match &arg {
            None if entry.list => Plural::List,
            Some(_) if entry.nested => Plural::List,
            None if ANY.contains(&&*base) => Plural::Any,
            _ => Plural::One,
        };
        let full = match &arg {
            None => base.clone(),
            Some(arg) if dotted || DOTTED.contains(&&*base) => smol_str::format_smolstr!("{base}.{arg}"),
            Some(arg) => smol_str::format_smolstr!("{base}[{arg}]"),
        };
        let known = Known::from_name(&base);
        Ok(Field { name: full, base, arg, index, field_type: entry.field_type, plural, known })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_catalogue_is_read() {
        let lines = include_str!("catalogue.txt")
            .lines()
            .filter(|l| !l.is_empty() && !l.starts_with(['#', '[']))
            .count();
        assert_eq!(Catalogue::standard().entries.len(), lines);
        assert!(lines > 500);
        for known in Known::ALL {
            assert!(Catalogue::standard().contains(known.as_str()), "{known:?}");
        }
    }

    #[test]
    fn an_argument_is_asked_for_and_refused() {
        let c = Catalogue::standard();
        assert_eq!(c.resolve("evt.arg.flags", None).unwrap().arg.as_deref(), Some("flags"));
        assert_eq!(c.resolve("proc.aname", Some(&"2".into())).unwrap().index, Some(2));
        assert!(matches!(c.resolve("evt.arg", None), Err(FieldError::ArgumentRequired(_))));
        assert!(matches!(c.resolve("proc.name", Some(&"1".into())), Err(FieldError::NoArgument(_))));
        assert!(matches!(c.resolve("proc.aname", Some(&"x".into())), Err(FieldError::NotANumber(..))));
        assert!(matches!(c.resolve("proc.nobody", None), Err(FieldError::Unknown(_))));
    }
}
