//! `evt.*`.

use serde_json::Value as Json;

use super::{Fields, args};
use crate::state::{Current, Tables};
use crate::table::{self, Base};

const SECOND: u64 = 1_000_000_000;
/// Flags of open, as events give them.
const READ: u32 = 1;
const WRITE: u32 = 2;
const CREATE: u32 = 4;
const TEMPORARY: u32 = 1 << 13;
/// Who may execute a file, in its mode.
const EXECUTABLE: u32 = 0o111;

pub(super) fn add<'c>(fields: &mut Fields, tables: &mut Tables<'c>, current: &Current<'c>, number: u64) {
    let (raw, info) = (&current.raw, current.info);
    let time = raw.time;
    fields.set("evt.num", number);
    fields.set("evt.cpu", raw.cpu);
    fields.set("thread.tid", raw.tid);
    fields.set("evt.rawtime", time);
    fields.set("evt.rawtime.s", time / SECOND);
    fields.set("evt.rawtime.ns", time % SECOND);
    fields.set("evt.time.iso8601", time);
    let (of_day, nanos) = ((time / SECOND) % 86_400, time % SECOND);
    let (hour, minute, second) = (of_day / 3600, of_day / 60 % 60, of_day % 60);
    fields.set("evt.time", format!("{hour:02}:{minute:02}:{second:02}.{nanos:09}"));
    fields.set("evt.time.s", format!("{hour:02}:{minute:02}:{second:02}"));
    fields.set("evt.dir", if current.exits() { "<" } else { ">" });
    let call = if info.name == "syscall" { raw.u16(0).and_then(table::call) } else { None };
    let (name, category) = call.unwrap_or((info.name, info.category));
    fields.set("evt.type", name);
    if info.name != "switch" && !info.threadless {
        fields.set("syscall.type", name);
    }
    let fd = tables.current_fd(current);
    let category = match category {
        "io_read" | "io_write" | "io_other" => fd.as_ref().map_or("unknown", |fd| fd.kind.category()),
        "internal" => "unknown",
        category => category,
    };
    fields.set("evt.category", category);
    if info.name == "syscall" {
        // The number of a call is no argument of it.
        fields.set("evt.args", "");
    } else {
        add_args(fields, tables, current);
    }
    if info.is_io() && fd.is_some() && current.exits() {
        fields.set_some("evt.buflen", current.result().filter(|res| *res >= 0));
    }
    fields.set("evt.is_io", info.reads || info.writes);
    fields.set("evt.is_io_read", info.reads);
    fields.set("evt.is_io_write", info.writes);
    fields.set("evt.is_wait", info.waits);
    fields.set("evt.is_syslog", info.writes && fd.is_some_and(|fd| fd.name.contains("/dev/log")));
    fields.set("evt.count", 1);
    if info.writes {
        fields.set("evt.io_dir", "write");
    } else if info.reads {
        fields.set("evt.io_dir", "read");
    }
    add_result(fields, current);
    add_open(fields, current);
    if let Some(thread) = current.tid.and_then(|tid| tables.thread(tid)) {
        fields.set("evt.latency", thread.last.latency);
    }
}

fn add_args<'c>(fields: &mut Fields, tables: &mut Tables<'c>, current: &Current<'c>) {
    let (mut all, mut list) = (String::new(), Vec::new());
    for (at, parameter) in current.info.parameters.iter().enumerate().take(current.raw.parameters.len()) {
        let Some(args::Shown { plain, resolved }) = args::show(tables, current, at) else {
            // Those after it keep their places.
            list.push(Json::from(""));
            continue;
        };
        all.push_str(parameter.name);
        all.push('=');
        all.push_str(&plain);
        if !resolved.is_empty() {
            all.push('(');
            all.push_str(&resolved);
            all.push(')');
        }
        all.push(' ');
        let value = if resolved.is_empty() { plain } else { resolved };
        if parameter.name == "data" {
            fields.set("evt.buffer", value.clone());
        }
        list.push(Json::from(value.as_str()));
        fields.set(&format!("evt.arg.{}", parameter.name), value);
        fields.set_some(&format!("evt.rawarg.{}", parameter.name), args::raw(current, at));
    }
    fields.set("evt.args", all);
    fields.set("evt.arg", list);
}

fn add_result(fields: &mut Fields, current: &Current<'_>) {
    let result = current.result();
    fields.set("evt.failed", result.is_some_and(|res| res < 0));
    if let Some(result) = result {
        fields.set("evt.rawres", result);
        // The result of a clone is a process: it has no names of errors.
        let is_pid =
            current.place("res").is_some_and(|at| current.info.parameters[at].kind == table::Type::Pid);
        let named = if is_pid { None } else { table::errno(result) };
        let failure = || named.map_or_else(|| result.to_string(), str::to_owned);
        fields.set("evt.res", if result >= 0 { "SUCCESS".to_owned() } else { failure() });
    }
}

fn add_open(fields: &mut Fields, current: &Current<'_>) {
    let opens = matches!(current.info.name, "open" | "openat" | "openat2" | "open_by_handle_at");
    // The old `openat` tells its flags only on entering.
    let tells = opens && (current.exits() || current.info.name == "openat");
    let flags = if tells { current.u32("flags").unwrap_or(0) } else { 0 };
    fields.set("evt.is_open_read", flags & READ != 0);
    fields.set("evt.is_open_write", flags & WRITE != 0);
    let creat = current.info.name == "creat" && current.exits();
    let makes = creat || flags & (CREATE | TEMPORARY) != 0;
    let mode = if makes { current.u32("mode").unwrap_or(0) } else { 0 };
    fields.set("evt.is_open_exec", mode & EXECUTABLE != 0);
}

/// Writes a number.
pub(super) fn number(value: i64, width: u8, base: Base) -> String {
    let mask = u64::MAX >> (64 - 8 * u32::from(width.clamp(1, 8)));
    let bits = value.cast_unsigned() & mask;
    match base {
        Base::Decimal => value.to_string(),
        Base::Hex => format!("{bits:X}"),
        Base::Octal => octal(bits),
    }
}

/// Writes a number as octal, with a zero before it.
pub(super) fn octal(bits: u64) -> String {
    if bits == 0 { "0".to_owned() } else { format!("0{bits:o}") }
}
