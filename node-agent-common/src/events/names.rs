//! `unlink`, `rename`, `link` and their kin.

super::body! {
    /// Segments: `First`, `FirstBase`; `Second`, `SecondBase` for calls with two paths.
    Names, 8 {
        /// The call's own flags.
        flags: u32,
        /// Filler.
        reserved: u32,
    }
}
