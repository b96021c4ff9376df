//! What happened, one struct per kind.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::{Kind, ProcessKey};
use crate::Timestamp;

macro_rules! payload {
    ($($variant:ident => $kind:ident),* $(,)?) => {
        /// What happened, with the facts of its kind.
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
        pub enum Payload { $(#[doc = concat!("See [`struct@", stringify!($variant), "`].")] $variant($variant),)* }

        impl Payload {
            /// What kind of fact it is.
            pub const fn kind(&self) -> Kind { match self { $(Self::$variant(_) => Kind::$kind,)* } }
        }
        $(impl From<$variant> for Payload { fn from(it: $variant) -> Self { Self::$variant(it) } })*
    };
}

payload! {
    Exec => ProcessExec, Fork => ProcessFork, Exit => ProcessExit, Ptrace => ProcessPtrace, SetId => ProcessSetId,
    Open => FileOpen, Unlink => FileUnlink, Rename => FileRename, Chmod => FileChmod, Chown => FileChown,
    Link => FileLink,
    Connect => NetConnect, Accept => NetAccept, Bind => NetBind, Listen => NetListen,
    SetNs => NamespaceSet, Unshare => NamespaceUnshare, Mount => SystemMount, Bpf => SystemBpf,
    ModuleLoad => SystemModuleLoad,
    AgentStarted => AgentStarted, Heartbeat => AgentHeartbeat, Loss => AgentLoss, AgentStopping => AgentStopping,
}

/// A process became another program; the event's process entry describes it after the exec.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Exec {
    /// The path as it was given to the kernel, which may be relative or a link.
    pub filename: String,
    /// What the process was called before.
    pub previous_name: String,
}

/// The event's process made a child.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fork {
    /// The new process.
    pub child: ProcessKey,
}

/// The event's process ended.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Exit {
    /// What it returned, 0 to 255.
    pub code: u8,
    /// The signal that ended it, 0 for none.
    pub signal: u8,
}

/// A file was opened (`open`, `openat`, `openat2`, `creat`). Failed tries too: see the event's result.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Open {
    /// Absolute path, resolved against the directory the call referred to.
    pub path: String,
    /// Linux open flags (`O_RDONLY` … as on x86-64).
    pub flags: u32,
    /// Permission bits asked for when a file is made; 0 otherwise.
    pub mode: u32,
}

impl Open {
    /// Opened to be written (`O_WRONLY` or `O_RDWR`).
    pub const fn is_write(&self) -> bool {
        matches!(self.flags & 0o3, 1 | 2)
    }
    /// Opened to be read (`O_RDONLY` or `O_RDWR`), and not merely as a path.
    pub const fn is_read(&self) -> bool {
        const O_PATH: u32 = 0o10_000_000;
        matches!(self.flags & 0o3, 0 | 2) && self.flags & O_PATH == 0
    }
    /// May make the file (`O_CREAT` or `O_TMPFILE`).
    pub const fn is_create(&self) -> bool {
        const O_CREAT: u32 = 0o100;
        const O_TMPFILE: u32 = 0o20_000_000;
        self.flags & (O_CREAT | O_TMPFILE) != 0
    }
}

/// A name was removed (`unlink`, `unlinkat`, `rmdir`).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Unlink {
    /// Absolute path.
    pub path: String,
    /// It was a folder.
    pub directory: bool,
}

/// A name was changed (`rename`, `renameat`, `renameat2`).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Rename {
    /// Absolute path before.
    pub from: String,
    /// Absolute path after.
    pub to: String,
}

/// Permission bits were changed (`chmod`, `fchmod`, `fchmodat`).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Chmod {
    /// Absolute path.
    pub path: String,
    /// The new permission bits, set-uid and set-gid included.
    pub mode: u32,
}

/// The owner was changed (`chown`, `fchown`, `lchown`, `fchownat`).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Chown {
    /// Absolute path.
    pub path: String,
    /// New user id; `u32::MAX` leaves it.
    pub uid: u32,
    /// New group id; `u32::MAX` leaves it.
    pub gid: u32,
}

/// A link was made (`link`, `linkat`, `symlink`, `symlinkat`).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Link {
    /// What the new name points at: absolute path, or a symbolic link's text as given.
    pub target: String,
    /// Absolute path of the new name.
    pub path: String,
    /// A symbolic link.
    pub symbolic: bool,
}

/// One end of a socket.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum SocketAddress {
    /// IPv4 or IPv6.
    Ip {
        /// Address; a v4-mapped IPv6 address is given as IPv4.
        address: IpAddr,
        /// Port in host order.
        port: u16,
    },
    /// A Unix socket; an abstract name begins with `@`, an unnamed one is empty.
    Unix {
        /// Path or name.
        path: String,
    },
    /// Another family (`AF_NETLINK` …), by its number.
    Other {
        /// The address family.
        family: u16,
    },
}

/// A connection was begun (`connect`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Connect {
    /// The descriptor.
    pub fd: i32,
    /// Where to.
    pub remote: SocketAddress,
    /// Our end, where the kernel had already chosen it.
    pub local: Option<SocketAddress>,
    /// IP protocol number (6 TCP, 17 UDP, 1 ICMP); 0 for others.
    pub protocol: u8,
}

/// A connection was taken (`accept`, `accept4`); the result is the new descriptor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Accept {
    /// Who called.
    pub remote: Option<SocketAddress>,
    /// Our end.
    pub local: Option<SocketAddress>,
    /// IP protocol number; 0 for others.
    pub protocol: u8,
}

/// A socket was given an address (`bind`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bind {
    /// The descriptor.
    pub fd: i32,
    /// The address.
    pub local: SocketAddress,
    /// IP protocol number; 0 for others.
    pub protocol: u8,
}

/// A socket began to take connections (`listen`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listen {
    /// The descriptor.
    pub fd: i32,
    /// Its address, where known.
    pub local: Option<SocketAddress>,
    /// Length of the waiting line.
    pub backlog: i32,
}

/// A call of the setuid family was made; the event's process entry shows the credentials after it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetId {
    /// Which call.
    pub call: SetIdCall,
    /// Real, effective and saved id asked for, as far as the call has them; `None` leaves it.
    pub ids: [Option<u32>; 3],
}

/// The calls of the setuid family.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SetIdCall {
    /// `setuid`
    SetUid,
    /// `setgid`
    SetGid,
    /// `setreuid`
    SetReUid,
    /// `setregid`
    SetReGid,
    /// `setresuid`
    SetResUid,
    /// `setresgid`
    SetResGid,
}

impl SetIdCall {
    /// The system call's name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SetUid => "setuid",
            Self::SetGid => "setgid",
            Self::SetReUid => "setreuid",
            Self::SetReGid => "setregid",
            Self::SetResUid => "setresuid",
            Self::SetResGid => "setresgid",
        }
    }
}

/// `ptrace` was called.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ptrace {
    /// The request's number (`PTRACE_TRACEME` 0, `PTRACE_ATTACH` 16, `PTRACE_SEIZE` 0x4206 …).
    pub request: i64,
    /// The pid it is about.
    pub target: u32,
}

/// `setns` was called.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct SetNs {
    /// The descriptor that names the namespace or process.
    pub fd: i32,
    /// Namespace kinds (`CLONE_NEW…` bits); 0 for whatever the descriptor is.
    pub flags: u32,
}

/// `unshare` was called.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Unshare {
    /// What to leave (`CLONE_NEW…` and other clone bits).
    pub flags: u64,
}

/// `mount` was called.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Mount {
    /// Device or folder; empty for none.
    pub source: String,
    /// Where.
    pub target: String,
    /// File system type; empty for none.
    pub fstype: String,
    /// `MS_…` bits.
    pub flags: u64,
}

/// `bpf` was called.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Bpf {
    /// The command's number (`BPF_PROG_LOAD` 5 …).
    pub command: u32,
}

/// A kernel module was loaded (`init_module`, `finit_module`).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ModuleLoad {
    /// The module file's path, or empty when it came from memory.
    pub path: String,
    /// Its arguments.
    pub args: String,
}

/// The agent began to watch.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct AgentStarted {
    /// The agent's version.
    pub version: String,
    /// The kernel's release (`uname -r`).
    pub kernel: String,
    /// The machine's name.
    pub hostname: String,
    /// Hooks that are attached.
    pub hooks: Vec<String>,
}

/// The agent lives. Counters are totals since the agent run began.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Heartbeat {
    /// Seconds until the next one is due.
    pub interval_seconds: u32,
    /// Events taken from the kernel.
    pub events_read: u64,
    /// Events lost, all stages together.
    pub events_lost: u64,
    /// Bytes that wait in the spool.
    pub spool_bytes: u64,
    /// Processor time used by the agent, in milliseconds.
    pub cpu_millis: u64,
    /// Resident memory in bytes.
    pub rss_bytes: u64,
}

/// Events were lost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Loss {
    /// Where.
    pub stage: LossStage,
    /// Processor whose ring was full; `None` for later stages.
    pub cpu: Option<u32>,
    /// The hook whose events were lost; empty when not known.
    pub hook: String,
    /// How many.
    pub count: u64,
    /// No loss before this time.
    pub since: Timestamp,
    /// No loss after this time.
    pub until: Timestamp,
}

/// Where events can be lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LossStage {
    /// The kernel program could not read what it needed.
    Kernel,
    /// The ring between kernel and agent was full.
    Ring,
    /// The agent could not decode what the kernel program sent.
    Decode,
    /// The spool on disk was full, or broken.
    Spool,
    /// The server refused the batch for good.
    Server,
}

/// The agent ends in good order: silence after this is no surprise.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct AgentStopping {
    /// Why.
    pub reason: String,
}
