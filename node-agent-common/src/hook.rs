//! The programs in the kernel, by number: in the header, in the table that the dispatcher jumps
//! through, and in the loss counters.

macro_rules! hooks {
    ($($(#[$doc:meta])* $variant:ident = $number:literal, $name:literal;)*) => {
        /// A program in the kernel.
        #[repr(u8)]
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Hook { $($(#[$doc])* $variant = $number,)* }

        impl Hook {
            /// All of them, by number.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// Its name, which is also the program's.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// The hook with this number.
            pub const fn from_number(number: u8) -> Option<Self> {
                match number { $($number => Some(Self::$variant),)* _ => None }
            }
        }
    };
}

hooks! {
    /// `sched_process_exec`
    Exec = 0, "exec";
    /// `sched_process_fork`
    Fork = 1, "fork";
    /// `sched_process_exit`
    Exit = 2, "exit";
    /// `open`, `openat`, `openat2`, `creat`
    Open = 3, "open";
    /// `unlink`, `rename`, `link` and their kin
    Names = 4, "names";
    /// `chmod`, `chown` and their kin
    Attributes = 5, "attributes";
    /// `connect`, `accept`, `bind`, `listen`
    Socket = 6, "socket";
    /// `setuid` and its kin
    SetId = 7, "setid";
    /// `ptrace`
    Ptrace = 8, "ptrace";
    /// `setns`, `unshare`
    Namespace = 9, "namespace";
    /// `mount`
    Mount = 10, "mount";
    /// `bpf`
    Bpf = 11, "bpf";
    /// `init_module`, `finit_module`
    Module = 12, "module";
}

/// How many hooks there may be.
pub const HOOKS: usize = 16;
/// Loss counters per processor: for each hook one for a full ring and one for a failed read.
pub const LOSS_SLOTS: usize = HOOKS * 2;

/// Why a record was lost in the kernel.
#[repr(u8)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lost {
    /// The ring had no room.
    RingFull = 0,
    /// The scratch buffer was in use, or what was needed could not be read.
    Unread = 1,
}

/// Where `hook` counts what it `lost`.
pub const fn loss_slot(hook: Hook, lost: Lost) -> u32 {
    hook as u32 * 2 + lost as u32
}

const _: () = assert!(Hook::ALL.len() <= HOOKS);
