//! The way to the server.

use std::{error::Error, fmt, sync::Arc};

use async_trait::async_trait;
use tokio::sync::watch;
use tonic::transport::Endpoint;
use vedetta_api::Channel;
use vedetta_model::Clock;

use crate::identity::Identity;

/// Opens ways to the server.
#[async_trait]
pub trait Dial: fmt::Debug + Send + Sync {
    /// Opens a new one. It may connect only at its first use.
    async fn dial(&self) -> Result<Channel, DialError>;
}

/// There is no way.
#[derive(Debug, thiserror::Error)]
pub enum DialError {
    /// The address cannot be used.
    #[error("cannot use the address {server}: {reason}")]
    Address {
        /// The address.
        server: String,
        /// What is wrong.
        reason: String,
    },
    /// This node's own identity does not serve.
    #[error("{0}")]
    Identity(String),
}

/// With the certificate that this node has at the moment.
#[derive(Debug, Clone)]
pub struct Tls {
    /// The present identity; a renewed one is used from the next dial on.
    pub identity: watch::Receiver<Arc<Identity>>,
    /// Tells whether it has expired.
    pub clock: Arc<dyn Clock>,
}

#[async_trait]
impl Dial for Tls {
    async fn dial(&self) -> Result<Channel, DialError> {
        let identity = Arc::clone(&self.identity.borrow());
        if identity.has_expired(self.clock.now()) {
            return Err(DialError::Identity(format!(
                "this node's certificate expired at {}; create an enrollment token and run `vedetta-agent enroll` with it, the node keeps its id",
                identity.expires()
            )));
        }
        identity.channel().map_err(|error| DialError::Identity(error.to_string()))
    }
}

/// Without encryption, for tests.
#[derive(Debug, Clone)]
pub struct Plain {
    /// `http://HOST:PORT`.
    pub server: String,
}

#[async_trait]
impl Dial for Plain {
    async fn dial(&self) -> Result<Channel, DialError> {
        let failed = |error: tonic::transport::Error| DialError::Address {
            server: self.server.clone(),
            reason: causes(&error),
        };
        let endpoint = Endpoint::from_shared(self.server.clone()).map_err(failed)?;
        Ok(Channel::remote(endpoint.connect_lazy()))
    }
}

/// An error with its causes: transport errors hide theirs.
pub(crate) fn causes(error: &dyn Error) -> String {
    let mut words = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let more = cause.to_string();
        if !words.contains(&more) {
            words = format!("{words}: {more}");
        }
        source = cause.source();
    }
    words
}

/// What a failed call means, in words: the server's own if it was the server who said no.
pub(crate) fn status_words(status: &tonic::Status) -> String {
    match (status.source(), status.message()) {
        (Some(source), _) => format!("cannot reach the server: {}", causes(source)),
        (None, "") => format!("the server answered `{}`", status.code()),
        (None, words) => format!("the server answered: {words}"),
    }
}
