//! A process became another program.

super::body! {
    /// Segments: `First` (the path given to the kernel), `Exe`, `Cwd`, `Args`, `Cgroup`.
    Exec, 64 {
        /// When the parent's leader started, in nanoseconds since boot.
        parent_start: u64,
        /// The parent.
        ppid: u32,
        /// Session.
        sid: u32,
        /// Process group.
        pgid: u32,
        /// Controlling terminal, `major << 8 | minor`; 0 for none.
        tty: u32,
        /// Audit login id; `u32::MAX` for none.
        loginuid: u32,
        /// Links to the program file; 0 when it has been removed.
        exe_nlink: u32,
        /// Type and permission bits of the program file.
        exe_mode: u32,
        /// Who owns the program file.
        exe_uid: u32,
        /// The group of the program file.
        exe_gid: u32,
        /// Filler.
        reserved: u32,
        /// The new short name.
        comm: [u8; 16],
    }
}
