//! Tokens in gRPC metadata: `authorization: Bearer …`.

use tonic::{Request, Status, metadata::MetadataMap};
use vedetta_model::Timestamp;

use crate::{AuthError, Keys, TenantCtx, Verified, http::bearer};

const HEADER: &str = "authorization";

/// Whom a request speaks for; `Unauthenticated` without a token that holds at `now`.
pub fn authenticate(keys: &Keys, metadata: &MetadataMap, now: Timestamp) -> Result<Verified, Status> {
    let header = metadata.get(HEADER).and_then(|value| value.to_str().ok());
    let token = header.and_then(bearer).ok_or(AuthError::Missing).map_err(refused)?;
    keys.verify_any(token, now).map_err(refused)
}

/// The same for what is only done in a tenant.
pub fn tenant_ctx(keys: &Keys, metadata: &MetadataMap, now: Timestamp) -> Result<TenantCtx, Status> {
    match authenticate(keys, metadata, now)? {
        Verified::Tenant(ctx) => Ok(ctx),
        Verified::Service(_) => Err(refused(AuthError::Invalid)),
    }
}

/// A request that carries a token.
pub fn with_token<T>(message: T, token: &str) -> Request<T> {
    let mut request = Request::new(message);
    // A token is base64 and dots; one that is not is no token, and is refused where it does not arrive.
    if let Ok(value) = format!("Bearer {token}").parse() {
        request.metadata_mut().insert(HEADER, value);
    }
    request
}

fn refused(error: AuthError) -> Status {
    Status::unauthenticated(error.to_string())
}

#[cfg(test)]
mod tests {
    use tonic::Code;

    use super::*;

    #[test]
    fn a_request_without_a_good_token_is_unauthenticated() {
        let dir = tempfile::tempdir().unwrap();
        let now = Timestamp::from_millis(1_800_000_000_000);
        let keys = Keys::open_or_create(dir.path(), &mut rand::rng()).unwrap();
        let tenant = "default".parse().unwrap();

        let request = with_token((), &keys.service_token("query", Some(&tenant), now));
        let ctx = tenant_ctx(&keys, request.metadata(), now).unwrap();
        assert!(ctx.is_service() && *ctx.tenant() == tenant);

        for token in ["", "x.y.z", "line\nbreak", &keys.service_token("query", None, now)] {
            let status = tenant_ctx(&keys, with_token((), token).metadata(), now).unwrap_err();
            assert_eq!(status.code(), Code::Unauthenticated, "{token}");
        }
        let status = tenant_ctx(&keys, Request::new(()).metadata(), now).unwrap_err();
        assert_eq!((status.code(), status.message()), (Code::Unauthenticated, "not signed in"));
    }
}
