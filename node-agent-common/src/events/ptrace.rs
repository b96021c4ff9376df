//! `ptrace`.

super::body! {
    /// No segments.
    Ptrace, 16 {
        /// The request.
        request: i64,
        /// The pid it is about, as the caller's pid namespace has it.
        target: u32,
        /// Filler.
        reserved: u32,
    }
}
