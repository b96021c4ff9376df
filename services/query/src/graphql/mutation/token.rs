//! The right to enroll nodes.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use vedetta_api::{Code, tenant::v1};
use vedetta_model::TokenId;

use super::{ask, own, shown};
use crate::graphql::{
    errors::{Answer, UserError},
    ids::Kind,
    model::EnrollmentToken,
    scope::Scope,
};

/// Decisions about enrollment tokens.
#[derive(Debug, Clone, Copy, Default)]
pub struct TokenMutation;

/// See `createEnrollmentToken`.
#[derive(Debug, InputObject)]
pub struct CreateEnrollmentTokenInput {
    tenant: String,
    label: String,
    valid_seconds: i32,
    max_uses: i32,
}

/// See `revokeEnrollmentToken`.
#[derive(Debug, InputObject)]
pub struct RevokeEnrollmentTokenInput {
    token_id: ID,
    reason: Option<String>,
}

/// The token afterwards, and its secret.
#[derive(Debug, Default, SimpleObject)]
pub struct CreateEnrollmentTokenPayload {
    token: Option<EnrollmentToken>,
    /// Shown this once.
    secret: Option<String>,
    /// What to run on the new node.
    command: Option<String>,
    user_errors: Vec<UserError>,
}

/// The token afterwards.
#[derive(Debug, Default, SimpleObject)]
pub struct EnrollmentTokenPayload {
    token: Option<EnrollmentToken>,
    user_errors: Vec<UserError>,
}

#[Object]
impl TokenMutation {
    async fn create_enrollment_token(
        &self,
        context: &Context<'_>,
        input: CreateEnrollmentTokenInput,
    ) -> Answer<CreateEnrollmentTokenPayload> {
        let refusal = |user_errors| CreateEnrollmentTokenPayload {
            user_errors,
            ..CreateEnrollmentTokenPayload::default()
        };
        let scope = match own(context, &input.tenant)? {
            Ok(scope) => scope,
            Err(errors) => return Ok(refusal(errors)),
        };
        let positive = |field: &str| vec![UserError::new(Code::Invalid, "must be at least 1", &[field])];
        let Some(valid_seconds) = u64::try_from(input.valid_seconds).ok().filter(|n| *n > 0) else {
            return Ok(refusal(positive("validSeconds")));
        };
        let Some(max_uses) = u32::try_from(input.max_uses).ok().filter(|n| *n > 0) else {
            return Ok(refusal(positive("maxUses")));
        };
        let request = v1::CreateEnrollmentTokenRequest { label: input.label, valid_seconds, max_uses };
        let answer = match ask(&scope, request, |mut client, request| async move {
            client.create_enrollment_token(request).await
        })
        .await?
        {
            Ok(answer) => answer,
            Err(errors) => return Ok(refusal(errors)),
        };
        let user_errors = shown(&scope, answer.decided.as_ref()).await?;
        let token = match answer.token.parse::<TokenId>() {
            Ok(id) => scope.views().token(&id).await?.map(|token| EnrollmentToken::of(&scope, token)),
            Err(_) => None,
        };
        let command = scope.state().enroll_command(&answer.secret);
        Ok(CreateEnrollmentTokenPayload {
            token,
            secret: Some(answer.secret),
            command: Some(command),
            user_errors,
        })
    }

    async fn revoke_enrollment_token(
        &self,
        context: &Context<'_>,
        input: RevokeEnrollmentTokenInput,
    ) -> Answer<EnrollmentTokenPayload> {
        let refusal = |user_errors| EnrollmentTokenPayload { token: None, user_errors };
        let scope = Scope::from_context(context)?;
        let Some(id) = scope.key::<TokenId>(Kind::EnrollmentToken, &input.token_id) else {
            return Ok(refusal(vec![UserError::not_found("enrollment token", "tokenId")]));
        };
        let request = v1::RevokeEnrollmentTokenRequest {
            token: id.to_string(),
            reason: input.reason.unwrap_or_default(),
        };
        match ask(&scope, request, |mut client, request| async move {
            client.revoke_enrollment_token(request).await
        })
        .await?
        {
            Err(errors) => Ok(refusal(errors)),
            Ok(decided) => {
                let user_errors = shown(&scope, Some(&decided)).await?;
                let token = scope.views().token(&id).await?.map(|token| EnrollmentToken::of(&scope, token));
                Ok(EnrollmentTokenPayload { token, user_errors })
            }
        }
    }
}
