//! `mount`.

super::body! {
    /// Segments: `First` (source), `Second` and `SecondBase` (target), `Third` (type).
    Mount, 8 {
        /// `MS_…` bits.
        flags: u64,
    }
}
