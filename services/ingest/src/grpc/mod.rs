//! What agents call: enrollment with a token, everything else with a certificate.

mod agent;
mod enrollment;
mod peer;

pub use agent::AgentService;
pub use enrollment::EnrollmentService;

use tonic::{Request, Status};
use vedetta_auth::Keys;
use vedetta_model::{Clock, TenantId};

/// A request to another role, in this one's name.
fn signed<T>(
    message: T,
    keys: &Keys,
    tenant: Option<&TenantId>,
    clock: &dyn Clock,
) -> Result<Request<T>, Status> {
    let token = keys.service_token("ingest", tenant, clock.now());
    let value =
        format!("Bearer {token}").parse().map_err(|_| Status::internal("the service token is no header"))?;
    let mut request = Request::new(message);
    request.metadata_mut().insert("authorization", value);
    Ok(request)
}

/// Another role's refusal in its own words, without its metadata. A fault of ours is not told.
fn passed_on(status: &Status) -> Status {
    match status.code() {
        tonic::Code::Internal | tonic::Code::Unknown => {
            tracing::error!(error = status.message(), "the tenant service failed");
            Status::internal("the server failed; its log says why")
        }
        code => Status::new(code, status.message()),
    }
}

/// The result's name as a metric label.
fn outcome<T>(result: &Result<T, Status>) -> &'static str {
    match result {
        Ok(_) => "ok",
        Err(status) => match status.code() {
            tonic::Code::InvalidArgument => "invalid_argument",
            tonic::Code::Unauthenticated => "unauthenticated",
            tonic::Code::PermissionDenied => "permission_denied",
            tonic::Code::ResourceExhausted => "resource_exhausted",
            tonic::Code::Unavailable => "unavailable",
            _ => "other",
        },
    }
}

/// Longest texts that an agent may say of itself.
fn check_text(name: &str, value: &str, most: usize) -> Result<(), Status> {
    if value.len() <= most && !value.chars().any(char::is_control) {
        Ok(())
    } else {
        Err(Status::invalid_argument(format!("{name} must be at most {most} bytes of printable text")))
    }
}
