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

pub fn decode(body: &events::Exec, segments: &Segments<'_>) -> Image {
    let mut exe = path::of_names(segments, Slot::Exe).unwrap_or_default();
    if body.exe_nlink == 0 && !exe.is_empty() && !exe.ends_with(" (deleted)") {
        exe.push_str(" (deleted)");
    }
    Image {
        filename: segments.text(Slot::First),
        exe,
        from_memfd: path::is_memfd(segments, Slot::Exe),
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
    fn empty_arguments_are_kept() {
        assert_eq!(arguments(b"sh\0-c\0\0"), ["sh", "-c", ""]);
        assert_eq!(arguments(b"sh\0cut"), ["sh", "cut"]);
        assert!(arguments(b"").is_empty());
    }
}
