//! In the kernel: the programs that observe, one file per hook family in [`probes`].
//!
//! They write records (`vedetta-node-agent-common`) into one ring per processor and change nothing.
//! Two kinds of hook are used: the scheduler's tracepoints for exec, fork and exit, which other
//! calls do not pay for, and `sys_exit` for system calls. At the end of a call the kernel holds the
//! outcome in its own structures, which the caller can no longer rewrite: paths of opened files and
//! socket addresses come from there. `sys_enter` is not used at all.
//!
//! Start with [`probes::dispatch`], which decides in a few instructions that a call is ignored.
#![cfg_attr(target_arch = "bpf", no_std, no_main)]
#![cfg_attr(target_arch = "bpf", feature(asm_experimental_arch))]

#[cfg(target_arch = "bpf")]
mod kernel;
#[cfg(target_arch = "bpf")]
mod maps;
#[cfg(target_arch = "bpf")]
mod path;
#[cfg(target_arch = "bpf")]
mod probes;
#[cfg(target_arch = "bpf")]
mod writer;

#[cfg(not(target_arch = "bpf"))]
fn main() {}

#[cfg(target_arch = "bpf")]
#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    // The verifier accepts no program that could get here.
    loop {}
}

/// The helpers used are for programs with a licence the kernel calls compatible.
#[cfg(target_arch = "bpf")]
#[unsafe(link_section = "license")]
#[unsafe(no_mangle)]
static LICENSE: [u8; 13] = *b"Dual MIT/GPL\0";
