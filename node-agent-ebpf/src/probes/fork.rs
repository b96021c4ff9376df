//! A process made another. A new thread of the same process is not reported.

use aya_ebpf::{macros::btf_tracepoint, programs::BtfTracePointContext};
use vedetta_node_agent_common::{Hook, events::Fork};

use super::exec::pid_number;
use crate::{
    kernel::{Ptr, field},
    writer::{Writer, record},
};

#[btf_tracepoint(function = "sched_process_fork")]
pub fn fork(ctx: BtfTracePointContext) -> i32 {
    let child: Ptr = ctx.arg(1);
    if field!(child, task_pid: u32) == field!(child, task_tgid: u32) {
        let parent: Ptr = ctx.arg(0);
        record(Hook::Fork, 0, parent, 0, |writer| try_fork(writer, child));
    }
    0
}

#[inline(always)]
fn try_fork(writer: &Writer, child: Ptr) -> bool {
    let signal = field!(child, task_signal: Ptr);
    let parent = field!(child, task_real_parent: Ptr);
    let parent_leader = field!(parent, task_leader: Ptr);
    writer.body(&Fork {
        child_start: field!(child, task_start: u64),
        parent_start: field!(parent_leader, task_start: u64),
        child: field!(child, task_tgid: u32),
        ppid: field!(parent, task_tgid: u32),
        sid: pid_number(field!(signal, signal_sid: Ptr)),
        pgid: pid_number(field!(signal, signal_pgid: Ptr)),
    });
    true
}
