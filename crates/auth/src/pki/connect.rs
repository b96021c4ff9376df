//! A gRPC channel over our own TLS.

use std::{io, sync::Arc, time::Duration};

use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use rustls_pki_types::ServerName;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tonic::transport::{Channel, Endpoint, Uri};
use tower::service_fn;

use super::PkiError;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const KEEP_ALIVE: Duration = Duration::from_secs(20);

/// A channel to the agents' listener at `https://host:port`. It connects at the first call, and
/// again when the connection breaks; the host's name or address must stand in the listener's
/// certificate.
pub fn channel(url: &str, tls: ClientConfig) -> Result<Channel, PkiError> {
    let wrong = |what: &dyn std::fmt::Display| PkiError::Url { url: url.to_owned(), what: what.to_string() };
    let uri: Uri = url.parse().map_err(|e| wrong(&e))?;
    if uri.scheme_str() != Some("https") {
        return Err(wrong(&"it does not begin with https://"));
    }
    let host = uri.host().ok_or_else(|| wrong(&"it names no host"))?.trim_matches(['[', ']']).to_owned();
    let port = uri.port_u16().unwrap_or(443);
    let name = ServerName::try_from(host.clone()).map_err(|e| wrong(&e))?;
    let tls = TlsConnector::from(Arc::new(tls));

    let connector = service_fn(move |_: Uri| {
        let (tls, name, host) = (tls.clone(), name.clone(), host.clone());
        async move {
            let tcp = TcpStream::connect((host.as_str(), port)).await?;
            tcp.set_nodelay(true)?;
            Ok::<_, io::Error>(TokioIo::new(tls.connect(name, tcp).await?))
        }
    });
    // The endpoint's own scheme is plain: TLS is the connector's matter.
    let mut parts = uri.into_parts();
    parts.scheme = Some(http::uri::Scheme::HTTP);
    parts.path_and_query = Some(http::uri::PathAndQuery::from_static("/"));
    let endpoint = Endpoint::from(Uri::from_parts(parts).map_err(|e| wrong(&e))?);
    Ok(endpoint
        .connect_timeout(CONNECT_TIMEOUT)
        .http2_keep_alive_interval(KEEP_ALIVE)
        .keep_alive_timeout(KEEP_ALIVE)
        .keep_alive_while_idle(true)
        .connect_with_connector_lazy(connector))
}
