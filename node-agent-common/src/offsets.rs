//! Where fields lie in this kernel's structures. The agent reads them from the kernel's BTF and
//! hands them over before the programs are loaded; the verifier then sees constants.

macro_rules! offsets {
    ($($field:ident: $path:literal;)*) => {
        /// Offsets in bytes. See [`FIELDS`] for what each one is.
        #[repr(C)]
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub struct Offsets { $(#[doc = concat!("`", $path, "`")] pub $field: u32,)* }

        impl Offsets {
            /// All zero.
            pub const ZERO: Self = Self { $($field: 0,)* };

            /// In the order of [`FIELDS`].
            pub const fn from_array(values: [u32; FIELDS.len()]) -> Self {
                let mut at = 0;
                $(let $field = values[at]; at += 1;)*
                let _ = at;
                Self { $($field,)* }
            }
        }

        /// The path of each offset: a struct and a member, which may have moved to another name
        /// (`a|b`), be an element of an array named by an enum's constant (`x[NAME]`), or be
        /// missing (`?`, then its offset is [`MISSING`]).
        pub const FIELDS: &[&str] = &[$($path,)*];
    };
}

/// The offset of an optional field that this kernel does not have.
pub const MISSING: u32 = u32::MAX;

offsets! {
    regs_nr: "pt_regs.orig_ax";
    regs_ax: "pt_regs.ax";
    regs_di: "pt_regs.di";
    regs_si: "pt_regs.si";
    regs_dx: "pt_regs.dx";
    regs_r10: "pt_regs.r10";
    regs_r8: "pt_regs.r8";
    regs_bx: "pt_regs.bx";
    regs_cx: "pt_regs.cx";
    task_status: "task_struct.thread_info.status";
    task_pid: "task_struct.pid";
    task_tgid: "task_struct.tgid";
    task_leader: "task_struct.group_leader";
    task_real_parent: "task_struct.real_parent";
    task_start: "task_struct.start_boottime";
    task_exec_id: "task_struct.self_exec_id";
    task_cred: "task_struct.cred";
    task_mm: "task_struct.mm";
    task_fs: "task_struct.fs";
    task_files: "task_struct.files";
    task_signal: "task_struct.signal";
    task_comm: "task_struct.comm";
    task_exit_code: "task_struct.exit_code";
    task_loginuid: "task_struct.loginuid?";
    task_cgroups: "task_struct.cgroups";
    cred_uid: "cred.uid";
    cred_gid: "cred.gid";
    cred_euid: "cred.euid";
    cred_egid: "cred.egid";
    signal_live: "signal_struct.live";
    signal_flags: "signal_struct.flags";
    signal_group_exit_code: "signal_struct.group_exit_code";
    signal_pgid: "signal_struct.pids[PIDTYPE_PGID]";
    signal_sid: "signal_struct.pids[PIDTYPE_SID]";
    signal_tty: "signal_struct.tty";
    pid_numbers: "pid.numbers";
    tty_driver: "tty_struct.driver";
    tty_index: "tty_struct.index";
    driver_major: "tty_driver.major";
    driver_minor: "tty_driver.minor_start";
    mm_arg_start: "mm_struct.arg_start";
    mm_arg_end: "mm_struct.arg_end";
    mm_exe_file: "mm_struct.exe_file";
    bprm_filename: "linux_binprm.filename";
    fs_root: "fs_struct.root";
    fs_pwd: "fs_struct.pwd";
    files_fdt: "files_struct.fdt";
    fdt_max_fds: "fdtable.max_fds";
    fdt_fd: "fdtable.fd";
    file_path: "file.f_path";
    file_inode: "file.f_inode";
    file_private: "file.private_data";
    inode_mode: "inode.i_mode";
    inode_uid: "inode.i_uid";
    inode_gid: "inode.i_gid";
    inode_nlink: "inode.i_nlink|inode.__i_nlink";
    dentry_parent: "dentry.d_parent";
    dentry_name: "dentry.d_name";
    dentry_inode: "dentry.d_inode";
    dentry_short: "dentry.d_shortname|dentry.d_iname";
    mount_parent: "mount.mnt_parent";
    mount_mountpoint: "mount.mnt_mountpoint";
    mount_mnt: "mount.mnt";
    css_set_dfl: "css_set.dfl_cgrp";
    css_set_v1: "css_set.subsys[memory_cgrp_id]|css_set.subsys[pids_cgrp_id]?";
    css_cgroup: "cgroup_subsys_state.cgroup";
    cgroup_kn: "cgroup.kn";
    kernfs_parent: "kernfs_node.__parent|kernfs_node.parent";
    kernfs_name: "kernfs_node.name";
    socket_sk: "socket.sk";
    sock_family: "sock_common.skc_family";
    sock_daddr: "sock_common.skc_daddr";
    sock_rcv_saddr: "sock_common.skc_rcv_saddr";
    sock_dport: "sock_common.skc_dport";
    sock_num: "sock_common.skc_num";
    sock_v6_daddr: "sock_common.skc_v6_daddr?";
    sock_v6_rcv_saddr: "sock_common.skc_v6_rcv_saddr?";
    sock_protocol: "sock.sk_protocol";
    unix_addr: "unix_sock.addr?";
    unix_peer: "unix_sock.peer?";
    unix_address_len: "unix_address.len?";
    unix_address_name: "unix_address.name?";
}

// The path walk reads neighbours in one go; the agent refuses a kernel where they are not.
/// `d_name` lies this far behind `d_parent`.
pub const DENTRY_NAME_AFTER_PARENT: u32 = 8;
/// Where a short name itself is stored, behind `d_parent`.
pub const DENTRY_SHORT_AFTER_PARENT: u32 = 32;
/// How many bytes of a short name are read with its dentry.
pub const DENTRY_SHORT: usize = 32;
/// `mnt_mountpoint` lies this far behind `mnt_parent`, and `mnt` this far behind that.
pub const MOUNT_STEP: u32 = 8;

const _: () = assert!(size_of::<Offsets>() == 4 * FIELDS.len());
