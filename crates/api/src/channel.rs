//! Clients that hide distance: the same generated client calls a service in this process or far away.

use std::{
    convert::Infallible,
    fmt,
    task::{Context, Poll},
};

use tonic::{body::Body, codegen::BoxFuture};
use tower::{BoxError, Service, ServiceExt, util::BoxCloneSyncService};

use crate::tenant::v1::tenant_service_client::TenantServiceClient;

/// Calls the tenant service, wherever it runs.
pub type TenantClient = TenantServiceClient<Channel>;

/// A way to a gRPC server: a socket, or the server itself.
#[derive(Clone)]
pub struct Channel(BoxCloneSyncService<http::Request<Body>, http::Response<Body>, BoxError>);

impl fmt::Debug for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Channel")
    }
}

impl Channel {
    /// Calls a server in this process: interceptors and status codes work as over a socket.
    pub fn local<S, B>(server: S) -> Self
    where
        S: Service<http::Request<Body>, Response = http::Response<B>, Error = Infallible>
            + Clone
            + Send
            + Sync
            + 'static,
        S::Future: Send + 'static,
        B: http_body::Body<Data = bytes::Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        Self(BoxCloneSyncService::new(
            server
                .map_response(|response: http::Response<B>| response.map(Body::new))
                .map_err(|never| match never {}),
        ))
    }

    /// Calls a server over a socket, which is opened at the first call and again when it breaks.
    pub fn remote(channel: tonic::transport::Channel) -> Self {
        Self(BoxCloneSyncService::new(channel.map_err(Into::into)))
    }
}

impl Service<http::Request<Body>> for Channel {
    type Response = http::Response<Body>;
    type Error = BoxError;
    type Future = BoxFuture<Self::Response, Self::Error>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.0.poll_ready(cx)
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        self.0.call(request)
    }
}
