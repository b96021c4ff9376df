//! The one local database under the embedded log and the embedded store, so that both share a
//! journal and an fsync.
//!
//! It opens and locks a directory, seals every value with a checksum, and has one writer thread
//! that gathers what many callers want written into one durable commit. It knows nothing of
//! records, events or rows. Start with [`Database`]; `FORMAT.md` describes the bytes.

mod database;
mod disk;
mod error;
mod files;
mod journal;
mod known;
mod opening;
mod sealed;
mod view;
mod writer;

pub use database::{Database, Options, Space, Values};
pub use error::{Error, OpenError};
pub use sealed::{Damage, Draft, unseal};
pub use view::{Entry, Key, View};
pub use writer::{Growth, Txn};
