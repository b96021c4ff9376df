//! A decision.

use std::sync::Arc;

use async_graphql::{ID, InputObject, Json, Object};
use serde_json::Value;
use vedetta_model::control::Permission;

use crate::{
    graphql::{connection::connection, ids::Kind, scalars::DateTime, scope::Scope},
    projections::changes::ChangeRow,
    readers::changes::ChangeQuery,
};

connection!(ChangeConnection, ChangeEdge, Change, "decisions");

/// Which decisions.
#[derive(Debug, Clone, Default, InputObject)]
pub struct ChangeFilter {
    /// About this kind of thing: tenant, user, token, node, rule_set, case, dead_letter.
    pub aggregate: Option<String>,
    /// About this one.
    pub stream: Option<String>,
    /// Not before.
    pub from: Option<DateTime>,
    /// Before.
    pub until: Option<DateTime>,
}

impl ChangeFilter {
    /// What is asked for.
    pub fn query(self, scope: &Scope) -> ChangeQuery {
        ChangeQuery {
            aggregate: self.aggregate,
            stream: self.stream,
            from: self.from.map(|time| time.0),
            until: self.until.map(|time| time.0),
            people: scope.session().may(Permission::Administer),
        }
    }
}

/// A decision: who, when, what, before and after.
#[derive(Debug, Clone)]
pub struct Change {
    scope: Scope,
    row: Arc<ChangeRow>,
}

impl Change {
    /// From its row.
    pub fn of(scope: &Scope, row: ChangeRow) -> Self {
        Self { scope: scope.clone(), row: Arc::new(row) }
    }
}

#[Object]
impl Change {
    async fn id(&self) -> ID {
        self.scope.id(Kind::Change, self.row.id)
    }
    async fn time(&self) -> DateTime {
        self.row.time.into()
    }
    async fn actor(&self) -> &str {
        &self.row.actor
    }
    async fn aggregate(&self) -> &str {
        &self.row.aggregate
    }
    async fn stream(&self) -> &str {
        &self.row.stream
    }
    async fn version(&self) -> u64 {
        self.row.version
    }
    /// Past tense, such as RuleDisabled.
    async fn name(&self) -> &str {
        &self.row.name
    }
    async fn summary(&self) -> &str {
        &self.row.summary
    }
    async fn before(&self) -> Option<Json<Value>> {
        Some(Json(self.row.before.clone())).filter(|json| !json.0.is_null())
    }
    async fn after(&self) -> Option<Json<Value>> {
        Some(Json(self.row.after.clone())).filter(|json| !json.0.is_null())
    }
}
