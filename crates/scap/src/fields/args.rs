//! Parameters of events as texts: the plain value, and what it stands for.

use serde_json::Value as Json;

use super::event::{number, octal};
use crate::blocks::event::until_zero;
use crate::state::{AT_CWD, Current, Tables};
use crate::table::{self, Base, Names, Type};
use crate::text;

/// A value and what it stands for; the latter is empty when that is nothing else.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Shown {
    pub(crate) plain: String,
    pub(crate) resolved: String,
}

impl Shown {
    fn plain(plain: impl Into<String>) -> Self {
        Self { plain: plain.into(), resolved: String::new() }
    }

    fn both(plain: impl ToString, resolved: impl Into<String>) -> Self {
        Self { plain: plain.to_string(), resolved: resolved.into() }
    }
}

/// Descriptors of a poll that are shown.
const MOST_POLLED: usize = 4096;

/// Shows a parameter. `None` when its bytes are not of its type.
pub(crate) fn show<'c>(tables: &mut Tables<'c>, current: &Current<'c>, at: usize) -> Option<Shown> {
    let parameter = current.info.parameters.get(at)?;
    let bytes = current.raw.bytes(at)?;
    let value = integer(bytes, parameter.kind);
    Some(match parameter.kind {
        Type::Signed(width) | Type::Unsigned(width) => {
            Shown::plain(decimal(bytes, parameter.kind, width, parameter.base)?)
        }
        Type::Text => Shown::plain(text::lossy(bytes)),
        Type::Bytes => Shown::plain(text::dotted(bytes)),
        Type::Errno => errno(value?),
        Type::SocketAddress => Shown::plain(address(bytes)),
        Type::SocketTuple => Shown::plain(tuple(bytes)),
        Type::Fd => fd(tables, current, value?),
        Type::Pid => {
            let pid = value?;
            Shown::both(pid, tables.thread(pid).map(|thread| thread.comm.to_string()).unwrap_or_default())
        }
        Type::FdList => Shown::plain(fd_list(tables, current, bytes)?),
        Type::Path | Type::RelativePath => path(tables, current, at, bytes),
        Type::Call => {
            let call = u16::try_from(value?).ok()?;
            Shown::both(call, table::call(call).map_or("", |(name, _)| name))
        }
        Type::Signal => signal(value?),
        Type::Duration => duration(value?),
        Type::Flags(_) | Type::Mode => {
            let bits = u32::try_from(value?).ok()?;
            let plain = if parameter.base == Base::Octal { octal(bits.into()) } else { bits.to_string() };
            Shown::both(plain, flags(bits, parameter.names))
        }
        Type::Uid | Type::Gid => account(tables, parameter.kind, u32::try_from(value?).ok()?),
        Type::SignalSet => Shown::plain(signals(u32::try_from(value?).ok()?)),
        Type::Dynamic => dynamic(tables, current, parameter.set, bytes)?,
        Type::Unreadable => return None,
    })
}

/// The value of a parameter as a number or text, not resolved: `evt.rawarg.*`.
pub(crate) fn raw(current: &Current<'_>, at: usize) -> Option<Json> {
    let parameter = current.info.parameters.get(at)?;
    let bytes = current.raw.bytes(at)?;
    match parameter.kind {
        Type::Text | Type::Path | Type::RelativePath => Some(text::lossy(bytes).into()),
        Type::Unsigned(8) => Some(current.raw.u64(at)?.into()),
        kind => integer(bytes, kind).map(Json::from),
    }
}

/// The number in a parameter's bytes, if it is one.
fn integer(bytes: &[u8], kind: Type) -> Option<i64> {
    let (width, signed) = match kind {
        Type::Signed(width) => (width, true),
        Type::Unsigned(width) | Type::Flags(width) => (width, false),
        Type::Errno | Type::Fd | Type::Pid | Type::Duration => (8, true),
        Type::Uid | Type::Gid | Type::SignalSet | Type::Mode => (4, false),
        Type::Call => (2, false),
        Type::Signal => (1, false),
        _ => return None,
    };
    let width = usize::from(width);
    if bytes.len() != width {
        return None;
    }
    let negative = signed && bytes.last().is_some_and(|byte| byte & 0x80 != 0);
    let mut wide = [if negative { 0xff } else { 0 }; 8];
    wide[..width].copy_from_slice(bytes);
    Some(i64::from_le_bytes(wide))
}

fn decimal(bytes: &[u8], kind: Type, width: u8, base: Base) -> Option<String> {
    let value = integer(bytes, kind)?;
    if base == Base::Decimal && kind == Type::Unsigned(8) {
        return Some(value.cast_unsigned().to_string());
    }
    Some(number(value, width, base))
}

fn errno(value: i64) -> Shown {
    Shown::both(value, table::errno(value).unwrap_or_default())
}

fn signal(value: i64) -> Shown {
    Shown::both(value, u8::try_from(value).ok().and_then(table::signal).unwrap_or_default())
}

fn signals(set: u32) -> String {
    let names = (0..32_u8).filter(|bit| set >> bit & 1 == 1).filter_map(|bit| table::signal(bit + 1));
    names.collect::<Vec<_>>().join(" ")
}

fn duration(nanos: i64) -> Shown {
    if nanos == -1 {
        return Shown::plain("none");
    }
    #[expect(clippy::cast_precision_loss, reason = "shown with six digits")]
    let seconds = nanos.cast_unsigned() as f64 / 1e9;
    Shown::both(nanos.cast_unsigned(), format!("{}s", general(seconds)))
}

/// A number with six digits that count, as C's `%g` writes it.
fn general(value: f64) -> String {
    let scientific = format!("{value:.5e}");
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let trim = |text: &str| match text.split_once('.') {
        Some(_) => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        None => text.to_owned(),
    };
    if !(-4..6).contains(&exponent) {
        let sign = if exponent < 0 { '-' } else { '+' };
        return format!("{}e{sign}{:02}", trim(digits), exponent.abs());
    }
    let decimals = usize::try_from(5 - exponent).unwrap_or(0);
    trim(&format!("{value:.decimals$}"))
}

/// Names of the flags that are set; or of the choice that the value is.
fn flags(value: u32, names: &Names) -> String {
    let mut left = value;
    let mut found = Vec::new();
    for &(name, flag) in names {
        if flag == value {
            found.push(name);
            break;
        }
        if flag != 0 && left & flag == flag {
            found.push(name);
            left &= !flag;
        }
    }
    found.join("|")
}

fn account(tables: &Tables<'_>, kind: Type, id: u32) -> Shown {
    if id == u32::MAX {
        return Shown::both(-1, "<NONE>");
    }
    let name = if kind == Type::Uid {
        tables.accounts.user(id).map(|user| user.name.as_str())
    } else {
        tables.accounts.group(id)
    };
    Shown::both(id, name.unwrap_or("<NA>"))
}

fn fd(tables: &mut Tables<'_>, current: &Current<'_>, number: i64) -> Shown {
    if number == AT_CWD {
        return Shown::both(number, "AT_FDCWD");
    }
    if number < 0 {
        return errno(number);
    }
    let fd = current.tid.and_then(|tid| tables.fd(tid, number));
    let name = |fd: &crate::state::fd::Fd| {
        format!("<{}{}>{}", fd.kind.names().0, fd.l4_char(), text::printable_only(fd.name.as_bytes()))
    };
    Shown::both(number, fd.map(|fd| name(&fd)).unwrap_or_default())
}

fn fd_list(tables: &mut Tables<'_>, current: &Current<'_>, bytes: &[u8]) -> Option<String> {
    let (_count, entries) = bytes.split_first_chunk::<2>()?;
    let tid = current.tid?;
    let (entries, _) = entries.as_chunks::<10>();
    let shown = entries.iter().take(MOST_POLLED).map(|entry| {
        let (number, events) = entry.split_at(8);
        let number = i64::from_le_bytes(number.try_into().unwrap_or_default());
        let events = i16::from_le_bytes(events.try_into().unwrap_or_default());
        let kind = tables.fd(tid, number).map_or("?", |fd| fd.kind.names().0);
        format!("{}:{kind}{:x}", number.cast_unsigned(), i32::from(events))
    });
    Some(shown.collect::<Vec<_>>().join(" "))
}

fn path<'c>(tables: &mut Tables<'c>, current: &Current<'c>, at: usize, bytes: &[u8]) -> Shown {
    let path = until_zero(bytes);
    let plain = text::printable_only(path);
    if path.starts_with(b"<NA>") || path.first().is_none_or(|byte| *byte == b'/') {
        return Shown::plain(plain);
    }
    let Some(tid) = current.tid else { return Shown::plain(plain) };
    let folder = folder(tables, current, tid, at, path);
    Shown::both(plain, text::join(&folder, path))
}

/// The folder in which a relative path in that parameter begins.
pub(crate) fn folder<'c>(
    tables: &mut Tables<'c>,
    current: &Current<'c>,
    tid: i64,
    at: usize,
    path: &[u8],
) -> String {
    let parameters = &current.info.parameters;
    let before = at.checked_sub(1).filter(|_| parameters[at].kind == Type::RelativePath);
    match before
        .filter(|before| parameters[*before].kind == Type::Fd)
        .and_then(|before| current.raw.i64(before))
    {
        Some(dirfd) if dirfd != AT_CWD && tables.fd(tid, dirfd).is_none() => String::new(),
        Some(dirfd) => tables.folder_of(tid, dirfd, path),
        None => tables.cwd(tid).to_string(),
    }
}

/// A value whose first byte says what it is.
fn dynamic<'c>(tables: &mut Tables<'c>, current: &Current<'c>, set: &str, bytes: &[u8]) -> Option<Shown> {
    let (&choice, rest) = bytes.split_first()?;
    let hex = set == "ptrace_dynamic_param";
    let kind = match (set, choice) {
        ("sockopt_dynamic_param", 0) => return Some(Shown::plain(text::dotted(rest))),
        ("sockopt_dynamic_param", 1) | ("bpf_dynamic_param", 1) => Type::Errno,
        ("sockopt_dynamic_param", 2) => Type::Unsigned(4),
        ("sockopt_dynamic_param", 3) | ("ptrace_dynamic_param", 0) => Type::Unsigned(8),
        ("sockopt_dynamic_param", 4) => Type::Duration,
        ("ptrace_dynamic_param", 1) => Type::Signal,
        ("bpf_dynamic_param", 0) => Type::Fd,
        _ => return None,
    };
    let value = integer(rest, kind)?;
    Some(match kind {
        Type::Errno => errno(value),
        Type::Duration => duration(value),
        Type::Signal => signal(value),
        Type::Fd => fd(tables, current, value),
        Type::Unsigned(width) => {
            Shown::plain(decimal(rest, kind, width, if hex { Base::Hex } else { Base::Decimal })?)
        }
        _ => return None,
    })
}

/// A socket's address as a text.
pub(crate) fn address(bytes: &[u8]) -> String {
    use crate::state::sockets::{INET, UNIX, server};
    match bytes.first() {
        None => "NULL".to_owned(),
        Some(&UNIX) => text::lossy(&bytes[1..]),
        Some(&family) => match server(bytes) {
            Some((address, port)) => format!("{address}:{port}"),
            None if family == INET => "INVALID IPv4".to_owned(),
            None => format!("family {family}"),
        },
    }
}

/// The two ends of a connection as a text.
pub(crate) fn tuple(bytes: &[u8]) -> String {
    use crate::cursor::Cursor;
    use crate::state::sockets::{INET, INET6, UNIX, tuple};
    match bytes.first() {
        None => "NULL".to_owned(),
        Some(&UNIX) => {
            let mut from = Cursor::new(&bytes[1..]);
            let (source, dest) = (from.u64().unwrap_or(0), from.u64().unwrap_or(0));
            format!("{source:x}->{dest:x} {}", text::lossy(from.rest()))
        }
        Some(&family) => match tuple(bytes) {
            Some((socket, _)) => socket.text(),
            None if family == INET => "INVALID IPv4".to_owned(),
            None if family == INET6 => "INVALID IPv6".to_owned(),
            None => format!("family {family}"),
        },
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn six_digits_count() {
        for (value, want) in [
            (0.0, "0"),
            (1.5, "1.5"),
            (1e-6, "1e-06"),
            (0.1, "0.1"),
            (123_456.7, "123457"),
            (1e9, "1e+09"),
            (0.000_12, "0.00012"),
            (100.0, "100"),
        ] {
            assert_eq!(super::general(value), want);
        }
    }
}
