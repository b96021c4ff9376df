//! A process becomes another program.

use super::thread::{CLONE_INVERTED, UNKNOWN};
use super::{Current, Tables};
use crate::blocks::event::until_zero;
use crate::text;

impl<'c> Tables<'c> {
    pub(super) fn exec_exit(&mut self, current: &Current<'c>) {
        if current.i64("res").is_none_or(|res| res < 0) {
            return;
        }
        let exepath = self.exepath(current);
        let (exe, comm) = super::clone::names(current);
        let Some(thread) = current.tid.and_then(|tid| self.thread_mut(tid)) else { return };
        (thread.exe, thread.comm) = (exe.into(), comm.into());
        thread.args = current.bytes("args").map(text::list).unwrap_or_default().into();
        thread.pid = current.i64("pid").unwrap_or(thread.pid);
        if thread.ptid == -1 {
            thread.ptid = current.i64("ptid").unwrap_or(-1);
        }
        thread.take_sizes(current);
        if let Some(env) = current.bytes("env") {
            thread.env = text::list(env).into();
        }
        if let Some(cgroups) = current.bytes("cgroups") {
            thread.set_cgroups(cgroups);
        }
        if let Some(tty) = current.place("tty").and_then(|at| current.raw.i32(at)) {
            thread.tty = tty;
        }
        if let Some(exepath) = exepath {
            thread.exepath = exepath.into();
        }
        if let Some(group) = current.i64("pgid") {
            thread.vpgid = group;
        }
        if let Some(loginuid) = current.place("loginuid").and_then(|at| current.raw.i32(at)) {
            thread.loginuid = loginuid;
        }
        if let Some(flags) = current.u32("flags") {
            thread.exe_flags = flags;
        }
        thread.flags &= CLONE_INVERTED;
    }

    /// The path of the program, which the event that entered the call gives.
    fn exepath(&mut self, current: &Current<'c>) -> Option<String> {
        // Newer drivers ask the kernel.
        if let Some(path) = current.bytes("trusted_exepath").filter(|path| !until_zero(path).is_empty()) {
            return Some(text::lossy(path));
        }
        let enter = self.enter_of(current)?;
        let thread = self.thread(current.tid?)?;
        if let Some(path) = enter.bytes("filename") {
            if path.starts_with(UNKNOWN.as_bytes()) {
                return Some(UNKNOWN.to_owned());
            }
            return Some(text::join(&thread.cwd, until_zero(path)));
        }
        let path = until_zero(enter.bytes("pathname")?);
        let folder = self.folder_of(current.tid?, enter.i64("dirfd")?, path);
        if path.is_empty() || path == UNKNOWN.as_bytes() {
            return Some(folder.strip_suffix('/').unwrap_or(&folder).to_owned());
        }
        Some(text::join(&folder, path))
    }
}
