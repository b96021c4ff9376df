//! The tenant service as ingest sees it: two methods.

use std::{
    convert::Infallible,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tonic::{Request, Response, Status, body::Body, codegen::http, server::Grpc};
use tonic_prost::ProstCodec;
use tower::{Service, service_fn};
use vedetta_api::tenant::v1::{EnrollNodeRequest, EnrollNodeResponse, RenewNodeRequest, RenewNodeResponse};
use vedetta_auth::{Authority, EnrollmentSecret, Keys, Verified};
use vedetta_model::{Clock, ManualClock, control::TokenRefusal};

use super::{node, tenant};

/// Enrolls with [`FakeTenant::good`] and refuses everything else for a reason of its own.
#[derive(Clone)]
pub struct FakeTenant {
    authority: Arc<Authority>,
    keys: Arc<Keys>,
    clock: Arc<ManualClock>,
    asked: Arc<AtomicUsize>,
}

fn secret(seed: u64) -> EnrollmentSecret {
    use rand::SeedableRng;
    EnrollmentSecret::generate(&mut rand::rngs::StdRng::seed_from_u64(seed))
}

impl FakeTenant {
    pub fn new(authority: Arc<Authority>, keys: Arc<Keys>, clock: Arc<ManualClock>) -> Self {
        Self { authority, keys, clock, asked: Arc::default() }
    }

    pub fn good() -> EnrollmentSecret {
        secret(1)
    }

    pub fn refused() -> [(EnrollmentSecret, TokenRefusal); 4] {
        use TokenRefusal::{Expired, Revoked, Unknown, UsedUp};
        [(secret(2), Expired), (secret(3), UsedUp), (secret(4), Revoked), (secret(5), Unknown)]
    }

    /// How often it was called.
    pub fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }

    fn check_caller<T>(&self, request: &Request<T>) -> Result<(), Status> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let token =
            request.metadata().get("authorization").and_then(|v| v.to_str().ok()?.strip_prefix("Bearer "));
        match self.keys.verify_any(token.unwrap_or_default(), self.clock.now()) {
            Ok(Verified::Service(service)) if service.service() == "ingest" => Ok(()),
            other => Err(Status::unauthenticated(format!("not a service: {other:?}"))),
        }
    }

    fn enroll(&self, request: Request<EnrollNodeRequest>) -> Result<Response<EnrollNodeResponse>, Status> {
        self.check_caller(&request)?;
        let request = request.into_inner();
        if request.secret != Self::good().expose() {
            let refused = Self::refused();
            let reason = refused.iter().find(|(secret, _)| secret.expose() == request.secret);
            let reason = reason.map_or(TokenRefusal::Unknown, |(_, reason)| *reason);
            return Err(Status::unauthenticated(reason.to_string()));
        }
        Ok(Response::new(EnrollNodeResponse {
            tenant: tenant().to_string(),
            node: node().to_string(),
            certificates: self.issue(&request.csr)?,
            authorities: vec![self.authority.certificate_der().to_vec()],
            decided: None,
        }))
    }

    fn renew(&self, request: Request<RenewNodeRequest>) -> Result<Response<RenewNodeResponse>, Status> {
        self.check_caller(&request)?;
        let request = request.into_inner();
        if (request.tenant, request.node) != (tenant().to_string(), node().to_string()) {
            return Err(Status::not_found("no such node"));
        }
        let authorities = vec![self.authority.certificate_der().to_vec()];
        Ok(Response::new(RenewNodeResponse { certificates: self.issue(&request.csr)?, authorities }))
    }

    fn issue(&self, csr: &[u8]) -> Result<Vec<Vec<u8>>, Status> {
        let issued =
            self.authority.issue_node(&tenant(), &node(), csr, self.clock.now(), Duration::from_secs(3600));
        issued.map(|i| i.chain_der).map_err(|e| Status::invalid_argument(e.to_string()))
    }

    /// The service for a local channel.
    pub fn service(
        &self,
    ) -> impl Service<
        http::Request<Body>,
        Response = http::Response<Body>,
        Error = Infallible,
        Future: Send + 'static,
    > + Clone
    + Send
    + Sync
    + 'static {
        let this = self.clone();
        service_fn(move |request: http::Request<Body>| {
            let this = this.clone();
            async move {
                Ok(match request.uri().path() {
                    "/vedetta.tenant.v1.TenantService/EnrollNode" => {
                        let enroll = service_fn(move |request| std::future::ready(this.enroll(request)));
                        Grpc::new(ProstCodec::default()).unary(enroll, request).await
                    }
                    "/vedetta.tenant.v1.TenantService/RenewNode" => {
                        let renew = service_fn(move |request| std::future::ready(this.renew(request)));
                        Grpc::new(ProstCodec::default()).unary(renew, request).await
                    }
                    other => Status::unimplemented(other).into_http(),
                })
            }
        })
    }
}
