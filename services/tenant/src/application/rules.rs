//! The rules that are in force.

use vedetta_api::{Code, Error};
use vedetta_auth::TenantCtx;
use vedetta_model::control::{ConfigFile, Permission, RuleException, RuleSet};
use vedetta_rules::Diagnostic;

use super::{
    Commands, Decided,
    commands::{MAIN, require},
};
use crate::domain::{
    self, Refusal,
    rule_set::{BUILTIN, ImportRefusal},
};

/// Rules came in, or why not.
#[derive(Debug)]
pub struct RulesImported {
    /// What changed; `None` when the files were refused.
    pub decided: Option<Decided>,
    /// Errors or warnings, with places.
    pub diagnostics: Vec<Diagnostic>,
}

impl Commands {
    /// Takes rule files in and out; none of it when the result does not compile.
    pub async fn import_rules(
        &self,
        ctx: &TenantCtx,
        files: &[ConfigFile],
        remove: &[String],
    ) -> Result<RulesImported, Error> {
        require(ctx, Permission::ManageRules)?;
        let mut names = files.iter().map(|file| &file.name).chain(remove);
        if !ctx.is_service() && names.any(|name| name.starts_with(BUILTIN)) {
            let what = format!(
                "names that begin with `{BUILTIN}` belong to the rules that ship with Vedetta; turn a rule off, add an exception, or import a file of another name"
            );
            return Err(Error::new(Code::Invalid, what));
        }
        let (mut warnings, mut refused) = (Vec::new(), None);
        let decided = self
            .streams
            .decide(ctx.tenant(), MAIN, &ctx.actor(), |state: &RuleSet, _| {
                match domain::rule_set::import(state, files, remove) {
                    Ok((events, found)) => {
                        warnings = found;
                        Ok(events)
                    }
                    Err(ImportRefusal::Refused(refusal)) => Err(refusal),
                    Err(ImportRefusal::Diagnostics(found)) => {
                        refused = Some(found);
                        Err(Refusal::Invalid("the rules do not compile".into()))
                    }
                }
            })
            .await;
        match (decided, refused) {
            (Ok(decided), _) => Ok(RulesImported { decided: Some(decided), diagnostics: warnings }),
            (Err(_), Some(diagnostics)) => Ok(RulesImported { decided: None, diagnostics }),
            (Err(error), None) => Err(error),
        }
    }

    /// Turns a rule on or off.
    pub async fn set_rule_enabled(
        &self,
        ctx: &TenantCtx,
        rule: &str,
        enabled: bool,
        reason: &str,
    ) -> Result<Decided, Error> {
        require(ctx, Permission::ManageRules)?;
        let decide = |state: &RuleSet, _| domain::rule_set::set_enabled(state, rule, enabled, reason);
        self.streams.decide(ctx.tenant(), MAIN, &ctx.actor(), decide).await
    }

    /// Adds an exception to a rule.
    pub async fn add_exception(
        &self,
        ctx: &TenantCtx,
        rule: &str,
        exception: &RuleException,
        reason: &str,
    ) -> Result<Decided, Error> {
        require(ctx, Permission::ManageRules)?;
        let decide =
            |state: &RuleSet, _| domain::rule_set::add_exception(state, rule, exception.clone(), reason);
        self.streams.decide(ctx.tenant(), MAIN, &ctx.actor(), decide).await
    }

    /// Takes an exception away.
    pub async fn remove_exception(
        &self,
        ctx: &TenantCtx,
        rule: &str,
        name: &str,
        reason: &str,
    ) -> Result<Decided, Error> {
        require(ctx, Permission::ManageRules)?;
        let decide = |state: &RuleSet, _| domain::rule_set::remove_exception(state, rule, name, reason);
        self.streams.decide(ctx.tenant(), MAIN, &ctx.actor(), decide).await
    }
}
