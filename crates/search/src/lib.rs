//! Finds events among stored blocks.
//!
//! ```text
//!   heads of the range, newest first ─► digest says no? skip ─► texts lack it? skip ─► condition on each event
//!                                        (nothing read)         (not decoded)
//! ```
//!
//! A [`Search`] runs as a stream of [`Step`]s: what was found, how far it came, what was looked at and what is known to
//! be lost of that time. Whoever drops the stream ends the search. This crate writes nothing and knows no tenant but the
//! one it is given. Start with [`Search::run`].

mod chunk;
mod search;
mod seen;

pub use chunk::{Lost, Scanned, Take};
pub use search::{Hit, Place, Search, SearchError, Step};
