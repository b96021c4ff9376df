//! People and their passwords.

use vedetta_api::{Code, Error};
use vedetta_auth::{TenantCtx, password};
use vedetta_model::{
    TenantId, UserId,
    control::{Permission, User},
};
use zeroize::Zeroizing;

use super::{
    Commands, Decided,
    commands::{person, require},
};
use crate::{domain, metrics::SignIn};

/// Longest password that is looked at; no kept one is as long.
const LONGEST: usize = 1024;
const LONGEST_NAME: usize = 256;

/// A user, and the password if one was generated.
#[derive(Debug)]
pub struct UserMade {
    /// Who.
    pub id: UserId,
    /// The state now.
    pub user: User,
    /// Shown once.
    pub generated: Option<Zeroizing<String>>,
    /// What changed.
    pub decided: Option<Decided>,
}

impl Commands {
    /// Creates a user; without a password one is generated, to be used once.
    pub async fn create_user(
        &self,
        ctx: &TenantCtx,
        name: &str,
        given: &str,
        permissions: Vec<Permission>,
    ) -> Result<UserMade, Error> {
        require(ctx, Permission::Administer)?;
        let name = domain::user::canonical(name);
        let generated = given.is_empty().then(|| self.random.draw(password::generate));
        if generated.is_none() {
            password::check(given, &name).map_err(|weak| Error::new(Code::Invalid, weak))?;
        }
        let decide = |state: &User, hash: String| {
            domain::user::create(state, &name, hash, permissions.clone(), generated.is_some())
        };
        // Refused before it costs a hash.
        decide(&self.user(ctx.tenant(), &name).await?, String::new())?;
        let plain = generated.clone().unwrap_or_else(|| Zeroizing::new(given.to_owned()));
        let hash = self.passwords.hash(plain).await?;
        let decided = self
            .streams
            .decide(ctx.tenant(), &name, &ctx.actor(), |state: &User, _| decide(state, hash.clone()))
            .await?;
        let user = self.user(ctx.tenant(), &name).await?;
        Ok(UserMade { id: user_id(ctx.tenant(), &name), user, generated, decided: Some(decided) })
    }

    /// Whether name and password belong together. Wrong tries make the name wait; a name that is not
    /// there costs as much as one that is.
    pub async fn verify_password(
        &self,
        tenant: &TenantId,
        name: &str,
        given: &str,
    ) -> Result<UserMade, Error> {
        let name = domain::user::canonical(name);
        if name.len() > LONGEST_NAME || given.len() > LONGEST {
            self.metrics.sign_in(SignIn::Wrong);
            return Err(wrong_password());
        }
        let key = (tenant.clone(), name.clone());
        // The try is counted before it is made: many at once are no way around the wait.
        if let Err(wait) = self.throttle.admit(&key, self.streams.now()) {
            self.metrics.sign_in(SignIn::Throttled);
            let seconds = wait.as_secs() + 1;
            return Err(Error::new(
                Code::Exhausted,
                format!("too many wrong passwords; try again in {seconds} s"),
            ));
        }
        let user = self.user(tenant, &name).await?;
        let known = (user.created.is_some() && !user.disabled).then(|| user.password_hash.clone());
        if !self.passwords.verify(given, known).await? {
            self.metrics.sign_in(SignIn::Wrong);
            return Err(wrong_password());
        }
        self.throttle.succeeded(&key);
        self.metrics.sign_in(SignIn::Right);
        Ok(UserMade { id: user_id(tenant, &name), user, generated: None, decided: None })
    }

    /// The user of a session that is in use.
    pub async fn viewer(&self, ctx: &TenantCtx) -> Result<UserMade, Error> {
        let (id, name) = person(ctx)?;
        let user = self.user(ctx.tenant(), &name).await?;
        Ok(UserMade { id, user, generated: None, decided: None })
    }

    /// Changes the caller's own password. Every session that began before is over.
    pub async fn change_password(
        &self,
        ctx: &TenantCtx,
        current: &str,
        new: &str,
    ) -> Result<UserMade, Error> {
        let (id, name) = person(ctx)?;
        password::check(new, &name).map_err(|weak| Error::new(Code::Invalid, weak))?;
        if current == new {
            return Err(Error::new(Code::Invalid, "the new password is the old one"));
        }
        let checked =
            self.verify_password(ctx.tenant(), &name, current).await.map_err(|error| match error.code {
                // The session is good: only the password that was typed is not.
                Code::Unauthenticated => Error::new(Code::Invalid, "the current password is wrong"),
                _ => error,
            })?;
        let hash = self.passwords.hash(Zeroizing::new(new.to_owned())).await?;
        let decided = self
            .streams
            .decide(ctx.tenant(), &name, &ctx.actor(), |state: &User, _| {
                domain::user::change_password(state, &checked.user.password_hash, hash.clone())
            })
            .await?;
        let user = self.user(ctx.tenant(), &name).await?;
        Ok(UserMade { id, user, generated: None, decided: Some(decided) })
    }
}

fn wrong_password() -> Error {
    Error::new(Code::Unauthenticated, "name or password is wrong")
}

/// The id of a user: the same for the same name in the same tenant.
pub fn user_id(tenant: &TenantId, name: &str) -> UserId {
    const NAMESPACE: uuid::Uuid = uuid::Uuid::from_u128(0x7665_6465_7474_612d_7573_6572_2d69_6431);
    UserId::from_uuid(uuid::Uuid::new_v5(&NAMESPACE, format!("{tenant}/{name}").as_bytes()))
}
