//! An enrollment token.

use async_graphql::{ID, Object};

use crate::{
    graphql::{
        connection::connection,
        ids::Kind,
        scalars::{DateTime, TokenState},
        scope::Scope,
    },
    readers::tokens::TokenView,
};

connection!(EnrollmentTokenConnection, EnrollmentTokenEdge, EnrollmentToken, "enrollment tokens");

/// The right to enroll nodes.
#[derive(Debug, Clone)]
pub struct EnrollmentToken {
    scope: Scope,
    token: TokenView,
}

impl EnrollmentToken {
    /// From what was read.
    pub fn of(scope: &Scope, token: TokenView) -> Self {
        Self { scope: scope.clone(), token }
    }
}

#[Object]
impl EnrollmentToken {
    /// Global: good for `node(id:)`.
    pub(super) async fn id(&self) -> ID {
        self.scope.id(Kind::EnrollmentToken, self.token.id)
    }
    async fn label(&self) -> &str {
        &self.token.token.label
    }
    async fn state(&self) -> TokenState {
        self.token.state(self.scope.now()).into()
    }
    async fn created(&self) -> DateTime {
        self.token.token.created.unwrap_or_default().into()
    }
    async fn expires(&self) -> DateTime {
        self.token.token.expires.into()
    }
    async fn max_uses(&self) -> u32 {
        self.token.token.max_uses
    }
    async fn uses(&self) -> usize {
        self.token.token.used_by.len()
    }
}
