//! What the authority promises to both ends of the agents' listener.

use std::{os::unix::fs::PermissionsExt, path::Path, sync::Arc, time::Duration};

use rustls_pki_types::ServerName;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_rustls::{TlsAcceptor, TlsConnector};
use vedetta_auth::{
    Authority, NodeIdentity, PkiError,
    client::{self, Identity, NodeKey, Pin, Trust},
};
use vedetta_model::{Clock, ManualClock, NodeId, SystemClock, TenantId, Timestamp};

const HOUR: Duration = Duration::from_secs(3600);

fn tenant() -> TenantId {
    "default".parse().unwrap()
}

fn node() -> NodeId {
    "nod_00000000000000000000000000000007".parse().unwrap()
}

fn authority(dir: &Path) -> Authority {
    Authority::open_or_create(dir, &SystemClock).unwrap()
}

fn issue(authority: &Authority, key: &NodeKey, now: Timestamp, ttl: Duration) -> Vec<Vec<u8>> {
    authority.issue_node(&tenant(), &node(), &client::csr(key).unwrap(), now, ttl).unwrap().chain_der
}

#[test]
fn it_is_made_once_and_private_and_found_again() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path().join("pki");
    let pin = authority(&dir).pin();
    assert_eq!(authority(&dir).pin(), pin);
    assert_eq!(std::fs::metadata(&dir).unwrap().permissions().mode() & 0o777, 0o700);
    let files: Vec<_> = std::fs::read_dir(&dir).unwrap().map(Result::unwrap).collect();
    assert_eq!(files.len(), 1, "nothing temporary is left");
    assert_eq!(files[0].metadata().unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn a_damaged_or_readable_file_is_named_and_never_replaced() {
    let dir = tempfile::tempdir().unwrap();
    authority(dir.path());
    let file = dir.path().join("authority.pem");
    let whole = std::fs::read(&file).unwrap();
    let other = tempfile::tempdir().unwrap();
    authority(other.path());
    let other = std::fs::read_to_string(other.path().join("authority.pem")).unwrap();
    let foreign_certificate = other.find("-----BEGIN CERTIFICATE").unwrap();
    let own_key = String::from_utf8_lossy(&whole).find("-----BEGIN CERTIFICATE").unwrap();
    let mixed = [&whole[..own_key], &other.as_bytes()[foreign_certificate..]].concat();

    for damaged in [&whole[..100], &whole[..whole.len() - 90], b"", &mixed[..]] {
        std::fs::write(&file, damaged).unwrap();
        let error = Authority::open_or_create(dir.path(), &SystemClock).unwrap_err().to_string();
        assert!(error.contains("authority.pem") && error.contains("backup"), "{error}");
        assert_eq!(std::fs::read(&file).unwrap(), damaged);
    }
    std::fs::write(&file, &whole).unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o640)).unwrap();
    let error = Authority::open_or_create(dir.path(), &SystemClock).unwrap_err().to_string();
    assert!(error.contains("authority.pem") && error.contains("chmod 600"), "{error}");
}

#[test]
fn a_certificate_names_the_node_that_the_server_chose_and_its_own_key() {
    let dir = tempfile::tempdir().unwrap();
    let authority = authority(dir.path());
    let key = client::generate_key().unwrap();
    let csr = client::csr(&key).unwrap();
    let now = SystemClock.now();
    let issued = authority.issue_node(&tenant(), &node(), &csr, now, HOUR).unwrap();
    let again = authority.issue_node(&tenant(), &node(), &csr, now, HOUR).unwrap();
    assert_ne!(issued.serial, again.serial);

    let read = NodeIdentity::from_certificate(&issued.chain_der[0]).unwrap();
    assert_eq!((read.tenant, read.node), (tenant(), node()));
    assert_eq!((read.serial, read.expires), (issued.serial, issued.expires));
    assert_eq!((read.key_sha256, issued.key_sha256), (key.key_sha256(), key.key_sha256()));
    assert!(issued.expires <= now.after(HOUR) && issued.expires > now.after(HOUR / 2));
    assert!(NodeIdentity::from_certificate(authority.certificate_der()).is_err(), "an authority is no node");
    let restored: NodeKey = key.to_pem().parse().unwrap();
    assert_eq!(restored.key_sha256(), key.key_sha256());
}

#[test]
fn a_request_with_a_wrong_signature_a_weak_key_or_no_sense_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let authority = authority(dir.path());
    let issue = |csr: &[u8]| authority.issue_node(&tenant(), &node(), csr, SystemClock.now(), HOUR);
    let csr = client::csr(&client::generate_key().unwrap()).unwrap();
    let request = |algorithm| {
        let key = rcgen::KeyPair::generate_for(algorithm).unwrap();
        rcgen::CertificateParams::default().serialize_request(&key).unwrap().der().to_vec()
    };
    assert!(issue(&request(&rcgen::PKCS_ED25519)).is_ok());

    // The signed part begins behind a head of three bytes and tells its length in its second byte.
    let signed = 3..5 + usize::from(csr[4]);
    for position in signed.chain([csr.len() - 1]) {
        let mut changed = csr.clone();
        changed[position] ^= 1;
        assert!(matches!(issue(&changed), Err(PkiError::Request(_))), "byte {position}");
    }
    for wrong in [&csr[1..], &csr[..csr.len() - 1], b"", &[0; 10_000]] {
        assert!(matches!(issue(wrong), Err(PkiError::Request(_))));
    }
    assert!(matches!(issue(&request(&rcgen::PKCS_ECDSA_P384_SHA384)), Err(PkiError::Request(_))));
}

/// A handshake and one byte each way. The server says whom it saw.
async fn meet(
    server: Arc<rustls::ServerConfig>,
    client: rustls::ClientConfig,
    name: &str,
) -> std::io::Result<Option<NodeIdentity>> {
    let (near, far) = tokio::io::duplex(64 * 1024);
    let serve = async {
        let mut stream = TlsAcceptor::from(server).accept(near).await?;
        assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
        let peer = stream.get_ref().1.peer_certificates();
        let peer = peer.map(|chain| NodeIdentity::from_certificate(&chain[0]).unwrap());
        stream.write_u8(1).await?;
        Ok(peer)
    };
    let call = async {
        let name = ServerName::try_from(name.to_owned()).unwrap();
        let mut stream = TlsConnector::from(Arc::new(client)).connect(name, far).await?;
        // With TLS 1.3 a refused client certificate shows at the first read.
        stream.read_u8().await
    };
    let (served, called) = tokio::join!(serve, call);
    called.and(served)
}

fn names() -> Vec<String> {
    vec!["localhost".into(), "127.0.0.1".into(), "::1".into()]
}

#[tokio::test]
async fn an_agent_that_knows_the_pin_or_the_authority_gets_through_with_or_without_a_certificate() {
    let dir = tempfile::tempdir().unwrap();
    let authority = authority(dir.path());
    let server = authority.server_config(&names(), Arc::new(SystemClock)).unwrap();
    let key = client::generate_key().unwrap();
    let chain = issue(&authority, &key, SystemClock.now(), HOUR);
    let pin = Trust::Pin(authority.pin().parse().unwrap());
    let authorities = Trust::Authorities(vec![authority.certificate_der().to_vec()]);
    for trust in [&pin, &authorities] {
        for name in ["localhost", "127.0.0.1", "::1"] {
            let stranger = client::tls_config(trust, None).unwrap();
            assert_eq!(meet(server.clone(), stranger, name).await.unwrap(), None);
            let known = client::tls_config(trust, Some(&Identity { chain_der: &chain, key: &key })).unwrap();
            assert_eq!(meet(server.clone(), known, name).await.unwrap().map(|id| id.node), Some(node()));
        }
        let misled = client::tls_config(trust, None).unwrap();
        assert!(meet(server.clone(), misled, "example.org").await.is_err(), "another name is another server");
    }
}

#[tokio::test]
async fn another_installation_is_refused_by_both_sides() {
    let (ours, theirs) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (ours, theirs) = (authority(ours.path()), authority(theirs.path()));
    let server = ours.server_config(&names(), Arc::new(SystemClock)).unwrap();
    let wrong_pin = Trust::Pin(theirs.pin().parse().unwrap());
    let error =
        meet(server.clone(), client::tls_config(&wrong_pin, None).unwrap(), "localhost").await.unwrap_err();
    assert!(error.to_string().contains("UnknownIssuer"), "{error}");

    let key = client::generate_key().unwrap();
    let chain = issue(&theirs, &key, SystemClock.now(), HOUR);
    let right_pin = Trust::Pin(ours.pin().parse().unwrap());
    let foreign = client::tls_config(&right_pin, Some(&Identity { chain_der: &chain, key: &key })).unwrap();
    assert!(meet(server.clone(), foreign, "localhost").await.is_err());

    // The listener's own certificate must not pass for a node's, nor a node's for the listener's.
    let spoofed = Trust::Pin(Pin::of_certificate(&chain[0]).unwrap());
    assert!(meet(server, client::tls_config(&spoofed, None).unwrap(), "localhost").await.is_err());
}

#[tokio::test]
async fn an_ended_certificate_is_refused_and_the_listener_renews_its_own_in_time() {
    let dir = tempfile::tempdir().unwrap();
    let authority = authority(dir.path());
    let start = SystemClock.now();
    let clock = Arc::new(ManualClock::at(start));
    let server = authority.server_config(&names(), clock.clone()).unwrap();
    let key = client::generate_key().unwrap();
    let chain = issue(&authority, &key, start, HOUR);
    let trust = Trust::Pin(authority.pin().parse().unwrap());
    let config = || client::tls_config(&trust, Some(&Identity { chain_der: &chain, key: &key })).unwrap();
    assert!(meet(server.clone(), config(), "localhost").await.unwrap().is_some());
    clock.advance(HOUR + Duration::from_secs(1));
    let error = meet(server.clone(), config(), "localhost").await.unwrap_err();
    assert!(error.to_string().to_lowercase().contains("expired"), "{error}");

    // The client's clock is the machine's: moved far ahead, the listener's fresh certificate is not
    // good yet for it, which shows that it is a fresh one.
    clock.set(start.after(6 * 24 * HOUR));
    let error = meet(server, client::tls_config(&trust, None).unwrap(), "localhost").await.unwrap_err();
    assert!(error.to_string().contains("not valid yet"), "{error}");
}

#[test]
fn a_pin_reads_back_and_anything_else_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let pin = authority(dir.path()).pin();
    assert_eq!(pin.parse::<Pin>().unwrap().to_string(), pin);
    for wrong in ["", "sha256:", &pin[1..], &pin[..pin.len() - 1], &pin.replace("sha256", "sha1")] {
        assert!(wrong.parse::<Pin>().is_err(), "{wrong}");
    }
}
