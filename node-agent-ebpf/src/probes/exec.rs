//! A process became another program. Everything is read from the new image, before it has run its
//! first instruction.

use aya_ebpf::{macros::btf_tracepoint, programs::BtfTracePointContext};
use vedetta_node_agent_common::{Hook, Slot, events::Exec};

use crate::{
    kernel::{Ptr, field, is_agent, load, offset, peek},
    path,
    writer::{Writer, record},
};

#[btf_tracepoint(function = "sched_process_exec")]
pub fn exec(ctx: BtfTracePointContext) -> i32 {
    let task: Ptr = ctx.arg(0);
    if !is_agent(task) {
        let bprm: Ptr = ctx.arg(2);
        record(Hook::Exec, 0, task, 0, |writer| try_exec(writer, task, bprm));
    }
    0
}

#[inline(always)]
fn try_exec(writer: &Writer, task: Ptr, bprm: Ptr) -> bool {
    let signal = field!(task, task_signal: Ptr);
    let parent = field!(task, task_real_parent: Ptr);
    let parent_leader = field!(parent, task_leader: Ptr);
    let mm = field!(task, task_mm: Ptr);
    let exe = field!(mm, mm_exe_file: u64);
    let place = path::of_file(exe);
    let inode: u64 = peek(place.dentry, offset!(dentry_inode));

    let comm = offset!(task_comm);
    let mut body = Exec {
        parent_start: field!(parent_leader, task_start: u64),
        ppid: field!(parent, task_tgid: u32),
        sid: pid_number(field!(signal, signal_sid: Ptr)),
        pgid: pid_number(field!(signal, signal_pgid: Ptr)),
        tty: terminal(signal),
        loginuid: u32::MAX,
        exe_nlink: peek(inode, offset!(inode_nlink)),
        exe_mode: u32::from(peek::<u16>(inode, offset!(inode_mode))),
        exe_uid: peek(inode, offset!(inode_uid)),
        exe_gid: peek(inode, offset!(inode_gid)),
        reserved: 0,
        comm: unsafe { load(task, comm) },
    };
    if offset!(task_loginuid) != u32::MAX as usize {
        body.loginuid = field!(task, task_loginuid: u32);
    }
    writer.body(&body);

    let filename = field!(bprm, bprm_filename: u64);
    writer.kernel_text(filename, Slot::First);
    path::write(writer, task, place, Slot::Exe);
    path::write(writer, task, path::cwd(task), Slot::Cwd);
    let start = field!(mm, mm_arg_start: u64);
    let end = field!(mm, mm_arg_end: u64);
    writer.user_bytes(start, end.wrapping_sub(start), Slot::Args);
    path::cgroup(writer, task);
    true
}

/// A `struct pid` as the root pid namespace numbers it.
#[inline(always)]
pub fn pid_number(pid: Ptr) -> u32 {
    field!(pid, pid_numbers: u32)
}

#[inline(always)]
fn terminal(signal: Ptr) -> u32 {
    let tty = field!(signal, signal_tty: Ptr);
    if tty.is_null() {
        return 0;
    }
    let driver = field!(tty, tty_driver: Ptr);
    let minor = field!(driver, driver_minor: u32).wrapping_add(field!(tty, tty_index: u32));
    field!(driver, driver_major: u32) << 8 | minor & 0xff
}
