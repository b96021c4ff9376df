//! `init_module`, `finit_module`.

use aya_ebpf::{macros::btf_tracepoint, programs::BtfTracePointContext};
use vedetta_node_agent_common::{Call, Hook, Slot, events::Module};

use super::{entered, is};
use crate::{kernel::file_of, path, writer::record};

#[btf_tracepoint(function = "sys_exit")]
pub fn module(ctx: BtfTracePointContext) -> i32 {
    if let Some(entered) = entered(&ctx) {
        record(Hook::Module, entered.call, entered.task, entered.result, |writer| {
            let args = &entered.args;
            if is(entered.call, Call::FinitModule) {
                let fd = args.a0() as i32;
                writer.body(&Module { fd, reserved: 0 });
                let place = path::of_file(file_of(entered.task, fd));
                path::write(writer, entered.task, place, Slot::File);
                writer.user_text(args.a1(), Slot::Args);
            } else {
                writer.body(&Module { fd: -1, reserved: 0 });
                writer.user_text(args.a2(), Slot::Args);
            }
            true
        });
    }
    0
}
