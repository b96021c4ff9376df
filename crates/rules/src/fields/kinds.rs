//! Kinds of event in Falco's words: which system calls a kind stands for, and which fields it has.

use vedetta_model::{Event, Kind, Payload};

use super::{Field, Known};

/// A set of event kinds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct KindSet(u64);

const _: () = assert!(Kind::ALL.len() <= 64, "KindSet holds one bit per kind");

impl KindSet {
    /// No kind.
    pub const EMPTY: Self = Self(0);

    /// Every kind.
    pub fn all() -> Self {
        Kind::ALL.iter().copied().collect()
    }

    pub(crate) fn position(kind: Kind) -> usize {
        Kind::ALL.binary_search(&kind).unwrap_or_default()
    }

    /// Puts a kind in.
    pub fn insert(&mut self, kind: Kind) {
        self.0 |= 1 << Self::position(kind);
    }

    /// Whether a kind is in.
    pub fn contains(self, kind: Kind) -> bool {
        self.0 >> Self::position(kind) & 1 == 1
    }

    /// What is in either.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether nothing is in.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The kinds, by number.
    pub fn iter(self) -> impl Iterator<Item = Kind> {
        Kind::ALL.iter().copied().filter(move |k| self.contains(*k))
    }
}

impl FromIterator<Kind> for KindSet {
    fn from_iter<T: IntoIterator<Item = Kind>>(kinds: T) -> Self {
        let mut set = Self::EMPTY;
        kinds.into_iter().for_each(|k| set.insert(k));
        set
    }
}

/// Names of system calls that an event stands for, the one that is printed first. An event does
/// not say by which of several similar calls it came about, so it answers to all of their names.
pub(super) type Names = &'static [&'static str];

const OPEN: Names = &["openat", "open", "openat2", "creat"];
const UNLINK: Names = &["unlinkat", "unlink"];
const RMDIR: Names = &["rmdir", "unlinkat"];
const LINK: Names = &["linkat", "link"];
const SYMLINK: Names = &["symlinkat", "symlink"];
const FINIT_MODULE: Names = &["finit_module"];
const INIT_MODULE: Names = &["init_module"];

/// All that events of a kind may answer to: one entry per alternative.
pub(crate) fn type_names(kind: Kind) -> &'static [Names] {
    match kind {
        Kind::ProcessExec => &[&["execve", "execveat"]],
        Kind::ProcessFork => &[&["clone", "fork", "vfork", "clone3"]],
        Kind::ProcessExit => &[&["procexit"]],
        Kind::ProcessPtrace => &[&["ptrace"]],
        Kind::ProcessSetId => {
            &[&["setuid"], &["setgid"], &["setreuid"], &["setregid"], &["setresuid"], &["setresgid"]]
        }
        Kind::FileOpen => &[OPEN],
        Kind::FileUnlink => &[UNLINK, RMDIR],
        Kind::FileRename => &[&["rename", "renameat", "renameat2"]],
        Kind::FileChmod => &[&["chmod", "fchmod", "fchmodat", "fchmodat2"]],
        Kind::FileChown => &[&["chown", "lchown", "fchown", "fchownat"]],
        Kind::FileLink => &[LINK, SYMLINK],
        Kind::NetConnect => &[&["connect"]],
        Kind::NetAccept => &[&["accept4", "accept"]],
        Kind::NetBind => &[&["bind"]],
        Kind::NetListen => &[&["listen"]],
        Kind::NamespaceSet => &[&["setns"]],
        Kind::NamespaceUnshare => &[&["unshare"]],
        Kind::SystemMount => &[&["mount"]],
        Kind::SystemBpf => &[&["bpf"]],
        Kind::SystemModuleLoad => &[FINIT_MODULE, INIT_MODULE],
        Kind::AgentStarted => &[&["agent.started"]],
        Kind::AgentHeartbeat => &[&["agent.heartbeat"]],
        Kind::AgentLoss => &[&["agent.loss"]],
        Kind::AgentStopping => &[&["agent.stopping"]],
    }
}

/// The names that one event answers to.
pub(super) fn type_names_of(event: &Event) -> Names {
    match &event.payload {
        Payload::Unlink(it) => {
            if it.directory {
                RMDIR
            } else {
                UNLINK
            }
        }
        Payload::Link(it) => {
            if it.symbolic {
                SYMLINK
            } else {
                LINK
            }
        }
        Payload::ModuleLoad(it) => {
            if it.path.is_empty() {
                INIT_MODULE
            } else {
                FINIT_MODULE
            }
        }
        Payload::SetId(it) => {
            let called = |names: &&Names| names.first() == Some(&it.call.as_str());
            type_names(Kind::ProcessSetId).iter().find(called).copied().unwrap_or_default()
        }
        payload => type_names(payload.kind()).first().copied().unwrap_or_default(),
    }
}

/// Falco's category of a kind.
pub(crate) const fn category(kind: Kind) -> &'static str {
    match kind {
        Kind::FileOpen
        | Kind::FileUnlink
        | Kind::FileRename
        | Kind::FileChmod
        | Kind::FileChown
        | Kind::FileLink
        | Kind::SystemMount => "file",
        Kind::NetConnect | Kind::NetAccept | Kind::NetBind | Kind::NetListen => "net",
        Kind::ProcessSetId => "user",
        Kind::ProcessExec
        | Kind::ProcessFork
        | Kind::ProcessExit
        | Kind::ProcessPtrace
        | Kind::NamespaceSet
        | Kind::NamespaceUnshare => "process",
        Kind::SystemBpf | Kind::SystemModuleLoad => "system",
        Kind::AgentStarted | Kind::AgentHeartbeat | Kind::AgentLoss | Kind::AgentStopping => "internal",
    }
}

pub(crate) const fn is_agent(kind: Kind) -> bool {
    matches!(kind, Kind::AgentStarted | Kind::AgentHeartbeat | Kind::AgentLoss | Kind::AgentStopping)
}

/// Whether an event of this kind can have a value for the field. May say yes too often, never no
/// too often.
pub(crate) fn is_available(field: &Field, kind: Kind) -> bool {
    use Known as K;
    let Some(known) = field.known else { return false };
    let name = known.as_str();
    if name.starts_with("proc.")
        || name.starts_with("user.")
        || name.starts_with("group.")
        || name.starts_with("container.")
    {
        return !is_agent(kind);
    }
    if name.starts_with("thread.") {
        return !is_agent(kind);
    }
    let socket = matches!(kind, Kind::NetConnect | Kind::NetAccept | Kind::NetBind | Kind::NetListen);
    match known {
        K::FdNum | K::FdType | K::FdTypechar | K::FdName => {
            socket || matches!(kind, Kind::FileOpen | Kind::SystemModuleLoad)
        }
        K::FdNameraw | K::FdDirectory | K::FdFilename => {
            matches!(kind, Kind::FileOpen | Kind::SystemModuleLoad)
        }
        _ if name.starts_with("fd.") => socket,
        K::FsPathName | K::FsPathNameraw => {
            matches!(kind, Kind::FileOpen | Kind::FileUnlink | Kind::FileChmod | Kind::FileChown)
        }
        K::FsPathSource | K::FsPathSourceraw | K::FsPathTarget | K::FsPathTargetraw => {
            matches!(kind, Kind::FileRename | Kind::FileLink)
        }
        _ => true,
    }
}
