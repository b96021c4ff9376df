//! The listener's side of TLS.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use rustls::{
    RootCertStore, ServerConfig,
    crypto::{CryptoProvider, aws_lc_rs},
    server::{ClientHello, NoServerSessionStorage, ResolvesServerCert, WebPkiClientVerifier},
    sign::CertifiedKey,
    time_provider::TimeProvider,
    version::TLS13,
};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, UnixTime};
use vedetta_model::{Clock, Timestamp};

use super::{Authority, PkiError};

const CERTIFICATE_LIFE: Duration = Duration::from_secs(7 * 24 * 3600);

impl Authority {
    /// TLS for the agents' listener: version 1.3 with HTTP/2 only. Clients may show a certificate;
    /// one that is not this authority's, or has ended, fails the handshake. The listener's own
    /// certificate has `names` (DNS names and IP addresses) and is issued anew at half of its life.
    pub fn server_config(
        &self,
        names: &[String],
        clock: Arc<dyn Clock>,
    ) -> Result<Arc<ServerConfig>, PkiError> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let mut roots = RootCertStore::empty();
        roots.add(self.0.certificate.clone())?;
        let clients = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider.clone())
            .allow_unauthenticated()
            .build()
            .map_err(|e| PkiError::Tls(e.to_string()))?;
        let resolver = Listener::new(self.clone(), names.to_vec(), clock.clone(), provider.clone())?;
        let mut config = ServerConfig::builder_with_details(provider, Arc::new(Time(clock)))
            .with_protocol_versions(&[&TLS13])?
            .with_client_cert_verifier(clients)
            .with_cert_resolver(Arc::new(resolver));
        config.alpn_protocols = vec![b"h2".to_vec()];
        // A resumed session would outlive the certificate that it began with.
        config.session_storage = Arc::new(NoServerSessionStorage {});
        config.send_tls13_tickets = 0;
        Ok(Arc::new(config))
    }
}

/// Our clock in the words of the TLS library.
#[derive(Debug)]
pub struct Time(pub Arc<dyn Clock>);

impl TimeProvider for Time {
    fn current_time(&self) -> Option<UnixTime> {
        Some(UnixTime::since_unix_epoch(self.0.now().since(Timestamp::EPOCH)))
    }
}

/// Keeps the listener's certificate fresh.
#[derive(Debug)]
struct Listener {
    authority: Authority,
    names: Vec<String>,
    clock: Arc<dyn Clock>,
    provider: Arc<CryptoProvider>,
    current: Mutex<Current>,
}

#[derive(Debug, Clone)]
struct Current {
    key: Arc<CertifiedKey>,
    renew: Timestamp,
}

impl Listener {
    fn new(
        authority: Authority,
        names: Vec<String>,
        clock: Arc<dyn Clock>,
        provider: Arc<CryptoProvider>,
    ) -> Result<Self, PkiError> {
        let current = Mutex::new(issue(&authority, &names, clock.now(), &provider)?);
        Ok(Self { authority, names, clock, provider, current })
    }
}

impl ResolvesServerCert for Listener {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let now = self.clock.now();
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        if now >= current.renew {
            match issue(&self.authority, &self.names, now, &self.provider) {
                Ok(fresh) => *current = fresh,
                // The one in use is good for half of its life more.
                Err(error) => tracing::error!(%error, "the agents' listener keeps its old certificate"),
            }
        }
        Some(current.key.clone())
    }
}

fn issue(
    authority: &Authority,
    names: &[String],
    now: Timestamp,
    provider: &CryptoProvider,
) -> Result<Current, PkiError> {
    let (key, leaf) = authority.issue_server(names, now, CERTIFICATE_LIFE)?;
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let key = provider.key_provider.load_private_key(key)?;
    // The authority goes along: an agent that knows only its pin finds it here.
    let chain = vec![CertificateDer::from(leaf), authority.0.certificate.clone()];
    Ok(Current { key: Arc::new(CertifiedKey::new(chain, key)), renew: now.after(CERTIFICATE_LIFE / 2) })
}
