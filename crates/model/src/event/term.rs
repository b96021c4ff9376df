//! What people look events up by.

use std::net::IpAddr;

use super::{Event, Payload, Process, SocketAddress};

/// How many directories of a path can be looked up by, from the top.
const DEPTH: usize = 3;
/// How many bytes of a container id are shown.
const SHORT_ID: usize = 12;

/// Something an event has to do with, by which it can be found without being read: a batch of events says
/// in its digest which of them it may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Term<'a> {
    /// The acting process's short name.
    ProcessName(&'a str),
    /// The acting process's program file.
    Executable(&'a str),
    /// The acting process's pid.
    Pid(u32),
    /// The user as whom it acts.
    User(&'a str),
    /// The short id of its container; `host` outside of any.
    Container(&'a str),
    /// An address at either end of a socket.
    Address(IpAddr),
    /// A directory near the top of a path that the event names.
    Directory(&'a str),
}

impl<'a> Term<'a> {
    /// The directories by which a path, or what begins with such a beginning of one, can be looked up,
    /// from the top. Purely by its text: a slash ends a directory.
    pub fn directories(path: &'a str) -> impl Iterator<Item = &'a str> {
        path.match_indices('/')
            .map(|(at, _)| &path[..at])
            .filter(|directory| !directory.is_empty())
            .take(DEPTH)
    }
}

impl Process {
    /// The container's short id; `host` outside of any.
    pub fn container(&self) -> &str {
        match &*self.container_id {
            "" => "host",
            id => id.get(..SHORT_ID).unwrap_or(id),
        }
    }

    /// The name of the user as whom it acts, as far as it is known.
    pub fn effective_user(&self) -> Option<&str> {
        match self {
            Self { uid, euid, user, .. } if uid == euid => Some(&**user).filter(|name| !name.is_empty()),
            Self { euid: 0, .. } => Some("root"),
            _ => None,
        }
    }

    /// What its events can be looked up by because of it.
    pub fn terms<'a>(&'a self, mut each: impl FnMut(Term<'a>)) {
        each(Term::ProcessName(&self.name));
        each(Term::Executable(&self.exe));
        each(Term::Pid(self.key.pid));
        if let Some(user) = self.effective_user() {
            each(Term::User(user));
        }
        each(Term::Container(self.container()));
    }
}

impl Event {
    /// What it can be looked up by, its process aside.
    pub fn terms<'a>(&'a self, mut each: impl FnMut(Term<'a>)) {
        let mut path = |path: &'a str| Term::directories(path).for_each(|it| each(Term::Directory(it)));
        let ends: [Option<&SocketAddress>; 2] = match &self.payload {
            Payload::Open(it) => return path(&it.path),
            Payload::Unlink(it) => return path(&it.path),
            Payload::Chmod(it) => return path(&it.path),
            Payload::Chown(it) => return path(&it.path),
            Payload::ModuleLoad(it) => return path(&it.path),
            Payload::Mount(it) => return path(&it.target),
            Payload::Rename(it) => return [&it.from, &it.to].into_iter().for_each(|it| path(it)),
            Payload::Link(it) => return [&it.target, &it.path].into_iter().for_each(|it| path(it)),
            Payload::Connect(it) => [Some(&it.remote), it.local.as_ref()],
            Payload::Accept(it) => [it.remote.as_ref(), it.local.as_ref()],
            Payload::Bind(it) => [Some(&it.local), None],
            Payload::Listen(it) => [it.local.as_ref(), None],
            Payload::Exec(_)
            | Payload::Fork(_)
            | Payload::Exit(_)
            | Payload::Ptrace(_)
            | Payload::SetId(_)
            | Payload::SetNs(_)
            | Payload::Unshare(_)
            | Payload::Bpf(_)
            | Payload::AgentStarted(_)
            | Payload::Heartbeat(_)
            | Payload::Loss(_)
            | Payload::AgentStopping(_) => return,
        };
        for end in ends.into_iter().flatten() {
            match end {
                SocketAddress::Ip { address, .. } => each(Term::Address(*address)),
                SocketAddress::Unix { path } => {
                    Term::directories(path).for_each(|it| each(Term::Directory(it)));
                }
                SocketAddress::Other { .. } => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_looked_up_by_the_directories_near_its_top() {
        let directories = |path| Term::directories(path).collect::<Vec<_>>();
        assert_eq!(directories("/etc/shadow"), ["/etc"]);
        assert_eq!(directories("/a/b/c/d/e"), ["/a", "/a/b", "/a/b/c"]);
        assert_eq!(directories("/vmlinuz"), [""; 0]);
        assert_eq!(directories("relative/file"), ["relative"]);
        assert_eq!(directories("//etc/x"), ["/", "//etc"]);
    }
}
