//! Calls that change who a thread is and what it may use.

use super::{Current, Tables};

/// The limit on descriptors.
const NOFILE: u8 = 7;

impl<'c> Tables<'c> {
    pub(super) fn identity_exit(&mut self, current: &Current<'c>) {
        let (Some(tid), Some(result)) = (current.tid, current.i64("res").filter(|res| *res >= 0)) else {
            return;
        };
        let enter = self.enter_of(current);
        let value = |name| enter.as_ref().and_then(|enter| enter.u32(name));
        let Some(thread) = self.thread_mut(tid) else { return };
        let set = |id: u32| id != u32::MAX;
        match current.info.name {
            "setuid" => thread.uid = value("uid").unwrap_or(thread.uid),
            "setgid" => thread.gid = value("gid").unwrap_or(thread.gid),
            "setresuid" | "setreuid" => {
                let euid = current.u32("euid").or_else(|| value("euid"));
                thread.uid = euid.filter(|id| set(*id)).unwrap_or(thread.uid);
            }
            "setresgid" | "setregid" => {
                let egid = current.u32("egid").or_else(|| value("egid"));
                thread.gid = egid.filter(|id| set(*id)).unwrap_or(thread.gid);
            }
            "setsid" => thread.sid = result,
            "setpgid" => {
                let of = |name| enter.as_ref().and_then(|enter| enter.i64(name));
                let (pid, group) = (of("pid"), of("pgid"));
                if pid.is_some_and(|pid| pid == 0 || pid == thread.pid || pid == thread.vpid) {
                    thread.vpgid = match group {
                        Some(0) => thread.vpid,
                        Some(group) => group,
                        None => thread.vpgid,
                    };
                }
            }
            _ => {}
        }
    }

    pub(super) fn limit_exit(&mut self, current: &Current<'c>) {
        if current.i64("res").is_none_or(|res| res < 0) {
            return;
        }
        let Some(enter) = self.enter_of(current) else { return };
        let resource = enter.place("resource").and_then(|at| enter.raw.u8(at));
        let of = enter.i64("pid").filter(|pid| *pid > 0).or(current.tid);
        let limit = current.i64("cur").or_else(|| current.i64("newcur")).filter(|limit| *limit != -1);
        if resource != Some(NOFILE) {
            return;
        }
        let main = of.and_then(|tid| self.main_of(tid)).and_then(|main| self.thread_mut(main));
        if let (Some(main), Some(limit)) = (main, limit) {
            main.fdlimit = limit;
        }
    }

    pub(super) fn memory_exit(&mut self, current: &Current<'c>) {
        if let Some(thread) = current.tid.and_then(|tid| self.thread_mut(tid)) {
            thread.take_sizes(current);
        }
    }

    /// The thread was switched away from: faults are its own, sizes its process's.
    pub(super) fn switch(&mut self, current: &Current<'c>) {
        let Some(tid) = current.tid else { return };
        let faults = |name| current.i64(name).and_then(|n| u64::try_from(n).ok());
        if let Some(thread) = self.thread_mut(tid) {
            thread.pfmajor = faults("pgft_maj").unwrap_or(thread.pfmajor);
            thread.pfminor = faults("pgft_min").unwrap_or(thread.pfminor);
        }
        let main = self.main_of(tid).and_then(|main| self.thread_mut(main));
        if let (Some(main), Some(size)) = (main, current.u32("vm_size")) {
            main.vmsize = size;
            main.vmrss = current.u32("vm_rss").unwrap_or(main.vmrss);
            main.vmswap = current.u32("vm_swap").unwrap_or(main.vmswap);
        }
    }
}
