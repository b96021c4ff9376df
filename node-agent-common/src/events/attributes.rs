//! `chmod`, `chown` and their kin.

super::body! {
    /// Segments: `File` for calls on a descriptor; `First` and `FirstBase` otherwise.
    Attributes, 16 {
        /// Permission bits, for the chmod calls.
        mode: u32,
        /// User id, for the chown calls.
        uid: u32,
        /// Group id, for the chown calls.
        gid: u32,
        /// Filler.
        reserved: u32,
    }
}
