//! Reads captures of Falco and sysdig (`.scap`, gzip or not) and turns them into events with
//! Falco's fields, so that conditions of rules can be evaluated on them.
//!
//! A [`Capture`] holds the unpacked bytes; [`Capture::events`] walks over them. FORMAT.md shows
//! the format. The bytes are foreign: nothing in them makes this panic, loop, or take more memory
//! than a bounded multiple of their size.

mod blocks;
mod capture;
pub mod conformance;
mod cursor;
mod error;
mod fields;
mod state;
mod table;
mod text;
mod unpack;

pub use capture::{Capture, Events, Limits};
pub use error::Error;
