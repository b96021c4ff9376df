//! Who may do what: session and service tokens, the tenant context that every operation takes
//! first, passwords, enrollment tokens, and the installation's own certificate authority.
//!
//! It stores nothing but key files under the data folder and decides nothing about domain state.
//! Start with [`TenantCtx`]: it is made only from a verified token, so that a function that takes
//! one can't be reached without it.

mod context;
pub mod enrollment;
pub mod http;
mod key_file;
mod keys;
pub mod metadata;
pub mod password;
mod pki;

pub use context::{Caller, Forbidden, TenantCtx};
pub use enrollment::EnrollmentSecret;
pub use keys::{AuthError, Keys, ServiceCtx, Session, Verified};
pub use pki::{Authority, DEFAULT_NODE_TTL, IssuedCertificate, NodeIdentity, PeerIdentity, PkiError, client};
