//! `proc.*` and `thread.*`.

use std::sync::Arc;

use serde_json::Value as Json;

use super::Fields;
use crate::state::thread::{EXE_FROM_MEMORY, EXE_UPPER_LAYER, EXE_WRITABLE, Thread};
use crate::state::{Current, Tables};

/// Generations after which the search for a login shell or a session's leader ends.
const DEPTH: usize = 1024;

pub(super) fn add<'c>(fields: &mut Fields, tables: &mut Tables<'c>, current: &Current<'c>, ancestors: usize) {
    let Some(tid) = current.tid else { return };
    let Some(main) = tables.main_of(tid) else { return };
    let cwd = tables.cwd(tid);
    add_ancestors(fields, tables, tid, main, ancestors);
    let (Some(thread), Some(main)) = (tables.thread(tid), tables.thread(main)) else { return };
    add_names(fields, thread);
    fields.set("proc.cwd", &*cwd);
    fields.set("proc.env", main.env.join(" "));
    fields.set("proc.pid", thread.pid);
    fields.set("proc.ppid", main.ptid);
    fields.set("proc.sid", thread.sid);
    fields.set("proc.vpgid", thread.vpgid);
    fields.set("proc.tty", thread.tty);
    fields.set("proc.nchilds", thread.children);
    fields.set("proc.nthreads", main.children + 1);
    fields.set("proc.fdopencount", main.fds.len());
    fields.set("proc.fdlimit", main.fdlimit);
    for (name, value) in [("size", thread.vmsize), ("rss", thread.vmrss), ("swap", thread.vmswap)] {
        fields.set(&format!("proc.vm{name}"), value);
        if name != "swap" {
            fields.set(&format!("thread.vm{name}"), if thread.is_main() { value } else { 0 });
        }
    }
    let oddities =
        [("writable", EXE_WRITABLE), ("upper_layer", EXE_UPPER_LAYER), ("from_memfd", EXE_FROM_MEMORY)];
    for (name, flag) in oddities {
        fields.set(&format!("proc.is_exe_{name}"), thread.exe_flags & flag != 0);
    }
    for probe in ["healthcheck", "liveness_probe", "readiness_probe"] {
        fields.set(&format!("proc.is_container_{probe}"), false);
    }
    if thread.cloned_at != 0 {
        fields.set("proc.duration", current.raw.time.saturating_sub(thread.cloned_at));
    }
    fields.set("thread.ismain", thread.is_main());
    fields.set("thread.pfmajor", thread.pfmajor);
    fields.set("thread.pfminor", thread.pfminor);
    if !thread.cgroups.is_empty() {
        let pairs = thread.cgroups.iter().map(|(subsystem, path)| format!("{subsystem}={path}"));
        fields.set("thread.cgroups", pairs.collect::<Vec<_>>().join(" "));
        for (subsystem, path) in thread.cgroups.iter() {
            fields.set(&format!("thread.cgroup.{subsystem}"), path.as_str());
        }
    }
    if thread.vtid != -1 {
        fields.set("thread.vtid", thread.vtid);
    }
    if thread.vpid != -1 {
        fields.set("proc.vpid", thread.vpid);
    }
}

fn add_names(fields: &mut Fields, thread: &Thread<'_>) {
    let args = thread.args.join(" ");
    fields.set("proc.name", &*thread.comm);
    fields.set("proc.exe", &*thread.exe);
    fields.set("proc.exepath", &*thread.exepath);
    fields.set("proc.cmdline", command_line(thread));
    fields.set("proc.exeline", format!("{} {args}", thread.exe));
    fields.set("proc.args", args);
}

fn command_line(thread: &Thread<'_>) -> String {
    let mut line = thread.comm.to_string();
    for arg in thread.args.iter() {
        line.push(' ');
        line.push_str(arg);
    }
    line
}

fn add_ancestors(fields: &mut Fields, tables: &mut Tables<'_>, tid: i64, main: i64, most: usize) {
    let Some(thread) = tables.thread(tid) else { return };
    let (sid, ptid) = (thread.sid, thread.ptid);
    let chain: Vec<(i64, i64, Arc<str>)> = {
        let ancestors = tables.ancestors(tid, DEPTH);
        ancestors.iter().map(|thread| (thread.pid, thread.sid, thread.comm.clone())).collect()
    };
    let nearest = tables.ancestors(tid, most);
    if !nearest.is_empty() {
        let list = |of: &dyn Fn(&Thread<'_>) -> Json| nearest.iter().map(|t| of(t)).collect::<Vec<_>>();
        fields.set("proc.apid", list(&|thread| thread.pid.into()));
        fields.set("proc.aname", list(&|thread| (&*thread.comm).into()));
        fields.set("proc.aexe", list(&|thread| (&*thread.exe).into()));
        fields.set("proc.aexepath", list(&|thread| (&*thread.exepath).into()));
        fields.set("proc.acmdline", list(&|thread| command_line(thread).into()));
    }
    if let Some(parent) = tables.thread(ptid) {
        fields.set("proc.pname", &*parent.comm);
        fields.set("proc.pcmdline", command_line(parent));
        fields.set("proc.pexe", &*parent.exe);
        fields.set("proc.pexepath", &*parent.exepath);
    }
    let Some(main) = tables.thread(main) else { return };
    let mut me =
        std::iter::once((main.pid, &main.comm)).chain(chain.iter().map(|(pid, _, comm)| (*pid, comm)));
    let shell = me.rfind(|(_, comm)| comm.ends_with("sh"));
    fields.set_some("proc.loginshellid", shell.map(|(pid, _)| pid));
    // The session's leader is the process that gave it its number; when that one is gone, the
    // eldest ancestor of the same session.
    let leader = tables.thread(sid).map(|leader| &leader.comm).or_else(|| {
        let same = chain.iter().take_while(|(_, of, _)| *of == main.sid).last();
        same.map(|(.., comm)| comm).or(Some(&main.comm))
    });
    fields.set_some("proc.sname", leader.map(|comm| &**comm));
}
