//! A process became another program.

use vedetta_node_agent_common::{Slot, events};

use super::{path, segments::Segments};

/// The new program, and what the kernel said about the process at that moment.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Image {
    /// The path as it was given to the kernel.
    pub filename: String,
    /// Resolved path of the program file; empty when the record has none.
    pub exe: String,
    /// The program file lies in memory only.
    pub from_memfd: bool,
    /// Permission bits and owners of the program file.
    pub permissions: Permissions,
    /// The arguments.
    pub args: Vec<String>,
    /// The current directory.
    pub cwd: String,
    /// The control group's path.
    pub cgroup: String,
    /// The short name.
    pub name: String,
    /// The parent.
    pub ppid: u32,
    /// When the parent started, in nanoseconds since boot.
    pub parent_start: u64,
    /// Session.
    pub sid: u32,
    /// Process group.
    pub pgid: u32,
    /// Controlling terminal.
    pub tty: u32,
    /// Audit login id.
    pub loginuid: Option<u32>,
}

/// Who may change a file, by its permission bits alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Permissions {
    /// Permission bits.
    pub mode: u32,
    /// Its owner.
    pub uid: u32,
    /// Its group.
    pub gid: u32,
}

impl Permissions {
    /// Whether this user may write to it. Root may; access lists, further groups and read-only
    /// mounts are not looked at. An owner counts as one who may: it can change the bits.
    pub const fn writable_by(self, uid: u32, gid: u32) -> bool {
        uid == 0 || uid == self.uid || gid == self.gid && self.mode & 0o020 != 0 || self.mode & 0o002 != 0
    }
}

pub fn decode(body: &events::Exec, segments: &Segments<'_>) -> Image {
    let mut exe = path::of_names(segments, Slot::Exe).unwrap_or_default();
    if body.exe_nlink == 0 && !exe.is_empty() && !exe.ends_with(" (deleted)") {
        exe.push_str(" (deleted)");
    }
    Image {
        filename: segments.text(Slot::First),
        exe,
        from_memfd: path::is_memfd(segments, Slot::Exe),
        permissions: Permissions { mode: body.exe_mode, uid: body.exe_uid, gid: body.exe_gid },
        args: arguments(segments.bytes(Slot::Args)),
        cwd: path::of_names(segments, Slot::Cwd).unwrap_or_default(),
        cgroup: path::of_names(segments, Slot::Cgroup).unwrap_or_default(),
        name: short_name(&body.comm),
        ppid: body.ppid,
        parent_start: body.parent_start,
        sid: body.sid,
        pgid: body.pgid,
        tty: body.tty,
        loginuid: (body.loginuid != u32::MAX).then_some(body.loginuid),
    }
}

/// Arguments, each closed by a zero; the last one's zero may have been cut off.
pub fn arguments(bytes: &[u8]) -> Vec<String> {
    let bytes = bytes.strip_suffix(&[0]).unwrap_or(bytes);
    if bytes.is_empty() {
        return Vec::new();
    }
    bytes.split(|&byte| byte == 0).map(|arg| String::from_utf8_lossy(arg).into_owned()).collect()
}

fn short_name(comm: &[u8]) -> String {
    let end = comm.iter().position(|&byte| byte == 0).unwrap_or(comm.len());
    String::from_utf8_lossy(&comm[..end]).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn owner_group_and_everybody_may_write() {
        let file = |mode| Permissions { mode, uid: 7, gid: 8 };
        assert!(file(0o555).writable_by(0, 0) && file(0o555).writable_by(7, 1));
        assert!(file(0o575).writable_by(1, 8) && file(0o557).writable_by(1, 1));
        assert!(!file(0o755).writable_by(1, 8) && !file(0o775).writable_by(1, 1));
    }

    #[test]
    fn empty_arguments_are_kept() {
        assert_eq!(arguments(b"sh\0-c\0\0"), ["sh", "-c", ""]);
        assert_eq!(arguments(b"sh\0cut"), ["sh", "cut"]);
        assert!(arguments(b"").is_empty());
    }
}
