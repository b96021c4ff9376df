//! `chmod`, `chown` and their kin. The path of a call on a descriptor comes from the kernel's
//! `struct file`; others are the caller's text, as in `names.rs`.

use aya_ebpf::{macros::btf_tracepoint, programs::BtfTracePointContext};
use vedetta_node_agent_common::{Call, Hook, Slot, events::Attributes};

use super::{Entered, entered, is};
use crate::{
    kernel::file_of,
    path,
    writer::{Writer, record},
};

const AT_FDCWD: i32 = -100;

#[btf_tracepoint(function = "sys_exit")]
pub fn attributes(ctx: BtfTracePointContext) -> i32 {
    if let Some(entered) = entered(&ctx) {
        record(Hook::Attributes, entered.call, entered.task, entered.result, |writer| {
            try_attributes(writer, &entered)
        });
    }
    0
}

#[inline(always)]
fn try_attributes(writer: &Writer, entered: &Entered) -> bool {
    let (call, args) = (entered.call, &entered.args);
    let at = is(call, Call::Fchmodat) || is(call, Call::Fchownat);
    let (one, two) =
        if at { (args.a2() as u32, args.a3() as u32) } else { (args.a1() as u32, args.a2() as u32) };
    if is(call, Call::Chmod) || is(call, Call::Fchmod) || is(call, Call::Fchmodat) {
        writer.body(&Attributes { mode: one, ..Attributes::default() });
    } else {
        writer.body(&Attributes { uid: one, gid: two, ..Attributes::default() });
    }
    if is(call, Call::Fchmod) || is(call, Call::Fchown) {
        let place = path::of_file(file_of(entered.task, args.a0() as i32));
        path::write(writer, entered.task, place, Slot::File);
    } else {
        let (dirfd, name) = if at { (args.a0() as i32, args.a1()) } else { (AT_FDCWD, args.a0()) };
        path::argument(writer, entered.task, dirfd, name, Slot::First, Slot::FirstBase);
    }
    true
}
