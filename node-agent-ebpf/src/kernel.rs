//! Reading the kernel's structures.
//!
//! [`field!`] reads directly through a pointer whose type the verifier knows (a task and what hangs
//! from it); such a load cannot fault, and costs no call. What the verifier has lost track of is
//! read by [`peek`].

use core::mem::{MaybeUninit, size_of};

use aya_ebpf::helpers::generated::{bpf_get_current_task_btf, bpf_probe_read_kernel};
use vedetta_node_agent_common::Offsets;

/// Filled in by the agent before loading: read-only, so the verifier takes each value as a constant.
#[unsafe(no_mangle)]
pub static OFFSETS: Offsets = Offsets::ZERO;

/// The agent's own process: what it does is not reported.
#[unsafe(no_mangle)]
pub static OWN_TGID: u32 = 0;

/// When this much waits in a ring, the agent is woken.
#[unsafe(no_mangle)]
pub static WAKE_MARK: u32 = 0;

/// The value of a global that the agent fills in.
macro_rules! global {
    ($place:expr) => {
        unsafe { core::ptr::read_volatile(core::ptr::addr_of!($place)) }
    };
}
pub(crate) use global;

/// One offset.
macro_rules! offset {
    ($name:ident) => {
        $crate::kernel::global!($crate::kernel::OFFSETS.$name) as usize
    };
}
pub(crate) use offset;

/// Reads a field directly: `field!(task, task_mm: Ptr)`.
macro_rules! field {
    ($base:expr, $name:ident: $ty:ty) => {{
        let offset = $crate::kernel::offset!($name);
        unsafe { $crate::kernel::load::<$ty>($base, offset) }
    }};
}
pub(crate) use field;

/// A pointer into the kernel.
pub type Ptr = *const u8;

/// A direct load. Must only be used where the verifier knows the type behind `base`.
#[inline(always)]
pub unsafe fn load<T: Copy>(base: Ptr, offset: usize) -> T {
    unsafe { core::ptr::read_volatile(base.add(offset).cast::<T>()) }
}

/// A checked read of `address + offset`; zeros when it fails.
#[inline(always)]
pub fn peek<T: Copy>(address: u64, offset: usize) -> T {
    let mut value = MaybeUninit::<T>::zeroed();
    unsafe {
        bpf_probe_read_kernel(
            value.as_mut_ptr().cast(),
            size_of::<T>() as u32,
            (address as usize + offset) as *const _,
        );
        value.assume_init()
    }
}

/// The calling thread.
#[inline(always)]
pub fn current() -> Ptr {
    unsafe { bpf_get_current_task_btf() }.cast::<u8>().cast_const()
}

/// Whether the agent itself is calling.
#[inline(always)]
pub fn is_agent(task: Ptr) -> bool {
    field!(task, task_tgid: u32) == global!(OWN_TGID)
}

/// The calling thread is in a 32-bit system call, with other numbers and other registers.
#[inline(always)]
pub fn is_compat(task: Ptr) -> bool {
    const TS_COMPAT: u32 = 2;
    field!(task, task_status: u32) & TS_COMPAT != 0
}

/// The kernel's `struct file` behind a descriptor of `task`; 0 when there is none.
#[inline(always)]
pub fn file_of(task: Ptr, fd: i32) -> u64 {
    let files = field!(task, task_files: Ptr);
    let table = field!(files, files_fdt: Ptr);
    if fd < 0 || fd as u32 >= field!(table, fdt_max_fds: u32) {
        return 0;
    }
    let array = field!(table, fdt_fd: u64);
    peek(array, fd as usize * 8)
}

/// A system call's arguments, whichever registers they came in.
#[derive(Clone, Copy)]
pub struct Args {
    pub regs: Ptr,
    pub compat: bool,
}

impl Args {
    #[inline(always)]
    fn pick(&self, native: usize, compat: usize) -> u64 {
        if self.compat {
            unsafe { load::<u64>(self.regs, compat) as u32 as u64 }
        } else {
            unsafe { load::<u64>(self.regs, native) }
        }
    }
    #[inline(always)]
    pub fn a0(&self) -> u64 {
        self.pick(offset!(regs_di), offset!(regs_bx))
    }
    #[inline(always)]
    pub fn a1(&self) -> u64 {
        self.pick(offset!(regs_si), offset!(regs_cx))
    }
    #[inline(always)]
    pub fn a2(&self) -> u64 {
        self.pick(offset!(regs_dx), offset!(regs_dx))
    }
    #[inline(always)]
    pub fn a3(&self) -> u64 {
        self.pick(offset!(regs_r10), offset!(regs_si))
    }
    #[inline(always)]
    pub fn a4(&self) -> u64 {
        self.pick(offset!(regs_r8), offset!(regs_di))
    }
}
