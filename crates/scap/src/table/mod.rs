//! The events of Falco's drivers, and the names of flags and calls. The tables are text files
//! that are read once.

mod names;

use std::sync::LazyLock;

use hashbrown::HashMap;

pub(crate) use names::{errno, signal};

/// How a parameter's bytes are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Type {
    Signed(u8),
    Unsigned(u8),
    Text,
    Bytes,
    Errno,
    SocketAddress,
    SocketTuple,
    Fd,
    Pid,
    FdList,
    Path,
    /// A path seen from the folder that a descriptor before it names.
    RelativePath,
    Call,
    Signal,
    Duration,
    Flags(u8),
    Uid,
    Gid,
    SignalSet,
    Mode,
    /// A byte that says which of several types follows.
    Dynamic,
    Unreadable,
}

/// How a number is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Base {
    Decimal,
    Hex,
    Octal,
}

/// Names of flags or choices, in the order in which they are tried.
pub(crate) type Names = [(&'static str, u32)];

/// A parameter of an event.
#[derive(Debug)]
pub(crate) struct Parameter {
    pub(crate) name: &'static str,
    pub(crate) kind: Type,
    pub(crate) base: Base,
    /// The set's name, and its names.
    pub(crate) set: &'static str,
    pub(crate) names: &'static Names,
}

/// An event of the table.
#[derive(Debug)]
pub(crate) struct Info {
    pub(crate) name: &'static str,
    pub(crate) category: &'static str,
    pub(crate) creates_fd: bool,
    pub(crate) destroys_fd: bool,
    pub(crate) uses_fd: bool,
    pub(crate) reads: bool,
    pub(crate) writes: bool,
    pub(crate) waits: bool,
    /// It changes no thread.
    pub(crate) threadless: bool,
    pub(crate) parameters: Vec<Parameter>,
}

impl Info {
    /// The place of the parameter with that name.
    pub(crate) fn place(&self, name: &str) -> Option<usize> {
        self.parameters.iter().position(|p| p.name == name)
    }

    /// Its category is one of reading and writing.
    pub(crate) fn is_io(&self) -> bool {
        self.category.starts_with("io_")
    }

    /// It makes, uses or closes a descriptor.
    pub(crate) fn has_fd(&self) -> bool {
        self.creates_fd || self.uses_fd || self.destroys_fd
    }
}

static FLAGS: LazyLock<HashMap<&'static str, Vec<(&'static str, u32)>>> = LazyLock::new(|| {
    let set = |line: &'static str| {
        let (name, values) = line.split_once(' ')?;
        let value = |pair: &'static str| {
            let (name, value) = pair.rsplit_once('=')?;
            Some((name, value.parse().ok()?))
        };
        Some((name, values.split(' ').filter_map(value).collect()))
    };
    lines(include_str!("flags.txt")).filter_map(set).collect()
});

static EVENTS: LazyLock<Vec<Info>> =
    LazyLock::new(|| lines(include_str!("events.txt")).filter_map(info).collect());

static CALLS: LazyLock<Vec<(&'static str, &'static str)>> = LazyLock::new(|| {
    let call = |line: &'static str| line.split_once(' ')?.1.split_once(' ');
    lines(include_str!("syscalls.txt")).filter_map(call).collect()
});

fn lines(text: &'static str) -> impl Iterator<Item = &'static str> {
    text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'))
}

fn info(line: &'static str) -> Option<Info> {
    let mut words = line.split(' ').skip(1);
    let (name, category, flags) = (words.next()?, words.next()?, words.next()?);
    let has = |flag: char| flags.contains(flag);
    Some(Info {
        name,
        category,
        creates_fd: has('c'),
        destroys_fd: has('d'),
        uses_fd: has('u'),
        reads: has('r'),
        writes: has('w'),
        waits: has('t'),
        threadless: has('s'),
        parameters: words.filter_map(parameter).collect(),
    })
}

fn parameter(word: &'static str) -> Option<Parameter> {
    let (name, rest) = word.split_once(':')?;
    let (kind, set) = rest.split_once('=').unwrap_or((rest, ""));
    let (kind, base) = match kind.strip_suffix('x') {
        Some(kind) => (kind, Base::Hex),
        None => match kind.strip_suffix('o') {
            Some(number) if kind != "errno" => (number, Base::Octal),
            _ => (kind, Base::Decimal),
        },
    };
    let kind = match kind {
        "i8" => Type::Signed(1),
        "i16" => Type::Signed(2),
        "i32" => Type::Signed(4),
        "i64" => Type::Signed(8),
        "u8" => Type::Unsigned(1),
        "u16" => Type::Unsigned(2),
        "u32" => Type::Unsigned(4),
        "u64" => Type::Unsigned(8),
        "text" => Type::Text,
        "bytes" => Type::Bytes,
        "errno" => Type::Errno,
        "sockaddr" => Type::SocketAddress,
        "socktuple" => Type::SocketTuple,
        "fd" => Type::Fd,
        "pid" => Type::Pid,
        "fdlist" => Type::FdList,
        "path" => Type::Path,
        "relpath" => Type::RelativePath,
        "syscall" => Type::Call,
        "sig" => Type::Signal,
        "reltime" => Type::Duration,
        "flags8" => Type::Flags(1),
        "flags16" => Type::Flags(2),
        "flags32" => Type::Flags(4),
        "uid" => Type::Uid,
        "gid" => Type::Gid,
        "sigset" => Type::SignalSet,
        "mode" => Type::Mode,
        "dyn" => Type::Dynamic,
        _ => Type::Unreadable,
    };
    let names = FLAGS.get(set).map(Vec::as_slice).unwrap_or_default();
    Some(Parameter { name, kind, base, set, names })
}

/// The event with that number.
pub(crate) fn event(code: u16) -> Option<&'static Info> {
    EVENTS.get(usize::from(code))
}

/// Name and category of the call with that number in a generic event.
pub(crate) fn call(number: u16) -> Option<(&'static str, &'static str)> {
    CALLS.get(usize::from(number)).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_are_whole() {
        for (at, line) in lines(include_str!("events.txt")).enumerate() {
            assert!(line.starts_with(&format!("{at} ")), "line {at}: {line}");
            let info = event(u16::try_from(at).unwrap()).unwrap();
            assert_eq!(info.parameters.len(), line.split(' ').count() - 4, "{line}");
            for parameter in &info.parameters {
                let known = parameter.kind != Type::Unreadable || info.name == "tracer";
                assert!(known, "{line}: {}", parameter.name);
                let needs_names = !parameter.set.is_empty() && parameter.kind != Type::Dynamic;
                assert_eq!(!parameter.names.is_empty(), needs_names, "{line}: {}", parameter.name);
            }
        }
        assert_eq!(call(3), Some(("read", "io_read")));
        assert_eq!(errno(-2), Some("ENOENT"));
        assert_eq!(signal(9), Some("SIGKILL"));
    }
}
