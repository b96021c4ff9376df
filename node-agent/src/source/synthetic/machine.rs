//! The processes of a plausible machine.

use std::{collections::VecDeque, time::Duration};

use rand::{Rng, RngCore, rngs::StdRng};
use vedetta_model::{ProcessKey, Timestamp, event::Fork};

use super::Made;
use crate::process_table::{Limits, ProcFs, ProcessFacts, ProcessHandle, ProcessTable, Users};

/// A machine with a shell user, a web server, a database, timers and a container.
#[derive(Debug)]
pub(super) struct Machine {
    processes: ProcessTable,
    pub shells: Vec<ProcessHandle>,
    pub web: Vec<ProcessHandle>,
    pub database: ProcessHandle,
    pub cron: ProcessHandle,
    pub app: ProcessHandle,
    next_pid: u32,
}

impl Machine {
    pub(super) fn new(now: Timestamp, rng: &mut StdRng) -> Self {
        let boot = now.before(Duration::from_secs(86_400));
        let processes = ProcessTable::new(
            Limits::default(),
            boot,
            ProcFs::at("/nonexistent"),
            Users::from_file("/nonexistent"),
        );
        let mut setup = Setup { processes, boot, pid: 0 };
        let init = setup.daemon(None, "systemd", "/usr/lib/systemd/systemd", 0);
        let cron = setup.daemon(Some(init), "cron", "/usr/sbin/cron", 0);
        let sshd = setup.daemon(Some(init), "sshd", "/usr/sbin/sshd", 0);
        let master = setup.daemon(Some(init), "nginx", "/usr/sbin/nginx", 0);
        let web = (0..2).map(|_| setup.daemon(Some(master), "nginx", "/usr/sbin/nginx", 33)).collect();
        let database = setup.daemon(Some(init), "postgres", "/usr/lib/postgresql/15/bin/postgres", 105);
        let shim = setup.daemon(Some(init), "containerd-shim", "/usr/bin/containerd-shim-runc-v2", 0);
        let app = setup.container(shim, rng);
        let shells = (0..3).map(|number| setup.shell(sshd, number)).collect();
        Self { processes: setup.processes, shells, web, database, cron, app, next_pid: 5000 }
    }

    pub(super) const fn processes(&self) -> &ProcessTable {
        &self.processes
    }

    /// `parent` forks; gives the child.
    pub(super) fn fork(
        &mut self,
        parent: ProcessHandle,
        now: Timestamp,
        events: &mut VecDeque<Made>,
    ) -> ProcessHandle {
        let pid = self.next_pid;
        self.next_pid = if pid >= 4_000_000 { 5000 } else { pid + 1 };
        let key = ProcessKey { pid, start: now };
        let mut facts = self.facts(parent);
        facts.ppid = facts.key.pid;
        (facts.key, facts.parent, facts.exec_time) = (key, Some(parent), now);
        let child = self.processes.insert(facts, now);
        events.push_back(Made { process: parent, result: pid.into(), payload: Fork { child: key }.into() });
        child
    }

    /// `process` becomes another program; gives its new generation.
    pub(super) fn become_program(
        &mut self,
        process: ProcessHandle,
        exe: &str,
        args: &[String],
        now: Timestamp,
    ) -> ProcessHandle {
        let mut facts = self.facts(process);
        facts.name = short_name(exe);
        exe.clone_into(&mut facts.exe);
        facts.args = args.to_vec();
        facts.exec_time = now;
        self.processes.insert(facts, now)
    }

    pub(super) fn end(&mut self, process: ProcessHandle, now: Timestamp) {
        self.processes.exit(process, now);
        self.processes.expire(now);
    }

    pub(super) fn facts(&self, process: ProcessHandle) -> ProcessFacts {
        let unknown = || ProcessFacts::unknown(ProcessKey { pid: 0, start: Timestamp::EPOCH });
        self.processes.facts(process).cloned().unwrap_or_else(unknown)
    }

    pub(super) fn one_of(list: &[ProcessHandle], rng: &mut impl RngCore) -> ProcessHandle {
        list[rng.random_range(0..list.len())]
    }
}

struct Setup {
    processes: ProcessTable,
    boot: Timestamp,
    pid: u32,
}

impl Setup {
    fn daemon(&mut self, parent: Option<ProcessHandle>, name: &str, exe: &str, uid: u32) -> ProcessHandle {
        self.add(parent, |facts| {
            (facts.name, facts.exe) = (name.to_owned(), exe.to_owned());
            facts.args = vec![exe.to_owned()];
            facts.cwd = "/".to_owned();
            (facts.uid, facts.euid, facts.gid, facts.egid) = (uid, uid, uid, uid);
            facts.user = user(uid).to_owned();
        })
    }

    fn container(&mut self, shim: ProcessHandle, rng: &mut impl RngCore) -> ProcessHandle {
        let id: String =
            (0..64).map(|_| char::from_digit(rng.random_range(0..16), 16).unwrap_or('0')).collect();
        self.add(Some(shim), |facts| {
            (facts.name, facts.exe) = ("python3".to_owned(), "/usr/local/bin/python3".to_owned());
            facts.args = ["python3", "-m", "shop.worker"].map(str::to_owned).to_vec();
            facts.cwd = "/app".to_owned();
            facts.container_id = id;
        })
    }

    fn shell(&mut self, sshd: ProcessHandle, number: u32) -> ProcessHandle {
        let uid = 1000 + number;
        let session = self.daemon(Some(sshd), "sshd", "/usr/sbin/sshd", 0);
        let shell = self.daemon(Some(session), "bash", "/bin/bash", uid);
        let mut facts = self.processes.facts(shell).cloned().unwrap_or_else(|| unreachable_facts(self.boot));
        facts.args = vec!["-bash".to_owned()];
        facts.cwd = format!("/home/{}", user(uid));
        facts.loginuid = Some(uid);
        facts.tty = 136 << 8 | number;
        (facts.sid, facts.session_start, facts.pgid) = (facts.key.pid, facts.key.start, facts.key.pid);
        let now = facts.exec_time;
        self.processes.insert(facts, now)
    }

    fn add(
        &mut self,
        parent: Option<ProcessHandle>,
        describe: impl FnOnce(&mut ProcessFacts),
    ) -> ProcessHandle {
        self.pid += if self.pid == 0 { 1 } else { 50 };
        let start = self.boot.after(Duration::from_millis(u64::from(self.pid) * 10));
        let mut facts = ProcessFacts::unknown(ProcessKey { pid: self.pid, start });
        facts.parent = parent;
        facts.ppid =
            parent.and_then(|parent| self.processes.facts(parent)).map_or(0, |parent| parent.key.pid);
        (facts.sid, facts.session_start, facts.pgid) = (self.pid, start, self.pid);
        describe(&mut facts);
        self.processes.insert(facts, start)
    }
}

fn unreachable_facts(boot: Timestamp) -> ProcessFacts {
    ProcessFacts::unknown(ProcessKey { pid: 0, start: boot })
}

fn short_name(exe: &str) -> String {
    exe.rsplit('/').next().unwrap_or(exe).chars().take(15).collect()
}

const fn user(uid: u32) -> &'static str {
    match uid {
        0 => "root",
        33 => "www-data",
        105 => "postgres",
        1000 => "ada",
        1001 => "grace",
        1002 => "edsger",
        _ => "",
    }
}
