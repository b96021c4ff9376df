//! Calls on files and folders.

use std::sync::Arc;

use super::fd::{Fd, FdKind};
use super::{AT_CWD, Current, Leaving, Tables, thread};
use crate::blocks::event::until_zero;
use crate::text;

/// Flags of open, as events give them.
const DIRECTORY: u32 = 1 << 10;
/// Commands of fcntl that make a descriptor.
const DUPLICATES: [u8; 2] = [1, 26];

impl<'c> Tables<'c> {
    /// The folder in which a path begins that is relative to a descriptor.
    pub(crate) fn folder_of(&mut self, tid: i64, dirfd: i64, path: &[u8]) -> String {
        if path.first() == Some(&b'/') {
            ".".to_owned()
        } else if dirfd == AT_CWD {
            self.cwd(tid).to_string()
        } else {
            let folder = self.fd(tid, dirfd).map(|fd| format!("{}/", fd.name));
            folder.unwrap_or_else(|| "<UNKNOWN>".to_owned())
        }
    }

    pub(super) fn open_exit(&mut self, current: &mut Current<'c>) {
        let (Some(tid), Some(fd)) = (current.tid, current.result()) else { return };
        let enter = self.enter_of(current);
        let by_handle = current.info.name == "open_by_handle_at";
        let says = current.place("name").is_some() || by_handle;
        if enter.is_none() && !says {
            return;
        }
        // Old `openat` says on entering what others say on leaving.
        let said = if says { None } else { enter.as_ref() };
        let (path, flags, dirfd) = {
            let from = said.unwrap_or(current);
            let path = from.bytes("name").or_else(|| from.bytes("path")).unwrap_or_default();
            (until_zero(path), from.u32("flags").unwrap_or(0), from.i64("dirfd"))
        };
        let folder = match dirfd {
            Some(dirfd) => {
                if path.first() != Some(&b'/') && dirfd != AT_CWD {
                    self.look(current, dirfd);
                }
                self.folder_of(tid, dirfd, path)
            }
            None => self.cwd(tid).to_string(),
        };
        if fd < 0 {
            return;
        }
        let kind = if flags & DIRECTORY != 0 { FdKind::Directory } else { FdKind::FileWithFlags };
        let mut new = Fd::new(kind, text::join(&folder, path));
        new.open_flags = flags;
        new.device = Some(current.u32("dev").unwrap_or(0));
        self.set_fd(current, fd, new);
    }

    pub(super) fn close_enter(&mut self, current: &Current<'c>) {
        let (Some(tid), Some(fd)) = (current.tid, current.fd) else { return };
        if let Some(fd) = self.fd_mut(tid, fd) {
            fd.closing = true;
        }
    }

    /// The descriptor goes after the event, which still sees it.
    pub(super) fn close_exit(&mut self, current: &Current<'c>) {
        let (Some(tid), Some(number)) = (current.tid, current.fd) else { return };
        let Some(fd) = self.fd_mut(tid, number) else { return };
        if fd.close_cancelled {
            fd.close_cancelled = false;
        } else if current.result().is_some_and(|res| res >= 0) {
            self.leaving = Some(Leaving::Fd { tid, fd: number });
        } else {
            fd.closing = false;
        }
    }

    pub(super) fn dup_exit(&mut self, current: &mut Current<'c>) {
        let Some(new) = current.i64("res").filter(|res| *res >= 0) else { return };
        self.duplicate(current, new);
    }

    pub(super) fn fcntl_exit(&mut self, current: &mut Current<'c>) {
        let command = self.enter_of(current).and_then(|enter| enter.raw.u8(enter.place("cmd")?));
        let Some(new) = current.i64("res").filter(|res| *res >= 0) else { return };
        if command.is_some_and(|command| DUPLICATES.contains(&command)) {
            self.duplicate(current, new);
        }
    }

    fn duplicate(&mut self, current: &mut Current<'c>, new: i64) {
        let Some(fd) = self.current_fd(current) else { return };
        let mut fd = Arc::unwrap_or_clone(fd);
        (fd.closing, fd.close_cancelled) = (false, false);
        self.set_fd(current, new, fd);
    }

    pub(super) fn pipe_exit(&mut self, current: &mut Current<'c>) {
        if current.i64("res").is_none_or(|res| res < 0) {
            return;
        }
        for name in ["fd1", "fd2"] {
            let Some(number) = current.i64(name) else { return };
            let mut fd = Fd::new(FdKind::Pipe, String::new());
            fd.ino = current.place("ino").and_then(|at| current.raw.u64(at)).unwrap_or(0);
            self.set_fd(current, number, fd);
        }
    }

    /// A descriptor of another kind than file, pipe and socket.
    pub(super) fn special_exit(&mut self, current: &mut Current<'c>) {
        let Some(number) = current.result().filter(|res| *res >= 0) else { return };
        let kind = match current.info.name {
            "signalfd" | "signalfd4" => FdKind::Signal,
            "timerfd_create" => FdKind::Timer,
            "inotify_init" | "inotify_init1" => FdKind::Inotify,
            "epoll_create" | "epoll_create1" => FdKind::EventPoll,
            "memfd_create" => FdKind::Memory,
            "io_uring_setup" => FdKind::IoUring,
            "pidfd_open" => FdKind::Pid,
            _ => FdKind::Event,
        };
        let name = current.bytes("name").map(text::lossy).unwrap_or_default();
        self.set_fd(current, number, Fd::new(kind, name));
    }

    pub(super) fn chdir_exit(&mut self, current: &Current<'c>) {
        if current.i64("res").is_some_and(|res| res >= 0)
            && let Some(path) = current.bytes("path")
        {
            self.set_cwd(current, path);
        }
    }

    pub(super) fn fchdir_exit(&mut self, current: &Current<'c>) {
        if current.i64("res").is_some_and(|res| res >= 0)
            && let Some(fd) = self.current_fd(current)
        {
            self.set_cwd(current, fd.name.as_bytes());
        }
    }

    fn set_cwd(&mut self, current: &Current<'c>, path: &[u8]) {
        let Some(main) = current.tid.and_then(|tid| self.main_of(tid)) else { return };
        if let Some(main) = self.thread_mut(main) {
            main.cwd = thread::folder(&main.cwd, path).into();
        }
    }
}
