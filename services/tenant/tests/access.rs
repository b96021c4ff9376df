//! Who is let in: tokens, roles, permissions, other tenants.

mod support;

use std::time::Duration;

use prost::Message;
use support::{HOUR, Machine, PASSWORD, RULE, World, stream};
use tonic::{Code, Status, codegen::http::uri::PathAndQuery};
use vedetta_api::tenant::v1 as pb;
use vedetta_auth::metadata::with_token;
use vedetta_model::control::{DomainEvent, Permission, UserEvent};

const SERVICE_ONLY: [&str; 4] = ["CreateTenant", "VerifyPassword", "EnrollNode", "RenewNode"];

/// Every method of the service, from its descriptor.
fn methods() -> Vec<String> {
    let set = prost_types::FileDescriptorSet::decode(vedetta_api::DESCRIPTORS).unwrap();
    let services = set.file.iter().filter(|f| f.package() == "vedetta.tenant.v1").flat_map(|f| &f.service);
    services.flat_map(|service| &service.method).map(|method| method.name().to_owned()).collect()
}

/// Calls a method with an empty message.
async fn call(world: &World, method: &str, token: Option<&str>) -> Result<(), Status> {
    let mut grpc = tonic::client::Grpc::new(world.channel.clone());
    grpc.ready().await.unwrap();
    let path: PathAndQuery = format!("/vedetta.tenant.v1.TenantService/{method}").parse().unwrap();
    let request = token.map_or_else(|| tonic::Request::new(()), |token| with_token((), token));
    let codec = tonic_prost::ProstCodec::<(), ()>::default();
    grpc.unary(request, path, codec).await.map(|_| ())
}

#[tokio::test]
async fn no_method_answers_without_a_token_that_holds() {
    let world = World::new().await;
    let tenant = world.tenant("default").await;
    let ada = world.person(&tenant, "ada", &Permission::ALL).await;
    let role = world.role(Some(&tenant));
    let elsewhere = World::new().await.role(Some(&tenant));
    let last = ada.token.chars().last().unwrap();
    let changed = format!("{}{}", &ada.token[..ada.token.len() - 1], if last == 'A' { 'B' } else { 'A' });
    let all = methods();
    assert_eq!(all.len(), 22, "{all:?}");
    for method in &all {
        for token in [None, Some(""), Some("x.y.z"), Some(&*elsewhere), Some(&*changed)] {
            let status = call(&world, method, token).await.unwrap_err();
            assert_eq!(status.code(), Code::Unauthenticated, "{method} {token:?}: {status}");
        }
    }
    world.clock.advance(HOUR * 25);
    for method in &all {
        for token in [&ada.token, &role] {
            let status = call(&world, method, Some(token)).await.unwrap_err();
            assert_eq!(status.code(), Code::Unauthenticated, "{method}: {status}");
        }
    }
    world.stop().await;
}

#[tokio::test]
async fn what_only_roles_may_ask_is_refused_to_people_and_a_role_without_a_tenant_decides_nothing() {
    let world = World::new().await;
    let tenant = world.tenant("default").await;
    let ada = world.person(&tenant, "ada", &Permission::ALL).await;
    for method in methods() {
        if SERVICE_ONLY.contains(&&*method) {
            let status = call(&world, &method, Some(&ada.token)).await.unwrap_err();
            assert_eq!(status.code(), Code::PermissionDenied, "{method}: {status}");
        } else {
            let status = call(&world, &method, Some(&world.role(None))).await.unwrap_err();
            assert_eq!(status.code(), Code::PermissionDenied, "{method}: {status}");
            let nowhere = world.role(Some(&"nowhere".parse().unwrap()));
            let status = call(&world, &method, Some(&nowhere)).await.unwrap_err();
            assert_eq!(status.code(), Code::NotFound, "{method}: {status}");
        }
    }
    world.stop().await;
}

#[tokio::test]
async fn a_missing_permission_is_named_and_nothing_is_done() {
    let world = World::new().await;
    let tenant = world.tenant("default").await;
    let reader = world.person(&tenant, "reader", &[Permission::Read]).await;
    let case = world.case(&tenant).await.to_string();
    let mut client = world.client();
    let refusals = [
        client
            .create_user(reader.ask(pb::CreateUserRequest { name: "x".into(), ..Default::default() }))
            .await
            .err(),
        client
            .create_enrollment_token(reader.ask(pb::CreateEnrollmentTokenRequest {
                label: "l".into(),
                valid_seconds: 60,
                max_uses: 1,
            }))
            .await
            .err(),
        client.import_rules(reader.ask(pb::ImportRulesRequest::default())).await.err(),
        client.comment_case(reader.ask(pb::CommentCaseRequest { case, text: "t".into() })).await.err(),
    ];
    for (refusal, needed) in
        refusals.into_iter().zip(["administer", "manage_nodes", "manage_rules", "triage"])
    {
        let status = refusal.expect(needed);
        assert_eq!(status.code(), Code::PermissionDenied);
        assert!(status.message().contains(needed), "{status}");
    }
    world.stop().await;
}

#[tokio::test]
async fn another_tenants_things_answer_as_things_that_nobody_has() {
    let world = World::new().await;
    let (first, second) = (world.tenant("first").await, world.tenant("second").await);
    let owner = world.person(&first, "ada", &Permission::ALL).await;
    let stranger = world.person(&second, "ada", &Permission::ALL).await;
    let token = world.enrollment_token(&owner, 9).await;
    let node = world.enroll(&token.secret, &Machine::named("web-1")).await.unwrap().node;
    world.import(&owner.token, &[("own.yaml", RULE)]).await.unwrap();
    let case = world.case(&first).await.to_string();
    let mut client = world.client();
    client
        .comment_case(owner.ask(pb::CommentCaseRequest { case: case.clone(), text: "ours".into() }))
        .await
        .unwrap();
    let before = world.store.unrelayed_and_kept(&first).await;

    let nobodys =
        [format!("tok_{:032}", 0), format!("nod_{:032}", 0), format!("cas_{:032}", 0), "Nothing".to_owned()];
    let theirs = [token.token, node, case, "Shell".to_owned()];
    let exception = r#"{"name":"e","fields":["proc.name"],"comps":["="],"values":[["x"]]}"#;
    let mut answers = Vec::new();
    for ids in [&theirs, &nobodys] {
        let [token, node, case, rule] = ids.clone();
        let text = String::new;
        let all = [
            client
                .revoke_enrollment_token(
                    stranger.ask(pb::RevokeEnrollmentTokenRequest { token: token.clone(), reason: text() }),
                )
                .await
                .err(),
            client
                .remove_node(stranger.ask(pb::RemoveNodeRequest { node: node.clone(), reason: text() }))
                .await
                .err(),
            client
                .set_rule_enabled(stranger.ask(pb::SetRuleEnabledRequest {
                    rule: rule.clone(),
                    enabled: false,
                    reason: text(),
                }))
                .await
                .err(),
            client
                .add_rule_exception(stranger.ask(pb::AddRuleExceptionRequest {
                    rule: rule.clone(),
                    exception_json: exception.into(),
                    reason: text(),
                }))
                .await
                .err(),
            client
                .remove_rule_exception(stranger.ask(pb::RemoveRuleExceptionRequest {
                    rule: rule.clone(),
                    name: "e".into(),
                    reason: text(),
                }))
                .await
                .err(),
            client
                .assign_case(stranger.ask(pb::AssignCaseRequest { case: case.clone(), to_me: true }))
                .await
                .err(),
            client
                .set_case_state(stranger.ask(pb::SetCaseStateRequest {
                    case: case.clone(),
                    state: "closed".into(),
                    disposition: "benign".into(),
                }))
                .await
                .err(),
            client
                .comment_case(stranger.ask(pb::CommentCaseRequest { case: case.clone(), text: "t".into() }))
                .await
                .err(),
            history(&world, &stranger.token, "node", &node).await.err(),
            history(&world, &stranger.token, "token", &token).await.err(),
            history(&world, &stranger.token, "case", &case).await.err(),
        ];
        let hide = |text: &str| ids.iter().fold(text.to_owned(), |text, id| text.replace(id.as_str(), "…"));
        answers.push(all.map(|status| {
            let status = status.expect("it was done");
            assert_eq!(status.code(), Code::NotFound, "{status}");
            hide(status.message())
        }));
    }
    assert_eq!(answers[0], answers[1]);
    assert_eq!(world.store.unrelayed_and_kept(&first).await, before, "the first tenant is as it was");
    world.stop().await;
}

async fn history(world: &World, token: &str, aggregate: &str, stream: &str) -> Result<Vec<String>, Status> {
    let message =
        pb::HistoryRequest { aggregate: aggregate.into(), stream: stream.into(), after: 0, limit: 100 };
    Ok(world.client().history(with_token(message, token)).await?.into_inner().envelope_json)
}

/// All that a tenant has.
trait Kept {
    async fn unrelayed_and_kept(&self, tenant: &vedetta_model::TenantId) -> Vec<(String, usize)>;
}

impl Kept for vedetta_store::MemoryStore {
    async fn unrelayed_and_kept(&self, tenant: &vedetta_model::TenantId) -> Vec<(String, usize)> {
        use vedetta_store::{EventStore, Version};
        let mut kept = Vec::new();
        for aggregate in ["tenant", "user", "token", "node", "rule_set", "case"] {
            for stream in self.streams(tenant, aggregate, None, 1000).await.unwrap() {
                kept.push((stream.to_string(), self.load(&stream, Version(0), 1000).await.unwrap().len()));
            }
        }
        kept
    }
}

#[tokio::test]
async fn secrets_are_left_out_of_histories() {
    let world = World::new().await;
    let tenant = world.tenant("default").await;
    let ada = world.person(&tenant, "ada", &Permission::ALL).await;
    let reader = world.person(&tenant, "bob", &[Permission::Read]).await;
    let token = world.enrollment_token(&ada, 1).await;
    for (aggregate, stream) in [("user", "ada"), ("token", &*token.token)] {
        let text = history(&world, &ada.token, aggregate, stream).await.unwrap().join("");
        assert!(text.contains("Created") && !text.contains("argon2id"), "{text}");
        assert!(text.contains(r#"_hash":"""#) || text.contains(r#"secret_sha256":"""#), "{text}");
    }
    let status = history(&world, &reader.token, "user", "ada").await.unwrap_err();
    assert_eq!(status.code(), Code::PermissionDenied);
    world.stop().await;
}

#[tokio::test]
async fn a_session_ends_with_its_password_and_with_its_account() {
    let world = World::new().await;
    let tenant = world.tenant("default").await;
    let ada = world.person(&tenant, "ada", &[Permission::Read]).await;
    let mut client = world.client();
    assert_eq!(client.get_viewer(ada.ask(pb::GetViewerRequest {})).await.unwrap().into_inner().name, "ada");

    world.clock.advance(Duration::from_secs(10));
    let change =
        |current: &str, new: &str| pb::ChangePasswordRequest { current: current.into(), new: new.into() };
    for (current, new) in
        [("wrong but long enough", "another good one"), (PASSWORD, "short"), (PASSWORD, PASSWORD)]
    {
        let status = client.change_password(ada.ask(change(current, new))).await.unwrap_err();
        assert_eq!(status.code(), Code::InvalidArgument, "{status}");
    }
    client.change_password(ada.ask(change(PASSWORD, "another good one"))).await.unwrap();
    let status = client.get_viewer(ada.ask(pb::GetViewerRequest {})).await.unwrap_err();
    assert_eq!(status.code(), Code::Unauthenticated, "the old session is over");
    let again = world.sign_in_again(&ada);
    client.get_viewer(with_token(pb::GetViewerRequest {}, &again)).await.unwrap();

    let event =
        UserEvent::PermissionsChanged { permissions: vec![Permission::Read, Permission::ManageRules] };
    world.append(&stream(&tenant, "user", "ada"), DomainEvent::User(event)).await;
    world.import(&again, &[("own.yaml", RULE)]).await.expect("rights are those of now, not of the token");

    let event = UserEvent::UserDisabled { reason: "left".into() };
    world.append(&stream(&tenant, "user", "ada"), DomainEvent::User(event)).await;
    world.clock.advance(Duration::from_secs(10));
    let status =
        client.get_viewer(with_token(pb::GetViewerRequest {}, &world.sign_in_again(&ada))).await.unwrap_err();
    assert_eq!(status.code(), Code::Unauthenticated);
    assert_eq!(sign_in(&world, "ada", "another good one").await.unwrap_err().code(), Code::Unauthenticated);
    world.stop().await;
}

async fn sign_in(world: &World, name: &str, password: &str) -> Result<pb::UserResponse, Status> {
    let message =
        pb::VerifyPasswordRequest { tenant: "default".into(), name: name.into(), password: password.into() };
    Ok(world.client().verify_password(with_token(message, &world.role(None))).await?.into_inner())
}

#[tokio::test]
async fn names_can_not_be_told_from_answers_and_guessing_has_to_wait() {
    let world = World::new().await;
    let tenant = world.tenant("default").await;
    world.person(&tenant, "ada", &[Permission::Read]).await;
    assert_eq!(sign_in(&world, " Ada ", PASSWORD).await.unwrap().name, "ada");

    let [known, unknown] = ["ada", "nobody"].map(|name| sign_in(&world, name, "a wrong password"));
    let (known, unknown) = (known.await.unwrap_err(), unknown.await.unwrap_err());
    assert_eq!((known.code(), known.message()), (unknown.code(), unknown.message()));
    assert_eq!(known.code(), Code::Unauthenticated);

    // One wrong try was made; of many at once only as many as are free are looked at.
    let many = (0..20).map(|_| sign_in(&world, "ada", "a wrong password"));
    let codes: Vec<Code> =
        futures::future::join_all(many).await.into_iter().map(|r| r.unwrap_err().code()).collect();
    assert_eq!(codes.iter().filter(|code| **code == Code::Unauthenticated).count(), 4, "{codes:?}");
    assert_eq!(codes.iter().filter(|code| **code == Code::ResourceExhausted).count(), 16);
    assert_eq!(sign_in(&world, "ada", PASSWORD).await.unwrap_err().code(), Code::ResourceExhausted);
    world.clock.advance(Duration::from_secs(2));
    sign_in(&world, "ada", PASSWORD).await.unwrap();
    sign_in(&world, "ada", PASSWORD).await.unwrap();
    world.stop().await;
}

#[tokio::test]
async fn the_first_set_up_can_be_repeated_and_shows_the_password_once() {
    let world = World::new().await;
    let tenant = "default".parse().unwrap();
    let admin = world.bootstrap(&tenant).await.unwrap().admin.unwrap();
    let signed_in = sign_in(&world, &admin.name, &admin.password).await.unwrap();
    assert!(signed_in.one_time);
    assert_eq!(signed_in.permissions.len(), Permission::ALL.len());
    let before = world.store.unrelayed_and_kept(&tenant).await;
    assert!(world.bootstrap(&tenant).await.unwrap().admin.is_none());
    assert_eq!(world.store.unrelayed_and_kept(&tenant).await, before, "nothing is decided twice");
    world.stop().await;
}
