//! The event, view and block store on ScyllaDB, or on Apache Cassandra, over CQL.
//!
//! For a control plane that outgrew one machine: [`ScyllaStore`] keeps the same three contracts as the embedded store. It
//! never changes the schema by itself: [`migrate`] does, and an open store is one whose schema was found right. Where a
//! contract wants more than one partition changed at once, one conditional write decides, and the rest can be done again by
//! anybody. The tables, and with which consistency each statement runs, stand in `FORMAT.md`; what happens if conditional
//! writes misbehave, in `docs/adr/0012-cql.md`. Start with `store.rs`; `cql.rs` is how statements are run.

mod blocks;
mod clock;
mod connect;
mod cql;
mod errors;
mod events;
mod migrate;
mod options;
mod outbox;
mod schema;
mod statements;
mod store;
#[cfg(feature = "testing")]
pub mod testing;
mod views;

pub use errors::OpenError;
pub use migrate::{Migrated, migrate};
pub use options::{Options, OptionsError};
pub use store::ScyllaStore;
