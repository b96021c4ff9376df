//! The system calls that are watched. The agent writes their numbers into the dispatcher's table,
//! so the programs know calls, not numbers, and a call nobody wants is simply not in the table.

use crate::Hook;

macro_rules! calls {
    ($($variant:ident = $number:literal, $name:literal, $hook:ident, $x86_64:expr, $i386:expr;)*) => {
        /// A watched system call.
        #[repr(u8)]
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Call { $(#[doc = concat!("`", $name, "`")] $variant = $number,)* }

        impl Call {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The call with this number of ours.
            pub const fn from_number(number: u8) -> Option<Self> {
                match number { $($number => Some(Self::$variant),)* _ => None }
            }
            /// Its name.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }
            /// The program that handles it.
            pub const fn hook(self) -> Hook {
                match self { $(Self::$variant => Hook::$hook,)* }
            }
            /// Its numbers on x86-64.
            pub const fn x86_64(self) -> &'static [u32] {
                match self { $(Self::$variant => &$x86_64,)* }
            }
            /// Its numbers for 32-bit programs on x86-64.
            pub const fn i386(self) -> &'static [u32] {
                match self { $(Self::$variant => &$i386,)* }
            }
        }
    };
}

calls! {
    Open = 1, "open", Open, [2], [5];
    Openat = 2, "openat", Open, [257], [295];
    Openat2 = 3, "openat2", Open, [437], [437];
    Creat = 4, "creat", Open, [85], [8];
    Unlink = 10, "unlink", Names, [87], [10];
    Unlinkat = 11, "unlinkat", Names, [263], [301];
    Rmdir = 12, "rmdir", Names, [84], [40];
    Rename = 13, "rename", Names, [82], [38];
    Renameat = 14, "renameat", Names, [264], [302];
    Renameat2 = 15, "renameat2", Names, [316], [353];
    Link = 16, "link", Names, [86], [9];
    Linkat = 17, "linkat", Names, [265], [303];
    Symlink = 18, "symlink", Names, [88], [83];
    Symlinkat = 19, "symlinkat", Names, [266], [304];
    Chmod = 30, "chmod", Attributes, [90], [15];
    Fchmod = 31, "fchmod", Attributes, [91], [94];
    Fchmodat = 32, "fchmodat", Attributes, [268, 452], [306, 452];
    Chown = 33, "chown", Attributes, [92], [182, 212];
    Fchown = 34, "fchown", Attributes, [93], [95, 207];
    Lchown = 35, "lchown", Attributes, [94], [16, 198];
    Fchownat = 36, "fchownat", Attributes, [260], [298];
    Connect = 50, "connect", Socket, [42], [362];
    Accept = 51, "accept", Socket, [43, 288], [364];
    Bind = 52, "bind", Socket, [49], [361];
    Listen = 53, "listen", Socket, [50], [363];
    SetUid = 70, "setuid", SetId, [105], [23, 213];
    SetGid = 71, "setgid", SetId, [106], [46, 214];
    SetReUid = 72, "setreuid", SetId, [113], [70, 203];
    SetReGid = 73, "setregid", SetId, [114], [71, 204];
    SetResUid = 74, "setresuid", SetId, [117], [164, 208];
    SetResGid = 75, "setresgid", SetId, [119], [170, 210];
    Ptrace = 80, "ptrace", Ptrace, [101], [26];
    Setns = 81, "setns", Namespace, [308], [346];
    Unshare = 82, "unshare", Namespace, [272], [310];
    Mount = 83, "mount", Mount, [165], [21];
    Bpf = 84, "bpf", Bpf, [321], [357];
    InitModule = 85, "init_module", Module, [175], [128];
    FinitModule = 86, "finit_module", Module, [313], [350];
}

/// How many system call numbers the dispatcher's table covers; higher ones are ignored.
pub const TABLE: u32 = 512;

/// One entry of the dispatcher's table: call and hook of the native number in the low two bytes,
/// those of the 32-bit one above them.
pub const fn table_entry(native: Option<Call>, compat: Option<Call>) -> u32 {
    const fn half(call: Option<Call>) -> u32 {
        match call {
            Some(call) => call as u32 | (call.hook() as u32) << 8,
            None => 0,
        }
    }
    half(native) | half(compat) << 16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_call_fits_the_table_and_no_number_means_two_calls() {
        for numbers in [Call::x86_64 as fn(Call) -> &'static [u32], Call::i386] {
            let mut seen = [false; TABLE as usize];
            for &call in Call::ALL {
                assert_eq!(Call::from_number(call as u8), Some(call));
                for &number in numbers(call) {
                    assert!(!core::mem::replace(&mut seen[number as usize], true), "{number} twice");
                }
            }
        }
    }
}
