//! What can be read from the streams themselves.

use vedetta_api::{Code, Error};
use vedetta_auth::TenantCtx;
use vedetta_model::{
    Timestamp,
    control::{Envelope, Permission, RuleSet, Tenant, User},
};
use vedetta_store::{StreamId, Version};

use super::{
    Aggregate, Commands,
    commands::{main, require},
};

/// Most events of a history in one answer.
const MOST: usize = 1000;

impl Commands {
    /// The caller's tenant.
    pub async fn tenant(&self, ctx: &TenantCtx) -> Result<(Tenant, Version), Error> {
        let (tenant, version, _) = self.streams.state::<Tenant>(&main::<Tenant>(ctx.tenant()), None).await?;
        Ok((tenant, version))
    }

    /// Which rules were in force at a time (now without one), and the change that made it so.
    pub async fn rule_set(
        &self,
        ctx: &TenantCtx,
        as_of: Option<Timestamp>,
    ) -> Result<(RuleSet, Version, Option<Envelope>), Error> {
        require(ctx, Permission::Read)?;
        self.streams.state::<RuleSet>(&main::<RuleSet>(ctx.tenant()), as_of).await
    }

    /// A stream's events after a version. Password hashes and token hashes are left out.
    pub async fn stream_history(
        &self,
        ctx: &TenantCtx,
        aggregate: &str,
        id: &str,
        after: Version,
        limit: usize,
    ) -> Result<Vec<Envelope>, Error> {
        require(ctx, Permission::Read)?;
        if aggregate == User::NAME {
            require(ctx, Permission::Administer)?;
        }
        let stream = StreamId::new(ctx.tenant(), aggregate, id);
        let mut history = self.streams.history(&stream, after, limit.clamp(1, MOST)).await?;
        if history.is_empty() && after == Version(0) {
            return Err(Error::new(Code::NotFound, "no such history"));
        }
        history.iter_mut().for_each(redact);
        Ok(history)
    }
}

/// Takes out what nobody needs to see again.
fn redact(envelope: &mut Envelope) {
    use vedetta_model::control::{DomainEvent, TokenEvent, UserEvent};
    match &mut envelope.event {
        DomainEvent::User(
            UserEvent::UserCreated { password_hash, .. } | UserEvent::PasswordChanged { password_hash },
        ) => password_hash.clear(),
        DomainEvent::Token(TokenEvent::TokenCreated { secret_sha256, .. }) => secret_sha256.clear(),
        _ => {}
    }
}
