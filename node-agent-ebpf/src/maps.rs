//! The maps. The agent finds them by name.

use aya_ebpf::{
    btf_maps::{Array, ArrayOfMaps, PerCpuArray, ProgramArray, RingBuf},
    macros::btf_map,
};
use vedetta_node_agent_common::{
    calls::TABLE,
    hook::{HOOKS, LOSS_SLOTS},
    settings::ReadFilter,
};

/// One ring per processor; the agent makes the rings and puts them in. A ring that all share would
/// be a lock that all fight for.
#[btf_map]
pub static RINGS: ArrayOfMaps<RingBuf<u64, 4096>, 1024> = ArrayOfMaps::new();

/// System call number to call, see `calls::table_entry`. What nobody wants is 0 here.
#[btf_map]
pub static CALLS: Array<u32, { TABLE as usize }> = Array::new();

/// The program of each hook.
#[btf_map]
pub static PROGRAMS: ProgramArray<HOOKS> = ProgramArray::new();

/// Which opens for reading are sent.
#[btf_map]
pub static READS: Array<ReadFilter, 1> = Array::new();

/// Records lost, by processor, hook and reason.
#[btf_map]
pub static LOST: PerCpuArray<u64, LOSS_SLOTS> = PerCpuArray::new();

/// Where a record is put together.
#[btf_map]
pub static SCRATCH: PerCpuArray<Scratch, 1> = PerCpuArray::new();

/// A record cannot be built in the ring itself: its length is only known at the end, and the ring
/// wants it at the beginning.
#[repr(C)]
pub struct Scratch {
    /// Not 0 while a program builds a record here: another one that interrupts it must not.
    pub busy: u64,
    /// Where the next byte goes. Kept here and not in a register: what comes from a map is a new
    /// unknown to the verifier each time, so a loop looks the same in each round and is not
    /// followed through all its combinations.
    pub pos: u64,
    /// Not 0: something did not fit.
    pub truncated: u64,
    /// Where the names of the last path nearest to the root were written: the first, the second.
    pub top: [u64; 2],
    /// Room for the longest record, with slack so that any masked position plus any text fits.
    pub data: [u8; 16384],
}
