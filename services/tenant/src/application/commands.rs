//! What can be asked for. Every function takes the caller first, except those that only another
//! role may call: they name the tenant, or find it by a credential.

use std::{sync::Arc, time::Duration};

use vedetta_api::{Code, Error};
use vedetta_auth::{Authority, Caller, TenantCtx};
use vedetta_model::{
    TenantId, UserId,
    control::{Actor, Permission, Tenant, User},
};
use vedetta_runtime::DeadLetters;
use vedetta_store::StreamId;

use super::{Aggregate, CaseDirectory, Census, Decided, Passwords, Random, Streams};
use crate::{
    domain::{self, Refusal},
    metrics::Metrics,
    throttle::Throttle,
    token_index::TokenIndex,
};

/// The one stream of an aggregate that a tenant has once.
pub const MAIN: &str = "main";

/// Commands and what they need.
#[derive(Debug, Clone)]
pub struct Commands {
    pub streams: Streams,
    pub random: Random,
    pub authority: Arc<Authority>,
    pub tokens: Arc<TokenIndex>,
    pub census: Arc<Census>,
    pub cases: CaseDirectory,
    pub dead_letters: DeadLetters,
    pub passwords: Passwords,
    pub throttle: Arc<Throttle>,
    pub metrics: Metrics,
    pub certificate_ttl: Duration,
    pub token_longest: Duration,
}

impl Commands {
    /// The caller as of now: a person has the rights that the account has today, and no session
    /// outlives the account or its password.
    pub async fn session(&self, ctx: TenantCtx) -> Result<TenantCtx, Error> {
        let tenant = ctx.tenant().clone();
        match ctx.caller() {
            Caller::User(Actor::User { name, .. }) => {
                let user = self.user(&tenant, name).await?;
                domain::user::check_session(&user, ctx.issued())?;
                Ok(ctx.with_permissions(user.permissions))
            }
            Caller::User(_) => {
                Err(Error::new(Code::Unauthenticated, "the session is not valid here; sign in again"))
            }
            Caller::Service(_) => {
                let (state, ..) = self.streams.state::<Tenant>(&main::<Tenant>(&tenant), None).await?;
                match state.created {
                    Some(_) => Ok(ctx),
                    None => Err(Error::new(Code::NotFound, "no such tenant")),
                }
            }
        }
    }

    /// Creates a tenant. True when it was not there.
    pub async fn create_tenant(&self, tenant: &TenantId, name: &str) -> Result<(bool, Decided), Error> {
        let mut created = false;
        let decided = self
            .streams
            .decide(tenant, MAIN, &Actor::System, |state: &Tenant, _| {
                let events = domain::tenant::create(state, name)?;
                created = !events.is_empty();
                Ok::<_, Refusal>(events)
            })
            .await?;
        Ok((created, decided))
    }

    pub(super) async fn user(&self, tenant: &TenantId, name: &str) -> Result<User, Error> {
        let (user, ..) = self.streams.state::<User>(&StreamId::new(tenant, User::NAME, name), None).await?;
        Ok(user)
    }
}

/// The stream of an aggregate that a tenant has once.
pub fn main<A: Aggregate>(tenant: &TenantId) -> StreamId {
    StreamId::new(tenant, A::NAME, MAIN)
}

/// Refuses a caller without a permission. Only things that the caller may see are refused like this.
pub fn require(ctx: &TenantCtx, permission: Permission) -> Result<(), Error> {
    ctx.require(permission).map_err(|forbidden| Error::new(Code::Forbidden, forbidden))
}

/// The signed-in person.
pub fn person(ctx: &TenantCtx) -> Result<(UserId, String), Error> {
    match ctx.caller() {
        Caller::User(Actor::User { id, name }) => Ok((*id, name.clone())),
        _ => Err(Error::new(Code::Invalid, "only a signed-in person can do this")),
    }
}
