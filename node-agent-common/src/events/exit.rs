//! The last thread of a process ended.

super::body! {
    /// No segments.
    Exit, 8 {
        /// As `wait` gives it: code in the second byte, signal in the low seven bits.
        status: u32,
        /// Filler.
        reserved: u32,
    }
}
