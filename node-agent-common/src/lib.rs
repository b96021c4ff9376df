//! Structures that the kernel programs and the agent share: what a record in the ring looks like,
//! which system calls are watched, where fields lie in this kernel, and what the agent tells the
//! programs.
//!
//! Nothing here does IO or allocates, and nothing decides: the programs write records, the agent
//! reads them. Start with [`record`] (header and segments), then one file per event family in
//! [`events`]. Every layout is asserted at compile time, because the two sides are built by two
//! compilers.

#![no_std]
#![expect(unsafe_code, reason = "bytes from the kernel are read as integers-only structs")]

pub mod calls;
pub mod events;
pub mod hook;
pub mod offsets;
pub mod record;
pub mod settings;

pub use calls::Call;
pub use hook::Hook;
pub use offsets::Offsets;
pub use record::{Header, Record, Segment, Slot};
pub use settings::{ReadFilter, Rule};
