//! What the tests share.

mod agent;
mod ingest;
mod source;

pub use agent::{Bench, complete};
pub use ingest::{Answer, Ingest, authority, port_of_nobody};
pub use source::Counted;
