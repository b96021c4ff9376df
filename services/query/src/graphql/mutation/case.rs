//! Working on cases.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use vedetta_api::tenant::v1;
use vedetta_model::{CaseId, control};

use super::{Decision, ask, shown};
use crate::graphql::{
    errors::{Answer, UserError},
    ids::Kind,
    model::Case,
    scalars::{CaseState, Disposition},
    scope::Scope,
};

/// Decisions about cases.
#[derive(Debug, Clone, Copy, Default)]
pub struct CaseMutation;

/// See `setCaseState`.
#[derive(Debug, InputObject)]
pub struct SetCaseStateInput {
    case_id: ID,
    state: CaseState,
    disposition: Option<Disposition>,
}

/// `toMe: false` takes the case from whoever has it.
#[derive(Debug, InputObject)]
pub struct AssignCaseInput {
    case_id: ID,
    to_me: bool,
}

/// See `commentCase`.
#[derive(Debug, InputObject)]
pub struct CommentCaseInput {
    case_id: ID,
    text: String,
}

/// The case afterwards.
#[derive(Debug, Default, SimpleObject)]
pub struct CasePayload {
    case: Option<Case>,
    user_errors: Vec<UserError>,
}

fn refusal(user_errors: Vec<UserError>) -> CasePayload {
    CasePayload { case: None, user_errors }
}

/// A case of the caller's tenant. The tenant service does not know which findings form a case, so
/// that it exists is made sure of here.
async fn case_of(scope: &Scope, id: &ID) -> Answer<Decision<CaseId>> {
    let missing = || Err(vec![UserError::not_found("case", "caseId")]);
    let Some(key) = scope.key::<CaseId>(Kind::Case, id) else { return Ok(missing()) };
    Ok(scope.views().case(&key).await?.map_or_else(missing, |_| Ok(key)))
}

async fn payload(scope: &Scope, id: &CaseId, decided: &v1::Decided) -> Answer<CasePayload> {
    let user_errors = shown(scope, Some(decided)).await?;
    let case = scope.views().case(id).await?.map(|case| Case::of(scope, case));
    Ok(CasePayload { case, user_errors })
}

/// The word of the tenant service's API.
fn word(value: &impl serde::Serialize) -> String {
    serde_json::to_value(value).ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}

#[Object]
impl CaseMutation {
    async fn set_case_state(&self, context: &Context<'_>, input: SetCaseStateInput) -> Answer<CasePayload> {
        let scope = Scope::from_context(context)?;
        let id = match case_of(&scope, &input.case_id).await? {
            Ok(id) => id,
            Err(errors) => return Ok(refusal(errors)),
        };
        let disposition: Option<control::Disposition> = input.disposition.map(Into::into);
        let request = v1::SetCaseStateRequest {
            case: id.to_string(),
            state: word(&control::CaseState::from(input.state)),
            disposition: disposition.as_ref().map(word).unwrap_or_default(),
        };
        match ask(&scope, request, |mut client, request| async move { client.set_case_state(request).await })
            .await?
        {
            Ok(decided) => payload(&scope, &id, &decided).await,
            Err(errors) => Ok(refusal(errors)),
        }
    }

    async fn assign_case(&self, context: &Context<'_>, input: AssignCaseInput) -> Answer<CasePayload> {
        let scope = Scope::from_context(context)?;
        let id = match case_of(&scope, &input.case_id).await? {
            Ok(id) => id,
            Err(errors) => return Ok(refusal(errors)),
        };
        let request = v1::AssignCaseRequest { case: id.to_string(), to_me: input.to_me };
        match ask(&scope, request, |mut client, request| async move { client.assign_case(request).await })
            .await?
        {
            Ok(decided) => payload(&scope, &id, &decided).await,
            Err(errors) => Ok(refusal(errors)),
        }
    }

    async fn comment_case(&self, context: &Context<'_>, input: CommentCaseInput) -> Answer<CasePayload> {
        let scope = Scope::from_context(context)?;
        let id = match case_of(&scope, &input.case_id).await? {
            Ok(id) => id,
            Err(errors) => return Ok(refusal(errors)),
        };
        let request = v1::CommentCaseRequest { case: id.to_string(), text: input.text };
        match ask(&scope, request, |mut client, request| async move { client.comment_case(request).await })
            .await?
        {
            Ok(decided) => payload(&scope, &id, &decided).await,
            Err(errors) => Ok(refusal(errors)),
        }
    }
}
