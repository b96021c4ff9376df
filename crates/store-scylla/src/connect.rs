//! Sessions: addresses, login, TLS, timeouts.

use std::{collections::BTreeSet, path::Path, sync::Arc, time::Duration};

use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _};
use scylla::{
    client::{
        execution_profile::ExecutionProfile,
        session::{Session, TlsContext},
        session_builder::SessionBuilder,
    },
    errors::{
        ConnectionError, ConnectionPoolError, ConnectionSetupRequestErrorKind as Setup, DbError,
        MetadataError, NewSessionError,
    },
    policies::{load_balancing::DefaultPolicy, retry::DefaultRetryPolicy},
    statement::{Consistency, SerialConsistency},
};
use zeroize::Zeroizing;

use crate::{
    OpenError, Options,
    errors::told,
    options::{Password, Tls},
};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// A node that is gone without a word is noticed after this and once more as long.
const KEEPALIVE: Duration = Duration::from_secs(5);
/// So often the driver looks again which nodes there are, beside the events that nodes send it.
const METADATA_INTERVAL: Duration = Duration::from_secs(30);
const DDL_TIMEOUT: Duration = Duration::from_secs(60);

/// A session for a keyspace that need not exist yet.
pub async fn session(options: &Options) -> Result<Session, OpenError> {
    let mut balancing = DefaultPolicy::builder().token_aware(true);
    if let Some(datacenter) = &options.datacenter {
        // Two datacenters that decide for themselves would decide differently.
        balancing = balancing.prefer_datacenter(datacenter.clone()).permit_dc_failover(false);
    }
    let profile = ExecutionProfile::builder()
        .consistency(Consistency::LocalQuorum)
        .serial_consistency(Some(SerialConsistency::LocalSerial))
        .request_timeout(Some(options.timeout))
        .load_balancing_policy(balancing.build())
        .retry_policy(Arc::new(DefaultRetryPolicy::new()))
        .build();
    let mut builder = SessionBuilder::new()
        .known_nodes(&options.hosts)
        .default_execution_profile_handle(profile.into_handle())
        .connection_timeout(CONNECT_TIMEOUT)
        .keepalive_interval(KEEPALIVE)
        .keepalive_timeout(KEEPALIVE)
        .cluster_metadata_refresh_interval(METADATA_INTERVAL)
        .schema_agreement_timeout(DDL_TIMEOUT)
        // One look at the end of a migration instead of one behind each table.
        .auto_await_schema_agreement(false)
        // As much as it takes to send each statement to a node that has its partition.
        .fetch_full_schema_metadata(false)
        .keyspaces_to_fetch([&options.keyspace])
        .tls_context(options.tls.as_ref().map(tls).transpose()?);
    if let Some((user, password)) = &options.login {
        builder = builder.user(user, secret(password)?.as_str());
    }
    let session = builder.build().await.map_err(|error| refused(options, &error))?;
    check_datacenter(&session, options)?;
    Ok(session)
}

/// Conditions are decided within a datacenter: all writers have to mean the same one.
fn check_datacenter(session: &Session, options: &Options) -> Result<(), OpenError> {
    let state = session.get_cluster_state();
    let there: BTreeSet<&str> =
        state.get_nodes_info().iter().filter_map(|node| node.datacenter.as_deref()).collect();
    let is_clear = match &options.datacenter {
        Some(datacenter) => there.contains(datacenter.as_str()),
        None => there.len() <= 1,
    };
    let names = || there.iter().copied().collect::<Vec<_>>().join(", ");
    if is_clear { Ok(()) } else { Err(OpenError::Datacenter { place: options.place(), there: names() }) }
}

fn refused(options: &Options, error: &NewSessionError) -> OpenError {
    let place = options.place();
    match for_good(error) {
        Some(why) => OpenError::Refused { place, why },
        None => OpenError::Unavailable { place, why: told(error) },
    }
}

/// What trying again would not change: a wrong login or certificate. The driver tells of the node that it tried last.
fn for_good(error: &NewSessionError) -> Option<String> {
    let NewSessionError::MetadataError(MetadataError::ConnectionPoolError(ConnectionPoolError::Broken {
        last_connection_error: last,
        ..
    })) = error
    else {
        return None;
    };
    match last {
        ConnectionError::ConnectionSetupRequestError(failed) => match failed.get_error() {
            // Nodes that can't reach the table of users answer the same with other words.
            Setup::DbError(DbError::AuthenticationError, what) if !what.starts_with("Unable to perform") => {
                Some(what.clone())
            }
            Setup::MissingAuthentication => Some("it wants a user and a password".into()),
            _ => None,
        },
        ConnectionError::IoError(io) => {
            let tls = io.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>())?;
            Some(format!("TLS: {tls}"))
        }
        _ => None,
    }
}

fn secret(password: &Password) -> Result<Zeroizing<String>, OpenError> {
    let (place, option) = match password {
        Password::Env(name) => (format!("the variable {name}"), "password_env"),
        Password::File(path) => (path.display().to_string(), "password_file"),
    };
    let read = match password {
        Password::Env(name) => std::env::var(name).map_err(|error| error.to_string()),
        Password::File(path) => std::fs::read_to_string(path).map_err(|error| error.to_string()),
    };
    let usable = read.map(Zeroizing::new).and_then(|text| match text.trim_end_matches(['\r', '\n']) {
        "" => Err("it is empty".to_owned()),
        secret => Ok(Zeroizing::new(secret.to_owned())),
    });
    usable.map_err(|why| OpenError::Password { place, option, why })
}

fn tls(files: &Tls) -> Result<TlsContext, OpenError> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(&files.ca)? {
        roots.add(certificate).map_err(|error| unusable(&files.ca, &error))?;
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| unusable(&files.ca, &error))?
        .with_root_certificates(roots);
    let config = match &files.identity {
        None => config.with_no_client_auth(),
        Some((certificate, key)) => {
            let private = PrivateKeyDer::from_pem_file(key).map_err(|error| unusable(key, &error))?;
            config
                .with_client_auth_cert(certificates(certificate)?, private)
                .map_err(|error| unusable(certificate, &error))?
        }
    };
    Ok(TlsContext::Rustls023(Arc::new(config)))
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, OpenError> {
    let read = CertificateDer::pem_file_iter(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    match read {
        Ok(found) if found.is_empty() => {
            Err(OpenError::Tls { path: path.into(), why: "there is no PEM certificate in it".into() })
        }
        Ok(found) => Ok(found),
        Err(error) => Err(unusable(path, &error)),
    }
}

fn unusable(path: &Path, error: &(dyn std::error::Error + 'static)) -> OpenError {
    OpenError::Tls { path: path.into(), why: told(error) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_missing_secret_or_certificate_is_named_and_nothing_is_asked() {
        let refused = async |query: &str| {
            let options = Options::parse(&format!("scylla://127.0.0.1:1/v?{query}")).unwrap();
            session(&options).await.map(drop).unwrap_err()
        };
        let error = refused("user=me&password_env=VEDETTA_NOT_SET_ANYWHERE").await;
        assert!(error.to_string().contains("VEDETTA_NOT_SET_ANYWHERE") && !error.is_transient(), "{error}");
        let error = refused("user=me&password_file=/nowhere/pw").await;
        assert!(error.to_string().contains("/nowhere/pw"), "{error}");
        let dir = tempfile::tempdir().unwrap();
        let empty = dir.path().join("ca.pem");
        std::fs::write(&empty, "").unwrap();
        let error = refused(&format!("tls_ca={}", empty.display())).await;
        assert!(error.to_string().contains("no PEM certificate"), "{error}");
    }

    #[tokio::test]
    async fn a_password_is_in_no_error_and_a_silent_address_in_every_one() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("pw");
        std::fs::write(&file, "hunter2\n").unwrap();
        let url = format!("scylla://127.0.0.1:1/v?user=me&password_file={}", file.display());
        let options = Options::parse(&url).unwrap();
        let error = session(&options).await.map(drop).unwrap_err();
        let all = format!("{error} {error:?} {options:?}");
        assert!(error.is_transient() && all.contains("127.0.0.1:1") && !all.contains("hunter2"), "{all}");
    }
}
