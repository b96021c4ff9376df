//! People: an administrator in each tenant, who decides things and asks questions.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    sync::{Arc, Mutex},
    time::Duration,
};

use anyhow::Context as _;
use axum::body::Body;
use rand::Rng as _;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;
use vedetta_api::{TenantClient, tenant::v1 as pb};
use vedetta_auth::{NodeIdentity, Session, metadata::with_token};
use vedetta_model::{TenantId, control::Permission};
use vedetta_node_agent::config::Token;

use crate::{
    fault::Fault,
    link::Cable,
    service::{Platform, Service},
    world::lock,
};

/// The rule that is always on.
pub const ALWAYS: &str = "Shadow read";
/// The rule that is turned on and off.
pub const SOMETIMES: &str = "Shadow read, sometimes";

/// The rules of every tenant. The second file's text changes with its number.
fn rules(number: u32) -> Vec<pb::RuleFile> {
    let rule = |name: &str, more: &str| {
        format!(
            "- rule: {name}\n  desc: a secret is read\n  condition: evt.type in (open, openat, openat2) and fd.name = /etc/shadow{more}\n  output: read by %proc.name\n  priority: WARNING\n"
        )
    };
    let sometimes = rule(SOMETIMES, &format!(" and not proc.name = nobody-{number}"));
    vec![
        pb::RuleFile { name: "always.yaml".to_owned(), text: rule(ALWAYS, "") },
        pb::RuleFile { name: "sometimes.yaml".to_owned(), text: sometimes },
    ]
}

/// Something that was decided, as whoever decided it was told.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Decided {
    /// Whose.
    pub tenant: TenantId,
    /// The kind of thing.
    pub aggregate: String,
    /// Which.
    pub stream: String,
    /// Its version after it.
    pub version: u64,
}

/// See the module.
pub struct People {
    platform: Arc<Platform>,
    cable: Arc<Cable>,
    sessions: Mutex<BTreeMap<TenantId, Session>>,
    decided: Mutex<Vec<Decided>>,
}

const PERMISSIONS: [Permission; 5] = [
    Permission::Read,
    Permission::Triage,
    Permission::ManageRules,
    Permission::ManageNodes,
    Permission::Administer,
];

impl People {
    /// Nobody yet.
    pub fn new(platform: &Arc<Platform>) -> Arc<Self> {
        Arc::new(Self {
            cable: Cable::new(&platform.world),
            platform: platform.clone(),
            sessions: Mutex::default(),
            decided: Mutex::default(),
        })
    }

    fn client(&self) -> TenantClient {
        let channel = self.platform.to_tenant(&self.cable, &CancellationToken::new());
        TenantClient::new(channel).max_decoding_message_size(16 << 20)
    }

    /// What was decided so far, and told to be.
    pub fn decided(&self) -> Vec<Decided> {
        lock(&self.decided).clone()
    }

    fn told(&self, tenant: &TenantId, decided: Option<pb::Decided>) {
        if let Some(pb::Decided { aggregate, stream, version }) = decided {
            let decided = Decided { tenant: tenant.clone(), aggregate, stream, version };
            lock(&self.decided).push(decided);
        }
    }

    /// Makes a tenant with an administrator and rules.
    pub async fn found(&self, tenant: &TenantId) -> anyhow::Result<()> {
        let role = |tenant: Option<&TenantId>| {
            self.platform.keys.service_token("simulation", tenant, self.platform.world.now())
        };
        let mut client = self.client();
        let create = pb::CreateTenantRequest { tenant: tenant.to_string(), name: tenant.to_string() };
        client.create_tenant(with_token(create, &role(None))).await?;
        let permissions = PERMISSIONS
            .iter()
            .map(|permission| Ok(serde_json::to_value(permission)?.as_str().unwrap_or_default().to_owned()));
        let create = pb::CreateUserRequest {
            name: "admin".to_owned(),
            password: "simulated password".to_owned(),
            permissions: permissions.collect::<anyhow::Result<_>>()?,
        };
        let made = client.create_user(with_token(create, &role(Some(tenant)))).await?.into_inner();
        let session = Session {
            tenant: tenant.clone(),
            user: made.user.parse()?,
            name: made.name,
            permissions: PERMISSIONS.to_vec(),
        };
        lock(&self.sessions).insert(tenant.clone(), session);
        let import = pb::ImportRulesRequest { files: rules(0), remove: vec![] };
        let imported = client.import_rules(with_token(import, &self.token(tenant)?)).await?.into_inner();
        anyhow::ensure!(imported.decided.is_some(), "{:?}", imported.diagnostics);
        self.told(tenant, imported.decided);
        Ok(())
    }

    /// A token for the administrator.
    fn token(&self, tenant: &TenantId) -> anyhow::Result<String> {
        let session = lock(&self.sessions).get(tenant).cloned().context("nobody there")?;
        let now = self.platform.world.now();
        Ok(self.platform.keys.session_token(&session, now, Duration::from_secs(24 * 3600)))
    }

    /// A right to enroll one node.
    pub async fn enrollment_token(&self, tenant: &TenantId) -> Option<Token> {
        let create =
            pb::CreateEnrollmentTokenRequest { label: "node".to_owned(), valid_seconds: 3600, max_uses: 1 };
        let made = self.client().create_enrollment_token(with_token(create, &self.token(tenant).ok()?)).await;
        let made = made.ok()?.into_inner();
        self.told(tenant, made.decided);
        Some(Token::new(made.secret))
    }

    /// Takes a node out; tells whether that was confirmed.
    pub async fn remove_node(&self, node: &NodeIdentity) -> bool {
        let remove = pb::RemoveNodeRequest { node: node.node.to_string(), reason: "simulated".to_owned() };
        let Ok(token) = self.token(&node.tenant) else { return false };
        let removed = self.client().remove_node(with_token(remove, &token)).await;
        removed.is_ok_and(|decided| {
            self.told(&node.tenant, Some(decided.into_inner()));
            true
        })
    }

    /// Changes rules while there are faults.
    pub async fn trouble(&self, tenants: &[TenantId]) {
        let world = &self.platform.world;
        let mut number = 0;
        loop {
            world.due(Fault::RuleSwap).await;
            let tenant = world.dice(|rng| tenants[rng.random_range(0..tenants.len())].clone());
            let Ok(token) = self.token(&tenant) else { continue };
            number += 1;
            let (enabled, imports) = world.dice(|rng| (rng.random_bool(0.5), rng.random_bool(0.5)));
            let set =
                pb::SetRuleEnabledRequest { rule: SOMETIMES.to_owned(), enabled, reason: String::new() };
            let import = pb::ImportRulesRequest { files: rules(number), remove: vec![] };
            let (mut one, mut other) = (self.client(), self.client());
            // Two people at the same time, now and then.
            let (set, imported) = tokio::join!(one.set_rule_enabled(with_token(set, &token)), async {
                if imports { Some(other.import_rules(with_token(import, &token)).await) } else { None }
            });
            let decided = set.map(|answer| Some(answer.into_inner()));
            let imported = imported.map(|imported| imported.map(|answer| answer.into_inner().decided));
            for outcome in [Some(decided), imported].into_iter().flatten() {
                match outcome {
                    Ok(decided) => self.told(&tenant, decided),
                    Err(status) => world.note(|line| write!(line, "no decision: {}", status.message())),
                }
            }
        }
    }

    /// Looks at what there is, again and again: questions are answered, or refused, and never show another tenant's.
    pub async fn curious(&self, query: &Service, tenants: &[TenantId]) {
        let world = &self.platform.world;
        loop {
            tokio::time::sleep(world.between(Duration::from_secs(1), Duration::from_secs(20))).await;
            // Nothing that is joined: async-graphql's loader waits on a timer of the real clock.
            let tenant = world.dice(|rng| tenants[rng.random_range(0..tenants.len())].clone());
            let text = "query($tenant: ID!) { tenant(id: $tenant) {
                findings(first: 100) { nodes { message hostname } }
                activity(first: 100) { events { event { kind } } searched { unreadable } } } }";
            match self.ask(query, &tenant, text, json!({ "tenant": tenant.as_str() })).await {
                Ok(answer) => {
                    world.note(|line| write!(line, "{tenant} is told {}", answer.to_string().len()))
                }
                Err(error) => world.note(|line| write!(line, "{tenant} is told nothing: {error}")),
            }
        }
    }

    /// Asks the API.
    pub async fn ask(
        &self,
        query: &Service,
        tenant: &TenantId,
        text: &str,
        variables: Value,
    ) -> anyhow::Result<Value> {
        let router = lock(&query.public).clone().context("nobody serves")?;
        let body = json!({ "query": text, "variables": variables }).to_string();
        let request = http::Request::post("/graphql")
            .header(http::header::CONTENT_TYPE, "application/json")
            .header(http::header::COOKIE, format!("vedetta_session={}", self.token(tenant)?))
            .body(Body::from(body))?;
        let answer = router.oneshot(request).await?;
        let body = axum::body::to_bytes(answer.into_body(), usize::MAX).await?;
        let mut answer: Value = serde_json::from_slice(&body).context("no JSON")?;
        anyhow::ensure!(
            answer.get("errors").is_none(),
            "{tenant} asked and was answered {}",
            answer["errors"]
        );
        Ok(answer["data"].take())
    }
}
