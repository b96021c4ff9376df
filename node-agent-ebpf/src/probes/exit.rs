//! The last thread of a process ended.

use aya_ebpf::{macros::btf_tracepoint, programs::BtfTracePointContext};
use vedetta_node_agent_common::{Hook, events::Exit};

use crate::{
    kernel::{Ptr, field, is_agent},
    writer::{Writer, record},
};

#[btf_tracepoint(function = "sched_process_exit")]
pub fn exit(ctx: BtfTracePointContext) -> i32 {
    let task: Ptr = ctx.arg(0);
    let signal = field!(task, task_signal: Ptr);
    // The kernel has already taken this thread off the count of living ones.
    if field!(signal, signal_live: u32) == 0 && !is_agent(task) {
        record(Hook::Exit, 0, task, 0, |writer| try_exit(writer, task, signal));
    }
    0
}

#[inline(always)]
fn try_exit(writer: &Writer, task: Ptr, signal: Ptr) -> bool {
    const SIGNAL_GROUP_EXIT: u32 = 4;
    let status = if field!(signal, signal_flags: u32) & SIGNAL_GROUP_EXIT != 0 {
        field!(signal, signal_group_exit_code: u32)
    } else {
        field!(task, task_exit_code: u32)
    };
    writer.body(&Exit { status, reserved: 0 });
    true
}
