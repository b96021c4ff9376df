//! Which rules were in force at a time.

use async_graphql::{Object, SimpleObject};
use vedetta_api::{Code, TenantClient, tenant::v1};
use vedetta_model::{
    Timestamp,
    control::{Envelope, RuleSet},
};

use super::change::Change;
use crate::{
    graphql::{
        errors::{Answer, Failure, error},
        scalars::{DateTime, Severity},
        scope::Scope,
    },
    projections::{changes::ChangeRow, rules::compile_state},
};

/// Which rules were in force at a time.
#[derive(Debug, Clone)]
pub struct RuleSetState {
    version: u64,
    as_of: Timestamp,
    last_change: Option<Change>,
    rules: Vec<RuleInForce>,
}

/// A rule at that time.
#[derive(Debug, Clone, SimpleObject)]
pub struct RuleInForce {
    name: String,
    version: String,
    enabled: bool,
    severity: Severity,
    exceptions: Vec<String>,
}

/// The tenant service.
pub fn tenant_client(scope: &Scope) -> Answer<TenantClient> {
    scope.state().clients.tenant().map_err(|failure| {
        tracing::error!(error = format!("{failure:#}"), "no tenant service");
        Failure(error(Code::Unavailable, "the tenant service does not answer; try again in a moment"))
    })
}

impl RuleSetState {
    /// From the fold of the stream, which the tenant service made.
    pub async fn read(scope: &Scope, answer: &v1::GetRuleSetResponse, as_of: Timestamp) -> Answer<Self> {
        let damaged = |what: String| {
            tracing::error!(what, tenant = %scope.tenant(), version = answer.version, "a rule set was not understood");
            Failure(error(Code::Internal, "this rule set could not be read; the log of the server says why"))
        };
        let state: RuleSet =
            serde_json::from_str(&answer.rule_set_json).map_err(|error| damaged(error.to_string()))?;
        let compiled = compile_state(&state).map_err(damaged)?;
        let exceptions = |rule: &str| {
            state.exceptions.get(rule).into_iter().flatten().map(|(name, _)| name.clone()).collect()
        };
        let rules = compiled.rules().iter().map(|rule| RuleInForce {
            name: rule.name.clone(),
            version: rule.version.clone(),
            enabled: rule.enabled,
            severity: rule.severity.into(),
            exceptions: exceptions(&rule.name),
        });
        let last_change = if answer.last_change_json.is_empty() {
            None
        } else {
            let envelope = Envelope::decode(answer.last_change_json.as_bytes())
                .map_err(|error| damaged(error.to_string()))?;
            let row = scope.views().change_at("rule_set", &envelope.stream, envelope.version).await?;
            Some(Change::of(scope, row.unwrap_or_else(|| ChangeRow::of(&envelope))))
        };
        Ok(Self { version: answer.version, as_of, last_change, rules: rules.collect() })
    }
}

#[Object]
impl RuleSetState {
    async fn version(&self) -> u64 {
        self.version
    }
    async fn as_of(&self) -> DateTime {
        self.as_of.into()
    }
    /// The change that made it so; null before the first.
    async fn last_change(&self) -> Option<&Change> {
        self.last_change.as_ref()
    }
    async fn rules(&self) -> &[RuleInForce] {
        &self.rules
    }
}
