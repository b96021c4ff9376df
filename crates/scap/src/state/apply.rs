//! What an event changes: the part that all have in common, and who handles the rest.

use std::sync::Arc;

use super::fd::Fd;
use super::thread::{Last, Thread};
use super::{Leaving, Tables};
use crate::blocks::event::RawEvent;
use crate::table::{self, Info};

/// The event that is looked at.
#[derive(Debug)]
pub(crate) struct Current<'c> {
    pub(crate) raw: RawEvent<'c>,
    pub(crate) info: &'static Info,
    /// The number of the thread, when the event is about one.
    pub(crate) tid: Option<i64>,
    /// The number of the descriptor that it is about.
    pub(super) fd: Option<i64>,
    pub(crate) name_changed: bool,
}

impl<'c> Current<'c> {
    pub(crate) fn exits(&self) -> bool {
        !self.raw.enters()
    }

    /// The place of a parameter that this event has.
    pub(crate) fn place(&self, name: &str) -> Option<usize> {
        self.info.place(name).filter(|at| *at < self.raw.parameters.len())
    }

    pub(crate) fn i64(&self, name: &str) -> Option<i64> {
        self.raw.i64(self.place(name)?)
    }

    pub(crate) fn u32(&self, name: &str) -> Option<u32> {
        self.raw.u32(self.place(name)?)
    }

    pub(crate) fn bytes(&self, name: &str) -> Option<&'c [u8]> {
        self.raw.bytes(self.place(name)?)
    }

    /// The result of the call: `res`, or the descriptor that the call made.
    pub(crate) fn result(&self) -> Option<i64> {
        let made = || if self.info.creates_fd && self.exits() { self.i64("fd") } else { None };
        self.i64("res").or_else(made)
    }
}

impl<'c> Tables<'c> {
    /// Takes an event.
    pub(crate) fn apply(&mut self, raw: RawEvent<'c>, info: &'static Info) -> Current<'c> {
        if !self.first_event_seen {
            self.first_event_seen = true;
            self.guess_seeded_roles();
        }
        match self.leaving.take() {
            Some(Leaving::Thread(tid)) => self.remove(tid, false),
            Some(Leaving::Fd { tid, fd }) => self.remove_fd(tid, fd),
            None => {}
        }
        let mut current = Current { raw, info, tid: None, fd: None, name_changed: false };
        self.meet(&mut current);
        if current.raw.enters() {
            self.enter(&mut current);
        } else {
            self.exit(&mut current);
        }
        if let Some(fd) = self.current_fd(&current) {
            current.name_changed = fd.name != fd.old_name;
        }
        current
    }

    /// The descriptor that an event is about.
    pub(crate) fn current_fd(&mut self, current: &Current<'_>) -> Option<Arc<Fd>> {
        self.fd(current.tid?, current.fd?)
    }

    /// The descriptor that the fields of an event are about: of one that left no mark, that of
    /// the thread's last.
    pub(crate) fn shown_fd(&mut self, current: &Current<'_>) -> Option<Arc<Fd>> {
        let tid = current.tid?;
        let last = self.thread(tid)?.last.fd;
        self.current_fd(current).or_else(|| if last == -1 { None } else { self.fd(tid, last) })
    }

    /// Looks at a descriptor: the name it has now is what a change is told from.
    pub(super) fn look(&mut self, current: &mut Current<'c>, number: i64) {
        current.fd = None;
        let Some(fd) = current.tid.and_then(|tid| self.fd_mut(tid, number)) else { return };
        if fd.old_name != fd.name {
            fd.old_name.clone_from(&fd.name);
        }
        current.fd = Some(number);
    }

    /// Sets a descriptor that the event is about.
    pub(super) fn set_fd(&mut self, current: &mut Current<'c>, number: i64, fd: Fd) {
        let Some(tid) = current.tid else { return };
        self.add_fd(tid, number, fd);
        current.fd = Some(number);
    }

    /// Finds the thread, and pairs the event with the one before.
    fn meet(&mut self, current: &mut Current<'c>) {
        let (info, code, tid) = (current.info, current.raw.code, current.raw.tid);
        if matches!(info.name, "container" | "pluginevent" | "asyncevent") {
            return;
        }
        if info.threadless {
            current.tid = self.thread(tid).map(|thread| thread.tid);
            return;
        }
        // The child of a clone, and whoever is switched to, may be unknown, and stay so.
        let may_be_unknown = info.name == "switch" || (current.exits() && super::clone::is_clone(info.name));
        if !may_be_unknown {
            self.ensure(tid);
        }
        let Some(thread) = self.thread_mut(tid) else { return };
        current.tid = Some(tid);
        if info.name == "switch" {
            return;
        }
        if current.raw.enters() {
            let fd = if info.uses_fd { current.raw.i64(0).unwrap_or(-1) } else { -1 };
            thread.last = Last {
                code: Some(code),
                fd,
                enter: Some(current.raw.clone()),
                valid: false,
                entered_at: current.raw.time,
                latency: 0,
            };
            if info.uses_fd {
                self.look(current, fd);
            }
            return;
        }
        if thread.last.entered_at != 0 {
            thread.last.latency = current.raw.time.saturating_sub(thread.last.entered_at);
        }
        let last = thread.last.code;
        thread.last.valid = last.is_some_and(|last| last + 1 == code || super::is_exec_at(last, code));
        if thread.last.valid && info.uses_fd {
            let fd = thread.last.fd;
            self.look(current, fd);
        }
    }

    fn enter(&mut self, current: &mut Current<'c>) {
        match current.info.name {
            "close" => self.close_enter(current),
            "connect" => self.connect_enter(current),
            "sendto" => self.guess_datagram(current),
            "procexit" => self.process_exit(current),
            "switch" => self.switch(current),
            "container" => {
                if let Some(json) = current.bytes("json") {
                    self.accounts.describe_container(json);
                }
            }
            _ => {}
        }
    }

    fn exit(&mut self, current: &mut Current<'c>) {
        match current.info.name {
            name if super::clone::is_clone(name) => self.clone_exit(current),
            "execve" | "execveat" => self.exec_exit(current),
            "open" | "creat" | "openat" | "openat2" | "open_by_handle_at" => self.open_exit(current),
            "close" => self.close_exit(current),
            "dup" | "dup2" | "dup3" => self.dup_exit(current),
            "fcntl" => self.fcntl_exit(current),
            "pipe" | "pipe2" => self.pipe_exit(current),
            "chdir" | "getcwd" => self.chdir_exit(current),
            "fchdir" => self.fchdir_exit(current),
            "eventfd" | "eventfd2" | "signalfd" | "signalfd4" | "timerfd_create" | "inotify_init"
            | "inotify_init1" | "epoll_create" | "epoll_create1" | "memfd_create" | "io_uring_setup"
            | "pidfd_open" => self.special_exit(current),
            "socket" => self.socket_exit(current),
            "socketpair" => self.socketpair_exit(current),
            "bind" => self.bind_exit(current),
            "connect" => self.connect_exit(current),
            "accept" | "accept4" => self.accept_exit(current),
            "brk" | "mmap" | "mmap2" | "munmap" => self.memory_exit(current),
            "setuid" | "seteuid" | "setresuid" | "setreuid" | "setgid" | "setresgid" | "setregid"
            | "setsid" | "setpgid" => self.identity_exit(current),
            "getrlimit" | "setrlimit" | "prlimit" => self.limit_exit(current),
            _ if current.info.reads || current.info.writes => self.transfer_exit(current),
            _ => {}
        }
    }

    /// The event that entered the call, when it is known.
    pub(crate) fn enter_of(&self, current: &Current<'c>) -> Option<Current<'c>> {
        let enter =
            self.thread(current.tid?).and_then(|thread: &Thread<'c>| thread.enter_of(&current.raw))?;
        let info = table::event(enter.code)?;
        Some(Current { raw: enter.clone(), info, tid: current.tid, fd: None, name_changed: false })
    }
}
