//! `proc.*`, `thread.*`, `user.*`, `group.*`, `container.*`.

use vedetta_model::{Process, Timestamp};

use super::EventView;
use crate::fields::names::number_text;
use crate::fields::{Fetch, Field, Known, Value};

const SHELLS: [&str; 8] = ["ash", "bash", "csh", "ksh", "sh", "tcsh", "zsh", "dash"];

/// What of a process is asked for.
#[derive(Clone, Copy)]
enum Part {
    Name,
    Exe,
    Exepath,
    Args,
    Cmdline,
    Pid,
}

impl Part {
    fn of<'p>(self, process: &'p Process, out: &mut Vec<u8>) -> Fetch<'p> {
        match self {
            Self::Name => Fetch::text(&process.name),
            Self::Exe => Fetch::text(process.args.first().map_or(&*process.exe, |a| a)),
            Self::Exepath => Fetch::text(&process.exe),
            Self::Pid => Fetch::int(process.key.pid),
            Self::Args => match process.args.get(1..) {
                None | Some([]) => Fetch::some(""),
                Some([only]) => Fetch::some(&**only),
                Some(_) => {
                    write_args(process, out);
                    Fetch::Built
                }
            },
            Self::Cmdline => {
                out.extend_from_slice(process.name.as_bytes());
                if process.args.len() > 1 {
                    out.push(b' ');
                    write_args(process, out);
                }
                Fetch::Built
            }
        }
    }
}

fn write_args(process: &Process, out: &mut Vec<u8>) {
    for (i, arg) in process.args.iter().skip(1).enumerate() {
        if i > 0 {
            out.push(b' ');
        }
        out.extend_from_slice(arg.as_bytes());
    }
}

fn ancestry_part(known: Known) -> Option<Part> {
    Some(match known {
        Known::ProcAname => Part::Name,
        Known::ProcAexe => Part::Exe,
        Known::ProcAexepath => Part::Exepath,
        Known::ProcAargs => Part::Args,
        Known::ProcAcmdline => Part::Cmdline,
        Known::ProcApid => Part::Pid,
        _ => return None,
    })
}

fn nanos_between(from: Timestamp, to: Timestamp) -> i64 {
    to.as_nanos().saturating_sub(from.as_nanos())
}

impl<'a> EventView<'a> {
    pub(super) fn process_field(&self, field: &Field, known: Known, out: &mut Vec<u8>) -> Fetch<'a> {
        use Known as K;
        let Some(process) = self.process() else { return Fetch::Absent };
        if let Some(part) = ancestry_part(known) {
            return match field.index {
                None => Fetch::Many,
                Some(n) => {
                    let ancestor = usize::try_from(n).ok().and_then(|n| self.lineage().nth(n));
                    ancestor.map_or(Fetch::Absent, |p| part.of(p, out))
                }
            };
        }
        let on_host = process.container_id.is_empty();
        match known {
            K::ProcName => Part::Name.of(process, out),
            K::ProcExe => Part::Exe.of(process, out),
            K::ProcExepath => Part::Exepath.of(process, out),
            K::ProcArgs => match field.index {
                None => Part::Args.of(process, out),
                Some(n) => usize::try_from(n)
                    .ok()
                    .and_then(|n| process.args.get(n + 1))
                    .map_or(Fetch::Absent, |arg| Fetch::some(&**arg)),
            },
            K::ProcCmdline => Part::Cmdline.of(process, out),
            K::ProcPid => Part::Pid.of(process, out),
            K::ProcPname => self.parent_part(process, Part::Name, out),
            K::ProcPexe => self.parent_part(process, Part::Exe, out),
            K::ProcPexepath => self.parent_part(process, Part::Exepath, out),
            K::ProcPcmdline => self.parent_part(process, Part::Cmdline, out),
            K::ProcPpid => Fetch::int(process.ppid),
            K::ProcCmdnargs => Fetch::uint(process.args.len().saturating_sub(1) as u64),
            K::ProcCmdlenargs => {
                Fetch::uint(process.args.iter().skip(1).map(|a| a.len() as u64).sum::<u64>())
            }
            K::ProcExeline => {
                out.extend_from_slice(process.args.first().unwrap_or(&process.exe).as_bytes());
                if process.args.len() > 1 {
                    out.push(b' ');
                    write_args(process, out);
                }
                Fetch::Built
            }
            K::ProcCwd => {
                if process.cwd.is_empty() {
                    return Fetch::Absent;
                }
                out.extend_from_slice(process.cwd.as_bytes());
                if !process.cwd.ends_with('/') {
                    out.push(b'/');
                }
                Fetch::Built
            }
            K::ProcLoginshellid => {
                let shells = self.lineage().filter(|p| SHELLS.contains(&&*p.name));
                shells.last().map_or(Fetch::Absent, |p| Fetch::int(p.key.pid))
            }
            K::ProcTty => Fetch::uint(process.tty),
            K::ProcSid => Fetch::int(process.sid),
            K::ProcSname => self.leader_part(process.sid, |p| p.sid, Part::Name, out),
            K::ProcSidExe => self.leader_part(process.sid, |p| p.sid, Part::Exe, out),
            K::ProcSidExepath => self.leader_part(process.sid, |p| p.sid, Part::Exepath, out),
            K::ProcPgid => Fetch::int(process.pgid),
            K::ProcPgidName | K::ProcVpgidName => self.leader_part(process.pgid, |p| p.pgid, Part::Name, out),
            K::ProcPgidExe | K::ProcVpgidExe => self.leader_part(process.pgid, |p| p.pgid, Part::Exe, out),
            K::ProcPgidExepath | K::ProcVpgidExepath => {
                self.leader_part(process.pgid, |p| p.pgid, Part::Exepath, out)
            }
            K::ProcIsSidLeader => Fetch::bool(process.sid == process.key.pid),
            K::ProcIsPgidLeader | K::ProcIsVpgidLeader => Fetch::bool(process.pgid == process.key.pid),
            // Numbers as a container sees them are not known, only those of the host.
            K::ProcVpid if on_host => Part::Pid.of(process, out),
            K::ProcPvpid if on_host => Fetch::int(process.ppid),
            K::ProcVpgid if on_host => Fetch::int(process.pgid),
            K::ThreadVtid if on_host => Fetch::int(self.event.tid),
            K::ProcDuration => Fetch::int(nanos_between(process.key.start, self.event.time)),
            K::ProcPidTs => Fetch::int(process.key.start.as_nanos()),
            K::ProcPpidTs => {
                self.at(process.parent).map_or(Fetch::Absent, |p| Fetch::int(p.key.start.as_nanos()))
            }
            K::ProcPpidDuration => self
                .at(process.parent)
                .map_or(Fetch::Absent, |p| Fetch::int(nanos_between(p.key.start, self.event.time))),
            K::ProcIsExeFromMemfd => Fetch::bool(process.exe_from_memfd),
            K::ProcIsExeWritable => Fetch::bool(process.exe_writable),
            K::ThreadTid => Fetch::int(self.event.tid),
            K::ThreadIsmain => Fetch::bool(self.event.tid == process.key.pid),
            K::ThreadNametid => {
                out.extend_from_slice(process.name.as_bytes());
                number_text(out, self.event.tid);
                Fetch::Built
            }
            // Falco's user is the effective one.
            K::UserUid => Fetch::uint(process.euid),
            K::UserName => process.effective_user().map_or(Fetch::Absent, Fetch::some),
            K::UserLoginuid => Fetch::int(process.loginuid.map_or(-1, i64::from)),
            K::GroupGid => Fetch::uint(process.egid),
            K::ContainerId | K::ContainerName | K::ContainerType | K::ContainerFullId if on_host => {
                if known == K::ContainerFullId { Fetch::Absent } else { Fetch::some("host") }
            }
            K::ContainerId => Fetch::some(process.container()),
            K::ContainerFullId => Fetch::text(&process.container_id),
            _ => Fetch::Absent,
        }
    }

    fn parent_part(&self, process: &Process, part: Part, out: &mut Vec<u8>) -> Fetch<'a> {
        self.at(process.parent).map_or(Fetch::Absent, |p| part.of(p, out))
    }

    /// The leader of a session or process group where it is among the ancestors, else the eldest
    /// ancestor that belongs to it.
    fn leader_part(&self, id: u32, group: fn(&Process) -> u32, part: Part, out: &mut Vec<u8>) -> Fetch<'a> {
        let leader = self.lineage().find(|p| p.key.pid == id);
        let leader = leader.or_else(|| self.lineage().take_while(|p| group(p) == id).last());
        leader.map_or(Fetch::Absent, |p| part.of(p, out))
    }

    pub(super) fn each_ancestor(
        &self,
        known: Known,
        buffer: &mut Vec<u8>,
        visit: &mut dyn FnMut(Value<'_>) -> bool,
    ) {
        let Some(part) = ancestry_part(known) else { return };
        for ancestor in self.lineage().skip(1) {
            buffer.clear();
            let done = match part.of(ancestor, buffer) {
                Fetch::Value(value) => visit(value),
                Fetch::Built => visit(Value::Text(buffer)),
                Fetch::Absent | Fetch::Many => false,
            };
            if done {
                return;
            }
        }
    }
}
