//! `setns`, `unshare`.

super::body! {
    /// No segments.
    Namespace, 16 {
        /// The flags.
        flags: u64,
        /// The descriptor, for `setns`.
        fd: i32,
        /// Filler.
        reserved: u32,
    }
}
