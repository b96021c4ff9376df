//! What the machine looks like while the events pass: threads, descriptors, users, addresses.
//! Seeded by the lists at the capture's start, kept by the events, with the meaning that
//! libsinsp gives them.

mod accounts;
mod apply;
mod clone;
pub(crate) mod container;
mod exec;
pub(crate) mod fd;
mod files;
mod ids;
mod network;
pub(crate) mod sockets;
pub(crate) mod thread;

use std::sync::Arc;

use hashbrown::{HashMap, HashSet};

pub(crate) use accounts::{Accounts, User};
pub(crate) use apply::Current;
use fd::Fd;
use network::Network;
use thread::{Fds, Thread};

use crate::Error;
use crate::blocks::{Block, Kind, fds, interfaces, processes, users};

/// Bounds, so that a hostile capture can't take more memory than some multiple of its size.
const MOST_THREADS: usize = 131_072;
const MOST_FDS_OF_ONE: usize = 4096;
const MOST_FDS: usize = 1 << 20;

/// `openat` and its kin mean the working folder by this descriptor.
pub(crate) const AT_CWD: i64 = -100;

/// A successful `execveat` leaves as `execve`: whether these two belong together.
pub(crate) fn is_exec_at(enter: u16, exit: u16) -> bool {
    let name = |code| crate::table::event(code).map(|info| info.name);
    name(enter) == Some("execveat") && name(exit) == Some("execve")
}

/// The tables.
#[derive(Debug, Default)]
pub(crate) struct Tables<'c> {
    threads: HashMap<i64, Thread<'c>>,
    pub(crate) accounts: Accounts,
    network: Network,
    fd_count: usize,
    /// Threads and descriptors that found no room.
    pub(crate) dropped: u64,
    /// What the last event closed, still to be seen by it.
    leaving: Option<Leaving>,
    first_event_seen: bool,
}

#[derive(Debug, Clone, Copy)]
enum Leaving {
    Thread(i64),
    Fd { tid: i64, fd: i64 },
}

impl<'c> Tables<'c> {
    /// Takes a block that is no event.
    pub(crate) fn take(&mut self, block: &Block<'c>) -> Result<(), Error> {
        match block.kind {
            Kind::Processes(version) => processes::read(block, version, |listed| {
                self.insert(Thread::listed(&listed));
            }),
            Kind::Fds { sized } => fds::read(block, sized, |tid, number, fd| self.seed_fd(tid, number, fd)),
            Kind::Interfaces { sized } => {
                interfaces::read(block, sized, |interface| self.network.add(interface))
            }
            Kind::Users { sized } => users::read(block, sized, |account| self.accounts.add(account)),
            Kind::Section | Kind::Machine | Kind::Event(_) | Kind::Other => Ok(()),
        }
    }

    pub(crate) fn thread(&self, tid: i64) -> Option<&Thread<'c>> {
        self.threads.get(&tid)
    }

    fn thread_mut(&mut self, tid: i64) -> Option<&mut Thread<'c>> {
        self.threads.get_mut(&tid)
    }

    /// The thread; one that no list and no event announced is made up.
    fn ensure(&mut self, tid: i64) -> Option<&mut Thread<'c>> {
        if !self.threads.contains_key(&tid) {
            self.insert(Thread::unknown(tid));
        }
        self.threads.get_mut(&tid)
    }

    /// Adds a thread, in place of an old one with its number.
    fn insert(&mut self, thread: Thread<'c>) {
        if self.threads.len() >= MOST_THREADS && !self.threads.contains_key(&thread.tid) {
            self.dropped += 1;
            return;
        }
        self.fd_count += thread.fds.len();
        let (tid, pid, is_thread) = (thread.tid, thread.pid, thread.flags & thread::CLONE_THREAD != 0);
        if let Some(old) = self.threads.insert(tid, thread) {
            self.fd_count -= old.fds.len();
        }
        if is_thread
            && pid != tid
            && let Some(main) = self.threads.get_mut(&pid)
        {
            main.children += 1;
            main.leads = true;
        }
    }

    /// Takes a thread away. One whose process still has others stays until they are gone.
    fn remove(&mut self, tid: i64, by_force: bool) {
        let Some(thread) = self.threads.get(&tid) else { return };
        if thread.children > 0 && !by_force {
            return;
        }
        let (pid, is_thread) = (thread.pid, thread.flags & thread::CLONE_THREAD != 0);
        self.fd_count -= thread.fds.len();
        self.threads.remove(&tid);
        if is_thread && pid != tid {
            let Some(main) = self.threads.get_mut(&pid) else { return };
            main.children = main.children.saturating_sub(1);
            if main.children == 0 && main.closed {
                self.remove(pid, by_force);
            }
        }
    }

    /// The number of the main thread, which is made up when it is unknown.
    pub(crate) fn main_of(&mut self, tid: i64) -> Option<i64> {
        let thread = self.threads.get(&tid)?;
        if thread.is_main() {
            return Some(tid);
        }
        let pid = thread.pid;
        self.ensure(pid).map(|main| main.tid)
    }

    /// The thread whose descriptors this one uses.
    fn fds_owner(&mut self, tid: i64) -> Option<i64> {
        let shares = self.threads.get(&tid)?.flags & thread::CLONE_FILES != 0;
        if shares { self.main_of(tid) } else { Some(tid) }
    }

    /// A descriptor of a thread.
    pub(crate) fn fd(&mut self, tid: i64, number: i64) -> Option<Arc<Fd>> {
        let owner = self.fds_owner(tid)?;
        self.threads.get(&owner)?.fds.get(&number).cloned()
    }

    /// A descriptor to change.
    fn fd_mut(&mut self, tid: i64, number: i64) -> Option<&mut Fd> {
        let owner = self.fds_owner(tid)?;
        self.threads.get_mut(&owner)?.fds.get_mut(&number).map(Arc::make_mut)
    }

    /// Sets a descriptor. It is the one that the thread's event is about.
    fn add_fd(&mut self, tid: i64, number: i64, mut fd: Fd) {
        if let Some(thread) = self.threads.get_mut(&tid) {
            thread.last.fd = number;
        }
        let Some(owner) = self.fds_owner(tid) else { return };
        let mut full = self.fd_count >= MOST_FDS;
        let Some(thread) = self.threads.get_mut(&owner) else { return };
        full |= thread.fds.len() >= MOST_FDS_OF_ONE;
        match thread.fds.get_mut(&number) {
            Some(old) => {
                fd.close_cancelled = old.closing;
                *old = Arc::new(fd);
            }
            None if full => self.dropped += 1,
            None => {
                thread.fds.insert(number, Arc::new(fd));
                self.fd_count += 1;
            }
        }
    }

    fn remove_fd(&mut self, tid: i64, number: i64) {
        let Some(owner) = self.fds_owner(tid) else { return };
        let removed = self.threads.get_mut(&owner).and_then(|thread| thread.fds.remove(&number));
        self.fd_count -= usize::from(removed.is_some());
    }

    /// A copy of a thread's descriptors, if there is room for it.
    fn copy_fds(&mut self, tid: i64) -> Fds {
        let copy = self.fds_owner(tid).and_then(|owner| self.threads.get(&owner)).map(|t| t.fds.clone());
        let copy = copy.unwrap_or_default();
        if self.fd_count + copy.len() > MOST_FDS {
            self.dropped += u64::try_from(copy.len()).unwrap_or(u64::MAX);
            return Fds::new();
        }
        copy
    }

    /// The folder in which a thread's relative paths begin: its process's.
    pub(crate) fn cwd(&mut self, tid: i64) -> Arc<str> {
        let main = self.main_of(tid).and_then(|main| self.threads.get(&main));
        main.map_or_else(|| "./".into(), |main| main.cwd.clone())
    }

    /// The parents of a thread's process, nearest first, at most so many. A circle ends them.
    pub(crate) fn ancestors(&mut self, tid: i64, most: usize) -> Vec<&Thread<'c>> {
        let mut found: Vec<&Thread<'c>> = Vec::new();
        let Some(main) = self.main_of(tid) else { return found };
        let mut seen: HashSet<i64> = HashSet::from_iter([main]);
        let mut at = self.threads.get(&main);
        while let Some(parent) = at.and_then(|thread| self.threads.get(&thread.ptid)) {
            if found.len() >= most || !seen.insert(parent.tid) {
                break;
            }
            found.push(parent);
            at = Some(parent);
        }
        found
    }

    /// Whether the address is one of the machine's.
    pub(crate) fn is_local(&self, address: std::net::IpAddr) -> bool {
        self.network.is_local(address)
    }
}
