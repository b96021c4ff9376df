//! The listener for agents: TCP, TLS, HTTP/2, each with limits, since anybody may knock.

use std::{
    future::pending,
    io,
    pin::{Pin, pin},
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use rustls::ServerConfig;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore, mpsc},
    task::JoinSet,
    time::{Sleep, sleep, timeout},
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::sync::CancellationToken;
use tonic::{
    service::Routes,
    transport::{Server, server::Connected},
};
use vedetta_auth::{NodeIdentity, PeerIdentity};

/// Open connections; more are turned away.
const MAX_CONNECTIONS: usize = 20_000;
/// Handshakes under way; more wait in the kernel's queue.
const MAX_HANDSHAKES: usize = 4096;
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a connection without a certificate may last: enough to enroll.
const STRANGER_TIMEOUT: Duration = Duration::from_secs(60);
/// Streams on one connection: an agent needs one, and one more to renew.
const MAX_STREAMS: u32 = 16;
const MAX_HEADER_BYTES: u32 = 8 * 1024;
/// Streams that were opened and reset before anybody looked at them.
const MAX_PENDING_RESETS: usize = 16;
const MAX_ERROR_RESETS: usize = 256;
const STREAM_WINDOW: u32 = 1 << 20;
const CONNECTION_WINDOW: u32 = 2 << 20;
/// A peer that answers nothing for twice this is gone.
const KEEP_ALIVE: Duration = Duration::from_secs(20);
/// Rest after the system refused a connection, for instance when there are no descriptors left.
const ACCEPT_REST: Duration = Duration::from_millis(100);

/// Serves `routes` to agents until `drain` is done; then takes no more connections, says so on those
/// that are open, and ends when their streams have. Each request's extensions hold a
/// [`PeerIdentity`].
pub async fn serve_agents(
    listener: TcpListener,
    tls: Arc<ServerConfig>,
    routes: Routes,
    drain: impl Future<Output = ()> + Send,
) -> anyhow::Result<()> {
    let stop = CancellationToken::new();
    let (sender, incoming) = mpsc::channel(16);
    let accept = accept(listener, TlsAcceptor::from(tls), sender, stop.clone());
    let serve = Server::builder()
        .max_concurrent_streams(MAX_STREAMS)
        .http2_max_header_list_size(MAX_HEADER_BYTES)
        .http2_max_pending_accept_reset_streams(Some(MAX_PENDING_RESETS))
        .http2_max_local_error_reset_streams(Some(MAX_ERROR_RESETS))
        .http2_keepalive_interval(Some(KEEP_ALIVE))
        .http2_keepalive_timeout(Some(KEEP_ALIVE))
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .add_routes(routes)
        .serve_with_incoming_shutdown(ReceiverStream::new(incoming), stop.clone().cancelled_owned());
    let drain = async {
        drain.await;
        stop.cancel();
        pending().await
    };
    let (mut accept, mut serve, mut drain) = (pin!(accept), pin!(serve), pin!(drain));
    let mut accepting = true;
    loop {
        tokio::select! {
            served = &mut serve => return served.map_err(Into::into),
            () = &mut accept, if accepting => accepting = false,
            () = &mut drain => {}
        }
    }
}

/// Takes connections until `stop`, and hands on those that finish their handshake in time.
async fn accept(
    listener: TcpListener,
    tls: TlsAcceptor,
    sender: mpsc::Sender<io::Result<AgentConnection>>,
    stop: CancellationToken,
) {
    let connections = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    let mut handshakes = JoinSet::new();
    loop {
        while handshakes.try_join_next().is_some() {}
        tokio::select! {
            () = stop.cancelled() => return,
            _ = handshakes.join_next(), if handshakes.len() >= MAX_HANDSHAKES => {}
            taken = listener.accept(), if handshakes.len() < MAX_HANDSHAKES => match taken {
                Err(error) => {
                    tracing::warn!(%error, "an agent's connection could not be taken");
                    sleep(ACCEPT_REST).await;
                }
                Ok((tcp, peer)) => match connections.clone().try_acquire_owned() {
                    Err(_) => tracing::warn!(%peer, limit = MAX_CONNECTIONS, "too many agents' connections; turned away"),
                    Ok(permit) => {
                        let (tls, sender) = (tls.clone(), sender.clone());
                        handshakes.spawn(async move {
                            match timeout(HANDSHAKE_TIMEOUT, shake_hands(tcp, tls, permit)).await {
                                Ok(Ok(connection)) => drop(sender.send(Ok(connection)).await),
                                Ok(Err(error)) => tracing::debug!(%peer, %error, "an agent's TLS handshake failed"),
                                Err(_) => tracing::debug!(%peer, "an agent's TLS handshake took too long"),
                            }
                        });
                    }
                },
            },
        }
    }
}

async fn shake_hands(
    tcp: TcpStream,
    tls: TlsAcceptor,
    permit: OwnedSemaphorePermit,
) -> io::Result<AgentConnection> {
    tcp.set_nodelay(true)?;
    let stream = tls.accept(tcp).await?;
    let session = stream.get_ref().1;
    if session.alpn_protocol() != Some(b"h2") {
        return Err(io::Error::other("the peer does not speak HTTP/2"));
    }
    let identity = match session.peer_certificates().and_then(|chain| chain.first()) {
        None => None,
        Some(leaf) => Some(Arc::new(NodeIdentity::from_certificate(leaf).map_err(io::Error::other)?)),
    };
    let expiry = identity.is_none().then(|| Box::pin(sleep(STRANGER_TIMEOUT)));
    Ok(AgentConnection { stream, identity: PeerIdentity(identity), expiry, _permit: permit })
}

/// A connection after its handshake.
struct AgentConnection {
    stream: TlsStream<TcpStream>,
    identity: PeerIdentity,
    expiry: Option<Pin<Box<Sleep>>>,
    _permit: OwnedSemaphorePermit,
}

impl Connected for AgentConnection {
    type ConnectInfo = PeerIdentity;

    fn connect_info(&self) -> PeerIdentity {
        self.identity.clone()
    }
}

impl AsyncRead for AgentConnection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.expiry.as_mut().is_some_and(|expiry| expiry.as_mut().poll(cx).is_ready()) {
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl AsyncWrite for AgentConnection {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
