//! What a tenant needs before anybody can sign in: the tenant, an administrator, the built-in rules.

use anyhow::Context as _;
use vedetta_api::{Code, Error, TenantClient, tenant::v1 as pb};
use vedetta_auth::{Keys, metadata::with_token};
use vedetta_model::{Clock, TenantId, control::RuleSet};
use vedetta_runtime::Context;
use zeroize::Zeroizing;

use crate::domain::rule_set::BUILTIN;

/// The administrator's sign-in name.
pub const ADMIN: &str = "admin";

/// What was made.
#[derive(Debug)]
pub struct Bootstrapped {
    /// The administrator, when there was none.
    pub admin: Option<Admin>,
}

/// A new administrator with a password that is shown once.
#[derive(Debug)]
pub struct Admin {
    /// The sign-in name.
    pub name: String,
    /// The password.
    pub password: Zeroizing<String>,
}

/// Makes what is missing and brings the built-in rules up to date; people's own decisions stay. May
/// be run at every start, and goes through the service's own API, wherever that runs.
pub async fn run(context: &Context, tenant: &TenantId) -> anyhow::Result<Bootstrapped> {
    through(context.clients.tenant()?, &context.keys, &*context.clock, tenant).await
}

/// The same for whoever has only the keys and a way to the service.
pub async fn through(
    mut client: TenantClient,
    keys: &Keys,
    clock: &dyn Clock,
    tenant: &TenantId,
) -> anyhow::Result<Bootstrapped> {
    let token = |tenant: Option<&TenantId>| keys.service_token("bootstrap", tenant, clock.now());

    let create = pb::CreateTenantRequest { tenant: tenant.to_string(), name: tenant.to_string() };
    client.create_tenant(with_token(create, &token(None))).await.map_err(Error::from)?;

    let present = client
        .get_rule_set(with_token(pb::GetRuleSetRequest::default(), &token(Some(tenant))))
        .await
        .map_err(Error::from)?
        .into_inner();
    let present: RuleSet = serde_json::from_str(&present.rule_set_json)?;
    let files: Vec<pb::RuleFile> = vedetta_rules::builtin()
        .iter()
        .map(|(name, text)| pb::RuleFile { name: format!("{BUILTIN}{name}"), text: (*text).to_owned() })
        .collect();
    let gone = |name: &&String| name.starts_with(BUILTIN) && !files.iter().any(|file| file.name == **name);
    let remove = present.files.keys().filter(gone).cloned().collect();
    let imported = client
        .import_rules(with_token(pb::ImportRulesRequest { files, remove }, &token(Some(tenant))))
        .await
        .map_err(Error::from)?
        .into_inner();
    if imported.decided.is_none() {
        let problems: Vec<String> = imported
            .diagnostics
            .iter()
            .filter(|d| !d.warning)
            .map(|d| format!("{}:{}:{}: {}", d.file, d.line, d.column, d.message))
            .collect();
        anyhow::ensure!(
            !present.files.is_empty(),
            "the built-in rules do not compile: {}",
            problems.join("; ")
        );
        // A tenant's own file may stand against a new built-in one: what is in force stays.
        tracing::warn!(%tenant, problems = problems.join("; "), "the built-in rules of this version were not taken over");
    }
    // Last: what fails behind it would take the password along.
    let create = pb::CreateUserRequest {
        name: ADMIN.to_owned(),
        password: String::new(),
        permissions: ["read", "triage", "manage_rules", "manage_nodes", "administer"]
            .map(str::to_owned)
            .into(),
    };
    let admin = match client.create_user(with_token(create, &token(Some(tenant)))).await.map_err(Error::from)
    {
        Ok(user) => {
            let password = Zeroizing::new(user.into_inner().generated_password);
            Some(Admin { name: ADMIN.to_owned(), password })
        }
        Err(error) if error.code == Code::Conflict => None,
        Err(error) => return Err(error).context("creating the administrator"),
    };
    Ok(Bootstrapped { admin })
}
