//! `fd.*`.

use std::net::IpAddr;

use super::{Fields, args};
use crate::state::fd::{Fd, FdKind, Role, Socket};
use crate::state::{Current, Tables};

pub(super) fn add<'c>(fields: &mut Fields, tables: &mut Tables<'c>, current: &Current<'c>) {
    if !current.info.has_fd() {
        return;
    }
    let Some(thread) = current.tid.and_then(|tid| tables.thread(tid)) else { return };
    let (tid, number, container) = (thread.tid, thread.last.fd, thread.container.clone());
    fields.set("fd.num", number);
    fields.set("fd.uid", format!("{tid}{number}"));
    let fd = tables.shown_fd(current);
    let failed = current.info.name == "connect" && current.exits() && current.result().is_some_and(|r| r < 0);
    let name = match &fd {
        Some(fd) if !failed => Some(fd.name.clone()),
        _ => made_name(tables, current),
    };
    if let Some(name) = &name {
        fields.set("fd.name", name.as_str());
        fields.set("fd.containername", format!("{container}:{name}"));
    }
    let folder = match &fd {
        None => name.as_deref().map(folder),
        Some(fd) if fd.kind.is_file() => Some(folder(&fd.name)),
        Some(fd) if fd.kind == FdKind::Directory => Some(fd.name.as_str()),
        Some(_) => None,
    };
    if let Some(folder) = folder {
        fields.set("fd.directory", folder);
        fields.set("fd.containerdirectory", format!("{container}:{folder}"));
    }
    let Some(fd) = fd else {
        fields.set("fd.typechar", made_kind(current.info.name));
        return;
    };
    let (kind_char, kind) = fd.kind.names();
    fields.set("fd.typechar", kind_char);
    fields.set("fd.type", kind);
    if fd.kind.is_file() {
        fields.set("fd.filename", file(&fd.name));
    }
    fields.set("fd.connected", fd.connected);
    fields.set("fd.name_changed", current.name_changed);
    fields.set("fd.ino", fd.ino);
    if let Some(device) = fd.device {
        let (major, minor) = (device >> 8 & 0xfff, device & 0xff | device >> 12 & 0xf_ff00);
        fields.set("fd.dev", format!("{device:X}"));
        fields.set("fd.dev.major", major);
        fields.set("fd.dev.minor", minor);
    }
    fields.set("fd.l4proto", fd.l4().name());
    match fd.kind {
        FdKind::Unix => fields.set("fd.sockfamily", "unix"),
        _ if fd.is_any_ip() => fields.set("fd.sockfamily", "ip"),
        _ => {}
    }
    add_addresses(fields, tables, &fd);
}

fn add_addresses(fields: &mut Fields, tables: &Tables<'_>, fd: &Fd) {
    let end = |fields: &mut Fields, letter: char, address: IpAddr, port: u16| {
        fields.set(&format!("fd.{letter}ip"), address.to_string());
        fields.set(&format!("fd.{letter}port"), port);
        fields.set(&format!("fd.{letter}proto"), port.to_string());
    };
    let is_server = match fd.socket {
        Socket::Server { .. } => true,
        Socket::Ip { dest, .. } => fd.is_ip() && tables.is_local(dest),
        Socket::None => false,
    };
    fields.set("fd.is_server", is_server);
    match fd.socket {
        Socket::Server { address, port } => end(fields, 's', address, port),
        Socket::Ip { source, source_port, dest, dest_port } if fd.role != Role::None => {
            end(fields, 'c', source, source_port);
            end(fields, 's', dest, dest_port);
            let (local, remote) = if tables.is_local(source) { ('l', 'r') } else { ('r', 'l') };
            end(fields, local, source, source_port);
            end(fields, remote, dest, dest_port);
        }
        _ => {}
    }
    // What is no connection of IP has no client: libsinsp says port 0.
    if !fd.is_ip() && fd.role != Role::None {
        fields.set("fd.cport", 0);
        fields.set("fd.cproto", "");
    }
    if matches!(fd.socket, Socket::Server { .. }) {
        fields.set("fd.sproto", "");
    }
}

/// The name that a call wanted to open, when there is no descriptor for it. `None` before the
/// call is over.
fn made_name<'c>(tables: &mut Tables<'c>, current: &Current<'c>) -> Option<String> {
    if current.raw.enters() {
        return None;
    }
    let from_enter = || tables.thread(current.tid?)?.enter_of(&current.raw).cloned();
    let shown = match current.info.name {
        "open" | "creat" | "openat" | "openat2" if current.place("name").is_some() => {
            args::show(tables, current, current.place("name")?)
        }
        "openat" => {
            let enter = from_enter()?;
            let info = crate::table::event(enter.code)?;
            let path = enter.text(info.place("name")?)?;
            let folder = tables.folder_of(current.tid?, enter.i64(info.place("dirfd")?)?, path);
            return Some(crate::text::join(&folder, path));
        }
        "accept" | "accept4" | "connect" => args::show(tables, current, current.place("tuple")?),
        "open_by_handle_at" => args::show(tables, current, current.place("path")?),
        _ => return Some(String::new()),
    }?;
    Some(if shown.resolved.is_empty() { shown.plain } else { shown.resolved })
}

/// The kind that a call's descriptor would have. Sockets count as version 4.
fn made_kind(call: &str) -> &'static str {
    match call {
        "open" | "openat" | "openat2" | "creat" => "f",
        "socket" | "accept" | "accept4" => "4",
        "pipe" | "pipe2" => "p",
        "eventfd" | "eventfd2" => "e",
        "signalfd" | "signalfd4" => "s",
        "timerfd_create" => "t",
        "inotify_init" | "inotify_init1" => "i",
        _ => "o",
    }
}

/// All of a path before its last slash.
fn folder(path: &str) -> &str {
    match path.rfind('/') {
        None | Some(0) => "/",
        Some(at) if at + 1 < path.len() => &path[..at],
        Some(_) => path,
    }
}

/// All of a path after its last slash.
fn file(path: &str) -> &str {
    match path.rfind('/') {
        None => "/",
        Some(at) if at + 1 < path.len() => &path[at + 1..],
        Some(_) => path,
    }
}
