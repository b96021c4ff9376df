//! The only program that every system call pays for.

use aya_ebpf::{macros::btf_tracepoint, programs::BtfTracePointContext};

use crate::{
    kernel::{Ptr, current, field, is_agent, is_compat},
    maps::{CALLS, PROGRAMS},
};

/// Looks the call up and jumps to the program that handles it. An ignored call costs one load from
/// the registers and one from an array.
#[btf_tracepoint(function = "sys_exit")]
pub fn dispatch(ctx: BtfTracePointContext) -> i32 {
    let regs: Ptr = ctx.arg(0);
    let Some(&entry) = CALLS.get(field!(regs, regs_nr: u64) as u32) else { return 0 };
    if entry == 0 {
        return 0;
    }
    let task = current();
    if is_agent(task) {
        return 0;
    }
    let entry = if is_compat(task) { entry >> 16 } else { entry };
    if entry & 0xff == 0 {
        return 0;
    }
    unsafe { PROGRAMS.tail_call(&ctx, entry >> 8 & 0xff) };
    0
}
