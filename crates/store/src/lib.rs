//! Where decisions, views and events lie: the [`EventStore`] (small streams with an expected version),
//! the [`ViewStore`] (rows that people query) and the [`BlockStore`] (blocks of kernel events).
//!
//! This crate holds the three contracts, the memory store that is their executable model, layers
//! that wrap any store, and the conformance suite every backend passes (feature `conformance`).
//! It never names a backend and knows nothing of the log. Start with the three traits.

#[cfg(feature = "conformance")]
pub mod conformance;
mod block_store;
mod error;
mod event_store;
pub mod layers;
mod memory;
mod shared;
mod view_store;

pub use block_store::{
    BUCKET_NANOS, BlockId, BlockRange, BlockStore, HeadPage, Kept, Replaced, Usage, bucket_of, compare,
    replaces,
};
pub use error::{AppendError, StoreError};
pub use event_store::{EventStore, Expected, Limits, NewEvent, Shard, Stored, StreamId, Version};
pub use memory::MemoryStore;
pub use view_store::{Checkpoint, Cursor, Order, Page, Row, View, ViewChange, ViewKey, ViewRange, ViewStore};
