//! No row, event or error text crosses a tenant. Every field of the API and every gRPC method is listed here with how it
//! is tried; one that is not listed fails the test.

use std::collections::BTreeSet;

use anyhow::Context as _;
use prost::Message as _;
use serde_json::{Value, json};
use vedetta_api::{TenantClient, tenant::v1 as pb};
use vedetta_model::TenantId;
use vedetta_tests::{Agent, Client, Form, Sandbox, attack::read_shadow, until};

/// Root fields of GraphQL, each tried below.
const ROOTS: &[(&str, &[&str])] = &[
    ("Query", &["me", "tenant", "node"]),
    (
        "Mutation",
        &[
            "setRuleEnabled",
            "addRuleException",
            "removeRuleException",
            "importRules",
            "setCaseState",
            "assignCase",
            "commentCase",
            "createEnrollmentToken",
            "revokeEnrollmentToken",
            "removeNode",
            "changePassword",
            "resubmitDeadLetters",
            "dismissDeadLetters",
        ],
    ),
    ("Subscription", &["findingRaised", "activitySearch", "caseChanged", "nodeChanged", "ruleChanged"]),
];

/// Fields below the roots that take somebody's id. All others are reached only through an object of the viewer's own tenant.
const BY_ID: &[&str] = &[
    "Tenant.findings",
    "Tenant.cases",
    "Tenant.changes",
    "Tenant.rule",
    "Tenant.rules",
    "Tenant.activityEvent",
];

/// gRPC methods and how each is tried.
const METHODS: &[(&str, Tried)] = &[
    ("vedetta.agent.v1.Enrollment/Enroll", Tried::ByCredential),
    ("vedetta.agent.v1.Agent/Renew", Tried::ByCredential),
    ("vedetta.agent.v1.Agent/Stream", Tried::ByCredential),
    ("vedetta.tenant.v1.TenantService/CreateTenant", Tried::ServiceOnly),
    ("vedetta.tenant.v1.TenantService/GetTenant", Tried::OwnTenantOnly),
    ("vedetta.tenant.v1.TenantService/CreateUser", Tried::OwnTenantOnly),
    ("vedetta.tenant.v1.TenantService/VerifyPassword", Tried::ServiceOnly),
    ("vedetta.tenant.v1.TenantService/GetViewer", Tried::OwnTenantOnly),
    ("vedetta.tenant.v1.TenantService/ChangePassword", Tried::OwnTenantOnly),
    ("vedetta.tenant.v1.TenantService/CreateEnrollmentToken", Tried::OwnTenantOnly),
    ("vedetta.tenant.v1.TenantService/RevokeEnrollmentToken", Tried::ForeignId),
    ("vedetta.tenant.v1.TenantService/EnrollNode", Tried::ServiceOnly),
    ("vedetta.tenant.v1.TenantService/RenewNode", Tried::ServiceOnly),
    ("vedetta.tenant.v1.TenantService/RemoveNode", Tried::ForeignId),
    ("vedetta.tenant.v1.TenantService/ImportRules", Tried::OwnTenantOnly),
    ("vedetta.tenant.v1.TenantService/SetRuleEnabled", Tried::ForeignId),
    ("vedetta.tenant.v1.TenantService/AddRuleException", Tried::ForeignId),
    ("vedetta.tenant.v1.TenantService/RemoveRuleException", Tried::ForeignId),
    ("vedetta.tenant.v1.TenantService/GetRuleSet", Tried::OwnTenantOnly),
    ("vedetta.tenant.v1.TenantService/AssignCase", Tried::OwnTenantOnly),
    ("vedetta.tenant.v1.TenantService/SetCaseState", Tried::OwnTenantOnly),
    ("vedetta.tenant.v1.TenantService/CommentCase", Tried::OwnTenantOnly),
    ("vedetta.tenant.v1.TenantService/ResubmitDeadLetter", Tried::ForeignId),
    ("vedetta.tenant.v1.TenantService/DismissDeadLetter", Tried::ForeignId),
    ("vedetta.tenant.v1.TenantService/History", Tried::ForeignId),
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tried {
    /// The credential names the tenant; services/ingest tests foreign certificates and batches.
    ByCredential,
    /// A person's session is refused.
    ServiceOnly,
    /// There is no id to name, or it names a thing below the token's tenant, which is the only one there is.
    OwnTenantOnly,
    /// With another tenant's id, and with one that nobody has: the same answer.
    ForeignId,
}

/// A rule that only the first tenant has.
const SECRET_RULE: &str = "Only The First Tenant Has This";

/// Two tenants in one system; the first has one of everything.
struct World {
    sandbox: Sandbox,
    first: Client,
    second: Client,
    second_bearer: String,
    agent: Agent,
    ids: Ids,
}

/// Ids of the first tenant's things.
#[derive(Debug)]
struct Ids {
    tenant: String,
    finding: String,
    case: String,
    node: String,
    rule: String,
    token: String,
    letter: String,
}

impl Ids {
    fn all(&self) -> [&str; 7] {
        [&self.tenant, &self.finding, &self.case, &self.node, &self.rule, &self.token, &self.letter]
    }
}

async fn world(form: Form) -> anyhow::Result<World> {
    let sandbox = Sandbox::start(form).await?;
    let first = sandbox.admin().await?;
    let rival: TenantId = "rival".parse()?;
    let made = vedetta_tenant::bootstrap::run(sandbox.context(), &rival).await?;
    let admin = made.admin.context("a new tenant has an administrator")?;
    let second = Client::sign_in(sandbox.addresses().public, "rival", &admin.name, &admin.password).await?;
    let second_bearer = second.cookie().split_once('=').context("a cookie")?.1.to_owned();

    let text = format!(
        "- rule: {SECRET_RULE}\n  desc: d\n  condition: evt.type = execve and proc.name = nobody-runs-this\n  output: o\n  priority: INFO\n"
    );
    let import =
        "mutation($input: ImportRulesInput!) { importRules(input: $input) { userErrors { message } } }";
    first
        .ask(
            import,
            json!({ "input": { "tenant": "default", "files": [{ "name": "own.yaml", "text": text }] } }),
        )
        .await?;

    vedetta_tests::letters::append_garbage(&sandbox).await?;
    let agent = sandbox.agent(&first, "this-machine", "kernel").await?;
    let scratch = tempfile::tempdir()?;
    let ids = until("the first tenant has one of everything", || async {
        read_shadow(scratch.path(), "reader").await?;
        ids_of(&first).await
    })
    .await?;
    Ok(World { sandbox, first, second, second_bearer, agent, ids })
}

async fn ids_of(client: &Client) -> anyhow::Result<Option<Ids>> {
    let query = "query($rule: String!) { tenant(id: \"default\") { id
        findings(filter: { text: \"reader\" }) { nodes { id } } cases { nodes { id } } nodes { nodes { id } }
        rule(name: $rule) { id } enrollmentTokens { nodes { id } } deadLetters { nodes { id } } } }";
    let tenant = client.ask(query, json!({ "rule": SECRET_RULE })).await?["tenant"].take();
    let first = |list: &str| tenant[list]["nodes"][0]["id"].as_str().map(str::to_owned);
    let own = |at: &Value| at["id"].as_str().map(str::to_owned);
    let all = || {
        Some(Ids {
            tenant: own(&tenant)?,
            finding: first("findings")?,
            case: first("cases")?,
            node: first("nodes")?,
            rule: own(&tenant["rule"])?,
            token: first("enrollmentTokens")?,
            letter: first("deadLetters")?,
        })
    };
    Ok(all())
}

/// What the first tenant has, to compare before and after.
async fn state_of(client: &Client) -> anyhow::Result<Value> {
    client
        .ask(
            "query { tenant(id: \"default\") { ruleSet { version rules { name enabled exceptions } }
                changes(first: 500) { nodes { id name } } cases { nodes { id state assigneeName } } enrollmentTokens { nodes { id state } }
                deadLetters { nodes { id state } } } }",
            json!({}),
        )
        .await
}

vedetta_tests::in_both_forms!(nothing_crosses_a_tenant);

async fn nothing_crosses_a_tenant(form: Form) -> anyhow::Result<()> {
    let world = world(form).await?;
    let before = state_of(&world.first).await?;

    every_field_is_listed(&world.second).await?;
    every_method_is_listed()?;
    queries_see_nothing(&world).await?;
    mutations_answer_as_for_unknown_things(&world).await?;
    methods_answer_as_for_unknown_things(&world).await?;

    assert_eq!(state_of(&world.first).await?, before, "the first tenant is as it was");
    world.agent.stop().await?;
    world.sandbox.stop().await
}

async fn every_field_is_listed(client: &Client) -> anyhow::Result<()> {
    let query = "query { __schema { types { kind name fields { name args { type { ...T } name } } inputFields { name type { ...T } } } } }
        fragment T on __Type { name ofType { name ofType { name ofType { name } } } }";
    let schema = client.ask(query, json!({})).await?;
    let types = schema["__schema"]["types"].as_array().context("types")?;
    let of = |name: &str| types.iter().find(|t| t["name"] == name);
    let mut seen = BTreeSet::new();
    for (root, listed) in ROOTS {
        let fields =
            of(root).with_context(|| format!("no type {root}"))?["fields"].as_array().context("fields")?;
        for field in fields {
            let name = field["name"].as_str().unwrap_or_default();
            assert!(
                listed.contains(&name),
                "{root}.{name} is not listed in this test: say how it keeps tenants apart"
            );
            seen.insert(format!("{root}.{name}"));
        }
    }
    let count: usize = ROOTS.iter().map(|(_, fields)| fields.len()).sum();
    assert_eq!(seen.len(), count, "this test lists fields that are gone");

    // Below the roots: whatever takes an id or a name must be listed too.
    let roots: BTreeSet<&str> = ROOTS.iter().map(|(name, _)| *name).collect();
    for kind in types.iter().filter(|t| t["kind"] == "OBJECT") {
        let name = kind["name"].as_str().unwrap_or_default();
        if name.starts_with("__") || roots.contains(name) {
            continue;
        }
        for field in kind["fields"].as_array().into_iter().flatten() {
            let path = format!("{name}.{}", field["name"].as_str().unwrap_or_default());
            let takes_id = field["args"].as_array().into_iter().flatten().any(|arg| {
                let text = arg["type"].to_string();
                text.contains("\"ID\"")
                    || text.contains("Filter\"")
                    || arg["name"] == "name"
                    || arg["name"] == "id"
            });
            assert!(
                !takes_id || BY_ID.contains(&path.as_str()),
                "{path} takes an id and is not listed in this test"
            );
        }
    }
    Ok(())
}

fn every_method_is_listed() -> anyhow::Result<()> {
    let set = prost_types::FileDescriptorSet::decode(vedetta_api::DESCRIPTORS)?;
    let mut found = BTreeSet::new();
    for file in &set.file {
        for service in &file.service {
            for method in &service.method {
                found.insert(format!("{}.{}/{}", file.package(), service.name(), method.name()));
            }
        }
    }
    let listed: BTreeSet<String> = METHODS.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(found, listed, "gRPC methods and how this test tries them");
    Ok(())
}

async fn queries_see_nothing(world: &World) -> anyhow::Result<()> {
    let data = world.second.ask("query { tenant(id: \"default\") { name } }", json!({})).await?;
    let unknown = world.second.ask("query { tenant(id: \"nobody\") { name } }", json!({})).await?;
    assert_eq!(data, unknown);
    for id in world.ids.all() {
        assert!(
            !world.first.ask("query($id: ID!) { node(id: $id) { id } }", json!({ "id": id })).await?["node"]
                .is_null(),
            "{id}"
        );
        let data = world.second.ask("query($id: ID!) { node(id: $id) { id } }", json!({ "id": id })).await?;
        assert!(data["node"].is_null(), "{id} was seen by another tenant");
    }
    let query = "query($node: ID, $case: ID, $rule: String!) { tenant(id: \"rival\") {
        byNode: findings(filter: { nodeId: $node }) { nodes { id } } byCase: findings(filter: { caseId: $case }) { nodes { id } }
        findings { nodes { id } } cases(filter: { nodeId: $node }) { nodes { id } } nodes { nodes { id } }
        rule(name: $rule) { id } rules(filter: { text: $rule }) { nodes { id } }
        changes(filter: { aggregate: \"case\" }, first: 500) { nodes { id } } enrollmentTokens { nodes { id } }
        deadLetters { nodes { id } } } }";
    let variables = json!({ "node": world.ids.node, "case": world.ids.case, "rule": SECRET_RULE });
    let tenant = world.second.ask(query, variables).await?["tenant"].take();
    for list in [
        "byNode",
        "byCase",
        "findings",
        "cases",
        "nodes",
        "rules",
        "changes",
        "enrollmentTokens",
        "deadLetters",
    ] {
        assert_eq!(tenant[list]["nodes"], json!([]), "{list}");
    }
    assert!(tenant["rule"].is_null());
    events_are_seen_by_nobody_else(world).await?;
    let me = world.second.ask("query { me { tenants { slug } } }", json!({})).await?;
    assert_eq!(me["me"]["tenants"], json!([{ "slug": "rival" }]));
    Ok(())
}

async fn events_are_seen_by_nobody_else(world: &World) -> anyhow::Result<()> {
    let id = until("the first tenant's events can be searched", || async {
        let query = "query { tenant(id: \"default\") { activity(first: 1) { events { event { id } } } } }";
        let data = world.first.ask(query, json!({})).await?;
        Ok(Some(data["tenant"]["activity"]["events"][0]["event"]["id"].clone()).filter(Value::is_string))
    })
    .await?;
    let query = "query($tenant: String!, $id: String!) { tenant(id: $tenant) { activityEvent(id: $id) { event { id } }
        activity { events { event { id } } searched { blocks } } } }";
    let own = world.first.ask(query, json!({ "tenant": "default", "id": id })).await?;
    assert_eq!(own["tenant"]["activityEvent"]["event"]["id"], id);
    let foreign = world.second.ask(query, json!({ "tenant": "rival", "id": id })).await?;
    let nothing =
        json!({ "activityEvent": null, "activity": { "events": [], "searched": { "blocks": 0.0 } } });
    assert_eq!(foreign["tenant"], nothing);
    Ok(())
}

async fn mutations_answer_as_for_unknown_things(world: &World) -> anyhow::Result<()> {
    let exception = json!({ "name": "e", "fields": ["proc.name"], "comps": ["="], "values": [["x"]] });
    let files = json!([{ "name": "x.yaml", "text": "- list: l\n  items: [a]\n" }]);
    // Mutation, its input type, its input with the foreign thing, and with one that nobody has.
    let foreign = "default";
    let unknown = "nobody";
    let tries: Vec<(&str, &str, Value, Value)> = vec![
        (
            "setRuleEnabled",
            "SetRuleEnabledInput",
            json!({ "tenant": foreign, "rule": SECRET_RULE, "enabled": false }),
            json!({ "tenant": unknown, "rule": SECRET_RULE, "enabled": false }),
        ),
        (
            "addRuleException",
            "AddRuleExceptionInput",
            json!({ "tenant": foreign, "rule": SECRET_RULE, "exception": exception }),
            json!({ "tenant": unknown, "rule": SECRET_RULE, "exception": exception }),
        ),
        (
            "removeRuleException",
            "RemoveRuleExceptionInput",
            json!({ "tenant": foreign, "rule": SECRET_RULE, "name": "e" }),
            json!({ "tenant": unknown, "rule": SECRET_RULE, "name": "e" }),
        ),
        (
            "importRules",
            "ImportRulesInput",
            json!({ "tenant": foreign, "files": files }),
            json!({ "tenant": unknown, "files": files }),
        ),
        (
            "createEnrollmentToken",
            "CreateEnrollmentTokenInput",
            json!({ "tenant": foreign, "label": "l", "validSeconds": 60, "maxUses": 1 }),
            json!({ "tenant": unknown, "label": "l", "validSeconds": 60, "maxUses": 1 }),
        ),
        (
            "setCaseState",
            "SetCaseStateInput",
            json!({ "caseId": world.ids.case, "state": "CLOSED", "disposition": "BENIGN" }),
            json!({ "caseId": "bm9ib2R5", "state": "CLOSED", "disposition": "BENIGN" }),
        ),
        (
            "assignCase",
            "AssignCaseInput",
            json!({ "caseId": world.ids.case, "toMe": true }),
            json!({ "caseId": "bm9ib2R5", "toMe": true }),
        ),
        (
            "commentCase",
            "CommentCaseInput",
            json!({ "caseId": world.ids.case, "text": "t" }),
            json!({ "caseId": "bm9ib2R5", "text": "t" }),
        ),
        (
            "revokeEnrollmentToken",
            "RevokeEnrollmentTokenInput",
            json!({ "tokenId": world.ids.token }),
            json!({ "tokenId": "bm9ib2R5" }),
        ),
        (
            "removeNode",
            "RemoveNodeInput",
            json!({ "nodeId": world.ids.node }),
            json!({ "nodeId": "bm9ib2R5" }),
        ),
        (
            "resubmitDeadLetters",
            "ResubmitDeadLettersInput",
            json!({ "deadLetterIds": [world.ids.letter] }),
            json!({ "deadLetterIds": ["bm9ib2R5"] }),
        ),
        (
            "dismissDeadLetters",
            "DismissDeadLettersInput",
            json!({ "deadLetterIds": [world.ids.letter] }),
            json!({ "deadLetterIds": ["bm9ib2R5"] }),
        ),
    ];
    let tried: BTreeSet<&str> = tries.iter().map(|(name, ..)| *name).chain(["changePassword"]).collect();
    let listed: BTreeSet<&str> = ROOTS[1].1.iter().copied().collect();
    assert_eq!(tried, listed, "every mutation is tried (changePassword names nobody but the viewer)");
    for (name, input, foreign, unknown) in tries {
        let text = format!(
            "mutation($input: {input}!) {{ {name}(input: $input) {{ userErrors {{ code message }} }} }}"
        );
        let foreign = world.second.raw(&text, json!({ "input": foreign })).await?;
        let unknown = world.second.raw(&text, json!({ "input": unknown })).await?;
        let errors = foreign["data"][name]["userErrors"].as_array().cloned().unwrap_or_default();
        assert!(errors.iter().any(|e| e["code"] == "NOT_FOUND"), "{name}: {foreign}");
        assert_eq!(foreign, unknown, "{name}: another tenant's and nobody's answer the same");
    }
    Ok(())
}

async fn methods_answer_as_for_unknown_things(world: &World) -> anyhow::Result<()> {
    let mut client = world.sandbox.context().clients.tenant()?;
    let bearer = &world.second_bearer;
    let raw = raw_ids(world).await?;
    let nobody = Raw {
        token: "tok_00000000000000000000000000000000".into(),
        node: "nod_00000000000000000000000000000000".into(),
        rule: "Nobody Has This Rule".into(),
        record: "telemetry/0/4000000000".into(),
        letter: "dead-letters/0/4000000000".into(),
    };
    for (method, tried) in METHODS {
        let (_, name) = method.split_once('/').context("a method")?;
        match tried {
            Tried::ByCredential => {}
            Tried::ServiceOnly => {
                let status = call(&mut client, bearer, name, &raw).await?;
                let code = status.as_ref().map(tonic::Status::code);
                assert!(
                    matches!(code, Some(tonic::Code::PermissionDenied | tonic::Code::Unauthenticated)),
                    "{method} let a person in: {status:?}"
                );
            }
            Tried::OwnTenantOnly => {}
            Tried::ForeignId => {
                let foreign = call(&mut client, bearer, name, &raw)
                    .await?
                    .with_context(|| format!("{method} did it"))?;
                let unknown = call(&mut client, bearer, name, &nobody)
                    .await?
                    .with_context(|| format!("{method} did it"))?;
                assert_eq!(foreign.code(), tonic::Code::NotFound, "{method}: {foreign}");
                let same = |status: &tonic::Status, ids: &Raw| ids.hide(status.message());
                assert_eq!(same(&foreign, &raw), same(&unknown, &nobody), "{method}");
            }
        }
    }
    Ok(())
}

/// Ids as gRPC takes them.
struct Raw {
    token: String,
    node: String,
    rule: String,
    record: String,
    letter: String,
}

impl Raw {
    /// A message without the ids it repeats.
    fn hide(&self, message: &str) -> String {
        [&self.token, &self.node, &self.rule, &self.record, &self.letter]
            .iter()
            .fold(message.to_owned(), |text, id| text.replace(id.as_str(), "…"))
    }
}

async fn raw_ids(world: &World) -> anyhow::Result<Raw> {
    let query = "query { tenant(id: \"default\") { changes(first: 500) { nodes { aggregate stream } } } }";
    let data = world.first.ask(query, json!({})).await?;
    let changes = data["tenant"]["changes"]["nodes"].as_array().context("changes")?.clone();
    let stream = |aggregate: &str| {
        let found = changes.iter().find(|c| c["aggregate"] == aggregate).and_then(|c| c["stream"].as_str());
        found.map(str::to_owned).with_context(|| format!("no {aggregate} in the changes"))
    };
    let (record, letter) = vedetta_tests::letters::first(&world.sandbox).await?;
    Ok(Raw { token: stream("token")?, node: stream("node")?, rule: SECRET_RULE.to_owned(), record, letter })
}

/// Calls one method with a person's session; `None` when it succeeded.
async fn call(
    client: &mut TenantClient,
    bearer: &str,
    name: &str,
    ids: &Raw,
) -> anyhow::Result<Option<tonic::Status>> {
    macro_rules! try_call {
        ($method:ident, $message:expr) => {{
            let mut request = tonic::Request::new($message);
            request.metadata_mut().insert("authorization", format!("Bearer {bearer}").parse()?);
            client.$method(request).await.err()
        }};
    }
    let (token, node, rule) = (ids.token.clone(), ids.node.clone(), ids.rule.clone());
    let (record, letter) = (ids.record.clone(), ids.letter.clone());
    let exception_json =
        json!({ "name": "e", "fields": ["proc.name"], "comps": ["="], "values": [["x"]] }).to_string();
    Ok(match name {
        "CreateTenant" => {
            try_call!(create_tenant, pb::CreateTenantRequest { tenant: "third".into(), name: "third".into() })
        }
        "VerifyPassword" => try_call!(
            verify_password,
            pb::VerifyPasswordRequest {
                tenant: "default".into(),
                name: "admin".into(),
                password: "x".into()
            }
        ),
        "EnrollNode" => try_call!(enroll_node, pb::EnrollNodeRequest::default()),
        "RenewNode" => try_call!(
            renew_node,
            pb::RenewNodeRequest { tenant: "default".into(), node, ..Default::default() }
        ),
        "RevokeEnrollmentToken" => try_call!(
            revoke_enrollment_token,
            pb::RevokeEnrollmentTokenRequest { token, reason: String::new() }
        ),
        "RemoveNode" => try_call!(remove_node, pb::RemoveNodeRequest { node, reason: String::new() }),
        "SetRuleEnabled" => try_call!(
            set_rule_enabled,
            pb::SetRuleEnabledRequest { rule, enabled: false, reason: String::new() }
        ),
        "AddRuleException" => try_call!(
            add_rule_exception,
            pb::AddRuleExceptionRequest { rule, exception_json, reason: String::new() }
        ),
        "RemoveRuleException" => try_call!(
            remove_rule_exception,
            pb::RemoveRuleExceptionRequest { rule, name: "e".into(), reason: String::new() }
        ),
        "ResubmitDeadLetter" => {
            try_call!(resubmit_dead_letter, pb::ResubmitDeadLetterRequest { record, letter })
        }
        "DismissDeadLetter" => try_call!(
            dismiss_dead_letter,
            pb::DismissDeadLetterRequest { record, letter, reason: String::new() }
        ),
        "History" => try_call!(
            history,
            pb::HistoryRequest { aggregate: "node".into(), stream: node, after: 0, limit: 10 }
        ),
        other => anyhow::bail!("{other} is not tried"),
    })
}
