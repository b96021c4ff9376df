//! `ptrace`: only the requests that begin, end or steer; peeking at registers and memory of a
//! process one is attached to already says nothing new, and debuggers do it without end.

use aya_ebpf::{macros::btf_tracepoint, programs::BtfTracePointContext};
use vedetta_node_agent_common::{Hook, events::Ptrace};

use super::entered;
use crate::writer::record;

#[btf_tracepoint(function = "sys_exit")]
pub fn ptrace(ctx: BtfTracePointContext) -> i32 {
    if let Some(entered) = entered(&ctx) {
        let request = entered.args.a0() as i64;
        if is_telling(request) {
            record(Hook::Ptrace, entered.call, entered.task, entered.result, |writer| {
                writer.body(&Ptrace { request, target: entered.args.a1() as u32, reserved: 0 });
                true
            });
        }
    }
    0
}

/// TRACEME, the POKEs and SETs, KILL, ATTACH, DETACH, SEIZE.
#[inline(always)]
const fn is_telling(request: i64) -> bool {
    matches!(request, 0 | 4..=6 | 8 | 13 | 15..=17 | 0x4205 | 0x4206)
}
