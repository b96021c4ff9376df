//! A process made another. Threads are not reported.

super::body! {
    /// No segments.
    Fork, 32 {
        /// When the child started, in nanoseconds since boot.
        child_start: u64,
        /// When the child's parent started (with `CLONE_PARENT` that is not the caller).
        parent_start: u64,
        /// The child.
        child: u32,
        /// The child's parent.
        ppid: u32,
        /// Session.
        sid: u32,
        /// Process group.
        pgid: u32,
    }
}
