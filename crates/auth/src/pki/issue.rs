//! Certificates for nodes and for the listener.

use std::time::Duration;

use rcgen::{
    CertificateParams, CertificateSigningRequestParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose,
    KeyPair, KeyUsagePurpose, PKCS_ECDSA_P256_SHA256, PKCS_ED25519, PublicKeyData, SanType, SerialNumber,
};
use rustls_pki_types::CertificateSigningRequestDer;
use vedetta_model::{NodeId, TenantId, Timestamp};

use super::{Authority, PkiError, identity, pin::Pin};

/// How long a node's certificate is good for unless configured otherwise.
pub const DEFAULT_NODE_TTL: Duration = Duration::from_secs(24 * 3600);

/// No certificate request of ours comes near this.
const MAX_REQUEST_BYTES: usize = 8 * 1024;
/// Clocks that are behind by no more than this accept a new certificate at once.
const BACKDATED: Duration = Duration::from_secs(300);

/// A node's new certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssuedCertificate {
    /// Leaf first, DER.
    pub chain_der: Vec<Vec<u8>>,
    /// Serial number, hexadecimal.
    pub serial: String,
    /// No use after this.
    pub expires: Timestamp,
    /// SHA-256 of the node's public key, hexadecimal.
    pub key_sha256: String,
}

impl Authority {
    /// Signs a node's certificate. Of the request only the key counts, which must be P-256 or Ed25519
    /// and must have signed it; who the certificate is for is decided by the caller.
    pub fn issue_node(
        &self,
        tenant: &TenantId,
        node: &NodeId,
        csr_der: &[u8],
        now: Timestamp,
        ttl: Duration,
    ) -> Result<IssuedCertificate, PkiError> {
        let key = key_of_request(csr_der)?;
        let serial = new_serial();
        let expires = now.after(ttl).min(self.0.expires);
        let uri = identity::node_uri(tenant, node);
        let mut params = leaf(tenant.as_str(), &node.to_string(), ExtendedKeyUsagePurpose::ClientAuth);
        params.subject_alt_names = vec![SanType::URI(uri.try_into()?)];
        params.serial_number = Some(serial.clone());
        set_validity(&mut params, now.before(BACKDATED), expires);
        let leaf = params.signed_by(&key, &self.0.issuer)?;
        Ok(IssuedCertificate {
            chain_der: vec![leaf.der().to_vec()],
            serial: hex::encode(serial.to_bytes()),
            // Certificates hold whole seconds.
            expires: Timestamp::from_millis(expires.as_millis().div_euclid(1000) * 1000),
            key_sha256: Pin::of_key(&key.subject_public_key_info()).hex(),
        })
    }

    /// A key and certificate for the listener. `names` are DNS names and IP addresses.
    pub(super) fn issue_server(
        &self,
        names: &[String],
        now: Timestamp,
        ttl: Duration,
    ) -> Result<(KeyPair, Vec<u8>), PkiError> {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
        let mut subject_alt_names = Vec::with_capacity(names.len());
        for name in names {
            let wrong = |e: rcgen::Error| PkiError::Name { name: name.clone(), what: e.to_string() };
            subject_alt_names.push(match name.parse() {
                Ok(address) => SanType::IpAddress(address),
                Err(_) => SanType::DnsName(name.as_str().try_into().map_err(wrong)?),
            });
        }
        let mut params = leaf("Vedetta", "Vedetta agents' listener", ExtendedKeyUsagePurpose::ServerAuth);
        params.subject_alt_names = subject_alt_names;
        params.serial_number = Some(new_serial());
        set_validity(&mut params, now.before(BACKDATED), now.after(ttl).min(self.0.expires));
        let leaf = params.signed_by(&key, &self.0.issuer)?;
        Ok((key, leaf.der().to_vec()))
    }
}

/// What all certificates but the authority's have in common.
fn leaf(organization: &str, common_name: &str, purpose: ExtendedKeyUsagePurpose) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::OrganizationName, organization);
    params.distinguished_name.push(DnType::CommonName, common_name);
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![purpose];
    params.use_authority_key_identifier_extension = true;
    params
}

/// The key that asks for a certificate, once it has proved that it is its own.
fn key_of_request(der: &[u8]) -> Result<rcgen::PublicKey, PkiError> {
    if der.len() > MAX_REQUEST_BYTES {
        return Err(PkiError::Request("it is too long"));
    }
    let request = CertificateSigningRequestParams::from_der(&CertificateSigningRequestDer::from(der))
        .map_err(|error| match error {
            rcgen::Error::InvalidCertificationRequestSignature => {
                PkiError::Request("its signature is not by the key in it")
            }
            rcgen::Error::UnsupportedSignatureAlgorithm => PkiError::Request(WRONG_KEY),
            _ => PkiError::Request("it is not a PKCS#10 request in DER"),
        })?;
    let key = request.public_key;
    // The signature's algorithm does not tell the curve; the length of the point does.
    let is_accepted = match key.der_bytes().len() {
        65 => key.algorithm() == &PKCS_ECDSA_P256_SHA256,
        32 => key.algorithm() == &PKCS_ED25519,
        _ => false,
    };
    if is_accepted { Ok(key) } else { Err(PkiError::Request(WRONG_KEY)) }
}

const WRONG_KEY: &str = "its key is neither P-256 nor Ed25519";

/// 16 bytes from the system's random source: like a key it must not be guessed, so it is no parameter.
pub fn new_serial() -> SerialNumber {
    let mut bytes: [u8; 16] = rand::random();
    // Positive and without leading zero bytes: one way to write it.
    bytes[0] = bytes[0] & 0x7f | 0x40;
    SerialNumber::from_slice(&bytes)
}

/// Good from one moment to another.
pub fn set_validity(params: &mut CertificateParams, from: Timestamp, until: Timestamp) {
    let epoch = rcgen::date_time_ymd(1970, 1, 1);
    params.not_before = epoch + from.since(Timestamp::EPOCH);
    params.not_after = epoch + until.since(Timestamp::EPOCH);
}
