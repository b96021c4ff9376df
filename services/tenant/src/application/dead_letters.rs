//! Records that were put aside: sent again, or seen and left.

use vedetta_api::{Code, Error};
use vedetta_auth::TenantCtx;
use vedetta_log::Position;
use vedetta_model::control::{DeadLetter, Permission};
use vedetta_runtime::Letter;

use super::{Commands, Decided, commands::require};
use crate::domain;

impl Commands {
    /// Decides that a record goes once more to where it came from. Ingest does it when it reads the decision.
    pub async fn resubmit_dead_letter(
        &self,
        ctx: &TenantCtx,
        record: &str,
        letter: &str,
    ) -> Result<Decided, Error> {
        let letter = self.dead_letter(ctx, record, letter).await?;
        let decide = |state: &DeadLetter, _| {
            domain::dead_letter::resubmit(state, &letter.place.to_string(), letter.obstacle())
        };
        self.streams.decide(ctx.tenant(), &letter.reason.from, &ctx.actor(), decide).await
    }

    /// Decides that a record needs nobody's attention any more.
    pub async fn dismiss_dead_letter(
        &self,
        ctx: &TenantCtx,
        record: &str,
        letter: &str,
        reason: &str,
    ) -> Result<Decided, Error> {
        let letter = self.dead_letter(ctx, record, letter).await?;
        let decide = |state: &DeadLetter, _| domain::dead_letter::dismiss(state, reason);
        self.streams.decide(ctx.tenant(), &letter.reason.from, &ctx.actor(), decide).await
    }

    /// A letter that the caller's tenant has, and that the caller may decide about. The log itself is
    /// asked: it knows whose the record was when it came in.
    async fn dead_letter(&self, ctx: &TenantCtx, record: &str, letter: &str) -> Result<Letter, Error> {
        let missing = || Error::new(Code::NotFound, "no such dead letter");
        let record: Position = record.parse().map_err(|_| missing())?;
        let place: Position = letter.parse().map_err(|_| missing())?;
        let found = self.dead_letters.at(&place).await.map_err(|error| {
            tracing::error!(%error, %place, "a dead letter was not read");
            Error::new(Code::Unavailable, "the log does not answer; try again later")
        })?;
        let found = found
            .filter(|letter| letter.tenant == *ctx.tenant() && letter.reason.from == record)
            .ok_or_else(missing)?;
        require(ctx, Permission::Administer)?;
        Ok(found)
    }
}
