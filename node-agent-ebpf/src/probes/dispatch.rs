//! The only program that every system call pays for.

use aya_ebpf::{macros::btf_tracepoint, programs::BtfTracePointContext};
use vedetta_node_agent_common::Call;

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
    let call = if is_compat(task) { entry >> 8 } else { entry } & 0xff;
    if call == 0 {
        return 0;
    }
    unsafe { PROGRAMS.tail_call(&ctx, hook_of(call)) };
    0
}

/// The hook of a call, by the ranges of their numbers.
#[inline(always)]
const fn hook_of(call: u32) -> u32 {
    const fn hook(call: Call) -> u32 {
        call.hook() as u32
    }
    match call {
        1..=9 => hook(Call::Open),
        10..=29 => hook(Call::Unlink),
        30..=49 => hook(Call::Chmod),
        50..=69 => hook(Call::Connect),
        70..=79 => hook(Call::SetUid),
        80 => hook(Call::Ptrace),
        81..=82 => hook(Call::Setns),
        83 => hook(Call::Mount),
        84 => hook(Call::Bpf),
        _ => hook(Call::InitModule),
    }
}
