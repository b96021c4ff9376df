//! `setuid` and its kin.

super::body! {
    /// No segments.
    SetId, 16 {
        /// The arguments, as many as the call has.
        ids: [u32; 3],
        /// Filler.
        reserved: u32,
    }
}
