//! The event store and the view store on one local database: for a single process, with the
//! durability words of the large one.
//!
//! It never writes on its own: every change is a job for the database's one writer, which also
//! makes expectations and idempotence simple, because jobs run one after the other. Start with
//! [`EmbeddedStore`]; `FORMAT.md` describes the bytes.

mod blocks;
mod errors;
mod event;
mod events;
mod keys;
mod store;
mod views;

pub use store::EmbeddedStore;
