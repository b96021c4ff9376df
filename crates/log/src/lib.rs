//! The event log: telemetry, findings and the control feed, Kafka-shaped whether embedded or not.
//!
//! This crate holds the contract ([`EventLog`], [`Member`]), the memory log that is its executable
//! model, layers that wrap any log, and the conformance suite every backend passes (feature
//! `conformance`). It never names a backend. Start with [`EventLog`].

#[cfg(feature = "conformance")]
pub mod conformance;
mod contract;
mod error;
pub mod groups;
pub mod layers;
mod memory;
mod record;
mod shared;

pub use contract::{Capabilities, Delivery, Description, EventLog, Member, RecordStream, TopicOptions};
pub use error::{AppendError, GroupError, ReadError};
pub use memory::MemoryLog;
pub use record::{
    Appended, Batch, Group, Headers, Key, NewRecord, NoPosition, Offset, Offsets, Partition, Position,
    ReadLimit, Record, Topic, partition_of,
};
