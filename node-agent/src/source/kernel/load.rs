//! Loading and attaching the programs.
//!
//! All of them hang on BTF tracepoints, which need neither tracefs nor more than CAP_BPF and
//! CAP_PERFMON. One program on `sys_exit` costs each ignored call some 25 ns. The tracepoints of
//! single calls would cost it 5 ns, but need tracefs (CAP_SYS_ADMIN, where it is not mounted), some
//! forty attachments, and more time for each recorded call.

use std::os::fd::{AsFd as _, OwnedFd};

use aya::{
    Btf, Ebpf, EbpfLoader, Pod,
    maps::{Array, ArrayOfMaps, MapData, PerCpuArray, ProgramArray},
    programs::BtfTracePoint,
};
use vedetta_node_agent_common::{Hook, Offsets, ReadFilter};

use super::{ring::Ring, sys};
use crate::{offsets, source::SourceError};

/// The programs, or nothing when the agent was built without the BPF toolchain.
static OBJECT: &[u8] = aya::include_bytes_aligned!(concat!(env!("OUT_DIR"), "/programs.o"));

/// What the agent holds of the programs while they run; dropping it takes them out of the kernel.
pub struct Loaded {
    /// The ring of each processor, by its number.
    pub rings: Vec<Ring>,
    /// System call number to call.
    pub calls: Array<MapData, u32>,
    /// Which opens for reading are sent.
    pub reads: Array<MapData, Reads>,
    /// Losses by processor, hook and reason.
    pub lost: PerCpuArray<MapData, u64>,
    /// The kernel empties this table when its last descriptor closes.
    _programs: ProgramArray<MapData>,
    /// Keeps programs, links and maps alive.
    _ebpf: Ebpf,
}

/// [`ReadFilter`] as a map's value.
#[derive(Clone, Copy)]
#[repr(transparent)]
pub struct Reads(pub ReadFilter);

#[derive(Clone, Copy)]
#[repr(transparent)]
struct Globals(Offsets);

// SAFETY: integers only, without padding (asserted where they are declared).
#[expect(unsafe_code, reason = "marker for values made of integers")]
unsafe impl Pod for Reads {}
// SAFETY: integers only, without padding (asserted where they are declared).
#[expect(unsafe_code, reason = "marker for values made of integers")]
unsafe impl Pod for Globals {}

/// Loads the programs, gives them one ring of `ring_bytes` per processor, and attaches them.
pub fn load(
    ring_bytes: u32,
    wake_mark: u32,
    calls: &[(u32, u32)],
    reads: ReadFilter,
) -> Result<Loaded, SourceError> {
    if OBJECT.is_empty() {
        return Err(SourceError::NoPrograms);
    }
    let offsets = Globals(offsets::of_this_kernel()?);
    let own = std::process::id();
    let cpus = processors()?;
    let mut ebpf = EbpfLoader::new()
        .override_global("OFFSETS", &offsets, true)
        .override_global("OWN_TGID", &own, true)
        .override_global("WAKE_MARK", &wake_mark, true)
        .map_max_entries("RINGS", cpus)
        .load(OBJECT)
        .map_err(|error| SourceError::refused("make the maps", &error))?;

    // Programs refer to maps by descriptor until they are loaded, so none may be dropped before.
    let mut outer: ArrayOfMaps<MapData> = take(&mut ebpf, "RINGS")?;
    let rings = make_rings(&mut outer, cpus, ring_bytes)?;
    let mut table: Array<MapData, u32> = take(&mut ebpf, "CALLS")?;
    for &(number, entry) in calls {
        table
            .set(number, entry, 0)
            .map_err(|error| SourceError::refused("write the table of calls", &error))?;
    }
    let mut filter: Array<MapData, Reads> = take(&mut ebpf, "READS")?;
    filter
        .set(0, Reads(reads), 0)
        .map_err(|error| SourceError::refused("write the filter on reads", &error))?;
    let lost = take(&mut ebpf, "LOST")?;
    let programs = attach(&mut ebpf)?;
    Ok(Loaded { rings, calls: table, reads: filter, lost, _programs: programs, _ebpf: ebpf })
}

/// The tracepoint of each program.
const fn tracepoint(hook: Hook) -> &'static str {
    match hook {
        Hook::Exec => "sched_process_exec",
        Hook::Fork => "sched_process_fork",
        Hook::Exit => "sched_process_exit",
        _ => "sys_exit",
    }
}

/// The scheduler's programs are attached one by one; those for system calls are put in the
/// dispatcher's table, and the dispatcher is attached last, when everything is in place.
fn attach(ebpf: &mut Ebpf) -> Result<ProgramArray<MapData>, SourceError> {
    let btf = Btf::from_sys_fs().map_err(|error| SourceError::refused("read the kernel's types", &error))?;
    let mut programs: ProgramArray<MapData> = take(ebpf, "PROGRAMS")?;
    for &hook in Hook::ALL {
        let program = program(ebpf, hook.as_str())?;
        program.load(tracepoint(hook), &btf).map_err(|error| SourceError::refused(hook.as_str(), &error))?;
        if tracepoint(hook) == "sys_exit" {
            let fd = program.fd().map_err(|error| SourceError::refused(hook.as_str(), &error))?;
            programs.set(hook as u32, fd, 0).map_err(|error| SourceError::refused(hook.as_str(), &error))?;
        } else {
            program.attach().map_err(|error| SourceError::refused(hook.as_str(), &error))?;
        }
    }
    let dispatch = program(ebpf, "dispatch")?;
    dispatch.load("sys_exit", &btf).map_err(|error| SourceError::refused("dispatch", &error))?;
    dispatch.attach().map_err(|error| SourceError::refused("dispatch", &error))?;
    Ok(programs)
}

/// Enough for a processor that is not there yet, and may never be.
const OFFLINE_RING: u32 = 64 * 1024;

/// Makes a ring for each processor and shows it to the programs.
fn make_rings(outer: &mut ArrayOfMaps<MapData>, cpus: u32, bytes: u32) -> Result<Vec<Ring>, SourceError> {
    let online = aya::util::online_cpus()
        .map_err(|_| SourceError::refused("count the processors", "/sys/devices/system/cpu/online"))?;
    (0..cpus)
        .map(|cpu| {
            let bytes = if online.contains(&cpu) { bytes } else { bytes.min(OFFLINE_RING) };
            let fd = sys::make_ring(bytes).map_err(|error| SourceError::refused("make a ring", &error))?;
            let copy = duplicate(&fd)?;
            let map = MapData::from_fd(copy).map_err(|error| SourceError::refused("make a ring", &error))?;
            outer.set(cpu, &map, 0).map_err(|error| SourceError::refused("place a ring", &error))?;
            Ring::map(fd, bytes).map_err(|error| SourceError::refused("map a ring", &error))
        })
        .collect()
}

fn duplicate(fd: &OwnedFd) -> Result<OwnedFd, SourceError> {
    fd.as_fd().try_clone_to_owned().map_err(|error| SourceError::refused("copy a descriptor", &error))
}

/// How many processors this machine may ever have: their numbers are below this.
fn processors() -> Result<u32, SourceError> {
    aya::util::nr_cpus()
        .ok()
        .and_then(|count| u32::try_from(count).ok())
        .ok_or_else(|| SourceError::refused("count the processors", "/sys/devices/system/cpu/possible"))
}

fn program<'a>(ebpf: &'a mut Ebpf, name: &str) -> Result<&'a mut BtfTracePoint, SourceError> {
    ebpf.program_mut(name)
        .and_then(|program| program.try_into().ok())
        .ok_or_else(|| SourceError::Incomplete { what: name.to_owned() })
}

fn take<T: TryFrom<aya::maps::Map>>(ebpf: &mut Ebpf, name: &str) -> Result<T, SourceError> {
    ebpf.take_map(name)
        .and_then(|map| T::try_from(map).ok())
        .ok_or_else(|| SourceError::Incomplete { what: name.to_owned() })
}
