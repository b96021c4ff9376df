//! Turning rules on and off, exceptions, imports.

use async_graphql::{Context, InputObject, Object, SimpleObject};
use vedetta_api::{Code, tenant::v1};
use vedetta_model::control;

use super::{ask, own, shown};
use crate::graphql::{
    errors::{Answer, UserError},
    model::{
        Rule,
        rule_set::{RuleSetState, tenant_client},
    },
    scope::Scope,
};
use crate::session::with_bearer;

/// Decisions about rules.
#[derive(Debug, Clone, Copy, Default)]
pub struct RuleMutation;

/// See `setRuleEnabled`.
#[derive(Debug, InputObject)]
pub struct SetRuleEnabledInput {
    tenant: String,
    rule: String,
    enabled: bool,
    reason: Option<String>,
}

/// A hole in a rule.
#[derive(Debug, InputObject)]
pub struct RuleExceptionInput {
    name: String,
    fields: Vec<String>,
    comps: Vec<String>,
    values: Vec<Vec<String>>,
}

/// See `addRuleException`.
#[derive(Debug, InputObject)]
pub struct AddRuleExceptionInput {
    tenant: String,
    rule: String,
    exception: RuleExceptionInput,
    reason: Option<String>,
}

/// See `removeRuleException`.
#[derive(Debug, InputObject)]
pub struct RemoveRuleExceptionInput {
    tenant: String,
    rule: String,
    name: String,
    reason: Option<String>,
}

/// See `importRules`.
#[derive(Debug, InputObject)]
pub struct ImportRulesInput {
    tenant: String,
    files: Vec<RuleFileInput>,
}

/// A rule file.
#[derive(Debug, InputObject)]
pub struct RuleFileInput {
    name: String,
    text: String,
}

/// The rule afterwards.
#[derive(Debug, Default, SimpleObject)]
pub struct RulePayload {
    rule: Option<Rule>,
    user_errors: Vec<UserError>,
}

/// The rule set afterwards.
#[derive(Debug, Default, SimpleObject)]
pub struct ImportRulesPayload {
    rule_set: Option<RuleSetState>,
    warnings: Vec<UserError>,
    user_errors: Vec<UserError>,
}

fn refusal(user_errors: Vec<UserError>) -> RulePayload {
    RulePayload { rule: None, user_errors }
}

async fn payload(scope: &Scope, rule: &str, decided: &v1::Decided) -> Answer<RulePayload> {
    let user_errors = shown(scope, Some(decided)).await?;
    let rule = scope.views().rule(rule).await?.map(|row| Rule::of(scope, row));
    Ok(RulePayload { rule, user_errors })
}

#[Object]
impl RuleMutation {
    async fn set_rule_enabled(
        &self,
        context: &Context<'_>,
        input: SetRuleEnabledInput,
    ) -> Answer<RulePayload> {
        let scope = match own(context, &input.tenant)? {
            Ok(scope) => scope,
            Err(errors) => return Ok(refusal(errors)),
        };
        let request = v1::SetRuleEnabledRequest {
            rule: input.rule.clone(),
            enabled: input.enabled,
            reason: input.reason.unwrap_or_default(),
        };
        match ask(
            &scope,
            request,
            |mut client, request| async move { client.set_rule_enabled(request).await },
        )
        .await?
        {
            Ok(decided) => payload(&scope, &input.rule, &decided).await,
            Err(errors) => Ok(refusal(errors)),
        }
    }

    async fn add_rule_exception(
        &self,
        context: &Context<'_>,
        input: AddRuleExceptionInput,
    ) -> Answer<RulePayload> {
        let scope = match own(context, &input.tenant)? {
            Ok(scope) => scope,
            Err(errors) => return Ok(refusal(errors)),
        };
        let RuleExceptionInput { name, fields, comps, values } = input.exception;
        let exception = control::RuleException { name, fields, comps, values };
        let Ok(exception_json) = serde_json::to_string(&exception) else {
            return Ok(refusal(vec![UserError::new(
                Code::Invalid,
                "the exception is not text",
                &["exception"],
            )]));
        };
        let request = v1::AddRuleExceptionRequest {
            rule: input.rule.clone(),
            exception_json,
            reason: input.reason.unwrap_or_default(),
        };
        match ask(
            &scope,
            request,
            |mut client, request| async move { client.add_rule_exception(request).await },
        )
        .await?
        {
            Ok(decided) => payload(&scope, &input.rule, &decided).await,
            Err(errors) => Ok(refusal(errors)),
        }
    }

    async fn remove_rule_exception(
        &self,
        context: &Context<'_>,
        input: RemoveRuleExceptionInput,
    ) -> Answer<RulePayload> {
        let scope = match own(context, &input.tenant)? {
            Ok(scope) => scope,
            Err(errors) => return Ok(refusal(errors)),
        };
        let request = v1::RemoveRuleExceptionRequest {
            rule: input.rule.clone(),
            name: input.name,
            reason: input.reason.unwrap_or_default(),
        };
        match ask(&scope, request, |mut client, request| async move {
            client.remove_rule_exception(request).await
        })
        .await?
        {
            Ok(decided) => payload(&scope, &input.rule, &decided).await,
            Err(errors) => Ok(refusal(errors)),
        }
    }

    async fn import_rules(
        &self,
        context: &Context<'_>,
        input: ImportRulesInput,
    ) -> Answer<ImportRulesPayload> {
        let refusal = |user_errors| ImportRulesPayload { user_errors, ..ImportRulesPayload::default() };
        let scope = match own(context, &input.tenant)? {
            Ok(scope) => scope,
            Err(errors) => return Ok(refusal(errors)),
        };
        let names: Vec<String> = input.files.iter().map(|file| file.name.clone()).collect();
        let files =
            input.files.into_iter().map(|file| v1::RuleFile { name: file.name, text: file.text }).collect();
        let request = v1::ImportRulesRequest { files, remove: Vec::new() };
        let answer =
            match ask(
                &scope,
                request,
                |mut client, request| async move { client.import_rules(request).await },
            )
            .await?
            {
                Ok(answer) => answer,
                Err(errors) => return Ok(refusal(errors)),
            };
        let (warnings, errors): (Vec<_>, Vec<_>) = answer.diagnostics.iter().partition(|d| d.warning);
        let said = |found: Vec<&v1::Diagnostic>| {
            found.into_iter().map(|d| diagnostic(d, &names)).collect::<Vec<_>>()
        };
        let (warnings, mut user_errors) = (said(warnings), said(errors));
        if answer.decided.is_none() {
            return Ok(ImportRulesPayload { rule_set: None, warnings, user_errors });
        }
        user_errors.extend(shown(&scope, answer.decided.as_ref()).await?);
        let request = with_bearer(v1::GetRuleSetRequest::default(), scope.session().token())?;
        let state = tenant_client(&scope)?
            .get_rule_set(request)
            .await
            .map_err(vedetta_api::Error::from)?
            .into_inner();
        let rule_set = Some(RuleSetState::read(&scope, &state, scope.now()).await?);
        Ok(ImportRulesPayload { rule_set, warnings, user_errors })
    }
}

/// What is wrong with a rule file, and where.
fn diagnostic(found: &v1::Diagnostic, names: &[String]) -> UserError {
    let mut error = UserError::new(Code::Invalid, found.message.clone(), &[]);
    if let Some(n) = names.iter().position(|name| *name == found.file) {
        error.field = vec!["files".to_owned(), n.to_string(), "text".to_owned()];
    } else if !found.file.is_empty() {
        error.message = format!("{}: {}", found.file, error.message);
    }
    let place = |n: u32| i32::try_from(n).ok().filter(|n| *n > 0);
    (error.line, error.column) = (place(found.line), place(found.column));
    error
}
