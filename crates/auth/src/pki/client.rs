//! The agent's side: its key, its certificate request, and TLS to the agents' listener.

use std::{fmt, str::FromStr, sync::Arc};

use rcgen::{CertificateParams, KeyPair, PKCS_ECDSA_P256_SHA256, PublicKeyData};
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
    client::{
        Resumption, WebPkiServerVerifier,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
        verify_server_cert_signed_by_trust_anchor, verify_server_name,
    },
    crypto::{CryptoProvider, aws_lc_rs, verify_tls12_signature, verify_tls13_signature},
    server::ParsedCertificate,
    version::TLS13,
};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName, UnixTime};
use zeroize::Zeroizing;

use super::PkiError;
pub use super::{connect::channel, pin::Pin};

/// A node's private key. It never leaves the node.
pub struct NodeKey(KeyPair);

impl fmt::Debug for NodeKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NodeKey({})", self.key_sha256())
    }
}

impl NodeKey {
    /// For a file that only its owner can read.
    pub fn to_pem(&self) -> Zeroizing<String> {
        Zeroizing::new(self.0.serialize_pem())
    }

    /// SHA-256 of the public key, hexadecimal: how the server knows it.
    pub fn key_sha256(&self) -> String {
        Pin::of_key(&self.0.subject_public_key_info()).hex()
    }
}

/// From a file.
impl FromStr for NodeKey {
    type Err = PkiError;
    fn from_str(pem: &str) -> Result<Self, PkiError> {
        KeyPair::from_pem(pem).map(Self).map_err(|e| PkiError::Key(e.to_string()))
    }
}

/// A new key on P-256, from the system's random source.
pub fn generate_key() -> Result<NodeKey, PkiError> {
    Ok(NodeKey(KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?))
}

/// A certificate request (PKCS#10, DER) for a key. It asks for nothing: the server decides.
pub fn csr(key: &NodeKey) -> Result<Vec<u8>, PkiError> {
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    Ok(params.serialize_request(&key.0)?.der().to_vec())
}

/// How an agent knows its server.
#[derive(Debug, Clone)]
pub enum Trust {
    /// By its authority's pin, which came with the enrollment token.
    Pin(Pin),
    /// By its authority's certificates (DER), which came with the node's own.
    Authorities(Vec<Vec<u8>>),
}

/// A node's certificate with its key.
#[derive(Debug)]
pub struct Identity<'a> {
    /// Leaf first, DER.
    pub chain_der: &'a [Vec<u8>],
    /// The key in the leaf.
    pub key: &'a NodeKey,
}

/// TLS 1.3 to the agents' listener, with the node's certificate when it has one.
pub fn tls_config(trust: &Trust, identity: Option<&Identity<'_>>) -> Result<ClientConfig, PkiError> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let verifier: Arc<dyn ServerCertVerifier> = match trust {
        Trust::Pin(pin) => Arc::new(ByPin { pin: *pin, provider: provider.clone() }),
        Trust::Authorities(authorities) => {
            let mut roots = RootCertStore::empty();
            for der in authorities {
                roots.add(CertificateDer::from(der.clone()))?;
            }
            WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider.clone())
                .build()
                .map_err(|e| PkiError::Tls(e.to_string()))?
        }
    };
    let builder = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&TLS13])?
        .dangerous()
        .with_custom_certificate_verifier(verifier);
    let mut config = match identity {
        None => builder.with_no_client_auth(),
        Some(Identity { chain_der, key }) => {
            let chain = chain_der.iter().map(|der| CertificateDer::from(der.clone())).collect();
            let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.0.serialize_der()));
            builder.with_client_auth_cert(chain, key)?
        }
    };
    config.alpn_protocols = vec![b"h2".to_vec()];
    config.resumption = Resumption::disabled();
    Ok(config)
}

/// Trusts the one authority that has the pinned key: everything else is checked as always.
#[derive(Debug)]
struct ByPin {
    pin: Pin,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for ByPin {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let authority = intermediates
            .iter()
            .find(|der| Pin::of_certificate(der) == Some(self.pin))
            .ok_or(Error::InvalidCertificate(CertificateError::UnknownIssuer))?;
        let mut roots = RootCertStore::empty();
        roots.add(authority.clone().into_owned())?;
        let certificate = ParsedCertificate::try_from(end_entity)?;
        let algorithms = self.provider.signature_verification_algorithms.all;
        verify_server_cert_signed_by_trust_anchor(&certificate, &roots, intermediates, now, algorithms)?;
        verify_server_name(&certificate, server_name)?;
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
