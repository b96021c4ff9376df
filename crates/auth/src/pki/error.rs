//! What can go wrong with certificates.

/// Why a certificate was not issued, read or used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PkiError {
    /// A certificate request that nobody should sign.
    #[error("the certificate request is no good: {0}")]
    Request(&'static str),
    /// A certificate that does not say which node it is for.
    #[error("the certificate is not a node's: {0}")]
    Identity(&'static str),
    /// A private key that can't be read.
    #[error("the private key can't be read: {0}")]
    Key(String),
    /// A pin that has another form.
    #[error("`{0}` is not a pin: expected sha256: and 64 hexadecimal digits")]
    Pin(String),
    /// A name that can't stand in a certificate.
    #[error("`{name}` can't stand in the listener's certificate: {what}; see setting agents.names")]
    Name {
        /// The name.
        name: String,
        /// Why not.
        what: String,
    },
    /// An address that can't be called.
    #[error("`{url}` can't be called: {what}; expected https://host:port")]
    Url {
        /// The address.
        url: String,
        /// Why not.
        what: String,
    },
    /// The TLS library refused.
    #[error("TLS can't be set up: {0}")]
    Tls(String),
    /// Making or signing a certificate failed.
    #[error("a certificate can't be made: {0}")]
    Issue(String),
}

impl From<rcgen::Error> for PkiError {
    fn from(error: rcgen::Error) -> Self {
        Self::Issue(error.to_string())
    }
}

impl From<rustls::Error> for PkiError {
    fn from(error: rustls::Error) -> Self {
        Self::Tls(error.to_string())
    }
}
