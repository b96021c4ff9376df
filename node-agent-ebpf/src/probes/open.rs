//! `open`, `openat`, `openat2`, `creat`.
//!
//! The path of a file that is open comes from the kernel's `struct file`: complete, links resolved,
//! out of the caller's reach. A failed open left nothing in the kernel, so its path is the caller's
//! text, read when the call ends.

use aya_ebpf::{
    helpers::generated::bpf_probe_read_user, macros::btf_tracepoint, programs::BtfTracePointContext,
};
use vedetta_node_agent_common::{
    Call, Hook, Slot,
    events::Open,
    settings::{RULES, ReadFilter},
};

use super::{Entered, entered, is};
use crate::{
    kernel::file_of,
    maps::READS,
    path,
    writer::{Writer, record},
};

const AT_FDCWD: i32 = -100;
const O_ACCMODE: u32 = 0o3;
const O_CREAT: u32 = 0o100;
const O_TRUNC: u32 = 0o1000;
const O_TMPFILE: u32 = 0o20_000_000;

#[btf_tracepoint(function = "sys_exit")]
pub fn open(ctx: BtfTracePointContext) -> i32 {
    if let Some(entered) = entered(&ctx) {
        record(Hook::Open, entered.call, entered.task, entered.result, |writer| try_open(writer, &entered));
    }
    0
}

#[inline(always)]
fn try_open(writer: &Writer, entered: &Entered) -> bool {
    let args = &entered.args;
    let at = is(entered.call, Call::Openat) || is(entered.call, Call::Openat2);
    let (dirfd, name, flags, mode) = if at {
        (args.a0() as i32, args.a1(), args.a2(), args.a3())
    } else {
        (AT_FDCWD, args.a0(), args.a1(), args.a2())
    };
    let (flags, mode) = if is(entered.call, Call::Openat2) {
        how(flags)
    } else if is(entered.call, Call::Creat) {
        (O_CREAT | O_TRUNC | 1, flags as u32)
    } else {
        (flags as u32, mode as u32)
    };
    let makes = flags & (O_CREAT | O_TMPFILE) != 0;
    let reads_only = flags & O_ACCMODE == 0 && !makes && flags & O_TRUNC == 0;
    let Some(filter) = READS.get(0) else { return false };
    if reads_only && filter.all == 0 && filter.count == 0 {
        return false;
    }
    writer.body(&Open { flags, mode: if makes { mode } else { 0 } });
    if entered.result < 0 {
        // No filter here: failed reads of files that exist are rare, and telling.
        if reads_only && filter.all == 0 && entered.result != -13 && entered.result != -1 {
            return false;
        }
        path::argument(writer, entered.task, dirfd, name, Slot::First, Slot::FirstBase);
        return true;
    }
    let file = file_of(entered.task, entered.result as i32);
    if file == 0 {
        // Another thread has closed it already.
        path::argument(writer, entered.task, dirfd, name, Slot::First, Slot::FirstBase);
        return true;
    }
    path::write(writer, entered.task, path::of_file(file), Slot::File);
    !reads_only || filter.all != 0 || passes(filter, writer)
}

/// `struct open_how`: flags and mode.
#[inline(always)]
fn how(address: u64) -> (u32, u32) {
    let mut how = [0u64; 2];
    unsafe { bpf_probe_read_user(how.as_mut_ptr().cast(), 16, address as *const _) };
    (how[0] as u32, how[1] as u32)
}

/// Whether a rule lets this path out.
#[inline(always)]
fn passes(filter: &ReadFilter, writer: &Writer) -> bool {
    let (first, second) = path::top_names(writer);
    let mut i = 0;
    while i < RULES && (i as u32) < filter.count {
        let rule = &filter.rules[i];
        i += 1;
        if rule.first == first && (rule.second[0] == 0 || rule.second == second) {
            return true;
        }
    }
    false
}
