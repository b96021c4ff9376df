//! `mount`. All names are the caller's texts, as in `names.rs`.

use aya_ebpf::{macros::btf_tracepoint, programs::BtfTracePointContext};
use vedetta_node_agent_common::{Hook, Slot, events::Mount};

use super::entered;
use crate::{path, writer::record};

const AT_FDCWD: i32 = -100;

#[btf_tracepoint(function = "sys_exit")]
pub fn mount(ctx: BtfTracePointContext) -> i32 {
    if let Some(entered) = entered(&ctx) {
        record(Hook::Mount, entered.call, entered.task, entered.result, |writer| {
            let args = &entered.args;
            writer.body(&Mount { flags: args.a3() });
            writer.user_text(args.a0(), Slot::First);
            path::argument(writer, entered.task, AT_FDCWD, args.a1(), Slot::Second, Slot::SecondBase);
            writer.user_text(args.a2(), Slot::Third);
            true
        });
    }
    0
}
