//! A pin: the hash of a public key, short enough to be given beside a token.

use std::{fmt, str::FromStr};

use sha2::{Digest, Sha256};
use x509_parser::prelude::{FromDer, X509Certificate};

use super::PkiError;

/// SHA-256 of a SubjectPublicKeyInfo.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pin([u8; 32]);

impl Pin {
    /// The pin of a public key.
    pub fn of_key(spki_der: &[u8]) -> Self {
        Self(Sha256::digest(spki_der).into())
    }

    /// The pin of a certificate's key. `None` when the bytes are no certificate.
    pub fn of_certificate(der: &[u8]) -> Option<Self> {
        let (_, certificate) = X509Certificate::from_der(der).ok()?;
        Some(Self::of_key(certificate.public_key().raw))
    }

    /// The hash alone, hexadecimal.
    pub fn hex(&self) -> String {
        hex::encode(self.0)
    }
}

impl fmt::Display for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sha256:{}", self.hex())
    }
}

impl FromStr for Pin {
    type Err = PkiError;
    fn from_str(text: &str) -> Result<Self, PkiError> {
        let parse = || {
            let mut hash = [0; 32];
            hex::decode_to_slice(text.strip_prefix("sha256:")?, &mut hash).ok()?;
            Some(Self(hash))
        };
        parse().ok_or_else(|| PkiError::Pin(text.chars().take(96).collect()))
    }
}
