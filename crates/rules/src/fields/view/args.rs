//! `evt.arg.*`, `evt.rawarg.*` and `evt.args`: the arguments of system calls under Falco's names.

use std::io::Write;

use vedetta_model::Payload;
use vedetta_model::event::{SetId, SetIdCall};

use super::EventView;
use crate::fields::names::{
    bpf_command, clone_flags, mode, mount_flags, named, number_text, open_flags, ptrace_request,
};
use crate::fields::{Fetch, Value};

/// The arguments that each kind of event has, in the order in which `evt.args` lists them.
pub(super) fn argument_names(payload: &Payload) -> &'static [&'static str] {
    match payload {
        Payload::Exec(_) => &["res", "exe", "args", "tid", "pid", "cwd", "comm", "filename"],
        Payload::Fork(_) => &["res"],
        Payload::Exit(_) => &["status", "ret", "sig"],
        Payload::Open(_) => &["fd", "name", "flags", "mode"],
        Payload::Unlink(_) => &["res", "name"],
        Payload::Rename(_) => &["res", "oldpath", "newpath"],
        Payload::Chmod(_) => &["res", "filename", "mode"],
        Payload::Chown(_) => &["res", "path", "uid", "gid"],
        Payload::Link(it) if it.symbolic => &["res", "target", "linkpath"],
        Payload::Link(_) => &["res", "oldpath", "newpath"],
        Payload::Connect(_) => &["res", "tuple", "fd"],
        Payload::Accept(_) => &["fd", "tuple"],
        Payload::Bind(_) => &["res", "addr"],
        Payload::Listen(_) => &["res", "fd", "backlog"],
        Payload::SetId(it) => set_id_names(it),
        Payload::Ptrace(_) => &["res", "request", "pid"],
        Payload::SetNs(_) => &["res", "fd", "nstype"],
        Payload::Unshare(_) => &["res", "flags"],
        Payload::Mount(_) => &["res", "dev", "dir", "type", "flags"],
        Payload::Bpf(_) => &["res", "cmd"],
        Payload::ModuleLoad(_) => &["res", "uargs"],
        Payload::AgentStarted(_) | Payload::Heartbeat(_) | Payload::Loss(_) | Payload::AgentStopping(_) => {
            &[]
        }
    }
}

fn set_id_names(it: &SetId) -> &'static [&'static str] {
    match it.call {
        SetIdCall::SetUid => &["uid", "res"],
        SetIdCall::SetGid => &["gid", "res"],
        SetIdCall::SetReUid => &["ruid", "euid", "res"],
        SetIdCall::SetReGid => &["rgid", "egid", "res"],
        SetIdCall::SetResUid => &["ruid", "euid", "suid", "res"],
        SetIdCall::SetResGid => &["rgid", "egid", "sgid", "res"],
    }
}

/// The id that an argument of the setuid family names. The first of `ids` is the only one that
/// setuid and setgid have.
fn set_id(it: &SetId, name: &str) -> Option<u32> {
    match name {
        "uid" | "gid" | "ruid" | "rgid" => it.ids[0],
        "euid" | "egid" => it.ids[1],
        "suid" | "sgid" => it.ids[2],
        _ => None,
    }
}

impl<'a> EventView<'a> {
    /// An argument as Falco prints it: flags and ids by name.
    pub(super) fn argument(&self, name: &str, out: &mut Vec<u8>) -> Fetch<'a> {
        if name == "res" && !matches!(self.event.payload, Payload::Open(_) | Payload::Accept(_)) {
            return self.result_argument(out);
        }
        if let Some(text) = self.text_argument(name) {
            return Fetch::text(text);
        }
        match (&self.event.payload, name) {
            (Payload::Open(it), "flags") => open_flags(out, it.flags),
            (Payload::Open(it), "mode") => {
                // Writing to a Vec cannot fail.
                let _ = write!(out, "0{:o}", it.mode);
            }
            (Payload::Chmod(it), "mode") => mode(out, it.mode),
            (Payload::SetNs(it), "nstype") => clone_flags(out, it.flags.into()),
            (Payload::Unshare(it), "flags") => clone_flags(out, it.flags),
            (Payload::Mount(it), "flags") => mount_flags(out, it.flags),
            (Payload::Ptrace(it), "request") => named(out, ptrace_request(it.request), it.request),
            (Payload::Bpf(it), "cmd") => named(out, bpf_command(it.command), it.command.into()),
            (Payload::Connect(_) | Payload::Accept(_), "tuple" | "addr") | (Payload::Bind(_), "addr") => {
                return self.socket_name(out);
            }
            (Payload::Exec(_), "args") => {
                for arg in self.process().into_iter().flat_map(|p| p.args.iter().skip(1)) {
                    out.extend_from_slice(arg.as_bytes());
                    out.push(b'.');
                }
            }
            _ => match self.raw_argument(name) {
                Fetch::Value(Value::Int(0)) if matches!(name, "uid" | "ruid" | "euid" | "suid") => {
                    return Fetch::some("root");
                }
                Fetch::Value(value) => value.text_bytes(out),
                _ => return Fetch::Absent,
            },
        }
        Fetch::Built
    }

    fn result_argument(&self, out: &mut Vec<u8>) -> Fetch<'a> {
        let result = self.event.result;
        match crate::fields::names::errno(result.unsigned_abs()) {
            Some(name) if result < 0 => return Fetch::some(name),
            _ => number_text(out, result),
        }
        Fetch::Built
    }

    /// An argument that is a text to begin with.
    fn text_argument(&self, name: &str) -> Option<&'a str> {
        Some(match (&self.event.payload, name) {
            (Payload::Open(it), "name" | "path") => &it.path,
            (Payload::Unlink(it), "name" | "path") => &it.path,
            (Payload::Rename(it), "oldpath") => &it.from,
            (Payload::Rename(it), "newpath") => &it.to,
            (Payload::Chmod(it), "filename" | "path" | "name") => &it.path,
            (Payload::Chown(it), "path" | "pathname") => &it.path,
            (Payload::Link(it), "target" | "oldpath") => &it.target,
            (Payload::Link(it), "linkpath" | "newpath") => &it.path,
            (Payload::Mount(it), "dev") => &it.source,
            (Payload::Mount(it), "dir") => &it.target,
            (Payload::Mount(it), "type") => &it.fstype,
            (Payload::ModuleLoad(it), "uargs") => &it.args,
            (Payload::Exec(it), "filename") => &it.filename,
            // Ours: Falco has no name for what the process was before.
            (Payload::Exec(it), "previous_comm") => &it.previous_name,
            (Payload::Exec(_), "exe") => self.process()?.args.first()?,
            (Payload::Exec(_), "comm") => &self.process()?.name,
            (Payload::Exec(_), "cwd") => &self.process()?.cwd,
            (Payload::Exec(_), "trusted_exepath") => &self.process()?.exe,
            _ => return None,
        })
    }

    /// An argument as the system call has it.
    pub(super) fn raw_argument(&self, name: &str) -> Fetch<'a> {
        let result = self.event.result;
        match (&self.event.payload, name) {
            (Payload::Open(_) | Payload::Accept(_), "fd" | "res") => Fetch::int(result),
            (_, "res") => Fetch::int(result),
            (Payload::Exec(_), "pid" | "tid") => {
                self.process().map_or(Fetch::Absent, |p| Fetch::int(p.key.pid))
            }
            (Payload::Fork(it), "child" | "pid") => Fetch::int(it.child.pid),
            (Payload::Exit(it), "ret") => Fetch::int(it.code),
            (Payload::Exit(it), "sig") => Fetch::int(it.signal),
            (Payload::Exit(it), "status") => Fetch::int(i64::from(it.code) << 8 | i64::from(it.signal)),
            (Payload::Open(it), "flags") => Fetch::uint(it.flags),
            (Payload::Open(it), "mode") => Fetch::uint(it.mode),
            (Payload::Chmod(it), "mode") => Fetch::uint(it.mode),
            (Payload::Chown(it), "uid") => Fetch::int(unchanged(it.uid)),
            (Payload::Chown(it), "gid") => Fetch::int(unchanged(it.gid)),
            (Payload::Connect(it), "fd") => Fetch::int(it.fd),
            (Payload::Bind(it), "fd") => Fetch::int(it.fd),
            (Payload::Listen(it), "fd") => Fetch::int(it.fd),
            (Payload::Listen(it), "backlog") => Fetch::int(it.backlog),
            (Payload::SetNs(it), "fd") => Fetch::int(it.fd),
            (Payload::SetNs(it), "nstype") => Fetch::uint(it.flags),
            (Payload::Unshare(it), "flags") => Fetch::uint(it.flags),
            (Payload::Mount(it), "flags") => Fetch::uint(it.flags),
            (Payload::Ptrace(it), "request") => Fetch::int(it.request),
            (Payload::Ptrace(it), "pid") => Fetch::int(it.target),
            (Payload::Bpf(it), "cmd") => Fetch::int(it.command),
            (Payload::SetId(it), name) => set_id(it, name).map_or(Fetch::Absent, Fetch::int),
            _ => self.text_argument(name).map_or(Fetch::Absent, Fetch::text),
        }
    }

    /// `name=value` for each argument.
    pub(super) fn all_arguments(&self, out: &mut Vec<u8>) -> Fetch<'a> {
        let mut first = true;
        for name in argument_names(&self.event.payload) {
            let rollback = out.len();
            if !first {
                out.push(b' ');
            }
            out.extend_from_slice(name.as_bytes());
            out.push(b'=');
            match self.argument(name, out) {
                Fetch::Value(value) => value.text_bytes(out),
                Fetch::Built => {}
                Fetch::Absent | Fetch::Many => {
                    out.truncate(rollback);
                    continue;
                }
            }
            first = false;
        }
        Fetch::Built
    }
}

/// `chown` leaves an id alone when it is all ones, which Falco shows as -1.
fn unchanged(id: u32) -> i64 {
    if id == u32::MAX { -1 } else { id.into() }
}
