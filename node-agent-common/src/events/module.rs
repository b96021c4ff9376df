//! `init_module`, `finit_module`.

super::body! {
    /// Segments: `File` for `finit_module`; `Args`.
    Module, 8 {
        /// The descriptor, for `finit_module`; -1 otherwise.
        fd: i32,
        /// Filler.
        reserved: u32,
    }
}
