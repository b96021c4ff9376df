//! Names of the numbers that system calls take and give, as Falco prints them.

use std::io::Write;

/// `EACCES` for 13.
pub(super) fn errno(number: u64) -> Option<&'static str> {
    const NAMES: [(u64, &str); 46] = [
        (1, "EPERM"),
        (2, "ENOENT"),
        (3, "ESRCH"),
        (4, "EINTR"),
        (5, "EIO"),
        (6, "ENXIO"),
        (7, "E2BIG"),
        (8, "ENOEXEC"),
        (9, "EBADF"),
        (10, "ECHILD"),
        (11, "EAGAIN"),
        (12, "ENOMEM"),
        (13, "EACCES"),
        (14, "EFAULT"),
        (16, "EBUSY"),
        (17, "EEXIST"),
        (18, "EXDEV"),
        (19, "ENODEV"),
        (20, "ENOTDIR"),
        (21, "EISDIR"),
        (22, "EINVAL"),
        (23, "ENFILE"),
        (24, "EMFILE"),
        (26, "ETXTBSY"),
        (27, "EFBIG"),
        (28, "ENOSPC"),
        (30, "EROFS"),
        (31, "EMLINK"),
        (36, "ENAMETOOLONG"),
        (38, "ENOSYS"),
        (39, "ENOTEMPTY"),
        (40, "ELOOP"),
        (95, "EOPNOTSUPP"),
        (97, "EAFNOSUPPORT"),
        (98, "EADDRINUSE"),
        (99, "EADDRNOTAVAIL"),
        (100, "ENETDOWN"),
        (101, "ENETUNREACH"),
        (103, "ECONNABORTED"),
        (104, "ECONNRESET"),
        (106, "EISCONN"),
        (110, "ETIMEDOUT"),
        (111, "ECONNREFUSED"),
        (113, "EHOSTUNREACH"),
        (114, "EALREADY"),
        (115, "EINPROGRESS"),
    ];
    NAMES.iter().find(|(n, _)| *n == number).map(|(_, name)| *name)
}

/// `EINPROGRESS`: a connection that is on its way.
pub(super) const EINPROGRESS: i64 = 115;

fn flags(out: &mut Vec<u8>, names: &[(u64, &str)], bits: u64, nothing: &str) {
    let start = out.len();
    for (bit, name) in names {
        if bits & bit == *bit {
            if out.len() > start {
                out.push(b'|');
            }
            out.extend_from_slice(name.as_bytes());
        }
    }
    if out.len() == start {
        out.extend_from_slice(nothing.as_bytes());
    }
}

/// `O_WRONLY|O_CREAT`.
pub(super) fn open_flags(out: &mut Vec<u8>, bits: u32) {
    const NAMES: [(u64, &str); 13] = [
        (0o2000, "O_APPEND"),
        (0o100, "O_CREAT"),
        (0o2_000_000, "O_CLOEXEC"),
        (0o200_000, "O_DIRECTORY"),
        (0o40_000, "O_DIRECT"),
        (0o200, "O_EXCL"),
        (0o400, "O_NOCTTY"),
        (0o400_000, "O_NOFOLLOW"),
        (0o1_000_000, "O_NOATIME"),
        (0o4000, "O_NONBLOCK"),
        (0o10_000_000, "O_PATH"),
        (0o20_200_000, "O_TMPFILE"),
        (0o1000, "O_TRUNC"),
    ];
    out.extend_from_slice(match bits & 3 {
        0 => b"O_RDONLY",
        1 => b"O_WRONLY",
        _ => b"O_RDWR",
    });
    if bits & !3 != 0 {
        let start = out.len();
        out.push(b'|');
        flags(out, &NAMES, u64::from(bits), "");
        if out.len() == start + 1 {
            out.truncate(start);
        }
    }
}

/// `S_ISUID|S_IRUSR`.
pub(super) fn mode(out: &mut Vec<u8>, bits: u32) {
    const NAMES: [(u64, &str); 12] = [
        (0o001, "S_IXOTH"),
        (0o002, "S_IWOTH"),
        (0o004, "S_IROTH"),
        (0o010, "S_IXGRP"),
        (0o020, "S_IWGRP"),
        (0o040, "S_IRGRP"),
        (0o100, "S_IXUSR"),
        (0o200, "S_IWUSR"),
        (0o400, "S_IRUSR"),
        (0o1000, "S_ISVTX"),
        (0o2000, "S_ISGID"),
        (0o4000, "S_ISUID"),
    ];
    flags(out, &NAMES, u64::from(bits), "0");
}

/// `CLONE_NEWNS|CLONE_NEWPID`.
pub(super) fn clone_flags(out: &mut Vec<u8>, bits: u64) {
    const NAMES: [(u64, &str); 12] = [
        (0x400, "CLONE_FILES"),
        (0x200, "CLONE_FS"),
        (0x800_0000, "CLONE_NEWIPC"),
        (0x4000_0000, "CLONE_NEWNET"),
        (0x2_0000, "CLONE_NEWNS"),
        (0x2000_0000, "CLONE_NEWPID"),
        (0x400_0000, "CLONE_NEWUTS"),
        (0x1000_0000, "CLONE_NEWUSER"),
        (0x200_0000, "CLONE_NEWCGROUP"),
        (0x80, "CLONE_NEWTIME"),
        (0x4_0000, "CLONE_SYSVSEM"),
        (0x100, "CLONE_VM"),
    ];
    flags(out, &NAMES, bits, "0");
}

/// `MS_BIND|MS_REC`.
pub(super) fn mount_flags(out: &mut Vec<u8>, bits: u64) {
    const NAMES: [(u64, &str); 14] = [
        (1, "RDONLY"),
        (2, "NOSUID"),
        (4, "NODEV"),
        (8, "NOEXEC"),
        (16, "SYNCHRONOUS"),
        (32, "REMOUNT"),
        (64, "MANDLOCK"),
        (4096, "BIND"),
        (8192, "MOVE"),
        (16384, "REC"),
        (1 << 17, "UNBINDABLE"),
        (1 << 18, "PRIVATE"),
        (1 << 19, "SLAVE"),
        (1 << 20, "SHARED"),
    ];
    flags(out, &NAMES, bits, "0");
}

/// `PTRACE_ATTACH`.
pub(super) fn ptrace_request(request: i64) -> Option<&'static str> {
    Some(match request {
        0 => "PTRACE_TRACEME",
        1 => "PTRACE_PEEKTEXT",
        2 => "PTRACE_PEEKDATA",
        3 => "PTRACE_PEEKUSR",
        4 => "PTRACE_POKETEXT",
        5 => "PTRACE_POKEDATA",
        6 => "PTRACE_POKEUSR",
        7 => "PTRACE_CONT",
        8 => "PTRACE_KILL",
        9 => "PTRACE_SINGLESTEP",
        12 => "PTRACE_GETREGS",
        13 => "PTRACE_SETREGS",
        14 => "PTRACE_GETFPREGS",
        15 => "PTRACE_SETFPREGS",
        16 => "PTRACE_ATTACH",
        17 => "PTRACE_DETACH",
        24 => "PTRACE_SYSCALL",
        0x4200 => "PTRACE_SETOPTIONS",
        0x4201 => "PTRACE_GETEVENTMSG",
        0x4202 => "PTRACE_GETSIGINFO",
        0x4204 => "PTRACE_GETREGSET",
        0x4205 => "PTRACE_SETREGSET",
        0x4206 => "PTRACE_SEIZE",
        0x4207 => "PTRACE_INTERRUPT",
        0x4208 => "PTRACE_LISTEN",
        _ => return None,
    })
}

/// `BPF_PROG_LOAD`.
pub(super) fn bpf_command(command: u32) -> Option<&'static str> {
    const NAMES: [&str; 20] = [
        "BPF_MAP_CREATE",
        "BPF_MAP_LOOKUP_ELEM",
        "BPF_MAP_UPDATE_ELEM",
        "BPF_MAP_DELETE_ELEM",
        "BPF_MAP_GET_NEXT_KEY",
        "BPF_PROG_LOAD",
        "BPF_OBJ_PIN",
        "BPF_OBJ_GET",
        "BPF_PROG_ATTACH",
        "BPF_PROG_DETACH",
        "BPF_PROG_TEST_RUN",
        "BPF_PROG_GET_NEXT_ID",
        "BPF_MAP_GET_NEXT_ID",
        "BPF_PROG_GET_FD_BY_ID",
        "BPF_MAP_GET_FD_BY_ID",
        "BPF_OBJ_GET_INFO_BY_FD",
        "BPF_PROG_QUERY",
        "BPF_RAW_TRACEPOINT_OPEN",
        "BPF_BTF_LOAD",
        "BPF_BTF_GET_FD_BY_ID",
    ];
    usize::try_from(command).ok().and_then(|c| NAMES.get(c)).copied()
}

/// A name where there is one, else the number.
pub(super) fn named(out: &mut Vec<u8>, name: Option<&str>, number: i64) {
    match name {
        Some(name) => out.extend_from_slice(name.as_bytes()),
        None => number_text(out, number),
    }
}

/// A number in decimal.
pub(super) fn number_text(out: &mut Vec<u8>, number: impl std::fmt::Display) {
    // Writing to a Vec cannot fail.
    let _ = write!(out, "{number}");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(f: impl FnOnce(&mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        f(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn flags_read_as_falco_prints_them() {
        assert_eq!(text(|o| open_flags(o, 0o1101)), "O_WRONLY|O_CREAT|O_TRUNC");
        assert_eq!(text(|o| open_flags(o, 0)), "O_RDONLY");
        assert_eq!(text(|o| mode(o, 0o4755)).split('|').next_back(), Some("S_ISUID"));
        assert_eq!(text(|o| clone_flags(o, 0x2002_0000)), "CLONE_NEWNS|CLONE_NEWPID");
        assert_eq!(text(|o| named(o, ptrace_request(99), 99)), "99");
    }
}
