//! The event log on one local database: for a single process, with the durability words of the
//! large one.
//!
//! It never writes on its own: every change is a job for the database's one writer, which gathers
//! concurrent appends into one fsync. Start with [`EmbeddedLog`]; `FORMAT.md` describes the bytes.

mod errors;
mod keys;
mod lane;
mod log;
mod record;

pub use log::EmbeddedLog;
