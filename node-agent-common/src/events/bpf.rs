//! `bpf`.

super::body! {
    /// No segments.
    Bpf, 8 {
        /// The command.
        command: u32,
        /// Filler.
        reserved: u32,
    }
}
