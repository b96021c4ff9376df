//! `bpf`. The agent's own calls are not reported.

use aya_ebpf::{macros::btf_tracepoint, programs::BtfTracePointContext};
use vedetta_node_agent_common::{Hook, events::Bpf};

use super::entered;
use crate::writer::record;

#[btf_tracepoint(function = "sys_exit")]
pub fn bpf(ctx: BtfTracePointContext) -> i32 {
    if let Some(entered) = entered(&ctx) {
        record(Hook::Bpf, entered.call, entered.task, entered.result, |writer| {
            writer.body(&Bpf { command: entered.args.a0() as u32, reserved: 0 });
            true
        });
    }
    0
}
