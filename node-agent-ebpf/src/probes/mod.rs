//! The programs. Each has a thin entry, named in `hook.rs`, and a `try_` body.

mod attributes;
mod bpf;
mod dispatch;
mod exec;
mod exit;
mod fork;
mod module;
mod mount;
mod names;
mod namespace;
mod open;
mod ptrace;
mod setid;
mod socket;

use aya_ebpf::programs::BtfTracePointContext;
use vedetta_node_agent_common::Call;

use crate::{
    kernel::{Args, Ptr, current, field, is_compat},
    maps::CALLS,
};

/// A system call that the dispatcher let through.
struct Entered {
    task: Ptr,
    call: u8,
    args: Args,
    result: i64,
}

/// Works out which call has ended. `None` when it is not watched for this kind of program.
#[inline(always)]
fn entered(ctx: &BtfTracePointContext) -> Option<Entered> {
    let regs: Ptr = ctx.arg(0);
    let task = current();
    let entry = *CALLS.get(field!(regs, regs_nr: u64) as u32)?;
    let compat = is_compat(task);
    let call = if compat { entry >> 16 } else { entry } as u8;
    if call == 0 {
        return None;
    }
    Some(Entered { task, call, args: Args { regs, compat }, result: ctx.arg::<i64>(1) })
}

/// A call's number of ours, for comparing: matching on the enum would need a checked conversion.
const fn is(call: u8, expected: Call) -> bool {
    call == expected as u8
}
