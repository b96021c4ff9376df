//! From an enrollment token to a certificate.

use std::sync::{Arc, Mutex, PoisonError};

use tonic::{Request, Response, Status};
use vedetta_api::{
    TenantClient,
    agent::v1::{EnrollRequest, EnrollResponse, enrollment_server::Enrollment},
    tenant::v1::EnrollNodeRequest,
};
use vedetta_auth::{EnrollmentSecret, Keys};
use vedetta_model::Clock;

use super::{check_text, outcome, passed_on, signed};
use crate::{
    buckets::{Bucket, Rate},
    metrics::{Metrics, Outcome},
};

/// Longer bursts than this many seconds of the rate are no rollout but a mistake.
const BURST_SECONDS: u32 = 10;
const MAX_CSR_BYTES: usize = 8 * 1024;

/// Asks the tenant service, which decides and signs.
#[derive(Debug)]
pub struct EnrollmentService {
    tenant: TenantClient,
    keys: Arc<Keys>,
    clock: Arc<dyn Clock>,
    metrics: Metrics,
    rate: Rate,
    tries: Mutex<Bucket>,
}

impl EnrollmentService {
    /// Lets through `per_second` tries.
    pub fn new(
        tenant: TenantClient,
        keys: Arc<Keys>,
        clock: Arc<dyn Clock>,
        metrics: Metrics,
        per_second: u32,
    ) -> Self {
        let rate = Rate::new(u64::from(per_second), BURST_SECONDS);
        let tries = Mutex::new(Bucket::full(rate, clock.now()));
        Self { tenant, keys, clock, metrics, rate, tries }
    }

    async fn decide(&self, request: EnrollRequest) -> Result<EnrollResponse, Status> {
        let EnrollRequest { token, csr, hostname, machine_id, agent_version } = request;
        let secret = EnrollmentSecret::parse(&token).map_err(|e| Status::invalid_argument(e.to_string()))?;
        if csr.is_empty() || csr.len() > MAX_CSR_BYTES {
            return Err(Status::invalid_argument(format!("csr must have 1 to {MAX_CSR_BYTES} bytes")));
        }
        check_text("hostname", &hostname, 253)?;
        check_text("machine_id", &machine_id, 64)?;
        check_text("agent_version", &agent_version, 64)?;
        let allowed = {
            let mut tries = self.tries.lock().unwrap_or_else(PoisonError::into_inner);
            tries.take(1.0, self.rate, self.clock.now())
        };
        allowed.map_err(|wait| {
            Status::resource_exhausted(format!(
                "too many nodes enroll at once; try again in {} ms",
                wait.as_millis()
            ))
        })?;

        let message = EnrollNodeRequest {
            secret: secret.expose().to_owned(),
            csr,
            hostname,
            machine_id,
            agent_version,
        };
        // No tenant: the token names it.
        let request = signed(message, &self.keys, None, &*self.clock)?;
        let enrolled = self.tenant.clone().enroll_node(request).await.map_err(|status| passed_on(&status))?;
        let enrolled = enrolled.into_inner();
        tracing::info!(tenant = enrolled.tenant, node = enrolled.node, "a node enrolled");
        Ok(EnrollResponse {
            tenant: enrolled.tenant,
            node: enrolled.node,
            certificates: enrolled.certificates,
            authorities: enrolled.authorities,
        })
    }
}

#[tonic::async_trait]
impl Enrollment for EnrollmentService {
    async fn enroll(&self, request: Request<EnrollRequest>) -> Result<Response<EnrollResponse>, Status> {
        let result = self.decide(request.into_inner()).await;
        self.metrics.enrollments.get_or_create(&Outcome { result: outcome(&result) }).inc();
        if let Err(status) = &result {
            tracing::info!(code = ?status.code(), reason = status.message(), "an enrollment was refused");
        }
        result.map(Response::new)
    }
}
