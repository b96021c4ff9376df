//! Work on cases.

use vedetta_api::{Code, Error};
use vedetta_auth::TenantCtx;
use vedetta_model::{
    CaseId,
    control::{Case, CaseState, Disposition, Permission},
};

use super::{
    Commands, Decided,
    commands::{person, require},
};
use crate::domain::{self, Refusal};

impl Commands {
    /// Gives a case to the caller, or to nobody.
    pub async fn assign_case(&self, ctx: &TenantCtx, case: &str, to_me: bool) -> Result<Decided, Error> {
        let case = self.case(ctx, case).await?;
        let assignee = if to_me { Some(person(ctx)?) } else { None };
        let decide = |state: &Case, _| Ok::<_, Refusal>(domain::case::assign(state, assignee.clone()));
        self.streams.decide(ctx.tenant(), case, &ctx.actor(), decide).await
    }

    /// Says where the work on a case stands.
    pub async fn set_case_state(
        &self,
        ctx: &TenantCtx,
        case: &str,
        state: CaseState,
        disposition: Option<Disposition>,
    ) -> Result<Decided, Error> {
        let case = self.case(ctx, case).await?;
        let decide = |present: &Case, _| domain::case::set_state(present, state, disposition);
        self.streams.decide(ctx.tenant(), case, &ctx.actor(), decide).await
    }

    /// Adds a comment to a case.
    pub async fn comment_case(&self, ctx: &TenantCtx, case: &str, text: &str) -> Result<Decided, Error> {
        let case = self.case(ctx, case).await?;
        let decide = |_: &Case, _| domain::case::comment(text);
        self.streams.decide(ctx.tenant(), case, &ctx.actor(), decide).await
    }

    /// A case that the caller's tenant has, and that the caller may work on.
    async fn case(&self, ctx: &TenantCtx, text: &str) -> Result<CaseId, Error> {
        let id = text.parse().map_err(|_| Error::new(Code::NotFound, "no such case"))?;
        self.cases.require(ctx.tenant(), id).await?;
        require(ctx, Permission::Triage)?;
        Ok(id)
    }
}
