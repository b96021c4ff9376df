//! Threads.

use std::sync::Arc;

use hashbrown::HashMap;

use super::fd::Fd;
use crate::blocks::event::RawEvent;
use crate::blocks::processes::Listed;
use crate::text;

/// Flags of a clone, as events give them.
pub(crate) const CLONE_FILES: u32 = 1;
pub(crate) const CLONE_THREAD: u32 = 1 << 13;
pub(crate) const CLONE_INVERTED: u32 = 1 << 16;

/// Flags of a program: who runs it may write it; it lies in the upper layer of an overlay; it
/// lies in memory only.
pub(crate) const EXE_WRITABLE: u32 = 1;
pub(crate) const EXE_UPPER_LAYER: u32 = 2;
pub(crate) const EXE_FROM_MEMORY: u32 = 4;

/// What libsinsp calls what it does not know.
pub(crate) const UNKNOWN: &str = "<NA>";

/// The descriptors of a process.
pub(crate) type Fds = HashMap<i64, Arc<Fd>>;

/// A thread, and for a main thread its process.
#[derive(Debug, Clone)]
pub(crate) struct Thread<'c> {
    pub(crate) tid: i64,
    pub(crate) pid: i64,
    pub(crate) ptid: i64,
    pub(crate) sid: i64,
    pub(crate) vpgid: i64,
    pub(crate) vtid: i64,
    pub(crate) vpid: i64,
    pub(crate) comm: Arc<str>,
    pub(crate) exe: Arc<str>,
    pub(crate) exepath: Arc<str>,
    /// What is odd about the program: see the constants.
    pub(crate) exe_flags: u32,
    pub(crate) args: Arc<[String]>,
    pub(crate) env: Arc<[String]>,
    /// Pairs of subsystem and path.
    pub(crate) cgroups: Arc<[(String, String)]>,
    /// Ends with a slash, unless unknown.
    pub(crate) cwd: Arc<str>,
    pub(crate) container: Arc<str>,
    pub(crate) flags: u32,
    pub(crate) uid: u32,
    pub(crate) gid: u32,
    pub(crate) loginuid: i32,
    pub(crate) tty: i32,
    pub(crate) fdlimit: i64,
    pub(crate) vmsize: u32,
    pub(crate) vmrss: u32,
    pub(crate) vmswap: u32,
    pub(crate) pfmajor: u64,
    pub(crate) pfminor: u64,
    /// Nanoseconds since 1970; 0 when it was there before the capture.
    pub(crate) cloned_at: u64,
    /// Threads of the process beside the main one.
    pub(crate) children: u64,
    /// Other threads count as its children, whatever its number.
    pub(crate) leads: bool,
    pub(crate) closed: bool,
    pub(crate) fds: Fds,
    pub(crate) last: Last<'c>,
}

/// What of the last event matters for the next.
#[derive(Debug, Clone, Default)]
pub(crate) struct Last<'c> {
    pub(crate) code: Option<u16>,
    pub(crate) fd: i64,
    /// The event that entered the call.
    pub(crate) enter: Option<RawEvent<'c>>,
    /// The event that entered belongs to the one that leaves.
    pub(crate) valid: bool,
    pub(crate) entered_at: u64,
    pub(crate) latency: u64,
}

impl<'c> Thread<'c> {
    /// One of which only the number is known.
    pub(crate) fn unknown(tid: i64) -> Self {
        let (name, none): (Arc<str>, Arc<str>) = (UNKNOWN.into(), "".into());
        Self {
            tid,
            pid: tid,
            ptid: -1,
            sid: -1,
            vpgid: -1,
            vtid: -1,
            vpid: -1,
            comm: name.clone(),
            exe: name,
            exepath: none.clone(),
            exe_flags: 0,
            args: [].into(),
            env: [].into(),
            cgroups: [].into(),
            cwd: none.clone(),
            container: none,
            flags: 0,
            uid: u32::MAX,
            gid: u32::MAX,
            loginuid: -1,
            tty: 0,
            fdlimit: -1,
            vmsize: 0,
            vmrss: 0,
            vmswap: 0,
            pfmajor: 0,
            pfminor: 0,
            cloned_at: 0,
            children: 0,
            leads: false,
            closed: false,
            fds: Fds::new(),
            last: Last { fd: -1, ..Last::default() },
        }
    }

    /// One that the capture lists.
    pub(crate) fn listed(from: &Listed<'c>) -> Self {
        let mut thread = Self {
            pid: from.pid,
            ptid: from.ptid,
            sid: from.sid,
            vpgid: from.vpgid,
            vtid: from.vtid,
            vpid: from.vpid,
            comm: text::lossy(from.comm).into(),
            exe: text::lossy(from.exe).into(),
            exepath: text::lossy(from.exepath).into(),
            args: text::list(from.args).into(),
            env: text::list(from.env).into(),
            flags: from.flags,
            uid: from.uid,
            gid: from.gid,
            loginuid: from.loginuid,
            fdlimit: from.fdlimit,
            vmsize: from.vmsize,
            vmrss: from.vmrss,
            vmswap: from.vmswap,
            pfmajor: from.pfmajor,
            pfminor: from.pfminor,
            ..Self::unknown(from.tid)
        };
        thread.cwd = folder("", from.cwd).into();
        thread.set_cgroups(from.cgroups);
        thread
    }

    pub(crate) fn is_main(&self) -> bool {
        self.tid == self.pid || self.leads
    }

    /// Whether nothing is known of it but what its events say.
    pub(crate) fn is_unknown(&self) -> bool {
        &*self.comm == UNKNOWN && self.uid == u32::MAX
    }

    /// Takes control groups and finds the container that they name.
    pub(crate) fn set_cgroups(&mut self, bytes: &[u8]) {
        let pair = |group: String| {
            let (subsystem, path) = group.split_once('=')?;
            let path = if path.is_empty() { "/" } else { path };
            // What version 2 of control groups calls io was blkio before.
            let subsystem = if subsystem == "io" { "blkio" } else { subsystem };
            Some((subsystem.to_owned(), path.to_owned()))
        };
        self.cgroups = text::list(bytes).into_iter().filter_map(pair).collect();
        self.container = super::container::id(&self.cgroups).unwrap_or_default().into();
    }

    /// The event that entered the call which `exit` leaves.
    pub(crate) fn enter_of(&self, exit: &RawEvent<'c>) -> Option<&RawEvent<'c>> {
        let enter = self.last.enter.as_ref().filter(|_| self.last.valid)?;
        (enter.code + 1 == exit.code || super::is_exec_at(enter.code, exit.code)).then_some(enter)
    }
}

/// A working folder: the path seen from the old one, with a slash at its end.
pub(crate) fn folder(old: &str, path: &[u8]) -> String {
    let mut new = text::join(old, crate::blocks::event::until_zero(path));
    if !new.ends_with('/') {
        new.push('/');
    }
    new
}
