//! `open`, `openat`, `openat2`, `creat`.

super::body! {
    /// Segments: `File` for a file that is open; `First` and `FirstBase` otherwise.
    Open, 8 {
        /// The flags asked for.
        flags: u32,
        /// The permission bits asked for.
        mode: u32,
    }
}
