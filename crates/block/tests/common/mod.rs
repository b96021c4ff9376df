//! Things to put into blocks.

use vedetta_model::{BootId, NodeId, Process, ProcessKey, TenantId, Timestamp};

pub fn tenant() -> TenantId {
    "default".parse().unwrap()
}

pub fn node() -> NodeId {
    "nod_00000000000000000000000000000007".parse().unwrap()
}

pub fn boot() -> BootId {
    "run_00000000000000000000000000000009".parse().unwrap()
}

pub fn process(pid: u32, parent: Option<u32>, name: &str) -> Process {
    let start = Timestamp::from_millis(1_700_000_000_000 + i64::from(pid));
    Process {
        key: ProcessKey { pid, start },
        parent,
        ppid: 1,
        exec_time: start,
        name: name.into(),
        exe: format!("/usr/bin/{name}"),
        args: vec![name.into(), "-c".into(), "cat /etc/shadow".into()],
        cwd: "/root".into(),
        uid: 0,
        euid: 0,
        gid: 0,
        egid: 0,
        user: "root".into(),
        loginuid: Some(1000),
        tty: 34816,
        sid: 77,
        session_start: start,
        pgid: pid,
        container_id: String::new(),
        exe_from_memfd: false,
        exe_writable: false,
    }
}
