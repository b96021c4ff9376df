//! `unlink`, `rename`, `link` and their kin.
//!
//! No hook that this kernel offers everywhere has both names in the kernel's own memory, so they are
//! the caller's texts, read when the call ends; only the folder they begin at is the kernel's word.

use aya_ebpf::{macros::btf_tracepoint, programs::BtfTracePointContext};
use vedetta_node_agent_common::{Call, Hook, Slot, events::Names};

use super::{Entered, entered, is};
use crate::{
    path::argument,
    writer::{Writer, record},
};

const AT_FDCWD: i32 = -100;

#[btf_tracepoint(function = "sys_exit")]
pub fn names(ctx: BtfTracePointContext) -> i32 {
    if let Some(entered) = entered(&ctx) {
        record(Hook::Names, entered.call, entered.task, entered.result, |writer| try_names(writer, &entered));
    }
    0
}

#[inline(always)]
fn try_names(writer: &Writer, entered: &Entered) -> bool {
    let (call, args) = (entered.call, &entered.args);
    let at = is(call, Call::Unlinkat)
        || is(call, Call::Renameat)
        || is(call, Call::Renameat2)
        || is(call, Call::Linkat);
    let two = !is(call, Call::Unlink) && !is(call, Call::Unlinkat) && !is(call, Call::Rmdir);
    let flags = if is(call, Call::Unlinkat) {
        args.a2()
    } else if is(call, Call::Renameat2) || is(call, Call::Linkat) {
        args.a4()
    } else {
        0
    };
    writer.body(&Names { flags: flags as u32, reserved: 0 });

    if is(call, Call::Symlink) || is(call, Call::Symlinkat) {
        // What a symbolic link says is a text, not a place.
        writer.user_text(args.a0(), Slot::First);
        let (dirfd, name) =
            if is(call, Call::Symlink) { (AT_FDCWD, args.a1()) } else { (args.a1() as i32, args.a2()) };
        argument(writer, entered.task, dirfd, name, Slot::Second, Slot::SecondBase);
        return true;
    }
    let (dirfd, name) = if at { (args.a0() as i32, args.a1()) } else { (AT_FDCWD, args.a0()) };
    argument(writer, entered.task, dirfd, name, Slot::First, Slot::FirstBase);
    if two {
        let (dirfd, name) = if at { (args.a2() as i32, args.a3()) } else { (AT_FDCWD, args.a1()) };
        argument(writer, entered.task, dirfd, name, Slot::Second, Slot::SecondBase);
    }
    true
}
