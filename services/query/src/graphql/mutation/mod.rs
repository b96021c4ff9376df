//! What people decide. Each mutation hands the decision to the tenant service with the caller's own
//! session, waits until the views show it, and reads it back.

mod case;
mod dead_letter;
mod node;
mod password;
mod rule;
mod token;

use async_graphql::MergedObject;
use vedetta_api::{Code, TenantClient, tenant::v1};

use super::{
    errors::{Answer, Failure, UserError, error},
    model::rule_set::tenant_client,
    scope::Scope,
};
use crate::{projections::NotYet, session::with_bearer};

/// Deciding.
#[derive(Debug, Default, MergedObject)]
pub struct Mutation(
    rule::RuleMutation,
    case::CaseMutation,
    token::TokenMutation,
    node::NodeMutation,
    password::PasswordMutation,
    dead_letter::DeadLetterMutation,
);

/// What a mutation came to: done, or refused with reasons.
pub(super) type Decision<T> = Result<T, Vec<UserError>>;

/// Asks the tenant service, as the caller.
pub(super) async fn ask<M, R, F>(
    scope: &Scope,
    message: M,
    call: impl FnOnce(TenantClient, tonic::Request<M>) -> F,
) -> Answer<Decision<R>>
where
    F: Future<Output = Result<tonic::Response<R>, tonic::Status>>,
{
    let request = with_bearer(message, scope.session().token())?;
    match call(tenant_client(scope)?, request).await {
        Ok(answer) => Ok(Ok(answer.into_inner())),
        Err(status) => refused(scope, status.into()).map(Err),
    }
}

/// A refusal of the tenant service: what the caller can do something about goes into the payload.
fn refused(scope: &Scope, failure: vedetta_api::Error) -> Answer<Vec<UserError>> {
    match failure.code {
        Code::Unauthenticated => {
            scope.state().sessions.forget(scope.session());
            Err(failure.into())
        }
        Code::Internal => {
            tracing::error!(error = %failure, tenant = %scope.tenant(), "the tenant service failed");
            Err(Failure(error(Code::Internal, "this failed on our side; the log of the server says why")))
        }
        code => Ok(vec![UserError::new(code, failure.message, &[])]),
    }
}

/// Waits until the views show a decision. A reason when they don't in time: it is made all the same.
pub(super) async fn shown(scope: &Scope, decided: Option<&v1::Decided>) -> Answer<Vec<UserError>> {
    let Some(decided) = decided else { return Ok(Vec::new()) };
    let state = scope.state();
    let key = crate::projections::control::key_of(scope.tenant(), &decided.aggregate, &decided.stream);
    let version = decided.version;
    let applied = state.progress.wait_until(state.config.read_your_writes(), || async {
        let row = state.store.get(&key).await?;
        let at = row.and_then(|row| serde_json::from_slice::<AtVersion>(&row).ok());
        Ok(at.is_some_and(|at| at.version >= version))
    });
    match applied.await {
        Ok(()) => Ok(Vec::new()),
        Err(NotYet::Late) => {
            state.metrics.stale_reads.inc();
            Ok(vec![UserError::new(Code::Unavailable, NotYet::Late.to_string(), &[])])
        }
        Err(NotYet::Store(failure)) => Err(crate::readers::ReadError::from(failure).into()),
    }
}

/// A stream's row without its state, which may be large.
#[derive(serde::Deserialize)]
struct AtVersion {
    version: u64,
}

/// The caller's scope when `tenant` is theirs.
pub(super) fn own(context: &async_graphql::Context<'_>, tenant: &str) -> Answer<Decision<Scope>> {
    let scope = Scope::from_context(context)?;
    Ok(if scope.tenant().as_str() == tenant {
        Ok(scope)
    } else {
        Err(vec![UserError::not_found("tenant", "tenant")])
    })
}
