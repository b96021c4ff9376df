//! For nodes that hold a certificate.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status, Streaming};
use vedetta_api::{
    TenantClient,
    agent::v1::{AgentMessage, RenewRequest, RenewResponse, ServerMessage, agent_server::Agent},
    tenant::v1::RenewNodeRequest,
};
use vedetta_auth::{Keys, NodeIdentity};
use vedetta_model::NodeId;

use super::{check_text, outcome, passed_on, peer::node_of, signed};
use crate::{
    metrics::Outcome,
    stream::{self, Shared},
};

/// Answers that may wait for a slow agent.
const REPLIES: usize = 16;

/// Streams of blocks, and new certificates.
#[derive(Debug)]
pub struct AgentService {
    tenant: TenantClient,
    keys: Arc<Keys>,
    shared: Arc<Shared>,
    open: OpenStreams,
}

impl AgentService {
    /// Serves streams with what they share.
    pub fn new(tenant: TenantClient, keys: Arc<Keys>, shared: Arc<Shared>) -> Self {
        Self { tenant, keys, shared, open: OpenStreams::default() }
    }

    async fn renewed(&self, identity: &NodeIdentity, request: RenewRequest) -> Result<RenewResponse, Status> {
        let RenewRequest { csr, agent_version } = request;
        check_text("agent_version", &agent_version, 64)?;
        self.shared
            .admission
            .control
            .admits(identity)
            .map_err(|e| Status::permission_denied(e.to_string()))?;
        let (tenant, node) = (identity.tenant.to_string(), identity.node.to_string());
        let message = RenewNodeRequest { tenant, node, csr, agent_version };
        let request = signed(message, &self.keys, None, &*self.shared.clock)?;
        let renewed = self.tenant.clone().renew_node(request).await.map_err(|status| passed_on(&status))?;
        let renewed = renewed.into_inner();
        Ok(RenewResponse { certificates: renewed.certificates, authorities: renewed.authorities })
    }
}

#[tonic::async_trait]
impl Agent for AgentService {
    async fn renew(&self, request: Request<RenewRequest>) -> Result<Response<RenewResponse>, Status> {
        let identity = node_of(&request)?;
        let result = self.renewed(&identity, request.into_inner()).await;
        self.shared.metrics.renewals.get_or_create(&Outcome { result: outcome(&result) }).inc();
        if let Err(status) = &result {
            tracing::info!(%identity, code = ?status.code(), reason = status.message(), "a renewal was refused");
        }
        result.map(Response::new)
    }

    type StreamStream = ReceiverStream<Result<ServerMessage, Status>>;

    async fn stream(
        &self,
        request: Request<Streaming<AgentMessage>>,
    ) -> Result<Response<Self::StreamStream>, Status> {
        let identity = node_of(&request)?;
        let place = self.open.enter(identity.node, self.shared.config.streams_per_node)?;
        let (replies, outgoing) = mpsc::channel(REPLIES);
        let shared = self.shared.clone();
        // Ends with the stream: tonic waits for its answers before a drain is over.
        tokio::spawn(async move {
            stream::serve(shared, identity, request.into_inner(), replies).await;
            drop(place);
        });
        Ok(Response::new(ReceiverStream::new(outgoing)))
    }
}

/// How many streams each node has open.
#[derive(Debug, Clone, Default)]
struct OpenStreams(Arc<Mutex<HashMap<NodeId, usize>>>);

impl OpenStreams {
    fn enter(&self, node: NodeId, most: usize) -> Result<Place, Status> {
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = open.entry(node).or_default();
        if *count >= most {
            return Err(Status::resource_exhausted(format!(
                "this node has {count} streams open; close one first"
            )));
        }
        *count += 1;
        Ok(Place { open: self.clone(), node })
    }
}

/// One open stream.
struct Place {
    open: OpenStreams,
    node: NodeId,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.open.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = open.get_mut(&self.node) {
            *count -= 1;
            if *count == 0 {
                open.remove(&self.node);
            }
        }
    }
}
