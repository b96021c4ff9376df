//! Deciding about records that were put aside.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use vedetta_api::{Code, tenant::v1};
use vedetta_log::Position;

use super::{Decision, ask, shown};
use crate::{
    graphql::{
        errors::{Answer, UserError},
        ids::Kind,
        model::DeadLetter,
        scope::Scope,
    },
    readers::dead_letters::DeadLetterView,
};

/// Most letters of one mutation: each is a decision of its own.
const MOST: usize = 50;

/// Decisions about records that were put aside.
#[derive(Debug, Clone, Copy, Default)]
pub struct DeadLetterMutation;

/// Up to 50 of them.
#[derive(Debug, InputObject)]
pub struct ResubmitDeadLettersInput {
    dead_letter_ids: Vec<ID>,
}

/// Up to 50 of them.
#[derive(Debug, InputObject)]
pub struct DismissDeadLettersInput {
    dead_letter_ids: Vec<ID>,
    reason: Option<String>,
}

/// The letters afterwards. One that was refused does not keep the others from being decided: its reason names its place
/// in the input.
#[derive(Debug, Default, SimpleObject)]
pub struct DeadLettersPayload {
    dead_letters: Vec<DeadLetter>,
    user_errors: Vec<UserError>,
}

#[Object]
impl DeadLetterMutation {
    /// Sends records again to where they came from, so that whatever failed tries again. A record is sent once: asking
    /// again changes nothing, and one that fails again comes back as another letter.
    #[graphql(complexity = "input.dead_letter_ids.len().min(MOST) * child_complexity + 1")]
    async fn resubmit_dead_letters(
        &self,
        context: &Context<'_>,
        input: ResubmitDeadLettersInput,
    ) -> Answer<DeadLettersPayload> {
        let scope = Scope::from_context(context)?;
        each(&scope, &input.dead_letter_ids, &Wish::Resubmit).await
    }

    /// Says that records were seen and need nothing more.
    #[graphql(complexity = "input.dead_letter_ids.len().min(MOST) * child_complexity + 1")]
    async fn dismiss_dead_letters(
        &self,
        context: &Context<'_>,
        input: DismissDeadLettersInput,
    ) -> Answer<DeadLettersPayload> {
        let scope = Scope::from_context(context)?;
        let wish = Wish::Dismiss(input.reason.unwrap_or_default());
        each(&scope, &input.dead_letter_ids, &wish).await
    }
}

/// What is to be decided about each letter.
enum Wish {
    Resubmit,
    /// With the reason.
    Dismiss(String),
}

impl Wish {
    async fn ask(&self, scope: &Scope, view: DeadLetterView) -> Answer<Decision<v1::Decided>> {
        let (record, letter) = (view.row.place(), view.row.letter);
        match self {
            Self::Resubmit => {
                let request = v1::ResubmitDeadLetterRequest { record, letter };
                ask(scope, request, |mut client, it| async move { client.resubmit_dead_letter(it).await })
                    .await
            }
            Self::Dismiss(reason) => {
                let request = v1::DismissDeadLetterRequest { record, letter, reason: reason.clone() };
                ask(scope, request, |mut client, it| async move { client.dismiss_dead_letter(it).await })
                    .await
            }
        }
    }
}

/// Decides about one letter after the other, then waits until the views show all of it.
async fn each(scope: &Scope, ids: &[ID], wish: &Wish) -> Answer<DeadLettersPayload> {
    let mut payload = DeadLettersPayload::default();
    if ids.len() > MOST {
        let message = format!("{} dead letters at once: at most {MOST}", ids.len());
        payload.user_errors.push(UserError::new(Code::Invalid, message, &["deadLetterIds"]));
        return Ok(payload);
    }
    let mut done = Vec::with_capacity(ids.len());
    for (at, id) in ids.iter().enumerate() {
        let field = ["deadLetterIds".to_owned(), at.to_string()];
        let place = scope.key::<Position>(Kind::DeadLetter, id);
        let view = match &place {
            Some(place) => scope.views().dead_letter(place).await?,
            None => None,
        };
        let (Some(place), Some(view)) = (place, view) else {
            let missing = UserError::not_found("dead letter", "deadLetterIds");
            payload.user_errors.push(UserError { field: field.into(), ..missing });
            continue;
        };
        match wish.ask(scope, view).await? {
            Ok(decided) => done.push((place, decided)),
            Err(errors) => payload
                .user_errors
                .extend(errors.into_iter().map(|error| UserError { field: field.clone().into(), ..error })),
        }
    }
    for (place, decided) in done {
        payload.user_errors.extend(shown(scope, Some(&decided)).await?);
        let view = scope.views().dead_letter(&place).await?;
        payload.dead_letters.extend(view.map(|view| DeadLetter::of(scope, view)));
    }
    Ok(payload)
}
