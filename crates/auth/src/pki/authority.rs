//! The authority: one key and its certificate, in one private file.

use std::{fmt, path::Path, sync::Arc, time::Duration};

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    PKCS_ECDSA_P256_SHA256, PublicKeyData,
};
use rustls_pki_types::{CertificateDer, pem::PemObject};
use vedetta_model::{Clock, Timestamp};
use x509_parser::prelude::{FromDer, X509Certificate};
use zeroize::Zeroizing;

use super::{PkiError, issue, pin::Pin};
use crate::{AuthError, key_file};

const FILE: &str = "authority.pem";
const LIFE: Duration = Duration::from_secs(10 * 365 * 24 * 3600);
/// Nodes whose clocks are behind by no more than this accept the authority at once.
const BACKDATED: Duration = Duration::from_secs(24 * 3600);

/// The installation's own certificate authority: ECDSA on P-256. Made once, kept in a file that only
/// its owner can read, and never replaced by itself: agents hold its pin. Cheap to clone.
#[derive(Clone)]
pub struct Authority(pub(super) Arc<Inner>);

pub struct Inner {
    pub issuer: Issuer<'static, KeyPair>,
    pub certificate: CertificateDer<'static>,
    /// No certificate is good for longer than the authority itself.
    pub expires: Timestamp,
    pin: Pin,
}

impl fmt::Debug for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Authority").field(&self.0.pin.to_string()).finish()
    }
}

impl Authority {
    /// Reads the authority from `dir`, or makes it there the first time. A file that is damaged, has
    /// expired or can be read by others is an error that names it: it is never replaced silently.
    pub fn open_or_create(dir: &Path, clock: &dyn Clock) -> Result<Self, AuthError> {
        let path = dir.join(FILE);
        let wrong = |what: String| AuthError::KeyFile { path: path.display().to_string(), what };
        let pem =
            key_file::open_or_create(&path, || generate(clock.now()).map_err(|e| wrong(e.to_string())))?;
        Self::of(&path, &pem, clock)
    }

    /// Reads what [`Self::open_or_create`] made, here or elsewhere; makes nothing.
    pub fn open(dir: &Path, clock: &dyn Clock) -> Result<Self, AuthError> {
        let path = dir.join(FILE);
        Self::of(&path, &key_file::open(&path)?, clock)
    }

    fn of(path: &Path, pem: &[u8], clock: &dyn Clock) -> Result<Self, AuthError> {
        let inner = read(pem, clock.now()).map_err(|what| AuthError::KeyFile {
            path: path.display().to_string(),
            what: format!(
                "{what}; restore the file from a backup, or remove it to make a new authority and enroll all nodes again"
            ),
        })?;
        Ok(Self(Arc::new(inner)))
    }

    /// Its certificate, for whoever should trust it.
    pub fn certificate_der(&self) -> &[u8] {
        &self.0.certificate
    }

    /// `sha256:` and the hash of its public key: what an agent is given to know it by.
    pub fn pin(&self) -> String {
        self.0.pin.to_string()
    }
}

fn generate(now: Timestamp) -> Result<Zeroizing<Vec<u8>>, PkiError> {
    let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
    let mut name = DistinguishedName::new();
    name.push(DnType::OrganizationName, "Vedetta");
    // Unlike any other installation's, so that certificates of two can't be taken for each other.
    name.push(DnType::CommonName, format!("Vedetta authority {}", &key_pin(&key).hex()[..16]));
    let mut params = CertificateParams::default();
    params.distinguished_name = name;
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::DigitalSignature];
    params.serial_number = Some(issue::new_serial());
    issue::set_validity(&mut params, now.before(BACKDATED), now.after(LIFE));
    let certificate = params.self_signed(&key)?;
    let secret = Zeroizing::new(key.serialize_pem());
    Ok(Zeroizing::new([secret.as_bytes(), certificate.pem().as_bytes()].concat()))
}

fn read(pem: &[u8], now: Timestamp) -> Result<Inner, String> {
    let text = std::str::from_utf8(pem).map_err(|_| "it is not text".to_owned())?;
    let key = KeyPair::from_pem(text).map_err(|e| format!("its private key can't be read ({e})"))?;
    let certificate =
        CertificateDer::from_pem_slice(pem).map_err(|e| format!("its certificate can't be read ({e})"))?;
    let (expires, pin) = {
        let (_, parsed) = X509Certificate::from_der(&certificate)
            .map_err(|e| format!("its certificate can't be read ({e})"))?;
        let pin = Pin::of_key(parsed.public_key().raw);
        if key.algorithm() != &PKCS_ECDSA_P256_SHA256 || pin != key_pin(&key) {
            return Err("its certificate and its private key do not belong together".into());
        }
        if !parsed.is_ca() || parsed.verify_signature(None).is_err() {
            return Err("its certificate is not an authority's".into());
        }
        (Timestamp::from_millis(parsed.validity().not_after.timestamp().saturating_mul(1000)), pin)
    };
    if now >= expires {
        return Err(format!("its certificate ended at {expires}"));
    }
    let issuer = Issuer::from_ca_cert_der(&certificate, key).map_err(|e| e.to_string())?;
    Ok(Inner { issuer, certificate, expires, pin })
}

fn key_pin(key: &KeyPair) -> Pin {
    Pin::of_key(&key.subject_public_key_info())
}
