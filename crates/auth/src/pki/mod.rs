//! The installation's own certificate authority, and what both ends of the agents' listener need of it.
//!
//! ```text
//!   Authority ──signs──► the listener's certificate   (reissued at half of its life)
//!       │    └──signs──► a node's certificate         (one per enrollment or renewal)
//!       └── pin: SHA-256 of its public key, which an agent is given beside its token
//! ```
//!
//! Start with [`Authority`] for the server's side and [`client`] for the agent's.

mod authority;
pub mod client;
mod connect;
mod error;
mod identity;
mod issue;
mod pin;
mod server;

pub use authority::Authority;
pub use error::PkiError;
pub use identity::{NodeIdentity, PeerIdentity};
pub use issue::{DEFAULT_NODE_TTL, IssuedCertificate};
