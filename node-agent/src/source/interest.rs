//! What is worth observing. The rules decide; this is how they say it.

use std::collections::BTreeSet;

use vedetta_model::Kind;
use vedetta_node_agent_common::{
    Call, Rule,
    calls::{TABLE, table_entry},
    settings::{NAME, RULES, ReadFilter, name_key},
};

/// The kinds of event that are wanted, and which opens for reading.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interest {
    /// Kinds. Exec, fork and exit are always observed, because the process table lives on them;
    /// here they only say whether the events are handed over.
    pub kinds: BTreeSet<Kind>,
    /// Opens that only read: most opens there are, and most of them dull.
    pub reads: Reads,
}

/// Which opens for reading are wanted. Opens that write or create are always.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reads {
    /// Every one.
    All,
    /// Those below these absolute paths. Of opens that failed, only those that were forbidden.
    Below(Vec<String>),
}

/// Secrets and what guards them.
const SENSITIVE: &[&str] = &[
    "/etc/shadow",
    "/etc/gshadow",
    "/etc/sudoers",
    "/etc/sudoers.d",
    "/etc/pam.conf",
    "/etc/pam.d",
    "/etc/security",
    "/etc/ssh",
    "/etc/kubernetes",
    "/root",
    "/home",
    "/run/secrets",
    "/var/run/secrets",
];

impl Default for Interest {
    fn default() -> Self {
        Self { kinds: Kind::ALL.iter().copied().collect(), reads: Reads::default() }
    }
}

impl Default for Reads {
    fn default() -> Self {
        Self::Below(SENSITIVE.iter().map(|&path| path.to_owned()).collect())
    }
}

impl Interest {
    /// The dispatcher's table: system call numbers and what stands for each, 0 to ignore it.
    pub(crate) fn calls(&self) -> Vec<(u32, u32)> {
        let find = |number: u32, numbers: fn(Call) -> &'static [u32]| {
            Call::ALL.iter().copied().find(|&call| numbers(call).contains(&number) && self.wants(call))
        };
        (0..TABLE)
            .map(|number| (number, table_entry(find(number, Call::x86_64), find(number, Call::i386))))
            .collect()
    }

    /// Credentials are part of the process table, so the setuid family is always observed.
    fn wants(&self, call: Call) -> bool {
        let kind = kind_of(call);
        kind == Kind::ProcessSetId || self.kinds.contains(&kind)
    }
}

impl Reads {
    /// Whether an open for reading is wanted.
    pub fn contains(&self, path: &str) -> bool {
        match self {
            Self::All => true,
            Self::Below(prefixes) => prefixes.iter().any(|prefix| is_below(path, prefix)),
        }
    }

    /// The filter for the kernel. It compares two names of a path and only their first bytes, so it
    /// lets more pass than [`Reads::contains`], and never less.
    pub(crate) fn filter(&self) -> ReadFilter {
        let mut filter = ReadFilter::NONE;
        let Self::Below(prefixes) = self else {
            return ReadFilter { all: 1, ..filter };
        };
        for prefix in prefixes {
            let mut names = prefix.split('/').filter(|name| !name.is_empty());
            let rule = Rule {
                first: names.next().map_or([0; 2], |name| name_key(name.as_bytes())),
                second: names.next().map_or([0; 2], |name| name_key(name.as_bytes())),
            };
            // The root itself, or more prefixes than there is room for: let everything pass.
            if rule.first[0] == 0 || filter.count as usize == RULES {
                return ReadFilter { all: 1, ..ReadFilter::NONE };
            }
            filter.rules[filter.count as usize] = rule;
            filter.count += 1;
        }
        filter
    }
}

fn is_below(path: &str, prefix: &str) -> bool {
    let prefix = prefix.trim_end_matches('/');
    path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// What kind of event a call gives.
pub(crate) const fn kind_of(call: Call) -> Kind {
    match call {
        Call::Open | Call::Openat | Call::Openat2 | Call::Creat => Kind::FileOpen,
        Call::Unlink | Call::Unlinkat | Call::Rmdir => Kind::FileUnlink,
        Call::Rename | Call::Renameat | Call::Renameat2 => Kind::FileRename,
        Call::Link | Call::Linkat | Call::Symlink | Call::Symlinkat => Kind::FileLink,
        Call::Chmod | Call::Fchmod | Call::Fchmodat => Kind::FileChmod,
        Call::Chown | Call::Fchown | Call::Lchown | Call::Fchownat => Kind::FileChown,
        Call::Connect => Kind::NetConnect,
        Call::Accept => Kind::NetAccept,
        Call::Bind => Kind::NetBind,
        Call::Listen => Kind::NetListen,
        Call::SetUid | Call::SetGid | Call::SetReUid | Call::SetReGid | Call::SetResUid | Call::SetResGid => {
            Kind::ProcessSetId
        }
        Call::Ptrace => Kind::ProcessPtrace,
        Call::Setns => Kind::NamespaceSet,
        Call::Unshare => Kind::NamespaceUnshare,
        Call::Mount => Kind::SystemMount,
        Call::Bpf => Kind::SystemBpf,
        Call::InitModule | Call::FinitModule => Kind::SystemModuleLoad,
    }
}

const _: () = assert!(NAME == 16);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What the program in the kernel does with the same filter.
    fn kernel_passes(filter: &ReadFilter, path: &str) -> bool {
        let mut names = path.split('/').filter(|name| !name.is_empty());
        let first = names.next().map_or([0; 2], |name| name_key(name.as_bytes()));
        let second = names.next().map_or([0; 2], |name| name_key(name.as_bytes()));
        filter.all != 0
            || filter.rules[..filter.count as usize]
                .iter()
                .any(|rule| rule.first == first && (rule.second[0] == 0 || rule.second == second))
    }

    proptest! {
        #[test]
        fn the_kernel_never_holds_back_what_is_wanted(
            prefixes in proptest::collection::vec("(/[ab]{1,20}){0,3}/?", 0..40),
            path in "(/[ab]{1,20}){1,4}",
        ) {
            let reads = Reads::Below(prefixes);
            prop_assert!(!reads.contains(&path) || kernel_passes(&reads.filter(), &path));
        }
    }

    #[test]
    fn a_name_that_merely_begins_alike_is_not_below() {
        let reads = Reads::Below(vec!["/etc/ssh".into()]);
        assert!(reads.contains("/etc/ssh") && reads.contains("/etc/ssh/key"));
        assert!(!reads.contains("/etc/sshd"));
    }

    #[test]
    fn a_call_nobody_wants_is_not_in_the_table() {
        let interest = Interest { kinds: BTreeSet::from([Kind::FileOpen]), reads: Reads::All };
        let calls = interest.calls();
        assert_eq!(calls[257].1 & 0xff, Call::Openat as u32);
        assert_eq!(calls[42].1, 0);
        assert_eq!(calls[105].1 & 0xff, Call::SetUid as u32);
    }
}
