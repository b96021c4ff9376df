//! Every process on the node, as it was between two changes of its program or credentials.
//!
//! The table is seeded from `/proc` once and then lives on fork, exec and exit. Each state of a
//! process is a *generation* with a [`ProcessHandle`]; events point at the generation that was
//! current when they happened, and a generation points at the one of its parent that made it.
//! Ended processes stay for a while, so that their children can still name them.
//!
//! Nothing here reads the kernel's rings, and nothing grows without bound: see [`Limits`].

mod container;
mod facts;
mod proc;
mod users;

use std::{
    collections::{HashMap, VecDeque},
    time::Duration,
};

use vedetta_model::{ProcessKey, Timestamp};

pub use container::container_id;
pub use facts::{ProcessFacts, ProcessHandle};
pub use proc::ProcFs;
pub use users::Users;

use crate::decode::Image;

/// The kernel counts the start times under `/proc` in hundredths of a second; a process is the
/// same when its start is the same at that precision.
const TICK: u64 = 10_000_000;

/// How large the table may become.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Most generations, ended processes included.
    pub generations: usize,
    /// How long an ended process stays.
    pub grace: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self { generations: 32_768, grace: Duration::from_secs(120) }
    }
}

/// Who did something, as a record's header tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Who {
    /// Process id.
    pub pid: u32,
    /// Start in nanoseconds since boot.
    pub start: u64,
    /// Real user id.
    pub uid: u32,
    /// Effective user id.
    pub euid: u32,
    /// Real group id.
    pub gid: u32,
    /// Effective group id.
    pub egid: u32,
    /// Counts its execs.
    pub exec_id: u32,
}

/// A process that was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Child {
    /// Its id.
    pub pid: u32,
    /// Its start in nanoseconds since boot.
    pub start: u64,
    /// Its parent.
    pub ppid: u32,
    /// Session.
    pub sid: u32,
    /// Process group.
    pub pgid: u32,
}

/// The table.
#[derive(Debug)]
pub struct ProcessTable {
    limits: Limits,
    /// Wall clock time at boot: turns starts into times. Fixed, so that a key never changes.
    boot: Timestamp,
    proc: ProcFs,
    users: Users,
    current: HashMap<u32, ProcessHandle>,
    /// Last generations of processes that have ended, for records that come late.
    ended: HashMap<u32, ProcessHandle>,
    generations: HashMap<ProcessHandle, Generation>,
    /// Generations that are no longer current, oldest first.
    past: VecDeque<(Timestamp, ProcessHandle)>,
    next: u64,
    evicted: u64,
}

#[derive(Debug)]
struct Generation {
    facts: ProcessFacts,
    /// Start in nanoseconds since boot; a multiple of a tick when it was read from `/proc`.
    start: u64,
    /// Generations that name this one as their parent.
    children: u32,
    /// The exec that this generation lives under; `None` until a record tells.
    exec_id: Option<u32>,
}

impl ProcessTable {
    /// An empty table. `boot` is the wall clock's time at boot.
    pub fn new(limits: Limits, boot: Timestamp, proc: ProcFs, users: Users) -> Self {
        Self {
            limits,
            boot,
            proc,
            users,
            current: HashMap::new(),
            ended: HashMap::new(),
            generations: HashMap::new(),
            past: VecDeque::new(),
            next: 1,
            evicted: 0,
        }
    }

    /// What is known about a generation. `None` when it was dropped.
    pub fn facts(&self, handle: ProcessHandle) -> Option<&ProcessFacts> {
        self.generations.get(&handle).map(|generation| &generation.facts)
    }

    /// The current generation of a process id.
    pub fn current(&self, pid: u32) -> Option<ProcessHandle> {
        self.current.get(&pid).copied()
    }

    /// How many generations are held.
    pub fn len(&self) -> usize {
        self.generations.len()
    }

    /// Whether nothing is held.
    pub fn is_empty(&self) -> bool {
        self.generations.is_empty()
    }

    /// How many generations were dropped before their time to stay within bounds.
    pub const fn evicted(&self) -> u64 {
        self.evicted
    }

    /// Takes in every process that runs now.
    pub fn seed(&mut self) {
        let mut found: Vec<_> = self.proc.pids().into_iter().filter_map(|pid| self.proc.read(pid)).collect();
        // A parent starts before its children, but for processes that were adopted.
        found.sort_unstable_by_key(|(start, facts)| (*start, facts.key.pid));
        for (start, facts) in found {
            self.add_from_proc(start, facts);
        }
        let orphans: Vec<_> = self.current.values().copied().collect();
        for handle in orphans {
            self.adopt(handle);
            self.fill_session(handle);
        }
    }

    /// Adds a generation from elsewhere, a recording for instance. It becomes the current one of
    /// its process.
    pub fn insert(&mut self, facts: ProcessFacts, now: Timestamp) -> ProcessHandle {
        let start = self.since_boot(facts.key.start);
        self.push(facts, start, None, now)
    }

    /// The generation that `who` names. An unknown process, or one whose exec was not seen, is read
    /// from `/proc` if it still runs; changed credentials make a new generation.
    pub fn observe(&mut self, who: &Who, now: Timestamp) -> ProcessHandle {
        let handle = self.find(who, now);
        let Some(generation) = self.generations.get_mut(&handle) else { return handle };
        let exec_id = *generation.exec_id.get_or_insert(who.exec_id);
        let (start, parent, ppid) = (generation.start, generation.facts.parent, generation.facts.ppid);
        if exec_id == who.exec_id {
            return self.renew_credentials(handle, who, now);
        }
        if self.current(who.pid) != Some(handle) {
            return handle;
        }
        // The record of an exec was lost.
        let mut facts = self.read(who).unwrap_or_else(|| ProcessFacts::unknown(self.key(who.pid, start)));
        facts.key = self.key(who.pid, start);
        (facts.parent, facts.ppid) = (parent, ppid);
        facts.exec_time = now;
        self.credentials(&mut facts, who);
        let handle = self.push(facts, start, Some(who.exec_id), now);
        self.fill_session(handle);
        handle
    }

    fn find(&mut self, who: &Who, now: Timestamp) -> ProcessHandle {
        self.known(who.pid, who.start).unwrap_or_else(|| self.discover(who, now))
    }

    fn renew_credentials(&mut self, handle: ProcessHandle, who: &Who, now: Timestamp) -> ProcessHandle {
        let Some(generation) = self.generations.get(&handle) else { return handle };
        let facts = &generation.facts;
        let same = (facts.uid, facts.euid, facts.gid, facts.egid) == (who.uid, who.euid, who.gid, who.egid);
        // One that has ended must not be brought back to life.
        if same || self.current(who.pid) != Some(handle) {
            return handle;
        }
        let (mut facts, start) = (facts.clone(), generation.start);
        self.credentials(&mut facts, who);
        self.push(facts, start, Some(who.exec_id), now)
    }

    /// The process made a child. Gives the child's generation, which has all of its parent's facts.
    pub fn fork(&mut self, parent: ProcessHandle, child: &Child, now: Timestamp) -> ProcessHandle {
        if let Some(handle) = self.known(child.pid, child.start) {
            // Seeding saw it first.
            return handle;
        }
        let (maker_handle, maker) = (parent, self.facts(parent).cloned());
        let key = self.key(child.pid, child.start);
        // With CLONE_PARENT the parent is not the maker.
        let parent = match &maker {
            Some(maker) if maker.key.pid != child.ppid => self.current(child.ppid),
            _ => Some(parent),
        };
        let mut facts = maker.unwrap_or_else(|| ProcessFacts::unknown(key));
        facts.key = key;
        facts.exec_time = key.start;
        facts.ppid = child.ppid;
        facts.parent = parent;
        facts.pgid = child.pgid;
        if facts.sid != child.sid {
            facts.sid = child.sid;
            facts.session_start = self.session_start(child.sid);
        }
        let exec_id = self.generations.get(&maker_handle).and_then(|generation| generation.exec_id);
        self.push(facts, child.start, exec_id, now)
    }

    /// The process became another program. Gives its new generation, and what it was called before.
    pub fn exec(&mut self, who: &Who, image: &Image, now: Timestamp) -> (ProcessHandle, String) {
        let before = self.find(who, now);
        let Some(generation) = self.generations.get(&before) else { return (before, String::new()) };
        let start = generation.start;
        let mut facts = generation.facts.clone();
        let previous_name = facts.name.clone();
        self.credentials(&mut facts, who);
        facts.exec_time = now;
        facts.name.clone_from(&image.name);
        facts.exe.clone_from(&image.exe);
        facts.args.clone_from(&image.args);
        facts.cwd.clone_from(&image.cwd);
        facts.exe_from_memfd = image.from_memfd;
        facts.exe_writable = image.permissions.writable_by(who.euid, who.egid);
        facts.loginuid = image.loginuid;
        facts.tty = image.tty;
        facts.pgid = image.pgid;
        facts.sid = image.sid;
        facts.session_start = self.session_start(image.sid);
        if let Some(id) = container_id(&image.cgroup) {
            facts.container_id = id.to_owned();
        }
        if facts.parent.is_none() {
            facts.ppid = image.ppid;
            facts.parent = self.known(image.ppid, image.parent_start);
        }
        (self.push(facts, start, Some(who.exec_id), now), previous_name)
    }

    /// The process ended. Its last generation stays until the grace period is over. False when it
    /// had ended already.
    pub fn exit(&mut self, process: ProcessHandle, now: Timestamp) -> bool {
        let Some(generation) = self.generations.get(&process) else { return false };
        let pid = generation.facts.key.pid;
        if self.current.get(&pid) != Some(&process) {
            return false;
        }
        self.current.remove(&pid);
        self.ended.insert(pid, process);
        self.past.push_back((now, process));
        true
    }

    /// Reads the user database again if it has changed.
    pub fn refresh_users(&mut self) {
        self.users.refresh();
    }

    /// Drops what has been of the past for long enough and has no children. Call it now and then.
    pub fn expire(&mut self, now: Timestamp) {
        for _ in 0..self.past.len() {
            let Some(&(since, handle)) = self.past.front() else { return };
            if now.since(since) < self.limits.grace {
                return;
            }
            self.past.pop_front();
            match self.generations.get(&handle) {
                Some(generation) if generation.children > 0 => self.past.push_back((now, handle)),
                Some(_) => self.remove(handle),
                None => {}
            }
        }
    }

    /// The latest generation of the process that started then.
    fn known(&self, pid: u32, start: u64) -> Option<ProcessHandle> {
        [self.current.get(&pid), self.ended.get(&pid)].into_iter().flatten().copied().find(|handle| {
            self.generations.get(handle).is_some_and(|generation| generation.start / TICK == start / TICK)
        })
    }

    /// A process that no fork told of: lost, or older than the agent.
    fn discover(&mut self, who: &Who, now: Timestamp) -> ProcessHandle {
        let key = self.key(who.pid, who.start);
        let mut facts = self.read(who).unwrap_or_else(|| ProcessFacts::unknown(key));
        facts.key = key;
        facts.exec_time = key.start;
        self.credentials(&mut facts, who);
        let handle = self.push(facts, who.start, Some(who.exec_id), now);
        self.adopt(handle);
        self.fill_session(handle);
        handle
    }

    /// What `/proc` says about a process that still runs.
    fn read(&self, who: &Who) -> Option<ProcessFacts> {
        self.proc.read(who.pid).filter(|(start, _)| start / TICK == who.start / TICK).map(|(_, facts)| facts)
    }

    fn credentials(&mut self, facts: &mut ProcessFacts, who: &Who) {
        (facts.uid, facts.euid, facts.gid, facts.egid) = (who.uid, who.euid, who.gid, who.egid);
        facts.user = self.users.name(who.uid);
    }

    fn add_from_proc(&mut self, start: u64, mut facts: ProcessFacts) {
        if self.known(facts.key.pid, start).is_some() {
            return;
        }
        facts.key = self.key(facts.key.pid, start);
        facts.exec_time = facts.key.start;
        facts.user = self.users.name(facts.uid);
        let now = facts.key.start;
        self.push(facts, start, None, now);
    }

    /// Links a generation to its parent's current one.
    fn adopt(&mut self, handle: ProcessHandle) {
        let Some(facts) = self.facts(handle) else { return };
        if facts.parent.is_some() || facts.ppid == 0 {
            return;
        }
        let Some(parent) = self.current(facts.ppid) else { return };
        if let Some(generation) = self.generations.get_mut(&handle) {
            generation.facts.parent = Some(parent);
        }
        self.count_child(Some(parent), 1);
    }

    fn fill_session(&mut self, handle: ProcessHandle) {
        let Some(sid) = self.facts(handle).map(|facts| facts.sid) else { return };
        let start = self.session_start(sid);
        if let Some(generation) = self.generations.get_mut(&handle) {
            generation.facts.session_start = start;
        }
    }

    fn session_start(&self, sid: u32) -> Timestamp {
        self.current(sid)
            .and_then(|leader| self.facts(leader))
            .map_or(Timestamp::EPOCH, |facts| facts.key.start)
    }

    fn key(&self, pid: u32, start: u64) -> ProcessKey {
        ProcessKey { pid, start: self.boot.after(Duration::from_nanos(start)) }
    }

    fn since_boot(&self, start: Timestamp) -> u64 {
        u64::try_from(start.since(self.boot).as_nanos()).unwrap_or(u64::MAX)
    }

    /// Adds a generation and makes it the current one of its process.
    fn push(
        &mut self,
        facts: ProcessFacts,
        start: u64,
        exec_id: Option<u32>,
        now: Timestamp,
    ) -> ProcessHandle {
        while self.generations.len() >= self.limits.generations.max(1) {
            self.evict();
        }
        let handle = ProcessHandle(self.next);
        self.next += 1;
        self.count_child(facts.parent, 1);
        let previous = self.current.insert(facts.key.pid, handle);
        self.generations.insert(handle, Generation { facts, start, children: 0, exec_id });
        if let Some(previous) = previous {
            self.past.push_back((now, previous));
        }
        handle
    }

    /// Drops one generation before its time: one of the past, or if there is none, any.
    fn evict(&mut self) {
        self.evicted += 1;
        while let Some((_, handle)) = self.past.pop_front() {
            if self.generations.contains_key(&handle) {
                return self.remove(handle);
            }
        }
        let oldest = self.current.values().copied().min();
        if let Some(handle) = oldest {
            if let Some(pid) = self.facts(handle).map(|facts| facts.key.pid) {
                self.current.remove(&pid);
            }
            self.remove(handle);
        }
    }

    fn remove(&mut self, handle: ProcessHandle) {
        let Some(generation) = self.generations.remove(&handle) else { return };
        self.count_child(generation.facts.parent, -1);
        let pid = generation.facts.key.pid;
        if self.ended.get(&pid) == Some(&handle) {
            self.ended.remove(&pid);
        }
    }

    fn count_child(&mut self, parent: Option<ProcessHandle>, by: i32) {
        if let Some(generation) = parent.and_then(|parent| self.generations.get_mut(&parent)) {
            generation.children = generation.children.saturating_add_signed(by);
        }
    }
}

#[cfg(test)]
mod tests;
