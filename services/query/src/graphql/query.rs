//! The roots of reading.

use async_graphql::{Context, ID, Object};
use vedetta_model::control::Permission;

use super::{
    errors::Answer,
    ids::{self, Kind},
    model::{
        Case, DeadLetter, EnrollmentToken, Finding, NodeObject, Rule, Tenant, WatchedNode, viewer::Viewer,
    },
    scope::Scope,
};

/// Reading.
#[derive(Debug, Clone, Copy, Default)]
pub struct Query;

#[Object]
impl Query {
    /// The signed-in person; null without a session.
    async fn me(&self, context: &Context<'_>) -> Option<Viewer> {
        context.data_opt::<Scope>().cloned().map(Viewer::of)
    }

    /// A tenant that the viewer belongs to; null for any other, whether it exists or not.
    async fn tenant(&self, context: &Context<'_>, id: String) -> Answer<Option<Tenant>> {
        Ok(Scope::named(context, &id)?.map(Tenant::of))
    }

    /// Anything by its global id; null for another tenant's, as for an unknown one.
    async fn node(&self, context: &Context<'_>, id: ID) -> Answer<Option<NodeObject>> {
        let scope = Scope::allowed(context, Permission::Read)?;
        let Some(kind) = ids::decode(&id).map(|id| id.kind) else { return Ok(None) };
        let views = scope.views();
        Ok(match kind {
            Kind::Tenant => {
                scope.key::<String>(kind, &id).map(|_| NodeObject::Tenant(Tenant::of(scope.clone())))
            }
            Kind::Finding => match scope.key(kind, &id) {
                Some(key) => views.finding(&key).await?.map(|row| Finding::of(&scope, row).into()),
                None => None,
            },
            Kind::Case => match scope.key(kind, &id) {
                Some(key) => views.case(&key).await?.map(|case| Case::of(&scope, case).into()),
                None => None,
            },
            Kind::WatchedNode => match scope.key(kind, &id) {
                Some(key) => views.watched_node(&key).await?.map(|node| WatchedNode::of(&scope, node).into()),
                None => None,
            },
            Kind::Rule => match scope.key::<String>(kind, &id) {
                Some(key) => views.rule(&key).await?.map(|row| Rule::of(&scope, row).into()),
                None => None,
            },
            Kind::EnrollmentToken => match scope.key(kind, &id) {
                Some(key) => views.token(&key).await?.map(|token| EnrollmentToken::of(&scope, token).into()),
                None => None,
            },
            Kind::DeadLetter => match scope.key(kind, &id) {
                Some(key) => views.dead_letter(&key).await?.map(|view| DeadLetter::of(&scope, view).into()),
                None => None,
            },
            // People and decisions have ids but are no nodes.
            Kind::User | Kind::Change => None,
        })
    }
}
