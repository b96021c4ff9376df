//! The tenant context.

use vedetta_model::{
    TenantId, Timestamp,
    control::{Actor, Permission},
};

/// Who calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Caller {
    /// A signed-in person.
    User(Actor),
    /// Another part of Vedetta, by its role's name.
    Service(String),
}

/// A verified caller in a tenant. Every application function takes it first.
///
/// ```compile_fail
/// // Nothing but a verified token gives one.
/// let ctx = vedetta_auth::TenantCtx { tenant: "victim".parse().unwrap() };
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TenantCtx {
    tenant: TenantId,
    caller: Caller,
    permissions: Vec<Permission>,
    issued: Timestamp,
}

/// The caller may not do this.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this needs the permission `{}`; ask an administrator of the tenant", word(*.needed))]
pub struct Forbidden {
    /// What is missing.
    pub needed: Permission,
}

impl TenantCtx {
    /// What a token that was just verified says.
    pub(crate) const fn verified(
        tenant: TenantId,
        caller: Caller,
        permissions: Vec<Permission>,
        issued: Timestamp,
    ) -> Self {
        Self { tenant, caller, permissions, issued }
    }

    /// A context without a token, for tests of code that takes one.
    #[cfg(feature = "testing")]
    pub const fn for_test(
        tenant: TenantId,
        caller: Caller,
        permissions: Vec<Permission>,
        issued: Timestamp,
    ) -> Self {
        Self::verified(tenant, caller, permissions, issued)
    }

    /// Whose data the caller may see.
    pub const fn tenant(&self) -> &TenantId {
        &self.tenant
    }
    /// Who calls.
    pub const fn caller(&self) -> &Caller {
        &self.caller
    }
    /// Who is written into history.
    pub fn actor(&self) -> Actor {
        match &self.caller {
            Caller::User(actor) => actor.clone(),
            Caller::Service(_) => Actor::System,
        }
    }
    /// Whether the caller may do this. Services may do everything.
    pub fn may(&self, permission: Permission) -> bool {
        self.is_service() || self.permissions.contains(&permission)
    }
    /// Refuses a caller who may not do this.
    pub fn require(&self, permission: Permission) -> Result<(), Forbidden> {
        if self.may(permission) { Ok(()) } else { Err(Forbidden { needed: permission }) }
    }
    /// Whether another part of Vedetta calls.
    pub const fn is_service(&self) -> bool {
        matches!(self.caller, Caller::Service(_))
    }
    /// When the token was issued.
    pub const fn issued(&self) -> Timestamp {
        self.issued
    }
    /// The same caller with the rights that the user has now: those in a token are as old as it is.
    #[must_use]
    pub fn with_permissions(self, permissions: Vec<Permission>) -> Self {
        Self { permissions, ..self }
    }
}

/// A permission as it is written: `manage_rules`.
fn word(permission: Permission) -> String {
    serde_json::to_value(permission).ok().and_then(|v| v.as_str().map(str::to_owned)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_permission_is_named() {
        let actor = Actor::User { id: vedetta_model::UserId::random(&mut rand::rng()), name: "ann".into() };
        let ctx = TenantCtx::verified(
            "default".parse().unwrap(),
            Caller::User(actor),
            vec![Permission::Read],
            Timestamp::EPOCH,
        );
        assert_eq!(ctx.require(Permission::Read), Ok(()));
        let refusal = ctx.require(Permission::ManageRules).unwrap_err();
        assert!(refusal.to_string().contains("`manage_rules`"), "{refusal}");
        assert_eq!(
            ctx.with_permissions(vec![Permission::ManageRules]).require(Permission::ManageRules),
            Ok(())
        );
    }
}
