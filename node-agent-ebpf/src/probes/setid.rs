//! `setuid` and its kin. The credentials after the call are in every header.

use aya_ebpf::{macros::btf_tracepoint, programs::BtfTracePointContext};
use vedetta_node_agent_common::{Hook, events::SetId};

use super::entered;
use crate::writer::record;

#[btf_tracepoint(function = "sys_exit")]
pub fn setid(ctx: BtfTracePointContext) -> i32 {
    if let Some(entered) = entered(&ctx) {
        record(Hook::SetId, entered.call, entered.task, entered.result, |writer| {
            let args = &entered.args;
            writer.body(&SetId { ids: [args.a0() as u32, args.a1() as u32, args.a2() as u32], reserved: 0 });
            true
        });
    }
    0
}
