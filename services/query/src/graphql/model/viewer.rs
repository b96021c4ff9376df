//! The signed-in person.

use async_graphql::{ID, Object};
use vedetta_model::control;

use super::Tenant;
use crate::{
    graphql::{ids::Kind, scalars::Permission, scope::Scope},
    session,
};

/// The signed-in person.
#[derive(Debug, Clone)]
pub struct Viewer {
    scope: Scope,
    viewer: session::Viewer,
}

impl Viewer {
    /// Whoever asks.
    pub fn of(scope: Scope) -> Self {
        Self { viewer: scope.session().viewer().clone(), scope }
    }

    /// Whoever asks, as the tenant service just said.
    pub const fn as_told(scope: Scope, viewer: session::Viewer) -> Self {
        Self { scope, viewer }
    }
}

#[Object]
impl Viewer {
    async fn id(&self) -> ID {
        self.scope.id(Kind::User, self.viewer.user)
    }
    async fn name(&self) -> &str {
        &self.viewer.name
    }
    async fn permissions(&self) -> Vec<Permission> {
        self.viewer.permissions.iter().map(|&permission: &control::Permission| permission.into()).collect()
    }
    /// A generated password is still in use.
    async fn must_change_password(&self) -> bool {
        self.viewer.must_change_password
    }
    async fn tenants(&self) -> Vec<Tenant> {
        vec![Tenant::of(self.scope.clone())]
    }
}
