//! Blocks to the server.
//!
//! [`Connection`] is one stream: blocks up, acknowledgements down. [`Shipper`] keeps one open, feeds
//! it from the spool in order, and begins again with what was not acknowledged whenever it breaks.
//! [`Dial`] opens the way to the server. Connections serve alone as well, for load tests with
//! thousands of agents in one process.

mod backoff;
mod connection;
mod dial;
mod shipper;
mod window;

pub use backoff::Backoff;
pub use connection::{Blocks, Connection, ConnectionError, Hello, Numbers, Refusal, Replies, Reply, Welcome};
pub(crate) use dial::status_words;
pub use dial::{Dial, DialError, Plain, Tls};
pub use shipper::{Config, Shipper, Status};
