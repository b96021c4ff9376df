//! Who is at the other end.

use std::sync::Arc;

use tonic::{Request, Status};
use vedetta_auth::{NodeIdentity, PeerIdentity};

/// The node whose certificate the connection has.
pub fn node_of<T>(request: &Request<T>) -> Result<Arc<NodeIdentity>, Status> {
    request
        .extensions()
        .get::<PeerIdentity>()
        .and_then(|peer| peer.0.clone())
        .ok_or_else(|| Status::unauthenticated("this needs a node's certificate; enroll first"))
}
