//! The two system calls that the eBPF library does not wrap as they are needed here.

use std::{
    io,
    os::fd::{FromRawFd as _, OwnedFd},
};

/// The part of `union bpf_attr` that `BPF_MAP_CREATE` reads for a ring.
#[repr(C)]
#[derive(Default)]
struct MapCreate {
    map_type: u32,
    key_size: u32,
    value_size: u32,
    max_entries: u32,
    map_flags: u32,
    inner_map_fd: u32,
    numa_node: u32,
    map_name: [u8; 16],
}

/// Makes a ring buffer map of `bytes`, a power of two and a multiple of the page size.
#[expect(unsafe_code, reason = "bpf() has no safe wrapper")]
pub fn make_ring(bytes: u32) -> io::Result<OwnedFd> {
    const BPF_MAP_CREATE: libc::c_long = 0;
    const BPF_MAP_TYPE_RINGBUF: u32 = 27;
    let mut attr = MapCreate { map_type: BPF_MAP_TYPE_RINGBUF, max_entries: bytes, ..MapCreate::default() };
    attr.map_name[..12].copy_from_slice(b"vedetta_ring");
    // SAFETY: `attr` lives through the call and its size is given with it.
    let fd = unsafe {
        libc::syscall(libc::SYS_bpf, BPF_MAP_CREATE, std::ptr::from_mut(&mut attr), size_of::<MapCreate>())
    };
    match i32::try_from(fd) {
        // SAFETY: a result that is not negative is a new descriptor that nobody else owns.
        Ok(fd) if fd >= 0 => Ok(unsafe { OwnedFd::from_raw_fd(fd) }),
        _ => Err(io::Error::last_os_error()),
    }
}
