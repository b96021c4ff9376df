//! `setns`, `unshare`.

use aya_ebpf::{macros::btf_tracepoint, programs::BtfTracePointContext};
use vedetta_node_agent_common::{Call, Hook, events::Namespace};

use super::{entered, is};
use crate::writer::record;

#[btf_tracepoint(function = "sys_exit")]
pub fn namespace(ctx: BtfTracePointContext) -> i32 {
    if let Some(entered) = entered(&ctx) {
        record(Hook::Namespace, entered.call, entered.task, entered.result, |writer| {
            let args = &entered.args;
            writer.body(&if is(entered.call, Call::Setns) {
                Namespace { fd: args.a0() as i32, flags: args.a1() & 0xffff_ffff, reserved: 0 }
            } else {
                Namespace { fd: -1, flags: args.a0(), reserved: 0 }
            });
            true
        });
    }
    0
}
