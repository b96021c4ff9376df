//! Where decisions and views lie: the [`EventStore`] (small streams with an expected version) and
//! the [`ViewStore`] (rows that people query).
//!
//! This crate holds the two contracts, the memory store that is their executable model, layers
//! that wrap any store, and the conformance suite every backend passes (feature `conformance`).
//! It never names a backend and knows nothing of the log. Start with the two traits.

#[cfg(feature = "conformance")]
pub mod conformance;
mod error;
mod event_store;
pub mod layers;
mod memory;
mod shared;
mod view_store;

pub use error::{AppendError, StoreError};
pub use event_store::{EventStore, Expected, Limits, NewEvent, Shard, Stored, StreamId, Version};
pub use memory::MemoryStore;
pub use view_store::{Checkpoint, Cursor, Order, Page, Row, View, ViewChange, ViewKey, ViewRange, ViewStore};
