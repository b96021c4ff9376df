//! Following a file up to the root of the caller's view, over mounts, as `d_path` does.
//!
//! Names are written leaf first; the agent turns them round. Nothing is locked: a rename at the
//! same moment can give a mix of old and new names, never a fault.

use aya_ebpf::helpers::generated::bpf_probe_read_kernel_str;
use vedetta_node_agent_common::{
    Slot,
    offsets::{DENTRY_SHORT, DENTRY_SHORT_AFTER_PARENT},
    record::{CUT, DETACHED, NAMES},
};

use crate::{
    kernel::{Ptr, field, file_of, load, offset, peek},
    writer::{Writer, masked},
};

/// Most names and mounts that are followed.
const STEPS: u32 = 64;
/// Most levels of control groups.
const GROUPS: u32 = 16;

/// A place in the file system: `struct path`.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct Path {
    pub mnt: u64,
    pub dentry: u64,
}

/// `d_parent`, `d_name`, `d_inode` and the short name, as they lie in a dentry: one read gets a
/// parent and nearly every name.
#[derive(Clone, Copy)]
#[repr(C)]
struct Dentry {
    parent: u64,
    hash: u32,
    len: u32,
    name: u64,
    inode: u64,
    short: [u64; DENTRY_SHORT / 8],
}

/// `mnt_parent`, `mnt_mountpoint` and `mnt.mnt_root`, as they lie in a mount.
#[derive(Clone, Copy)]
#[repr(C)]
struct Mount {
    parent: u64,
    mountpoint: u64,
    root: u64,
}

/// The place a `struct file` is open at.
#[inline(always)]
pub fn of_file(file: u64) -> Path {
    peek(file, offset!(file_path))
}

/// The caller's root.
#[inline(always)]
fn root(task: Ptr) -> Path {
    let fs = field!(task, task_fs: Ptr);
    let at = offset!(fs_root);
    unsafe { Path { mnt: load(fs, at), dentry: load(fs, at + 8) } }
}

/// The caller's current directory.
#[inline(always)]
pub fn cwd(task: Ptr) -> Path {
    let fs = field!(task, task_fs: Ptr);
    let at = offset!(fs_pwd);
    unsafe { Path { mnt: load(fs, at), dentry: load(fs, at + 8) } }
}

/// The folder that relative paths of an `…at` call begin at.
#[inline(always)]
pub fn base(task: Ptr, dirfd: i32) -> Path {
    const AT_FDCWD: i32 = -100;
    if dirfd == AT_FDCWD { cwd(task) } else { of_file(file_of(task, dirfd)) }
}

/// Adds `path` as a segment of names.
#[inline(always)]
pub fn write(writer: &Writer, task: Ptr, path: Path, slot: Slot) {
    let start = writer.open();
    writer.push_top(0);
    let root = root(task);
    let form = walk(writer, path, root);
    writer.close(start, slot, form);
}

#[inline(always)]
fn walk(writer: &Writer, path: Path, root: Path) -> u8 {
    let Path { mut mnt, mut dentry } = path;
    if dentry == 0 {
        return NAMES | DETACHED;
    }
    let mut mount: Mount = peek(mnt.wrapping_sub(offset!(mount_mnt) as u64), offset!(mount_parent));
    let mut step = 0;
    while step < STEPS {
        step += 1;
        if dentry == root.dentry && mnt == root.mnt {
            return NAMES;
        }
        if dentry == mount.root {
            let this = mnt.wrapping_sub(offset!(mount_mnt) as u64);
            if mount.parent == this || mount.parent == 0 {
                // The very root; the caller's lies elsewhere.
                return NAMES;
            }
            dentry = mount.mountpoint;
            mnt = mount.parent.wrapping_add(offset!(mount_mnt) as u64);
            mount = peek(mount.parent, offset!(mount_parent));
            continue;
        }
        let here: Dentry = peek(dentry, offset!(dentry_parent));
        let at = writer.position();
        let is_short = here.name
            == dentry + (offset!(dentry_parent) as u64 + DENTRY_SHORT_AFTER_PARENT as u64)
            && here.len < DENTRY_SHORT as u32;
        let written = if is_short {
            writer.short_name(&here.short, here.len)
        } else {
            writer.name(here.name, here.len)
        };
        if !written {
            writer.cut();
            return NAMES | CUT;
        }
        writer.push_top(at);
        if here.parent == dentry {
            return NAMES | DETACHED;
        }
        dentry = here.parent;
    }
    writer.cut();
    NAMES | CUT
}

/// Adds the path argument at `address`, and the folder it begins at when it is relative.
#[inline(always)]
pub fn argument(writer: &Writer, task: Ptr, dirfd: i32, address: u64, slot: Slot, base_slot: Slot) {
    if writer.user_text(address, slot) != b'/' {
        write(writer, task, base(task, dirfd), base_slot);
    }
}

/// Adds the path of a control group, names leaf first.
#[inline(always)]
pub fn cgroup(writer: &Writer, task: Ptr) {
    let set = field!(task, task_cgroups: Ptr);
    let group = field!(set, css_set_dfl: Ptr);
    let mut node = field!(group, cgroup_kn: u64);
    let v1 = offset!(css_set_v1);
    if peek::<u64>(node, offset!(kernfs_parent)) == 0 && v1 != u32::MAX as usize {
        // The root of the unified hierarchy: the container may be named by a version 1 controller.
        let state: u64 = peek(field!(task, task_cgroups: u64), v1);
        let group: u64 = peek(state, offset!(css_cgroup));
        node = peek(group, offset!(cgroup_kn));
    }
    let start = writer.open();
    let mut step = 0;
    while step < GROUPS {
        step += 1;
        let parent: u64 = peek(node, offset!(kernfs_parent));
        if node == 0 || parent == 0 || !kernel_name(writer, peek(node, offset!(kernfs_name))) {
            break;
        }
        node = parent;
    }
    writer.close(start, Slot::Cgroup, NAMES);
}

/// Adds a name that ends with a zero. False when there was none, or no room.
#[inline(always)]
fn kernel_name(writer: &Writer, address: u64) -> bool {
    writer.name_until_zero(|place| unsafe {
        bpf_probe_read_kernel_str(place.cast(), 255, address as *const _) as i64
    })
}

/// The two names below the root, as the filter on reads compares them.
#[inline(always)]
pub fn top_names(writer: &Writer) -> ([u64; 2], [u64; 2]) {
    let (first, second) = writer.top();
    (key(writer, first), key(writer, second))
}

#[inline(always)]
fn key(writer: &Writer, at: u64) -> [u64; 2] {
    if at == 0 {
        return [0; 2];
    }
    let len = masked!(u64::from(writer.byte_at(at)), "0xff");
    [word(writer, at + 1, len), if len > 8 { word(writer, at + 9, len - 8) } else { 0 }]
}

/// Eight bytes of a name, those beyond its end as zeros.
#[inline(always)]
fn word(writer: &Writer, at: u64, len: u64) -> u64 {
    let word = writer.word_at(at);
    if len >= 8 { word } else { word & ((1u64 << (masked!(len, "7") * 8)) - 1) }
}
