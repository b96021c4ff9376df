//! The kinds of event and their names on the wire.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

macro_rules! kinds {
    ($($(#[$doc:meta])* $variant:ident = $number:literal, $name:literal;)*) => {
        /// What kind of fact an event is. Numbers are wire ids: they leave gaps per family, and a
        /// retired number is never used again.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(into = "u16", try_from = "u16")]
        #[repr(u16)]
        pub enum Kind { $($(#[$doc])* $variant = $number,)* }

        impl Kind {
            /// All kinds, by number.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The name, `family.verb`.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }
        }

        impl TryFrom<u16> for Kind {
            type Error = UnknownKind;
            fn try_from(number: u16) -> Result<Self, UnknownKind> {
                match number { $($number => Ok(Self::$variant),)* _ => Err(UnknownKind(number.to_string())) }
            }
        }
    };
}

kinds! {
    /// A process became another program.
    ProcessExec = 1, "process.exec";
    /// A process or thread group was made.
    ProcessFork = 2, "process.fork";
    /// A process ended.
    ProcessExit = 3, "process.exit";
    /// A process attached to, or steered, another.
    ProcessPtrace = 4, "process.ptrace";
    /// Credentials were changed by a call of the setuid family.
    ProcessSetId = 5, "process.setid";
    /// A file was opened, for reading or writing, or made.
    FileOpen = 20, "file.open";
    /// A name was removed.
    FileUnlink = 21, "file.unlink";
    /// A name was changed.
    FileRename = 22, "file.rename";
    /// Permission bits were changed.
    FileChmod = 23, "file.chmod";
    /// The owner was changed.
    FileChown = 24, "file.chown";
    /// A hard or symbolic link was made.
    FileLink = 25, "file.link";
    /// A connection was begun.
    NetConnect = 40, "net.connect";
    /// A connection was taken.
    NetAccept = 41, "net.accept";
    /// A socket was given an address.
    NetBind = 42, "net.bind";
    /// A socket began to take connections.
    NetListen = 43, "net.listen";
    /// A process entered another namespace.
    NamespaceSet = 60, "namespace.set";
    /// A process left for namespaces of its own.
    NamespaceUnshare = 61, "namespace.unshare";
    /// A file system was mounted.
    SystemMount = 62, "system.mount";
    /// The bpf() call was used.
    SystemBpf = 63, "system.bpf";
    /// A kernel module was loaded.
    SystemModuleLoad = 64, "system.module_load";
    /// The agent began to watch.
    AgentStarted = 100, "agent.started";
    /// The agent lives; counters.
    AgentHeartbeat = 101, "agent.heartbeat";
    /// Events were lost; how many and where.
    AgentLoss = 102, "agent.loss";
    /// The agent ends in good order.
    AgentStopping = 103, "agent.stopping";
}

impl From<Kind> for u16 {
    fn from(kind: Kind) -> Self {
        kind as Self
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Kind {
    type Err = UnknownKind;
    fn from_str(name: &str) -> Result<Self, UnknownKind> {
        Self::ALL.iter().copied().find(|k| k.as_str() == name).ok_or_else(|| UnknownKind(name.to_owned()))
    }
}

/// A number or name that this build has no kind for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a known event kind")]
pub struct UnknownKind(String);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_its_own_number_and_name() {
        for &kind in Kind::ALL {
            assert_eq!(Kind::try_from(kind as u16), Ok(kind));
            assert_eq!(kind.as_str().parse(), Ok(kind));
        }
    }
}
