//! The caller's own password.

use async_graphql::{Context, InputObject, Object, SimpleObject};
use vedetta_api::{Code, tenant::v1};

use super::{ask, shown};
use crate::{
    cookies,
    graphql::{
        errors::{Answer, Failure, UserError, error},
        model::viewer::Viewer,
        scope::Scope,
    },
    session,
};

/// Decisions about oneself.
#[derive(Debug, Clone, Copy, Default)]
pub struct PasswordMutation;

/// See `changePassword`.
#[derive(InputObject)]
pub struct ChangePasswordInput {
    current: String,
    new: String,
}

/// The person afterwards.
#[derive(Debug, Default, SimpleObject)]
pub struct ViewerPayload {
    viewer: Option<Viewer>,
    user_errors: Vec<UserError>,
}

#[Object]
impl PasswordMutation {
    /// Ends every session begun before; the answer carries the cookie of a new one.
    async fn change_password(
        &self,
        context: &Context<'_>,
        input: ChangePasswordInput,
    ) -> Answer<ViewerPayload> {
        let scope = Scope::from_context(context)?;
        let request = v1::ChangePasswordRequest { current: input.current, new: input.new };
        let answer =
            match ask(
                &scope,
                request,
                |mut client, request| async move { client.change_password(request).await },
            )
            .await?
            {
                Ok(answer) => answer,
                Err(user_errors) => return Ok(ViewerPayload { viewer: None, user_errors }),
            };
        let user_errors = shown(&scope, answer.decided.as_ref()).await?;
        let state = scope.state();
        state.sessions.forget(scope.session());
        let viewer = session::viewer(&answer).map_err(|what| {
            tracing::error!(what, "the tenant service's answer was not understood");
            Failure(error(Code::Internal, "the password is changed; sign in again"))
        })?;
        let token = state.session_token(scope.tenant(), &viewer);
        let secure = context.data_opt::<cookies::Secure>().copied().unwrap_or_default();
        context.insert_http_header("set-cookie", cookies::session(&token, secure));
        Ok(ViewerPayload { viewer: Some(Viewer::as_told(scope, viewer)), user_errors })
    }
}
