//! Threads and processes that begin and end.

use super::thread::{CLONE_INVERTED, CLONE_THREAD, Thread};
use super::{Current, Leaving, Tables};
use crate::text;

/// A thread that was cloned that long ago, in nanoseconds, is another one with the same number.
const STALE: u64 = 2_000_000_000;

pub(super) fn is_clone(name: &str) -> bool {
    matches!(name, "clone" | "fork" | "vfork" | "clone3")
}

impl<'c> Tables<'c> {
    /// The call leaves twice: in the parent with the child's number, in the child with 0. The
    /// first of them that can makes the child. In a container only the child can: the parent
    /// sees the number inside.
    pub(super) fn clone_exit(&mut self, current: &mut Current<'c>) {
        let Some(child) = current.i64("res").filter(|res| *res >= 0) else { return };
        let caller = current.raw.tid;
        let flags = current.u32("flags").unwrap_or(0);
        let (vtid, vpid) = (current.i64("vtid").unwrap_or(caller), current.i64("vpid").unwrap_or(-1));
        let contained = vtid != caller;
        let (child, parent, by_child) = if child == 0 {
            let now = current.raw.time;
            let stale = |t: &Thread<'_>| t.cloned_at != 0 && now.saturating_sub(t.cloned_at) > STALE;
            if self.thread(caller).is_some_and(stale) {
                self.remove(caller, true);
                current.tid = None;
            }
            if let Some(known) = self.thread_mut(caller) {
                if contained {
                    (known.vtid, known.vpid) = (vtid, vpid);
                }
                return;
            }
            let parent = if flags & CLONE_THREAD != 0 { "pid" } else { "ptid" };
            (caller, current.i64(parent).unwrap_or(-1), true)
        } else if contained {
            return;
        } else {
            (child, caller, false)
        };
        if self.thread(child).is_some() {
            if self.thread(child).is_some_and(|known| known.flags & CLONE_INVERTED != 0) {
                return;
            }
            self.remove(child, true);
        }
        if self.ensure(parent).is_none() {
            return;
        }
        self.learn_parent(current, parent);
        let Some(new) = self.make_child(current, child, parent, by_child) else { return };
        let mut new = new;
        if contained {
            (new.vtid, new.vpid) = (vtid, vpid);
        }
        self.insert(new);
        // The event is the child's, whom it made known.
        current.tid = self.thread(caller).map(|thread| thread.tid);
    }

    /// A parent of which nothing is known is what its child's event says.
    fn learn_parent(&mut self, current: &Current<'c>, parent: i64) {
        let (exe, comm) = names(current);
        let args = current.bytes("args").map(text::list);
        let Some(known) = self.thread_mut(parent).filter(|thread| thread.is_unknown()) else { return };
        (known.comm, known.exe) = (comm.into(), exe.into());
        known.args = args.unwrap_or_default().into();
    }

    fn make_child(
        &mut self,
        current: &Current<'c>,
        tid: i64,
        parent: i64,
        by_child: bool,
    ) -> Option<Thread<'c>> {
        let flags = current.u32("flags").unwrap_or(0);
        let is_thread = flags & CLONE_THREAD != 0;
        let (fds, cwd) = if is_thread {
            (super::Fds::new(), "".into())
        } else {
            (self.copy_fds(parent), self.cwd(parent))
        };
        let from = self.thread(parent)?;
        let (exe, comm) = names(current);
        let mut new = Thread {
            ptid: parent,
            pid: if is_thread { current.i64("pid")? } else { tid },
            sid: from.sid,
            vpgid: from.vpgid,
            tty: from.tty,
            loginuid: from.loginuid,
            exepath: from.exepath.clone(),
            exe_flags: from.exe_flags,
            env: if is_thread { [].into() } else { from.env.clone() },
            exe: exe.into(),
            comm: comm.into(),
            args: current.bytes("args").map(text::list).unwrap_or_default().into(),
            flags: flags | if by_child { CLONE_INVERTED } else { 0 },
            uid: current.u32("uid").unwrap_or(u32::MAX),
            gid: current.u32("gid").unwrap_or(u32::MAX),
            cloned_at: current.raw.time,
            fds,
            cwd,
            ..Thread::unknown(tid)
        };
        (new.vtid, new.vpid) = (new.tid, new.pid);
        new.take_sizes(current);
        if let Some(cgroups) = current.bytes("cgroups") {
            new.set_cgroups(cgroups);
        }
        Some(new)
    }

    /// The process or thread ends. The event itself still sees it.
    pub(super) fn process_exit(&mut self, current: &Current<'c>) {
        let Some(thread) = current.tid.and_then(|tid| self.thread_mut(tid)) else { return };
        thread.closed = true;
        self.leaving = Some(Leaving::Thread(thread.tid));
    }
}

/// The names that an event gives: `exe`, and `comm`, which old events lack.
pub(super) fn names(current: &Current<'_>) -> (String, String) {
    let exe = current.bytes("exe").map(text::lossy).unwrap_or_default();
    let comm = current.bytes("comm").map_or_else(|| exe.clone(), text::lossy);
    (exe, comm)
}

impl Thread<'_> {
    /// Takes the limit of descriptors and the memory's sizes and faults.
    pub(super) fn take_sizes(&mut self, from: &Current<'_>) {
        self.fdlimit = from.i64("fdlimit").unwrap_or(self.fdlimit);
        self.vmsize = from.u32("vm_size").unwrap_or(self.vmsize);
        self.vmrss = from.u32("vm_rss").unwrap_or(self.vmrss);
        self.vmswap = from.u32("vm_swap").unwrap_or(self.vmswap);
        let faults = |name| from.i64(name).and_then(|n| u64::try_from(n).ok());
        self.pfmajor = faults("pgft_maj").unwrap_or(self.pfmajor);
        self.pfminor = faults("pgft_min").unwrap_or(self.pfminor);
    }
}
