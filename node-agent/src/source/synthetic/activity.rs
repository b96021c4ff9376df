//! What the processes of the machine do.

use std::{
    collections::VecDeque,
    net::{IpAddr, Ipv4Addr},
};

use rand::{Rng, rngs::StdRng};
use vedetta_model::{
    Payload, Timestamp,
    event::{Accept, Chmod, Connect, Exec, Exit, Open, Rename, SocketAddress, Unlink},
};

use super::{Made, machine::Machine};
use crate::process_table::ProcessHandle;

const O_WRONLY: u32 = 0o1;
const O_CREAT: u32 = 0o100;
const O_TRUNC: u32 = 0o1000;
const O_CLOEXEC: u32 = 0o2_000_000;

const COMMANDS: &[(&str, &[&str], &[&str])] = &[
    ("/usr/bin/ls", &["ls", "-la"], &["/home/ada/src"]),
    ("/usr/bin/git", &["git", "status"], &["/home/ada/src/.git/HEAD", "/home/ada/src/.git/index"]),
    ("/usr/bin/grep", &["grep", "-rn", "needle"], &["/home/ada/src/main.rs", "/home/ada/src/lib.rs"]),
    ("/usr/bin/cat", &["cat", "notes.txt"], &["/home/ada/notes.txt"]),
    ("/usr/bin/make", &["make", "-j2"], &["/home/ada/src/Makefile", "/home/ada/src/Cargo.toml"]),
    ("/usr/bin/less", &["less", "README.md"], &["/home/ada/src/README.md"]),
];
const LIBRARIES: &[&str] = &["/etc/ld.so.cache", "/lib/x86_64-linux-gnu/libc.so.6"];

impl Machine {
    /// One thing that happens, as several events.
    pub(super) fn live(&mut self, now: Timestamp, rng: &mut StdRng, events: &mut VecDeque<Made>) {
        match rng.random_range(0..100) {
            0..40 => self.command(now, rng, events),
            40..70 => self.web_request(rng, events),
            70..85 => self.app_job(rng, events),
            85..95 => self.checkpoint(rng, events),
            _ => self.timer(now, events),
        }
    }

    /// A shell reads the password hashes by a program that does not usually do that.
    pub(super) fn read_secret(&mut self, mark: &str, now: Timestamp) -> VecDeque<Made> {
        let mut events = VecDeque::new();
        let shell = self.shells[0];
        let args = ["cat", "/etc/shadow", mark].map(str::to_owned);
        let cat = self.run(shell, "/usr/bin/cat", &args, now, &mut events);
        open(cat, "/etc/shadow", O_CLOEXEC, &mut events);
        self.exit(cat, now, &mut events);
        events
    }

    fn command(&mut self, now: Timestamp, rng: &mut StdRng, events: &mut VecDeque<Made>) {
        let shell = Self::one_of(&self.shells, rng);
        let (exe, args, files) = COMMANDS[rng.random_range(0..COMMANDS.len())];
        let args: Vec<_> = args.iter().map(|&arg| arg.to_owned()).collect();
        let process = self.run(shell, exe, &args, now, events);
        for path in LIBRARIES.iter().chain(files) {
            open(process, path, O_CLOEXEC, events);
        }
        self.exit(process, now, events);
    }

    fn web_request(&self, rng: &mut StdRng, events: &mut VecDeque<Made>) {
        let worker = Self::one_of(&self.web, rng);
        let client = Ipv4Addr::new(10, 0, rng.random(), rng.random());
        let accept = Accept {
            remote: Some(ip(client, rng.random_range(32_768..61_000))),
            local: Some(ip(Ipv4Addr::new(10, 0, 0, 5), 443)),
            protocol: 6,
        };
        events.push_back(Made { process: worker, result: 12, payload: accept.into() });
        let page = format!("/var/www/html/page-{}.html", rng.random_range(0..200));
        open(worker, &page, O_CLOEXEC, events);
    }

    fn app_job(&self, rng: &mut StdRng, events: &mut VecDeque<Made>) {
        let connect = Connect {
            fd: rng.random_range(5..40),
            remote: ip(Ipv4Addr::new(10, 0, 0, 7), 5432),
            local: None,
            protocol: 6,
        };
        events.push_back(Made { process: self.app, result: 0, payload: connect.into() });
        open(self.app, "/app/log/worker.log", O_WRONLY | O_CREAT | O_CLOEXEC, events);
    }

    fn checkpoint(&self, rng: &mut StdRng, events: &mut VecDeque<Made>) {
        let path = format!("/var/lib/postgresql/15/main/base/{}", rng.random_range(16_000..17_000));
        open(self.database, &path, O_WRONLY | O_CREAT, events);
        let temporary = format!("{path}.tmp");
        let rename = Rename { from: temporary.clone(), to: path };
        events.push_back(Made { process: self.database, result: 0, payload: rename.into() });
        let unlink = Unlink { path: format!("{temporary}.old"), directory: false };
        events.push_back(Made { process: self.database, result: -2, payload: unlink.into() });
    }

    fn timer(&mut self, now: Timestamp, events: &mut VecDeque<Made>) {
        let args = ["sh", "-c", "/usr/local/bin/rotate"].map(str::to_owned);
        let shell = self.run(self.cron, "/bin/sh", &args, now, events);
        open(shell, "/var/log/app/current", O_WRONLY | O_CREAT | O_TRUNC, events);
        let chmod = Chmod { path: "/var/log/app/current".to_owned(), mode: 0o640 };
        events.push_back(Made { process: shell, result: 0, payload: chmod.into() });
        self.exit(shell, now, events);
    }

    fn run(
        &mut self,
        parent: ProcessHandle,
        exe: &str,
        args: &[String],
        now: Timestamp,
        events: &mut VecDeque<Made>,
    ) -> ProcessHandle {
        let child = self.fork(parent, now, events);
        let previous_name = self.facts(child).name;
        let process = self.become_program(child, exe, args, now);
        let exec = Exec { filename: exe.to_owned(), previous_name };
        events.push_back(Made { process, result: 0, payload: exec.into() });
        process
    }

    fn exit(&mut self, process: ProcessHandle, now: Timestamp, events: &mut VecDeque<Made>) {
        events.push_back(Made { process, result: 0, payload: Exit::default().into() });
        // The table keeps it for a while, so the events above can still be resolved.
        self.end(process, now);
    }
}

fn open(process: ProcessHandle, path: &str, flags: u32, events: &mut VecDeque<Made>) {
    let mode = if flags & O_CREAT == 0 { 0 } else { 0o640 };
    let payload = Payload::from(Open { path: path.to_owned(), flags, mode });
    events.push_back(Made { process, result: 3, payload });
}

const fn ip(address: Ipv4Addr, port: u16) -> SocketAddress {
    SocketAddress::Ip { address: IpAddr::V4(address), port }
}
