//! Who did it.

use serde::{Deserialize, Serialize};

use crate::Timestamp;

/// Identity of a process on a node: pids are used again, a pid with its start time is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ProcessKey {
    /// The thread group id.
    pub pid: u32,
    /// When it was forked, by the node's clock.
    pub start: Timestamp,
}

/// A process as it was between two execs. A batch carries each one that its events refer to once,
/// with its ancestors; after an exec the same [`ProcessKey`] stands in a second entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Process {
    /// Which process.
    pub key: ProcessKey,
    /// Its parent: an index into the same table. `None` when the parent is not known (or there is none).
    pub parent: Option<u32>,
    /// The parent's pid as the kernel gave it; 0 when there is none.
    pub ppid: u32,
    /// When it became this program; equals `key.start` for a process that never did an exec.
    pub exec_time: Timestamp,
    /// The kernel's short name (`comm`), at most 15 bytes.
    pub name: String,
    /// Resolved path of the program file. Empty when unknown (kernel threads have none).
    pub exe: String,
    /// Arguments with the program's own name first (`argv[0]`).
    pub args: Vec<String>,
    /// Current directory when the entry was made. Empty when unknown.
    pub cwd: String,
    /// Real user id.
    pub uid: u32,
    /// Effective user id.
    pub euid: u32,
    /// Real group id.
    pub gid: u32,
    /// Effective group id.
    pub egid: u32,
    /// Name of `uid` in the node's user database. Empty when it has none.
    pub user: String,
    /// Audit login id: who signed in, kept through sudo. `None` when nobody did.
    pub loginuid: Option<u32>,
    /// Controlling terminal as (major << 8 | minor); 0 for none.
    pub tty: u32,
    /// Session id: pid of the session's leader.
    pub sid: u32,
    /// When the session's leader started: with `sid` it names the session. Equals EPOCH when unknown.
    pub session_start: Timestamp,
    /// Process group id, as seen from the root pid namespace.
    pub pgid: u32,
    /// Container id from the control group path. Empty for a process of the host.
    pub container_id: String,
    /// True when the program file lies in memory only (`memfd_create`).
    pub exe_from_memfd: bool,
    /// True when the effective user could write to the program file when it became this program.
    #[serde(default)]
    pub exe_writable: bool,
}

impl Process {
    /// The command line: arguments joined by one space (Falco's `proc.cmdline` shape: name, then arguments).
    pub fn command_line(&self) -> String {
        let mut line = self.name.clone();
        for arg in self.args.iter().skip(1) {
            line.push(' ');
            line.push_str(arg);
        }
        line
    }
}
