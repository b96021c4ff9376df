//! Reading one process from `/proc`: for those that are older than the agent, or whose records
//! were lost.

use std::{fs, os::unix::fs::MetadataExt as _, path::PathBuf};

use vedetta_model::{ProcessKey, Timestamp};

use super::{container_id, facts::ProcessFacts};
use crate::decode::{Permissions, arguments};

/// Hundredths of a second, in which `/proc` counts.
const TICK: u64 = 10_000_000;

/// A mounted `/proc`.
#[derive(Debug, Clone)]
pub struct ProcFs {
    root: PathBuf,
}

impl ProcFs {
    /// The one at `root`.
    pub fn at(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// All processes.
    pub fn pids(&self) -> Vec<u32> {
        let Ok(folder) = fs::read_dir(&self.root) else { return Vec::new() };
        folder.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect()
    }

    /// A process, and when it started in nanoseconds since boot. Times, user name and parent are
    /// left for the table to fill in. `None` when it has ended meanwhile.
    pub fn read(&self, pid: u32) -> Option<(u64, ProcessFacts)> {
        let stat = Stat::parse(&self.text(pid, "stat")?)?;
        let status = self.text(pid, "status")?;
        let [uid, euid] = ids(&status, "Uid:")?;
        let [gid, egid] = ids(&status, "Gid:")?;
        let exe = self.link(pid, "exe");
        let cgroup = self.text(pid, "cgroup").unwrap_or_default();
        let loginuid = self.text(pid, "loginuid").and_then(|text| text.trim().parse().ok());
        let mut facts = ProcessFacts::unknown(ProcessKey { pid, start: Timestamp::EPOCH });
        facts.ppid = stat.ppid;
        facts.name = stat.name;
        facts.args = arguments(&fs::read(self.path(pid, "cmdline")).unwrap_or_default());
        facts.cwd = self.link(pid, "cwd");
        facts.exe_from_memfd = exe.starts_with("/memfd:");
        facts.exe_writable =
            self.permissions(pid).is_some_and(|permissions| permissions.writable_by(euid, egid));
        facts.exe = exe;
        (facts.uid, facts.euid, facts.gid, facts.egid) = (uid, euid, gid, egid);
        facts.loginuid = loginuid.filter(|&id| id != u32::MAX);
        facts.tty = stat.tty;
        facts.sid = stat.sid;
        facts.pgid = stat.pgid;
        facts.container_id = in_container(&cgroup).unwrap_or_default();
        Some((stat.start * TICK, facts))
    }

    fn path(&self, pid: u32, file: &str) -> PathBuf {
        self.root.join(pid.to_string()).join(file)
    }

    fn text(&self, pid: u32, file: &str) -> Option<String> {
        Some(String::from_utf8_lossy(&fs::read(self.path(pid, file)).ok()?).into_owned())
    }

    /// Of the program file, as they are now.
    fn permissions(&self, pid: u32) -> Option<Permissions> {
        let file = fs::metadata(self.path(pid, "exe")).ok()?;
        Some(Permissions { mode: file.mode(), uid: file.uid(), gid: file.gid() })
    }

    fn link(&self, pid: u32, file: &str) -> String {
        fs::read_link(self.path(pid, file))
            .map(|path| path.to_string_lossy().into_owned())
            .unwrap_or_default()
    }
}

/// The fields of `stat` that are used.
struct Stat {
    name: String,
    ppid: u32,
    pgid: u32,
    sid: u32,
    tty: u32,
    start: u64,
}

impl Stat {
    /// The name stands in brackets and may itself contain brackets and spaces.
    fn parse(text: &str) -> Option<Self> {
        let (head, tail) = text.rsplit_once(')')?;
        let (_, name) = head.split_once('(')?;
        let fields: Vec<&str> = tail.split_whitespace().collect();
        // `tail` begins with the third field of proc_pid_stat(5).
        let field = |number: usize| fields.get(number - 3).copied();
        let tty: i32 = field(7)?.parse().ok()?;
        let tty = tty as u32;
        let (major, minor) = (tty >> 8 & 0xfff, tty & 0xff | tty >> 12 & 0xf_ff00);
        Some(Self {
            name: name.to_owned(),
            ppid: field(4)?.parse().ok()?,
            pgid: field(5)?.parse().unwrap_or(0),
            sid: field(6)?.parse().unwrap_or(0),
            tty: major << 8 | minor & 0xff,
            start: field(22)?.parse().ok()?,
        })
    }
}

/// Real and effective id of a line of `status`.
fn ids(status: &str, label: &str) -> Option<[u32; 2]> {
    let line = status.lines().find_map(|line| line.strip_prefix(label))?;
    let mut numbers = line.split_whitespace().map(str::parse);
    Some([numbers.next()?.ok()?, numbers.next()?.ok()?])
}

/// The container of a process by all its groups, version 1 and 2.
fn in_container(cgroup: &str) -> Option<String> {
    cgroup.lines().find_map(|line| container_id(line.splitn(3, ':').nth(2)?)).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_is_found_with_its_facts() {
        let pid = std::process::id();
        let proc = ProcFs::at("/proc");
        let (start, facts) = proc.read(pid).unwrap();
        assert!(start > 0 && proc.pids().contains(&pid));
        assert_eq!(facts.ppid, std::os::unix::process::parent_id());
        assert_eq!(facts.exe, std::env::current_exe().unwrap().to_string_lossy());
        assert_eq!(facts.args, std::env::args().collect::<Vec<_>>());
    }

    #[test]
    fn a_name_with_brackets_does_not_shift_the_fields() {
        let stat = "7 (a) (b c)) S 1 2 3 34816 7 0 0 0 0 0 0 0 0 0 20 0 1 0 99 0 0";
        let stat = Stat::parse(stat).unwrap();
        assert_eq!((&*stat.name, stat.ppid, stat.sid, stat.tty, stat.start), ("a) (b c)", 1, 3, 0x8800, 99));
        assert!(Stat::parse("").is_none() && Stat::parse("1 (x) S").is_none());
    }

    #[test]
    fn either_hierarchy_names_the_container() {
        let id = "a".repeat(64);
        let text = format!("12:pids:/docker/{id}\n0::/\n");
        assert_eq!(in_container(&text), Some(id));
        assert_eq!(in_container("0::/init.scope\n"), None);
    }
}
